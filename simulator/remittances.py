"""The payers' cash desk: one balanced 835 per payer and day, unless a fault strikes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

from claims.adjustment import Adjustment
from claims.money import ZERO, usd
from claims.remittance import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from edi.segments import OutboundEnvelope
from edi.x835 import write_remittances
from simulator.agenda import OfficeRow, Replace, TakeBack
from simulator.cases import Decided
from simulator.fates import Faults
from simulator.office import deposit_row
from simulator.plans import PLANS, Plan

SEVEN = time(7)
OFF_BY = usd("10.00")


@dataclass(frozen=True)
class Trading:
    """Who sits at both ends of an envelope, and in which mailbox."""

    partner: str
    our_id: str
    practice_id: str
    reference: str = ""

    def envelope(self, number: int, created: datetime) -> OutboundEnvelope:
        """An envelope from us to the practice."""
        return OutboundEnvelope(
            sender_id=self.our_id,
            receiver_id=self.practice_id,
            isa13=number,
            gs06=number,
            created=created,
            batch_ref=self.reference or f"SIM{number}",
            submitter_name="CLEARINGHOUSE",
            receiver_name="PRACTICE",
        )


@dataclass(frozen=True)
class Payment:
    """One remittance and the bank's row for it."""

    payer: str
    trading: Trading
    remittance: Remittance
    deposits: tuple[OfficeRow, ...]
    faults: set[str] = field(default_factory=set)

    @property
    def trace(self) -> str:
        """TRN02."""
        return self.remittance.trace

    def content(self, number: int) -> bytes:
        """The 835 file."""
        day = self.remittance.payment_date
        assert day is not None  # noqa: S101 - every remittance here has one
        envelope = self.trading.envelope(number, datetime.combine(day, SEVEN, UTC))
        return write_remittances([self.remittance], envelope)


@dataclass
class Cashier:
    """Traces, forward balances and faults of all payers."""

    faults: Faults
    trading: dict[str, Trading] = field(default_factory=dict)
    _payee: dict[str, str] = field(default_factory=dict)
    _owed: dict[str, Decimal] = field(default_factory=dict)
    _spoiled: set[tuple[str, str]] = field(default_factory=set)
    _unbalanced: dict[str, Remittance] = field(default_factory=dict)
    _taking: dict[str, list[TakeBack]] = field(default_factory=dict)
    _count: int = 0

    def trades_with(self, plan: Plan, trading: Trading, payee: str) -> None:
        """Remember where the payer's answers go."""
        self.trading[plan.edi_id] = trading
        self._payee[plan.edi_id] = payee

    def take_back(self, what: TakeBack) -> None:
        """The payer's next payment is lower by this (PLB WO)."""
        self._taking.setdefault(what.payer, []).append(what)

    def pay(self, plan: Plan, decided: Sequence[Decided], day: date) -> Payment:
        """One remittance for everything the payer decided on a day."""
        claims = [claim for one in decided for claim in one.claims]
        faults = self._faults(decided)
        if "stranger" in faults:
            claims.append(_stranger(plan, day))
        later = [(d.reference, -d.announced) for d in decided if d.announced]
        taken = [(t.reference, t.amount) for t in self._taking.pop(plan.edi_id, ())]
        one = self._remittance(plan, claims, day, [*later, *taken])
        if "unbalanced" in faults:
            self._unbalanced[one.trace] = one
            one = one.model_copy(update={"paid": one.paid + OFF_BY})
            return Payment(plan.edi_id, self.trading[plan.edi_id], one, (), faults)
        return self._paid(plan, one, faults)

    def again(self, what: Replace, day: date) -> Payment:
        """The claims of an unbalanced remittance, balanced, with a new trace."""
        plan = PLANS[what.payer]
        old = self._unbalanced.pop(what.trace)
        new = old.model_copy(
            update={"payment_date": day, "trace": self._trace(plan, day)}
        )
        return self._paid(plan, new, set())

    def _paid(self, plan: Plan, one: Remittance, faults: set[str]) -> Payment:
        assert one.payment_date is not None  # noqa: S101 - every remittance here has one
        row = deposit_row(
            one.trace, one.payment_date, one.paid, plan.originator, plan.name
        )
        deposits = (row,) if one.paid else ()
        return Payment(plan.edi_id, self.trading[plan.edi_id], one, deposits, faults)

    def _remittance(
        self,
        plan: Plan,
        claims: Sequence[RemittanceClaim],
        day: date,
        recovered: Sequence[tuple[str, Decimal]],
    ) -> Remittance:
        total = sum((c.paid for c in claims), ZERO)
        total -= sum((amount for _, amount in recovered), ZERO)
        carried = self._carry(plan, total)
        paid = total - sum(carried, ZERO)
        levels: list[tuple[str, str | None, Decimal]] = [
            *(("WO", ref, amount) for ref, amount in recovered),
            *(("FB", None, amount) for amount in carried),
        ]
        return Remittance(
            position=1,
            control_number="0001",
            handling="I" if paid else "H",
            paid=paid,
            method="ACH" if paid else "NON",
            payment_date=day,
            trace=self._trace(plan, day),
            originator=plan.originator,
            payer_name=plan.name,
            payer_edi_id=plan.edi_id,
            payee_npi=self._payee[plan.edi_id],
            claims=tuple(claims),
            provider_adjustments=tuple(
                self._adjustment(plan, day, *level) for level in levels
            ),
            content_hash="",
        )

    def _carry(self, plan: Plan, total: Decimal) -> list[Decimal]:
        """A payment is never below zero: what is owed is carried forward (PLB FB)."""
        owed = self._owed.pop(plan.edi_id, ZERO)
        amounts = [owed] if owed else []
        if total < owed:
            self._owed[plan.edi_id] = owed - total
            amounts.append(total - owed)
        return amounts

    def _adjustment(
        self, plan: Plan, day: date, code: str, ref: str | None, amount: Decimal
    ) -> ProviderAdjustment:
        return ProviderAdjustment(
            position=1,
            provider_id=self._payee[plan.edi_id],
            fiscal_period=day.replace(month=12, day=31),
            code=code,
            reference=ref,
            amount=amount,
        )

    def _trace(self, plan: Plan, day: date) -> str:
        self._count += 1
        return f"{plan.prefix}EFT{day:%y%m%d}{self._count:04d}"

    def _faults(self, decided: Sequence[Decided]) -> set[str]:
        """The faults of today's members; each strikes once."""
        members = {d.case.claim.subscriber.person.member_id for d in decided}
        found = set()
        for name, listed in self.faults.model_dump().items():
            for member in listed:
                if member in members and (name, member) not in self._spoiled:
                    self._spoiled.add((name, member))
                    found.add(name)
        return found


def _stranger(plan: Plan, day: date) -> RemittanceClaim:
    """A claim of another practice that got into our remittance."""
    charge, paid = usd("120.00"), usd("45.00")
    line = RemittanceLine(
        position=1,
        line_ref=None,
        code="99212",
        charge=charge,
        paid=paid,
        units="1",
        service_date=day,
        adjustments=(Adjustment(group="CO", carc="45", amount=charge - paid),),
    )
    return RemittanceClaim(
        position=1,
        pcn="OTHER-40911",
        status="1",
        charge=charge,
        paid=paid,
        payer_icn=f"{plan.prefix}0000040911",
        patient_last="NOTOURS",
        patient_first="PATIENT",
        lines=(line,),
    )
