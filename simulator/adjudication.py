"""How a payer decides a claim: price, denials, the patient's share; lines balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from claims.adjustment import Adjustment
from claims.claim import Claim, ServiceLine
from claims.money import ZERO, percent_of
from claims.remittance import RemittanceClaim, RemittanceLine
from simulator.fates import Denial, Verdict
from simulator.plans import Plan

SEQUESTRATION_PERCENT = Decimal(2)


@dataclass
class _Share:
    """What is left of the patient's share while the lines are decided."""

    copay: Decimal
    deductible: Decimal
    percent: Decimal

    def of(self, line: ServiceLine, allowed: Decimal) -> list[Adjustment]:
        """PR reasons of one line: set fee of a visit, deductible, then a percentage."""
        copay = min(self.copay, allowed) if line.code.startswith("99") else ZERO
        self.copay -= copay
        deductible = min(self.deductible, allowed - copay)
        self.deductible -= deductible
        rest = allowed - copay - deductible
        coinsurance = percent_of(rest, self.percent)
        found = (("1", deductible), ("2", coinsurance), ("3", copay))
        return [_reason("PR", carc, amount) for carc, amount in found if amount]


def decide(claim: Claim, plan: Plan, verdict: Verdict, icn: str) -> RemittanceClaim:
    """One claim as the 835 will tell it."""
    copay = plan.copay if verdict.copay is None else verdict.copay
    percent = verdict.coinsurance_percent
    share = _Share(
        copay,
        verdict.deductible,
        plan.coinsurance_percent if percent is None else percent,
    )
    lines = tuple(
        _line(place, line, plan, verdict, share)
        for place, line in enumerate(claim.lines, start=1)
    )
    reasons = [a for line in lines for a in line.adjustments]
    patient = claim.patient_person
    return RemittanceClaim(
        position=1,
        pcn=claim.pcn,
        status="1",
        charge=claim.charge,
        paid=sum((line.paid for line in lines), ZERO),
        patient_responsibility=_of_group(reasons, "PR"),
        filing_indicator="MB" if plan.sequestration else "12",
        payer_icn=icn,
        patient_last=patient.last,
        patient_first=patient.first,
        member_id=claim.subscriber.person.member_id,
        service_from=claim.service_from,
        service_to=claim.service_to,
        rarcs=(verdict.rarc,) if verdict.rarc else (),
        lines=lines,
    )


def _line(
    place: int, line: ServiceLine, plan: Plan, verdict: Verdict, share: _Share
) -> RemittanceLine:
    denials = [d for d in verdict.deny if d.code in ("", line.code)]
    whole = next((d for d in denials if d.amount is None), None)
    if whole is not None:
        return _written(
            place, line, [_reason(whole.group, whole.carc, line.charge)], denials
        )
    price = plan.allowed(line.code, line.units, line.charge)
    allowed = min(percent_of(price, verdict.fee_percent), line.charge)
    reasons = share.of(line, allowed)
    if plan.sequestration:
        would_pay = allowed - _of_group(reasons, "PR")
        cut = percent_of(would_pay, SEQUESTRATION_PERCENT)
        reasons.insert(0, _reason("CO", "253", cut))
    parts = denials if place == 1 else []
    reasons += [_reason(d.group, d.carc, d.amount or ZERO) for d in parts]
    reasons.insert(0, _reason("CO", "45", line.charge - allowed))
    return _written(place, line, [r for r in reasons if r.amount], parts)


def _written(
    place: int,
    line: ServiceLine,
    reasons: Sequence[Adjustment],
    denials: Sequence[Denial],
) -> RemittanceLine:
    return RemittanceLine(
        position=place,
        line_ref=line.line_ref or None,
        code=line.code,
        modifiers=line.modifiers,
        charge=line.charge,
        paid=line.charge - sum((r.amount for r in reasons), ZERO),
        units=f"{line.units:f}",
        service_date=line.service_from,
        adjustments=tuple(reasons),
        rarcs=tuple(d.rarc for d in denials if d.rarc),
    )


def reverse(decided: RemittanceClaim) -> RemittanceClaim:
    """The exact opposite of an earlier decision, CLP02 22."""
    lines = tuple(
        line.model_copy(
            update={
                "charge": -line.charge,
                "paid": -line.paid,
                "adjustments": tuple(_negative(a) for a in line.adjustments),
            }
        )
        for line in decided.lines
    )
    changes = {
        "status": "22",
        "charge": -decided.charge,
        "paid": -decided.paid,
        "patient_responsibility": -decided.patient_responsibility,
        "lines": lines,
    }
    return decided.model_copy(update=changes)


def moved_money(decided: RemittanceClaim) -> bool:
    """Whether something would have to be taken back: not so when all was denied."""
    reasons = [a for line in decided.lines for a in line.adjustments]
    return bool(decided.paid) or any(
        a.code == "CO-45" or a.group == "PR" for a in reasons
    )


def is_denied(decided: RemittanceClaim) -> bool:
    """Whether a line is unpaid for another reason than price or share."""
    usual = ("CO-45", "CO-253")
    return any(
        a.group != "PR" and a.code not in usual
        for line in decided.lines
        for a in line.adjustments
    )


def _reason(group: str, carc: str, amount: Decimal) -> Adjustment:
    return Adjustment(group=group, carc=carc, amount=amount)


def _negative(adjustment: Adjustment) -> Adjustment:
    return adjustment.model_copy(update={"amount": -adjustment.amount})


def _of_group(reasons: Sequence[Adjustment], group: str) -> Decimal:
    return sum((r.amount for r in reasons if r.group == group), ZERO)
