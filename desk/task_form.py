"""A task's form as fields of a page, made from the task type's pydantic form."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from claims.task import Form, TaskSpec
from claims.task_effects import effect_of

COMMON = tuple(Form.model_fields)
LABELS = {"note_supports_separate_EM": "The note supports a separate visit"}


@dataclass(frozen=True)
class Field:
    """One field: its name in the form, label, hint, kind of input and value."""

    name: str
    label: str
    hint: str
    kind: str
    value: str
    limit: int | None = None


@dataclass(frozen=True)
class Choice:
    """One decision a person may give, with what it does and needs."""

    decision: str
    label: str
    effect: str
    needs: tuple[str, ...]
    second: str


def choices(spec: TaskSpec) -> list[Choice]:
    """Every decision of this task type."""
    return [
        Choice(
            decision=decision,
            label=words(decision),
            effect=effect_of(spec, decision),
            needs=spec.required.get(decision, ()),
            second=str(spec.two_person.get(decision, "")),
        )
        for decision in spec.decisions
    ]


def words(name: str) -> str:
    """A field or decision as people read it."""
    text = LABELS.get(name) or name.replace("_", " ")
    return text[:1].upper() + text[1:]


def fields(spec: TaskSpec, given: Mapping[str, str]) -> list[Field]:
    """The form's own fields, then reason and note."""
    model = spec.form.model_fields
    own = [n for n in model if n not in COMMON and n != "changes"]
    return [_field(name, model[name], given) for name in (*own, *COMMON)]


def _field(name: str, info: FieldInfo, given: Mapping[str, str]) -> Field:
    limits = [m.max_length for m in info.metadata if hasattr(m, "max_length")]
    long = name in COMMON or (limits and limits[0] > 100)
    return Field(
        name=name,
        label=words(name),
        hint=info.description or "",
        kind="area" if long else _kind(info.annotation),
        value=given.get(name, ""),
        limit=limits[0] if limits else None,
    )


def _kind(annotation: Any) -> str:
    inner = set(get_args(annotation)) if _is_union(annotation) else {annotation}
    if bool in inner:
        return "tick"
    if date in inner:
        return "date"
    return "number" if int in inner else "text"


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (types.UnionType, Union)
