"""What the payers remember of each claim: its number, its versions, its decisions."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from claims.claim import Claim
from claims.money import ZERO, percent_of
from claims.remittance import RemittanceClaim
from edi.x276 import AskedStatus, StatusAnswer
from simulator import adjudication, front_door
from simulator.agenda import DecideClaim
from simulator.fates import Denial, Fate, Script, Verdict, ordinary_days
from simulator.plans import Plan

DUPLICATE = Verdict(after=10, deny=(Denial(group="OA", carc="18"),))
ACCEPTED = "A2:20"


@dataclass
class Case:
    """One claim at its payer."""

    claim: Claim
    plan: Plan
    fate: Fate
    icn: str
    verdict: Verdict
    rounds: int = 1
    asked: int = 0
    prepaid: Decimal = ZERO
    share_paid: Decimal = ZERO
    history: list[tuple[date, RemittanceClaim]] = field(default_factory=list)

    @property
    def last(self) -> RemittanceClaim | None:
        """The newest decision."""
        return self.history[-1][1] if self.history else None


def reference(decided: RemittanceClaim) -> str:
    """How this payer names a claim beside its claims (PLB03-2)."""
    return f"{decided.payer_icn} {decided.pcn}"


@dataclass(frozen=True)
class Decided:
    """A decision with what it takes back, in the order of the 835.

    ``taken_after``: what it lowers the payment by is kept back so many days later.
    """

    case: Case
    claims: tuple[RemittanceClaim, ...]
    taken_after: int | None = None

    @property
    def announced(self) -> Decimal:
        """What the payer says it will keep back later."""
        if self.taken_after is None:
            return ZERO
        return max(-sum((claim.paid for claim in self.claims), ZERO), ZERO)

    @property
    def reference(self) -> str:
        """PLB03-2: the number of the decision that was changed, and ours behind it."""
        return reference(self.claims[0])

    @property
    def denied(self) -> bool:
        """Whether the newest decision leaves a line unpaid."""
        return adjudication.is_denied(self.claims[-1])


@dataclass
class Cases:
    """All claims of all payers, by the practice's CLM01."""

    script: Script
    seed: int
    by_pcn: dict[str, Case] = field(default_factory=dict)
    _tries: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def receive(
        self, claim: Claim, plan: Plan, day: date
    ) -> tuple[str | None, Case | None]:
        """277CA status of a submission and its case; no status is silence."""
        fate = self.script.fate(claim.subscriber.person.member_id)
        tries = self._tries[claim.pcn] = self._tries.get(claim.pcn, 0) + 1
        if wrong := front_door.rejection(claim):
            return wrong, None
        door = fate.front_door
        if door is not None and tries <= door.times:
            return (door.status if door.answer == "reject" else None), None
        known = self.by_pcn.get(claim.pcn)
        if claim.frequency in ("7", "8"):
            return self._replace(claim, plan, known, day)
        if known is not None:
            return ACCEPTED, self._again(known, claim, day)
        first = fate.verdicts[0] if fate.verdicts else Verdict()
        case = Case(claim, plan, fate, self._icn(plan, day), first)
        self.by_pcn[claim.pcn] = case
        return ACCEPTED, case

    def _replace(
        self, claim: Claim, plan: Plan, known: Case | None, day: date
    ) -> tuple[str, Case | None]:
        if not plan.takes_replacements:
            return "A7:535", None
        if known is None or claim.payer_icn != known.icn:
            return "A7:464", None
        self._next_round(known, claim, day)
        return ACCEPTED, known

    def _again(self, known: Case, claim: Claim, day: date) -> Case:
        """An original again: a duplicate, unless the payer wants new claims."""
        last = known.last
        if last is not None and "MA130" in {*last.rarcs, *_line_rarcs(last)}:
            self._next_round(known, claim, day)
            return known
        known.verdict = DUPLICATE
        return known

    def _next_round(self, case: Case, claim: Claim, day: date) -> None:
        fixed_by = case.verdict.fixed_by
        if not fixed_by or front_door.is_fixed(fixed_by, case.claim, claim):
            listed = case.fate.verdicts
            case.verdict = (
                listed[case.rounds] if case.rounds < len(listed) else Verdict()
            )
            case.rounds += 1
        case.claim = claim
        case.icn = self._icn(case.plan, day)

    def _icn(self, plan: Plan, day: date) -> str:
        self._count += 1
        return f"{plan.prefix}{day:%y%j}{self._count:05d}"

    def days(self, case: Case) -> int:
        """How long the payer takes over the newest submission."""
        member = case.claim.subscriber.person.member_id
        return case.verdict.after or ordinary_days(self.seed, member)

    def decide(self, what: DecideClaim, day: date) -> Decided | None:
        """Decide the claim; what an earlier decision moved is taken back first."""
        case = self.by_pcn[what.pcn]
        before = case.last
        back: tuple[RemittanceClaim, ...] = ()
        if before is not None and adjudication.moved_money(before):
            back = (adjudication.reverse(before),)
            if before.payer_icn == case.icn:
                case.icn = self._icn(case.plan, day)
        if what.verdict is None:
            case.history += [(day, claim) for claim in back]
            return Decided(case, back) if back else None
        if what.verdict == DUPLICATE:
            back = ()
        new = adjudication.decide(case.claim, case.plan, what.verdict, case.icn)
        if before is not None and before.payer_icn != case.icn:
            new = new.model_copy(update={"original_icn": before.payer_icn})
        case.history.append((day, new))
        return Decided(case, (*back, new), what.taken_after)

    def patient_pays(self, decided: Decided) -> Decimal:
        """What the patient will pay now, visit payments and earlier ones taken off."""
        case, patient = decided.case, decided.case.fate.patient
        share = decided.claims[-1].patient_responsibility - case.prepaid
        if patient.pays == "never":
            return ZERO
        if patient.pays == "partial":
            share = percent_of(max(share, ZERO), patient.percent)
        now = share - case.share_paid
        if now <= ZERO:
            return ZERO
        case.share_paid += now
        return now

    def status(self, asked: AskedStatus) -> StatusAnswer:
        """The 277 to one question: scripted answers first, then the truth."""
        case = self._find(asked)
        if case is None:
            return _status(asked, "A4:35")
        scripted, number = case.fate.status, case.asked
        case.asked += 1
        if not case.history:
            said = scripted[number] if number < len(scripted) else "P1:20"
            return _status(asked, said, case)
        day, last = case.history[-1]
        said = "F2:104" if adjudication.is_denied(last) else "F1:65"
        return _status(asked, said, case).model_copy(
            update={"paid": last.paid, "payment_date": day}
        )

    def _find(self, asked: AskedStatus) -> Case | None:
        if found := self.by_pcn.get(asked.pcn):
            return found
        same = [c for c in self.by_pcn.values() if asked.payer_icn == c.icn]
        return same[0] if same else None


def _line_rarcs(decided: RemittanceClaim) -> set[str]:
    return {rarc for line in decided.lines for rarc in line.rarcs}


def _status(asked: AskedStatus, said: str, case: Case | None = None) -> StatusAnswer:
    category, _, code = said.partition(":")
    return StatusAnswer(
        trace=asked.trace,
        pcn=asked.pcn or (case.claim.pcn if case else ""),
        category=category,
        status=code,
        charge=case.claim.charge if case else Decimal(asked.charge or 0),
        payer_icn=case.icn if case else "",
    )
