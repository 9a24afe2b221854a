"""276, 277, 277CA, 270, 271, 999 and TA1, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from edi.figures.counting import MOST_LISTED, code, listed
from edi.interchange import FileKind, Segment, TransactionSet


def receipt(segment: Segment) -> dict[str, str]:
    """A TA1: the interchange it answers, its code and its note."""
    return {
        "control": code(segment.get(1)),
        "ack": code(segment.get(4)),
        "note": code(segment.get(5)),
    }


@dataclass
class StatusFigures:
    """277CA and 277: what is said of claims, and at which level."""

    guides: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    traces: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    by_level: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    quantities: Counter[str] = field(default_factory=Counter)
    has_quantities: bool = False

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set."""
        self.has_quantities |= one.kind is FileKind.X277CA
        self.guides[code(one.segments[0].get(3))] += 1
        level = where = ""
        for segment in one.segments:
            tag = segment.tag
            if tag == "HL":
                level = where = f"HL{code(segment.get(3))}"
                self.levels[level[2:]] += 1
            elif tag == "TRN":
                where = level
                self.traces += 1
            elif tag == "SVC":
                where = "line"
            elif tag == "STC":
                self._status(segment, component, where)
            elif tag == "QTY":
                self.quantities[code(segment.get(1))] += 1

    def _status(self, segment: Segment, component: str, where: str) -> None:
        category = code(segment.part(1, 1, component))
        self.categories[category] += 1
        self.by_level[f"{where} {category}"] += 1
        self.codes[code(segment.get(1).replace(component, ":"))] += 1

    def result(self) -> dict[str, Any]:
        """Statuses by category, level and code (STC01)."""
        counted = self.has_quantities or self.quantities
        return {
            "st03": dict(self.guides),
            "hl": dict(self.levels),
            "trn": self.traces,
            "stc_category": dict(self.categories),
            "stc_by_level": dict(self.by_level),
            "stc_codes": dict(self.codes),
            **({"qty": dict(self.quantities)} if counted else {}),
        }


@dataclass
class _QuestionFigures:
    """270 and 276: levels and traces of what is asked."""

    levels: Counter[str] = field(default_factory=Counter)
    traces: list[str] = field(default_factory=list)
    trace_count: int = 0
    questions: int = 0

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set."""
        for segment in one.segments:
            if segment.tag == "HL":
                self.levels[code(segment.get(3))] += 1
            elif segment.tag == "EQ":
                self.questions += 1
            elif segment.tag == "TRN":
                self.trace_count += 1
                if self.trace_count <= MOST_LISTED:
                    self.traces.append(segment.get(2))


class StatusQuestionFigures(_QuestionFigures):
    """276."""

    def result(self) -> dict[str, Any]:
        """Levels and traces."""
        traces = listed(self.traces, self.trace_count)
        return {"hl_276": dict(self.levels), "trn_276": traces}


class CoverageQuestionFigures(_QuestionFigures):
    """270."""

    def result(self) -> dict[str, Any]:
        """Levels, questions and traces."""
        return {
            "hl_270": dict(self.levels),
            "eq": self.questions,
            "trn_270": listed(self.traces, self.trace_count),
        }


@dataclass
class CoverageFigures:
    """271: benefits and refusals."""

    levels: Counter[str] = field(default_factory=Counter)
    benefits: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set."""
        for segment in one.segments:
            if segment.tag == "HL":
                self.levels[code(segment.get(3))] += 1
            elif segment.tag == "EB":
                self.benefits[code(segment.get(1))] += 1
            elif segment.tag == "AAA":
                self.refusals[code(segment.get(3))] += 1

    def result(self) -> dict[str, Any]:
        """EB01 and AAA03 by code."""
        return {
            "eb": self.benefits.total(),
            "eb01": dict(self.benefits),
            "aaa": self.refusals.total(),
            "aaa03": dict(self.refusals),
            "hl_271": dict(self.levels),
        }


@dataclass
class AcknowledgmentFigures:
    """999: groups and sets answered, and the errors named."""

    groups: list[list[str]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    counts: list[list[str]] = field(default_factory=list)
    sets: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    segments: Counter[str] = field(default_factory=Counter)
    elements: Counter[str] = field(default_factory=Counter)
    contexts: int = 0

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set."""
        for segment in one.segments:
            tag = segment.tag
            if tag == "AK1":
                self.groups.append([code(e) for e in segment.elements[:3]])
            elif tag == "IK3":
                self.segments[f"{code(segment.get(1))}:{code(segment.get(4))}"] += 1
            elif tag == "IK4":
                self.elements[code(segment.get(3))] += 1
            elif tag == "CTX":
                self.contexts += 1
            elif tag == "IK5":
                self.sets[code(segment.get(1))] += 1
                self.reasons.update(code(e) for e in segment.elements[1:6] if e)
            elif tag == "AK9":
                self.verdicts.append(code(segment.get(1)))
                self.counts.append([code(e) for e in segment.elements[1:4]])

    def result(self) -> dict[str, Any]:
        """Answers by code, and how many errors of which kind."""
        return {
            "ak1": self.groups,
            "ak9": self.verdicts,
            "ik5": dict(self.sets),
            "ik5_errors": dict(self.reasons),
            "ak9_counts": self.counts,
            "ik3": self.segments.total(),
            "ik4": self.elements.total(),
            "ctx": self.contexts,
            "ik3_segment_error": dict(self.segments),
            "ik4_error": dict(self.elements),
        }
