"""837P in: claims as a practice system writes them (005010X222A1, R-BAD-01, R-BAD-02).

Reading follows HL levels and loops by their leading segments, tolerates unknown levels
and segments, and rejects one claim at a time with segment, field and reason: read =
claims + rejects. A claim without lines or without HI is no reject; the edits catch it.
What ``Claim`` has no place for is named in a warning, because it will not be sent on.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from claims.claim import Claim
from claims.money import ZERO
from edi.elements import maybe_amount
from edi.errors import EdiError, EdiWarning
from edi.interchange import FileKind, InterchangeHeader, Segment, TransactionSet
from edi.loops import Loop
from edi.segments import component_separator, each_set
from edi.x837_claim import ClaimReject, Draft, Levels


@dataclass(frozen=True)
class ReadClaim:
    """A claim and the number of its CLM segment."""

    position: int
    claim: Claim


@dataclass(frozen=True)
class ClaimFile:
    """What an 837P holds: read = claims + rejects."""

    claims: tuple[ReadClaim, ...]
    rejects: tuple[ClaimReject, ...]
    warnings: tuple[EdiWarning, ...]
    header: InterchangeHeader


@dataclass(frozen=True)
class ClaimSet:
    """What one 837 of a file holds; every claim of an 837I is a reject."""

    header: InterchangeHeader
    claims: tuple[ReadClaim, ...]
    rejects: tuple[ClaimReject, ...]
    warnings: tuple[EdiWarning, ...] = ()
    professional: bool = True


def read_claims(content: bytes) -> ClaimFile:
    """Read every claim of an 837P.

    Raises:
        EdiError: no X12, or no professional claims in it (an 837I is named as such).
    """
    envelopes: list[EdiWarning] = []
    found = list(each_claim_set(content, envelopes))
    professional = [one for one in found if one.professional]
    if not professional:
        raise EdiError(
            "This is an institutional claim file (837I). Nothing was read. Only "
            "professional claims (837P) can be followed here."
        )
    others = [one for one in found if not one.professional]
    return ClaimFile(
        tuple(claim for one in professional for claim in one.claims),
        tuple(reject for one in professional + others for reject in one.rejects),
        (*envelopes, *(warning for one in found for warning in one.warnings)),
        professional[0].header,
    )


def each_claim_set(
    content: bytes | BinaryIO, envelopes: list[EdiWarning]
) -> Iterator[ClaimSet]:
    """The 837s of a file or a stream, one at a time.

    Args:
        content: the file, or a stream of its bytes.
        envelopes: takes what is wrong with the envelopes, at the end.

    Raises:
        EdiError: no X12, or no 837 in it.
    """
    numbers: set[str] = set()
    kinds = (FileKind.X837P, FileKind.X837I)
    for one in each_set(content, *kinds, warnings=envelopes):
        yield read_claim_set(one, numbers)


def read_claim_set(one: TransactionSet, numbers: set[str]) -> ClaimSet:
    """One 837; ``numbers`` are the claims' before it (CLM01), and takes its own."""
    twice = tuple(_twice(one, numbers))
    if one.kind is FileKind.X837I:
        refused = tuple(_refused(one))
        return ClaimSet(one.header, (), refused, twice, professional=False)
    reader = _SetReader(one)
    reader.run()
    return ClaimSet(
        one.header,
        tuple(reader.claims),
        tuple(reader.rejects),
        (*reader.warnings, *twice),
    )


def _twice(one: TransactionSet, numbers: set[str]) -> Iterator[EdiWarning]:
    for clm in (s for s in one.segments if s.tag == "CLM"):
        number = clm.get(1)
        if number and number in numbers:
            words = "the claim number is used twice in this file"
            yield EdiWarning(clm.number, "CLM01", words)
        numbers.add(number)


def _refused(one: TransactionSet) -> Iterator[ClaimReject]:
    """Every claim of an institutional set (837I), with its lines and dollars."""
    claims: list[tuple[Segment, list[Segment]]] = []
    for segment in one.segments:
        if segment.tag == "CLM":
            claims.append((segment, []))
        elif segment.tag == "SV2" and claims:
            claims[-1][1].append(segment)
    for clm, lines in claims:
        yield ClaimReject(
            position=clm.number,
            pcn=clm.get(1),
            segment=f"ST at segment {one.segments[0].number}",
            field="ST03",
            reason="an institutional claim (837I) is not followed here",
            charge=maybe_amount(clm.get(2)),
            frequency=clm.part(5, 3, one.delimiters.component) or "1",
            lines=len(lines),
            line_total=sum((maybe_amount(s.get(3)) or ZERO for s in lines), ZERO),
        )


class _SetReader:
    """One transaction set, segment by segment."""

    def __init__(self, one: TransactionSet) -> None:
        self.set = one
        component, warning = component_separator(one)
        self.levels = Levels(component)
        self.warnings = [warning] if warning else []
        self.claims: list[ReadClaim] = []
        self.rejects: list[ClaimReject] = []
        self.above = Loop()
        self.draft: Draft | None = None
        self.unused: Counter[str] = Counter()
        self.unused_at: dict[str, int] = {}

    def run(self) -> None:
        for segment in self.set.segments[1:]:
            if segment.tag == "HL":
                self._close()
                self.above = Loop(segment)
                self.levels = self.levels.below(self.above)
            elif segment.tag == "CLM":
                self._close()
                self.draft = Draft(segment, self.levels)
            elif segment.tag == "SE":
                break
            elif self.draft is not None:
                self.draft.take(segment)
            else:
                self.above.take(segment)
        self._close(whole=self.set.complete)
        for what, count in self.unused.items():
            words = f"{what} is not taken over ({count} times in this set)"
            self.warnings.append(EdiWarning(self.unused_at[what], what, words))

    def _close(self, *, whole: bool = True) -> None:
        draft, self.draft = self.draft, None
        if draft is None:
            return
        try:
            self._trust(draft, whole=whole)
            claim = draft.finish()
        except EdiError as error:
            self.rejects.append(draft.reject(error))
        else:
            self.claims.append(ReadClaim(draft.clm.number, claim))
            self._count_unused(draft)

    def _trust(self, draft: Draft, *, whole: bool) -> None:
        """Refuse what is cut off, numbered twice or wrongly placed (R-BAD-03)."""
        if not whole:
            raise EdiError(
                "the file ends inside this claim",
                segment=draft.last.number,
                field="SE",
            )
        if self.set.repeated:
            raise EdiError(
                "ST02 is used twice in its group",
                segment=self.set.segments[0].number,
                field="ST02",
            )
        if draft.levels.doubt is not None:
            raise EdiError(
                "HL02 names another level than the one above it",
                segment=draft.levels.doubt.number,
                field="HL02",
            )

    def _count_unused(self, draft: Draft) -> None:
        for segment, what in draft.unused():
            self.unused[what] += 1
            self.unused_at.setdefault(what, segment.number)
