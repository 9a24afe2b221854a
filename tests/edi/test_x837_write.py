"""837P out: a claim reads the same alone and among others that it resembles.

Parts whose values came before are written from their text. Alone in its file a claim
has nothing before it, so that such a file is the measure.
"""

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from claims.claim import Address, Claim, Provider
from edi.errors import UnwritableError
from edi.x837 import read_claims, write_claims
from tests.edi.make import ENVELOPE, SLOW, claims

ODD = (
    "",
    " ",
    "A*B",
    "A:B",
    "~",
    "^",
    "\u00c9",
    "\u674e",
    " X ",
    "OK",
    "\u0661",
    "X\n",
)
EVEN = (" X ", "OK", "O K")
ELSEWHERE = Address(line1="9 ELSEWHERE", city="TOWN", state="OH", zip="441130002")
SOMEBODY = Provider(
    last_or_organization="Else", first="Some", npi="1902847361", taxonomy="207R00000X"
)
M = TypeVar("M", bound=BaseModel)


def _changed(chance: Random, model: M, texts: Sequence[str]) -> M:
    """A copy that shares no model with the first, a little changed."""
    changes: dict[str, Any] = {}
    for name, value in model.__dict__.items():
        if isinstance(value, BaseModel):
            changes[name] = _changed(chance, value, texts)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            copies = tuple(_changed(chance, one, texts) for one in value)
            changes[name] = copies * chance.choice([1] * 9 + [6 if texts is ODD else 1])
        elif chance.randrange(30) == 0:
            changes |= _other(chance, name, value, texts)
    return model.model_copy(update=changes)


def _other(
    chance: Random, name: str, value: Any, texts: Sequence[str]
) -> dict[str, Any]:
    most = 13 if texts is ODD else 3
    if isinstance(value, str):
        return {name: chance.choice(texts)}
    if name in ("rendering", "referring", "supervising", "facility", "ordering"):
        return {name: SOMEBODY}
    if name == "pay_to":
        return {name: ELSEWHERE}
    if name in ("pointers", "modifiers", "diagnoses", "accident"):
        return {name: value[:1] * chance.randint(0, most)}
    return {}


def _segments(batch: list[Claim]) -> list[str]:
    return write_claims(batch, ENVELOPE).decode("ascii").split("~")[:-1]


def _loops(segments: list[str]) -> list[list[str]]:
    """From each HL to before the next; of the HL only its level and children."""
    loops: list[list[str]] = []
    for segment in segments:
        if segment.startswith("HL*"):
            loops.append([])
            segment = "*".join(segment.split("*")[3:])
        if loops and segment[:3] not in ("SE*", "GE*", "IEA"):
            loops[-1].append(segment)
    return loops


def _error(batch: list[Claim]) -> tuple[str, str] | None:
    try:
        write_claims(batch, ENVELOPE)
    except UnwritableError as error:
        return str(error), error.field
    return None


def _among_others_as_alone(batch: list[Claim]) -> None:
    together = _loops(_segments(batch))
    groups: dict[str, list[list[str]]] = {}
    for claim in batch:
        provider, *levels = _loops(_segments([claim]))
        key = repr((claim.billing, claim.pay_to))
        groups.setdefault(key, [provider]).extend(levels)

    assert together == [loop for group in groups.values() for loop in group]


CHANCES = st.randoms(use_true_random=True)


def _resembling(claim: Claim, chance: Random) -> list[Claim]:
    others = [_changed(chance, claim, EVEN) for _ in range(4)]
    return [claim, *(one for one in others if _error([one]) is None), claim]


@settings(max_examples=30, suppress_health_check=SLOW)
@given(claims(), CHANCES)
def test_a_claim_is_written_among_others_as_alone(claim: Claim, chance: Random) -> None:
    _among_others_as_alone(_resembling(claim, chance))


@settings(max_examples=30, suppress_health_check=SLOW)
@given(claims(), CHANCES)
def test_a_claim_is_refused_among_others_as_alone(claim: Claim, chance: Random) -> None:
    others = [_changed(chance, claim, ODD) for _ in range(5)]

    assert _error([claim]) is None
    for other in others:
        assert _error([claim, other]) == _error([other])


@pytest.mark.long
@pytest.mark.timeout(1200)
@settings(max_examples=1500, suppress_health_check=SLOW)
@given(claims(), CHANCES)
def test_a_claim_is_the_same_among_others_as_alone_long(
    claim: Claim, chance: Random
) -> None:
    _among_others_as_alone(_resembling(claim, chance))
    other = _changed(chance, claim, ODD)

    assert _error([claim, other]) == _error([other])


@pytest.mark.parametrize("wrong", ["A*B", "A:B", "A~", "\u0661\u0662", "\n"])
def test_a_number_is_looked_at_though_all_else_came_before(
    ours: dict[str, bytes], wrong: str
) -> None:
    claim = read_claims(ours["a1"]).claims[0].claim
    line = claim.lines[0].model_copy(update={"line_ref": wrong})
    numbered = claim.model_copy(update={"pcn": wrong})
    lines = claim.model_copy(update={"lines": (line, *claim.lines[1:])})

    assert _error([claim]) is None
    for one, field in ((numbered, "CLM01"), (lines, "REF02")):
        refused = _error([claim, one])
        assert refused is not None
        assert refused[1] == field
        assert refused == _error([one])
