"""A model that is made of checked values is the one that pydantic makes of them."""

import pickle
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from claims.adjustment import Adjustment
from claims.checked import defaults, maker
from claims.money import usd
from claims.remittance import RemittanceClaim, RemittanceLine

REASON: dict[str, Any] = {
    "group": "CO",
    "carc": "45",
    "amount": usd("40.00"),
    "quantity": None,
}
LINE: dict[str, Any] = {
    **defaults(RemittanceLine),
    "position": 7,
    "code": "99213",
    "charge": usd("144.00"),
    "paid": usd("104.00"),
    "service_date": date(2026, 4, 21),
    "adjustments": (Adjustment(**REASON),),
}
CLAIM: dict[str, Any] = {
    **defaults(RemittanceClaim),
    "position": 4,
    "pcn": "SYN-0001",
    "status": "1",
    "charge": usd("144.00"),
    "paid": usd("104.00"),
    "lines": (RemittanceLine(**LINE),),
}
each = pytest.mark.parametrize(
    ("model", "values"),
    [(Adjustment, REASON), (RemittanceLine, LINE), (RemittanceClaim, CLAIM)],
)


@each
def test_it_is_equal_to_the_checked_one_in_every_way(
    model: type[BaseModel], values: dict[str, Any]
) -> None:
    made, checked = maker(model)(dict(values)), model(**values)

    assert made == checked
    assert repr(made) == repr(checked)
    assert hash(made) == hash(checked)
    assert made.model_fields_set == checked.model_fields_set
    assert made.model_dump_json() == checked.model_dump_json()
    assert made.model_extra == checked.model_extra
    assert pickle.loads(pickle.dumps(made)) == checked  # noqa: S301 - our own bytes


@each
def test_its_copy_with_changes_is_a_copy(
    model: type[BaseModel], values: dict[str, Any]
) -> None:
    made, checked = maker(model)(dict(values)), model(**values)
    name = next(iter(values))

    assert made.model_copy(update={name: 9}) == checked.model_copy(update={name: 9})
    assert made == checked


@each
def test_it_cannot_be_changed(model: type[BaseModel], values: dict[str, Any]) -> None:
    made = maker(model)(dict(values))

    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, next(iter(values)), 9)


def test_a_checked_model_may_hold_it() -> None:
    line = maker(RemittanceLine)(dict(LINE))

    assert RemittanceClaim(**{**CLAIM, "lines": (line,)}).lines[0] is line


@each
def test_defaults_name_every_field_in_order(
    model: type[BaseModel], values: dict[str, Any]
) -> None:
    assert list(defaults(model)) == list(model.model_fields)
