"""A task's form as fields of a page, made from the task type's pydantic form."""

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from claims.task import ChangeForm, Form, TaskSpec, TaskType
from claims.task_effects import effect_of
from policy.people import second_person
from policy.remittance import is_bundling

Options = tuple[tuple[str, str], ...]
COMMON = tuple(Form.model_fields)
FIELD, VALUE = "fix_field_", "fix_value_"
LEAST = 2
"""Rows for corrections, so that there is always an empty one."""
ASKED_APART = {
    TaskType.APPEAL_PREPARE: (
        "route",
        "argument",
        "enclosures",
        "letter",
        "next_date",
        "wait_until",
    ),
    TaskType.ERA_UNBALANCED: ("claim_ref",),
    TaskType.ERA_CONFLICT: ("claim_ref",),
    TaskType.ERA_UNMATCHED_CLAIM: ("replacement",),
}
"""Fields that a type's own part of the page asks for, or that it does not need."""
LABELS = {
    "claim_ref": "Our claim number",
    "next_date": "Look again on",
    "replacement": "Trace number of the new one",
    "note_supports_separate_EM": "The note supports a separate visit",
    "pair": "NCCI pair",
    "modifier_indicator": "Modifier indicator of the pair",
    "plb_reason": "Reason of the payers' list",
}
DECISIONS = {
    "APPEAL_PREPARE sent": "Send the letter",
    "APPEAL_PREPARE waived": "Do not appeal",
    "PLB_REVIEW adjust": "Book it under a reason",
    "PLB_REVIEW deny_route": "Dispute it",
    "PLB_REVIEW line_chosen": "Book it on a claim",
    "DAILY_CLOSE_EXCEPTION carried_with_reason": "Carry it with a reason",
    "DAILY_CLOSE_EXCEPTION resolved": "It is settled",
    "ERA_UNMATCHED_CLAIM linked": "Link it to a claim",
    "ERA_UNMATCHED_CLAIM not_ours_return": "Not ours: return it",
    "RECOUPMENT_REVIEW agree": "It is right",
    "RECOUPMENT_REVIEW dispute": "Dispute it",
    "auth_requested": "Authorization requested",
    "correct_freq_7": "Send a corrected claim",
    "corrected_freq_7": "Send a corrected claim",
    "documents": "Send documents",
    "fix_table": "Correct the fee table",
    "in_process_next_call": "In process, call again",
    "keep_first": "Keep the first one",
    "keep_second_after_reversal": "Take the second one instead",
    "new_claim": "Send a new claim",
    "other_payer": "Bill another plan",
    "patient": "Move it to the patient",
    "payer_reprocesses": "The payer works on it again",
    "replacement_requested": "Ask the payer for a new one",
    "stop_aic": "Stop: the amount is too low",
}
"""Decisions, some of one task type only, whose own names do not say enough."""
SHOWN_FOR = {
    TaskType.DENIAL_REVIEW: {
        "evidence": "appeal",
        "template": "appeal",
        "pair": "correct_freq_7",
        "modifier_indicator": "correct_freq_7",
    }
}
"""Fields that one decision uses and does not need."""
CHOSEN = "plb_reason"
"""The field that is one of those offered, and nothing else."""
OF_BUNDLING = ("pair", "modifier_indicator")
"""Asked only where the payer calls a service part of another."""


@dataclass(frozen=True)
class Field:
    """One field: its name in the form, label, hint, kind of input and value."""

    name: str
    label: str
    hint: str
    kind: str
    value: str
    limit: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    """The values it may have, where these are few, or those that are offered; each
    with its words."""
    only: str = ""
    """The one decision that needs it, which then shows it."""


@dataclass(frozen=True)
class Change:
    """One field of the claim to correct: its place in the form, name and new value."""

    number: int
    field: str
    value: str


@dataclass(frozen=True)
class Choice:
    """One decision a person may give, with what it does and needs."""

    decision: str
    label: str
    effect: str
    needs: tuple[str, ...]
    second: str


def choices(spec: TaskSpec, evidence: Mapping[str, Any]) -> list[Choice]:
    """Every decision of this task type; ``evidence`` says how much it is about."""
    return [
        Choice(
            decision=decision,
            label=decision_words(spec.type, decision),
            effect=_effect(spec, decision),
            needs=spec.required.get(decision, ()),
            second=str(second_person(spec, decision, evidence) or ""),
        )
        for decision in spec.decisions
    ]


def _effect(spec: TaskSpec, decision: str) -> str:
    """What it does, who else must agree and what it needs, as the page's labels say;
    nothing that its name says."""
    said, *more = effect_of(spec, decision).replace("_", " ").split("; ")
    parts = [] if said == decision.replace("_", " ") else [said]
    parts += [part for part in more if not part.startswith("needs ")]
    if needed := spec.required.get(decision):
        parts.append("needs " + ", ".join(words(name).lower() for name in needed))
    return "; ".join(parts)


def decision_words(kind: str, decision: str) -> str:
    """A decision of a task type as people read it: ``Send a corrected claim``."""
    own = DECISIONS.get(f"{kind} {decision}") or DECISIONS.get(decision)
    return own or words(decision)


def words(name: str) -> str:
    """A field as people read it."""
    text = LABELS.get(name) or name.replace("_", " ")
    return text[:1].upper() + text[1:]


def fields(
    spec: TaskSpec,
    given: Mapping[str, str],
    reason: str,
    offers: Mapping[str, Options] | None = None,
) -> list[Field]:
    """The form's own fields, then reason and note; ``reason`` is the task's, ``offers``
    what some fields may be."""
    model = spec.form.model_fields
    own = [n for n in model if n not in COMMON and n not in ChangeForm.model_fields]
    apart = (
        *ASKED_APART.get(spec.type, ()),
        *(() if is_bundling(reason) else OF_BUNDLING),
    )
    names = [n for n in (*own, *COMMON) if n not in apart]
    found = [_field(name, model[name], given, _only(spec, name)) for name in names]
    return [_offering(one, (offers or {}).get(one.name, ())) for one in found]


def _offering(one: Field, offers: Options) -> Field:
    """A reason is chosen from a list; a claim may be another than those offered."""
    if not offers:
        return one
    kind = "select" if one.name == CHOSEN else one.kind
    blank = (("", "–"),) if kind == "select" else ()  # noqa: RUF001 - a dash
    return replace(one, kind=kind, options=(*blank, *offers))


def _only(spec: TaskSpec, name: str) -> str:
    if chosen := SHOWN_FOR.get(spec.type, {}).get(name):
        return chosen
    needed_by = [d for d, needs in spec.required.items() if name in needs]
    return needed_by[0] if len(needed_by) == 1 and name not in COMMON else ""


def changes(
    spec: TaskSpec, given: Mapping[str, str], asked: Iterable[str]
) -> list[Change]:
    """What to correct in the claim: what was typed, else the fields that failed.

    Empty for a task that corrects nothing.
    """
    if not issubclass(spec.form, ChangeForm):
        return []
    found = list(_pairs(given).items())
    found += [(field, "") for field in dict.fromkeys(asked) if field not in dict(found)]
    found += [("", "")] * max(1, LEAST - len(found))
    return [Change(n, field, value) for n, (field, value) in enumerate(found, start=1)]


def _pairs(given: Mapping[str, str]) -> dict[str, str]:
    pairs = {}
    for name, value in given.items():
        if name.startswith("change."):
            pairs[name.removeprefix("change.")] = value
        elif name.startswith(FIELD):
            number = name.removeprefix(FIELD)
            pairs[value] = given.get(f"{VALUE}{number}", "")
    return pairs


def for_the_task(entry: Mapping[str, str]) -> dict[str, str]:
    """What a page's form says, in the words of the task's form; without a new value
    a field is not changed."""
    kept = {k: v for k, v in entry.items() if not k.startswith((FIELD, VALUE))}
    return kept | {f"change.{f}": v for f, v in _pairs(entry).items() if f and v}


def missing(spec: TaskSpec, entry: Mapping[str, str]) -> list[str]:
    """Fields that the chosen decision needs and that are empty."""
    needs = spec.required.get(entry.get("decision", ""), ())
    return [name for name in needs if not entry.get(name)]


def refusal(spec: TaskSpec, entry: Mapping[str, str], error: Exception) -> str:
    """Why a decision was not stored, with the labels of the page."""
    if not entry.get("decision"):
        return "No decision was chosen. Nothing was stored. Choose one, then decide."
    if not (names := missing(spec, entry)):
        return str(error)
    needed = ", ".join(words(name).lower() for name in names)
    chosen = decision_words(spec.type, entry["decision"])
    return f"“{chosen}” needs: {needed}. Nothing was stored. Fill it in, then decide."


def _field(name: str, info: FieldInfo, given: Mapping[str, str], only: str) -> Field:
    limits = [m.max_length for m in info.metadata if hasattr(m, "max_length")]
    long = name in COMMON or (limits and limits[0] > 100)
    kind = "area" if long else _kind(info.annotation)
    return Field(
        name=name,
        label=words(name),
        hint=info.description or "",
        kind=kind,
        value=given.get(name, ""),
        limit=limits[0] if limits else None,
        options=tuple((v, v or "–") for v in get_args(info.annotation))  # noqa: RUF001
        if kind == "select"
        else (),
        only=only,
    )


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "select"
    inner = set(get_args(annotation)) if _is_union(annotation) else {annotation}
    if bool in inner:
        return "tick"
    if date in inner:
        return "date"
    return "number" if int in inner else "text"


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (types.UnionType, Union)
