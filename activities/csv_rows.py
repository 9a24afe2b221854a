"""Rows of the practice's CSV files (desk.md §8): bytes to models, strictly.

Each row is read by its own model. A bad row is named by number, column and reason,
never by value (R-BAD-02, R-BAD-03); a file whose header or quotes are wrong is not read
at all.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Annotated, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from activities.claim_rows import ClaimLine
from activities.coverage_rows import CoverageRow
from activities.eob_rows import EobRow
from activities.payments import PatientPayment
from activities.refunds import Refund
from claims.money import Usd

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,6}")
_AMOUNT = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]+)?")
_CENTS = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FROZEN = ConfigDict(frozen=True, extra="forbid")
_WHY = {
    "missing": "is missing",
    "string_too_short": "is missing",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "is none of the words allowed",
    "greater_than": "must be more than zero",
    "zero": "must not be zero",
}


OURS = "_"
"""Columns that begin so are those we add to a reject file; they are not read."""


class CsvError(ValueError):
    """The file is no CSV with the columns of its kind; nothing was taken from it."""


@dataclass(frozen=True)
class BadRow:
    """A row that was left out: where and why, without its values."""

    number: int
    column: str
    reason: str

    def __str__(self) -> str:
        """``row 3: amount has more than two decimals``."""
        return f"row {self.number}: {self.column} {self.reason}"


class Deposit(BaseModel):
    """One row of ``deposits.csv``."""

    model_config = _FROZEN

    deposit_ref: str = Field(min_length=1, max_length=64)
    date: date
    amount: Usd
    """Below zero: the bank took it back, or corrects itself."""
    method: str = Field(max_length=16)
    trace_no: str = Field("", max_length=50)
    originator: str = Field("", max_length=64)
    payer_name: str = Field("", max_length=120)
    account_last4: str = Field("", max_length=4)

    @field_validator("amount")
    @classmethod
    def _is_money(cls, amount: Decimal) -> Decimal:
        if not amount:
            raise PydanticCustomError("zero", "must not be zero")
        return amount


class AuthorizationRow(BaseModel):
    """One row of ``authorizations.csv``; it may come before its claim.

    A payer that refuses one gives it no number.
    """

    model_config = _FROZEN

    auth_no: str = Field("", max_length=50)
    payer_id: str = Field(max_length=32)
    member_id: str
    code: str = Field(max_length=10)
    units: int
    valid_from: date
    valid_to: date
    status: str = Field(max_length=16)
    decided_on: date


class AppealDecision(BaseModel):
    """One row of ``appeal_decisions.csv``."""

    model_config = _FROZEN

    claim_ref: str
    level: int
    outcome: str = Field(pattern="^(overturned|upheld|partial)$")
    notice_date: date
    received_on: date
    document: str = ""


KINDS: dict[str, type[BaseModel]] = {
    "DEPOSITS": Deposit,
    "PAYMENTS": PatientPayment,
    "AUTHORIZATIONS": AuthorizationRow,
    "APPEAL_DECISIONS": AppealDecision,
    "REFUNDS": Refund,
    "EOB": EobRow,
    "CLAIMS": ClaimLine,
    "COVERAGES": CoverageRow,
}
_PAST = frozenset(
    {
        *("date", "decided_on", "notice_date", "received_on", "pay_date"),
        *("dos_from", "dos_to", "patient_dob", "subscriber_dob"),
    }
)
"""Days on which something happened: refused when they lie in the future (R-BAD-03)."""


def detect(content: bytes) -> str | None:
    """The kind of CSV whose required columns the header has; None for other files."""
    header = {name for name in _header(content) if not name.startswith(OURS)}
    for kind, model in KINDS.items():
        if _required(model) <= header <= set(model.model_fields):
            return kind
    return None


def _required(model: type[BaseModel]) -> set[str]:
    return {n for n, f in model.model_fields.items() if f.is_required()}


def _header(content: bytes) -> set[str]:
    first = content[:4096].splitlines()[:1]
    if not first:
        return set()
    try:
        line = first[0].decode("utf-8-sig")
        return {name.strip() for name in next(csv.reader([line]), [])}
    except (UnicodeDecodeError, csv.Error):
        return set()


Row = TypeVar("Row", bound=BaseModel)


def read_rows(
    content: bytes, model: type[Row], today: date
) -> tuple[list[tuple[int, Row]], list[BadRow]]:
    """Good rows with their number, and what is wrong with the others.

    Raises:
        CsvError: no text, broken quotes, or not the columns of this kind.
    """
    header, *rows = text_rows(content) or [[]]
    return read_cells(_columns(header, model), enumerate(rows, start=2), model, today)


def read_cells(
    names: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    model: type[Row],
    today: date,
) -> tuple[list[tuple[int, Row]], list[BadRow]]:
    """The same for rows of text that are numbered already."""
    good: list[tuple[int, Row]] = []
    bad: list[BadRow] = []
    for number, cells in rows:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue  # a blank line, or what a spreadsheet leaves of one
        wrong = list(_wrong(names, values, model, today))
        if not wrong:
            given = {
                k: v
                for k, v in zip(names, values, strict=True)
                if v and not k.startswith(OURS)
            }
            try:
                good.append((number, model.model_validate(given)))
            except ValidationError as error:
                wrong = [_of_model(e["loc"], e["type"]) for e in error.errors()]
        bad += [BadRow(number, *together(wrong))] if wrong else []
    return good, bad


def text_rows(content: bytes) -> list[list[str]]:
    """Every row as text, the header first, without what ``as_text`` adds.

    Raises:
        CsvError: no text, or broken quotes.
    """
    try:
        text = io.StringIO(content.decode("utf-8-sig"))
        return [[_as_meant(c) for c in row] for row in csv.reader(text, strict=True)]
    except UnicodeDecodeError:
        raise CsvError("the file is not UTF-8 text") from None
    except csv.Error:
        raise CsvError("the file's quotes or lines are broken") from None


def cells(content: bytes, columns: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """The text of some columns by row number, of rows that cannot be read as well.

    Raises:
        CsvError: no text, or broken quotes.
    """
    header, *rows = text_rows(content) or [[]]
    names = [name.strip() for name in header]
    at = [names.index(column) for column in columns]
    return {
        number: tuple(row[n].strip() if n < len(row) else "" for n in at)
        for number, row in enumerate(rows, start=2)
    }


def _columns(header: list[str], model: type[BaseModel]) -> list[str]:
    """The header's names.

    Raises:
        CsvError: a column is missing, unknown or there twice.
    """
    names = [name.strip() for name in header]
    if missing := sorted(_required(model) - set(names)):
        raise CsvError(f"these columns are missing: {', '.join(missing)}")
    if {n for n in names if not n.startswith(OURS)} - set(model.model_fields):
        raise CsvError("the file has columns that its kind does not know")
    if len(set(names)) < len(names):
        raise CsvError("a column is there twice")
    return names


def _wrong(
    names: Sequence[str], values: Sequence[str], model: type[BaseModel], today: date
) -> Iterator[tuple[str, str]]:
    """What the text of cells must not be: pydantic would read dates, numbers and
    amounts from texts that only look like them."""
    if len(values) != len(names):
        yield "row", "has another number of cells than the header"
        return
    for name, text in zip(names, values, strict=True):
        if name.startswith(OURS):
            continue
        kind = _kind(model, name)
        if _CONTROL.search(text):
            yield name, "holds a line break or control character"
        elif not text:
            continue
        elif kind is date:
            yield from _of_date(name, text, today)
        elif kind is int and not _NUMBER.fullmatch(text):
            yield name, "is no whole number"
        elif kind is Decimal and not _AMOUNT.fullmatch(text):
            yield name, "is no amount in dollars and cents"
        elif kind is Decimal and not _CENTS.fullmatch(text):
            yield name, "has more than two decimals"


def _kind(model: type[BaseModel], name: str) -> object:
    """The type of a column's values, whether or not a row may leave it empty."""
    found = model.model_fields[name].annotation
    found = next((k for k in get_args(found) if k is not NoneType), found)
    return get_args(found)[0] if get_origin(found) is Annotated else found


def _of_date(name: str, text: str, today: date) -> Iterator[tuple[str, str]]:
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        yield name, "is no date (YYYY-MM-DD)"
    elif name in _PAST and day > today:
        yield name, "lies in the future"


def _of_model(place: tuple[int | str, ...], kind: str) -> tuple[str, str]:
    return str(place[0]), _WHY.get(kind, "is not of the right kind")


def together(wrong: list[tuple[str, str]]) -> tuple[str, str]:
    """Columns and reasons of one row; a row is one reject."""
    first, *others = wrong
    if not others:
        return first
    return ", ".join(name for name, _ in wrong), "; ".join(why for _, why in wrong)


def as_text(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _as_meant(cell: str) -> str:
    """The cell before ``as_text``: a corrected reject file comes in as it is."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell
