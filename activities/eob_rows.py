"""``eob.csv``: a paper remittance keyed row by row, read to what an 835 is read to.

One row is one service line of a check. All rows with one payer and check number are one
transaction set: it is taken whole or not at all, so one bad row leaves out its check.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field

from claims.adjustment import Adjustment
from claims.money import ZERO, Usd
from claims.remittance import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from claims.trace import bare

ADJUSTMENTS = range(1, 7)
PROCESSED, REVERSAL = "1", "22"
_NOT_PAID_ABOUT = {"source", "keyed_by"}
"""Columns that say how a row came to be, not what the payer decided."""
_GROUP = Field("", pattern="^(CO|PR|OA|PI)$")
_CARC = Field("", pattern="^[A-Z]?[0-9]{1,3}$")
_RARC = Field("", pattern="^[A-Z]{1,2}[0-9]{1,4}$")


class EobRow(BaseModel):
    """One row: a line of a claim, a claim as a whole, or a provider-level amount.

    Without ``code`` it speaks of the claim as a whole. Without ``code``, money and
    reasons it carries only ``plb_code`` and ``plb_amt`` (positive lowers the payment).
    A reversal has ``billed`` and ``paid`` below zero.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    payer_id: str = Field(min_length=1, max_length=32)
    trace_no: str = Field(min_length=1, max_length=50)
    pay_date: date
    pay_amount: Usd
    claim_ref: str = Field("", max_length=38)
    payer_claim_no: str = Field("", max_length=50)
    member_id: str = Field("", max_length=80)
    dos_from: date
    code: str = Field("", pattern="^[0-9A-Z]{3,11}$")
    billed: Usd
    allowed: Usd | None = None
    paid: Usd
    group1: str = _GROUP
    carc1: str = _CARC
    amt1: Usd | None = None
    group2: str = _GROUP
    carc2: str = _CARC
    amt2: Usd | None = None
    group3: str = _GROUP
    carc3: str = _CARC
    amt3: Usd | None = None
    group4: str = _GROUP
    carc4: str = _CARC
    amt4: Usd | None = None
    group5: str = _GROUP
    carc5: str = _CARC
    amt5: Usd | None = None
    group6: str = _GROUP
    carc6: str = _CARC
    amt6: Usd | None = None
    rarc1: str = _RARC
    rarc2: str = _RARC
    rarc3: str = _RARC
    rarc4: str = _RARC
    plb_code: str = Field("", pattern="^[0-9A-Z]{2}$")
    plb_amt: Usd | None = None
    source: str = Field("", max_length=64)
    keyed_by: str = Field("", max_length=64)

    @property
    def reasons(self) -> tuple[Adjustment, ...]:
        """Group, reason and amount of each adjustment, in the order of the columns."""
        return tuple(
            Adjustment(group=group, carc=carc, amount=amount)
            for group, carc, amount in map(self._reason, ADJUSTMENTS)
            if amount is not None
        )

    def _reason(self, n: int) -> tuple[str, str, Decimal | None]:
        return (
            getattr(self, f"group{n}"),
            getattr(self, f"carc{n}"),
            getattr(self, f"amt{n}"),
        )

    @property
    def rarcs(self) -> tuple[str, ...]:
        """The remark codes that are filled in."""
        return tuple(r for r in (self.rarc1, self.rarc2, self.rarc3, self.rarc4) if r)

    @property
    def is_provider_level(self) -> bool:
        """Whether it says nothing of a claim."""
        said = self.code or self.billed or self.paid or self.reasons
        return bool(self.plb_code) and not said

    def odd(self) -> Iterator[tuple[str, str]]:
        """Columns that do not go together, and why."""
        if not (self.claim_ref or self.payer_claim_no or self.is_provider_level):
            yield "claim_ref", "is missing, and payer_claim_no as well"
        if self.billed * self.paid < ZERO or (self.paid < ZERO and not self.billed):
            yield "paid", "has another sign than billed; a reversal has both below zero"
        for n in ADJUSTMENTS:
            group, carc, amount = self._reason(n)
            if len({bool(group), bool(carc), amount is not None}) > 1:
                yield f"amt{n}", f"needs group{n} and carc{n} with it, or none of them"
        if bool(self.plb_code) != (self.plb_amt is not None):
            yield "plb_amt", "needs plb_code with it, or neither"


NumberedRow = tuple[int, EobRow]


@dataclass(frozen=True)
class Check:
    """One check or transfer: all of its rows with their numbers in the file."""

    rows: tuple[NumberedRow, ...]

    @property
    def head(self) -> EobRow:
        """Its first row, which says what every row says of the check."""
        return self.rows[0][1]

    @property
    def position(self) -> int:
        """The number of its first row; what ST is in an 835."""
        return self.rows[0][0]

    def differing(self) -> tuple[int, str] | None:
        """A row that writes the check's number, date or amount otherwise, and in which
        column."""
        for number, row in self.rows:
            for name in ("trace_no", "pay_date", "pay_amount"):
                if getattr(row, name) != getattr(self.head, name):
                    return number, name
        return None


def checks_of(rows: Iterable[NumberedRow]) -> list[Check]:
    """Rows by payer and check number, in the order of the file. A number is one with
    leading zeros or without."""
    found: dict[tuple[str, str], list[NumberedRow]] = {}
    for number, row in rows:
        found.setdefault((row.payer_id, bare(row.trace_no)), []).append((number, row))
    return [Check(tuple(of)) for of in found.values()]


def remittance_of(check: Check, refs: Mapping[int, tuple[str, str]]) -> Remittance:
    """The check as an 835 would say it.

    ``refs``: for each row about a claim of ours, our CLM01 and the control number of
    the line it answers (empty where no line fits).
    """
    head, claims = check.head, dict[tuple[str, str, bool], list[NumberedRow]]()
    for number, row in check.rows:
        if not row.is_provider_level:
            key = (row.claim_ref, row.payer_claim_no, row.billed < ZERO)
            claims.setdefault(key, []).append((number, row))
    return Remittance(
        position=check.position,
        control_number=f"{check.position:04d}",
        handling="I",
        paid=head.pay_amount,
        method="CHK",
        payment_date=head.pay_date,
        trace=head.trace_no,
        claims=tuple(_claim(rows, refs) for rows in claims.values()),
        provider_adjustments=tuple(_provider_level(check)),
        content_hash=content_hash(check),
    )


def _claim(
    rows: list[NumberedRow], refs: Mapping[int, tuple[str, str]]
) -> RemittanceClaim:
    number, first = rows[0]
    whole = [row for _, row in rows if not row.code]
    reasons = [a for _, row in rows for a in row.reasons]
    days = [row.dos_from for _, row in rows]
    return RemittanceClaim(
        position=number,
        pcn=refs.get(number, ("", ""))[0] or first.claim_ref or first.payer_claim_no,
        status=REVERSAL if first.billed < ZERO else PROCESSED,
        charge=sum((row.billed for _, row in rows), ZERO),
        paid=sum((row.paid for _, row in rows), ZERO),
        patient_responsibility=sum(
            (a.amount for a in reasons if a.group == "PR"), ZERO
        ),
        payer_icn=first.payer_claim_no or None,
        member_id=first.member_id or None,
        service_from=min(days),
        service_to=max(days),
        adjustments=tuple(a for row in whole for a in row.reasons),
        rarcs=tuple(r for row in whole for r in row.rarcs),
        lines=tuple(
            _line(at, row, refs.get(at, ("", ""))[1]) for at, row in rows if row.code
        ),
    )


def _line(number: int, row: EobRow, line_ref: str) -> RemittanceLine:
    return RemittanceLine(
        position=number,
        line_ref=line_ref or None,
        code=row.code,
        charge=row.billed,
        paid=row.paid,
        service_date=row.dos_from,
        adjustments=row.reasons,
        rarcs=row.rarcs,
        allowed=row.allowed,
    )


def _provider_level(check: Check) -> Iterator[ProviderAdjustment]:
    for number, row in check.rows:
        if row.plb_amt is not None:
            yield ProviderAdjustment(
                position=number,
                provider_id="",
                code=row.plb_code,
                reference=row.payer_claim_no or None,
                amount=row.plb_amt,
            )


def content_hash(check: Check) -> str:
    """SHA-256 of what the payer decided, whoever keyed it in whatever order, with or
    without zeros before the check's number (R-ERA-06)."""
    number = {"trace_no": bare(check.head.trace_no)}
    said = sorted(
        row.model_copy(update=number).model_dump_json(
            exclude=_NOT_PAID_ABOUT, exclude_defaults=True
        )
        for _, row in check.rows
    )
    return sha256("\n".join(said).encode()).hexdigest()
