"""R-MON-01: exact dollars and cents, floats refused, one rounding."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from claims.money import (
    CENT,
    MoneyError,
    Usd,
    cents,
    from_cents,
    percent_of,
    usd,
    words,
)

amounts = st.decimals(
    Decimal("-99999999.99"), Decimal("99999999.99"), places=2, allow_nan=False
)


class Priced(BaseModel):
    amount: Usd


@given(amounts)
def test_money_survives_json_to_the_cent(amount: Decimal) -> None:
    read = Priced.model_validate_json(Priced(amount=amount).model_dump_json())

    assert read.amount == amount
    assert str(read.amount) == str(usd(amount))


@given(st.floats())
def test_a_float_is_refused_at_the_border(number: float) -> None:
    with pytest.raises(ValidationError, match="never a float"):
        Priced.model_validate({"amount": number})


def test_a_json_number_is_refused_because_it_arrives_as_a_float() -> None:
    with pytest.raises(ValidationError, match="never a float"):
        Priced.model_validate_json('{"amount": 12.50}')


@pytest.mark.parametrize(
    ("given_text", "read"),
    [
        ("0", "0.00"),
        ("12.5", "12.50"),
        (" 12.50 ", "12.50"),
        ("-.5", "-0.50"),
        ("1E+2", "100.00"),
        ("-0.00", "0.00"),
        ("999999999999.99", "999999999999.99"),
    ],
)
def test_text_is_read_exactly(given_text: str, read: str) -> None:
    assert str(usd(given_text)) == read


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param("0.005", id="half a cent"),
        pytest.param("1e-30", id="a trace of a cent"),
        pytest.param("1000000000000", id="out of range"),
        pytest.param("NaN", id="not a number"),
        pytest.param("Infinity", id="not finite"),
        pytest.param("1_000", id="Python's underscore"),
        pytest.param("١٢", id="digits of another script"),
        pytest.param("1,000.00", id="a thousands comma"),
        pytest.param("", id="nothing"),
        pytest.param(True, id="a bool is an int to Python"),
        pytest.param(Decimal("0.001"), id="a Decimal with mills"),
        pytest.param(Decimal("NaN"), id="a Decimal that is no number"),
        pytest.param(None, id="None"),
    ],
)
def test_what_is_not_dollars_and_cents_is_refused_not_rounded(refused: Any) -> None:
    with pytest.raises(MoneyError):
        usd(refused)


@given(amounts)
def test_cents_of_the_database_and_dollars_are_the_same_money(amount: Decimal) -> None:
    assert from_cents(cents(amount)) == amount
    assert Decimal(cents(amount)) == amount * 100


def test_cents_refuse_a_part_of_a_cent_instead_of_dropping_it() -> None:
    with pytest.raises(MoneyError):
        cents(Decimal("10.005"))


def test_a_percentage_is_rounded_half_up_to_the_cent() -> None:
    assert percent_of(usd("80.25"), Decimal(2)) == usd("1.61")  # 1.605
    assert percent_of(usd("80.24"), Decimal(2)) == usd("1.60")  # 1.6048
    assert percent_of(usd("-80.25"), Decimal(2)) == usd("-1.61")


@given(amounts, st.decimals(Decimal(0), Decimal(100), places=1))
def test_a_percentage_is_never_more_than_half_a_cent_off(
    amount: Decimal, percent: Decimal
) -> None:
    exact = amount * percent / 100
    assert abs(percent_of(amount, percent) - exact) <= CENT / 2


def test_words_put_the_sign_before_the_dollar() -> None:
    assert words(usd("1234.5")) == "$1,234.50"
    assert words(usd("-12")) == "-$12.00"
    assert words(usd("0")) == "$0.00"
