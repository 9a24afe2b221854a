"""The clearinghouse: reads what the practice sends, plans each answer by the script.

``collect`` reads new files and only plans; ``morning`` carries out what is due up to a
day, date by date, so that the result does not depend on how often it is called.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from claims.calendar import business_day_from, next_business_day
from claims.claim import Claim
from claims.money import ZERO
from edi.acks import write_999, write_ta1
from edi.errors import EdiError
from edi.segments import FileKind, Interchange, OutboundEnvelope, read
from edi.x270 import write_eligibility_answers
from edi.x276 import write_status_answers
from edi.x277ca import AnsweredClaim, write_277ca
from edi.x837 import read_claims
from simulator import front_door
from simulator.agenda import (
    Agenda,
    DecideClaim,
    OfficeRow,
    ReadyFile,
    Replace,
    TakeBack,
)
from simulator.cases import Case, Cases, Decided, reference
from simulator.fates import Script
from simulator.inquiries import coverage_answers, status_answers
from simulator.mailbox import OFFICE, Sent, as_csv
from simulator.office import appeal_row, authorization_row, payment_row
from simulator.plans import PLANS, Plan
from simulator.remittances import Cashier, Trading

SIX = time(6)
REPLACEMENT_DAYS = 3


@dataclass(frozen=True)
class Delivery:
    """A file that goes into a partner's inbound folder."""

    partner: str
    name: str
    content: bytes


@dataclass
class Clearinghouse:
    """Everything it remembers is in memory; the same script and seed answer alike."""

    script: Script
    seed: int = 0
    agenda: Agenda = field(default_factory=Agenda)
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _numbers: int = 0
    _names: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Plan what the script sets by date."""
        self.cases = Cases(self.script, self.seed)
        self.cashier = Cashier(self.script.faults)
        for row in self.script.authorizations:
            self.agenda.add(row.day, authorization_row(row))

    # --- reading -------------------------------------------------------------------

    def collect(self, day: date, files: Iterable[Sent]) -> int:
        """Read files and plan the answers; the number of files, readable or not."""
        count = 0
        for sent in files:
            count += 1
            try:
                interchanges, warnings = read(sent.content)
            except EdiError:
                continue  # no ISA to answer to: the practice hears nothing
            for one in interchanges:
                note = front_door.interchange_error(self._seen, one, warnings)
                if note:
                    self._answer_ta1(sent, one, note, day)
                elif one.sets:
                    self._answer(sent, one, day)
        return count

    def _answer(self, sent: Sent, one: Interchange, day: date) -> None:
        kind = one.sets[0].kind
        if kind is FileKind.X837P:
            self._answer_claims(sent, one, day)
        elif kind is FileKind.X270:
            self._answer_eligibility(sent, one, day)
        elif kind is FileKind.X276:
            self._answer_status(sent, one, day)

    def _answer_ta1(self, sent: Sent, one: Interchange, note: str, day: date) -> None:
        due = next_business_day(day)
        envelope = self._envelope(_trading(sent, one), due)
        content = write_ta1(envelope, isa13=one.isa13, code="R", note=note)
        self.agenda.add(due, ReadyFile(sent.partner, "TA1", "", content))

    def _answer_claims(self, sent: Sent, one: Interchange, day: date) -> None:
        trading = _trading(sent, one)
        due = next_business_day(day)
        code, sets = front_door.check_sets(sent.content, one)
        content = write_999(
            self._envelope(trading, due), gs06=one.sets[0].gs06, code=code, sets=sets
        )
        self.agenda.add(due, ReadyFile(sent.partner, "999", "", content))
        if code == "R":
            return
        found = [c.claim for c in read_claims(sent.content).claims]
        ordered = sorted(found, key=lambda c: c.payer.edi_id)
        for edi_id, claims in groupby(ordered, key=lambda c: c.payer.edi_id):
            if plan := PLANS.get(edi_id):
                self._receive(plan, list(claims), trading, day)

    def _receive(
        self, plan: Plan, claims: Sequence[Claim], trading: Trading, day: date
    ) -> None:
        """Accept or reject each claim (277CA); plan how the accepted are decided."""
        self.cashier.trades_with(plan, trading, claims[0].billing.npi)
        answers = []
        for claim in claims:
            status, case = self.cases.receive(claim, plan, day)
            if status is None:
                continue  # lost: nobody ever says a word about it
            answers.append(_acknowledged(claim, status, case))
            if case is not None:
                self._plan_decision(case, day)
        if not answers:
            return
        due = next_business_day(next_business_day(day))
        content = write_277ca(
            answers,
            self._envelope(trading, due),
            payer_name=plan.name,
            payer_edi_id=plan.edi_id,
            provider_npi=claims[0].billing.npi,
        )
        ready = ReadyFile(trading.partner, "277CA", plan.edi_id, content)
        self.agenda.add(due, ready)

    def _plan_decision(self, case: Case, day: date) -> None:
        due = business_day_from(day + timedelta(self.cases.days(case)))
        verdict = None if case.claim.frequency == "8" else case.verdict
        self.agenda.add(due, DecideClaim(case.claim.pcn, verdict))
        prepaid = case.fate.patient.prepays
        if prepaid > ZERO and case.prepaid == ZERO:
            case.prepaid = prepaid
            row = payment_row(case.claim.pcn, "VISIT", day, prepaid, "card")
            self.agenda.add(next_business_day(day), row)

    def _answer_eligibility(self, sent: Sent, one: Interchange, day: date) -> None:
        trading = _trading(sent, one)
        for plan, answers in coverage_answers(self.script, sent.content):
            content = write_eligibility_answers(
                answers,
                self._envelope(trading, day),
                payer_name=plan.name,
                payer_edi_id=plan.edi_id,
                provider_npi=trading.practice_id,
            )
            self.agenda.add(day, ReadyFile(sent.partner, "271", plan.edi_id, content))

    def _answer_status(self, sent: Sent, one: Interchange, day: date) -> None:
        trading = _trading(sent, one)
        due = next_business_day(day)
        for plan, answers in status_answers(self.cases, sent.content):
            content = write_status_answers(
                answers,
                self._envelope(trading, due),
                payer_name=plan.name,
                payer_edi_id=plan.edi_id,
                provider_npi=trading.practice_id,
            )
            self.agenda.add(due, ReadyFile(sent.partner, "277", plan.edi_id, content))

    # --- answering -----------------------------------------------------------------

    def morning(self, day: date) -> list[Delivery]:
        """Every file due up to ``day``, oldest first."""
        found: list[Delivery] = []
        while (due := self.agenda.next_day()) is not None and due <= day:
            found += self._day(due)
        return found

    def _day(self, day: date) -> list[Delivery]:
        """One date: answers, then remittances, then what the office gets by CSV."""
        found, rows, decided = [], [], []
        for what in self.agenda.take(day):
            if isinstance(what, ReadyFile):
                found.append(self._delivery(day, what))
            elif isinstance(what, OfficeRow):
                rows.append(what)
            elif isinstance(what, TakeBack):
                self.cashier.take_back(what)
            elif isinstance(what, Replace):
                again = self.cashier.again(what, day)
                found.append(
                    self._remit(day, again.payer, again.content(self._number()))
                )
                rows += again.deposits
            else:
                decided += self._decide(what, day)
        ordered = sorted(decided, key=lambda d: d.case.plan.edi_id)
        for edi_id, listed in groupby(ordered, key=lambda d: d.case.plan.edi_id):
            paid = self.cashier.pay(PLANS[edi_id], list(listed), day)
            content = paid.content(self._number())
            found.append(self._remit(day, edi_id, content))
            rows += paid.deposits
            self._plan_faults(paid.faults, edi_id, paid.trace, content, day)
        return found + self._office(day, rows)

    def _decide(self, what: DecideClaim, day: date) -> list[Decided]:
        decided = self.cases.decide(what, day)
        if decided is None:
            return []
        self._plan_patient(decided, day)
        if decided.taken_after is not None and decided.announced:
            due = business_day_from(day + timedelta(decided.taken_after))
            payer = decided.case.plan.edi_id
            back = TakeBack(payer, decided.reference, decided.announced)
            self.agenda.add(due, back)
        self._plan_changes(decided, day)
        return [decided]

    def _plan_patient(self, decided: Decided, day: date) -> None:
        """The patient pays what is asked, part of it, or nothing, some days later."""
        amount = self.cases.patient_pays(decided)
        if amount > ZERO:
            due = business_day_from(day + timedelta(decided.case.fate.patient.after))
            pcn = decided.case.claim.pcn
            number = f"{len(decided.case.history)}"
            self.agenda.add(due, payment_row(pcn, number, due, amount, "portal"))

    def _plan_changes(self, decided: Decided, day: date) -> None:
        """What follows a first decision without a new claim: changes and appeals."""
        case = decided.case
        if len(case.history) != 1:
            return
        for later in case.fate.later:
            due = business_day_from(day + timedelta(later.after))
            again = DecideClaim(case.claim.pcn, later.verdict, later.taken_after)
            self.agenda.add(due, again)
        if taken := case.fate.takes_back:
            due = business_day_from(day + timedelta(taken.after))
            ref = reference(decided.claims[-1])
            self.agenda.add(due, TakeBack(case.plan.edi_id, ref, taken.amount))
        appeal = self.script.appeals.get(case.claim.subscriber.person.member_id)
        if appeal is None or not decided.denied:
            return
        told = business_day_from(day + timedelta(appeal.days_after_denial))
        self.agenda.add(told, appeal_row(case.claim.pcn, appeal.outcome, told))
        if appeal.outcome == "overturned":
            paid = business_day_from(told + timedelta(appeal.paid_after))
            corrected = case.verdict.model_copy(update={"deny": (), "rarc": "MA67"})
            self.agenda.add(paid, DecideClaim(case.claim.pcn, corrected))

    def _plan_faults(
        self, faults: set[str], payer: str, trace: str, content: bytes, day: date
    ) -> None:
        if "duplicate" in faults:
            partner = self.cashier.trading[payer].partner
            again = ReadyFile(partner, "835", payer, content)
            self.agenda.add(next_business_day(day), again)
        if "unbalanced" in faults:
            due = day
            for _ in range(REPLACEMENT_DAYS):
                due = next_business_day(due)
            self.agenda.add(due, Replace(payer, trace))

    def _remit(self, day: date, payer: str, content: bytes) -> Delivery:
        partner = self.cashier.trading[payer].partner
        return self._delivery(day, ReadyFile(partner, "835", payer, content))

    def _delivery(self, day: date, ready: ReadyFile) -> Delivery:
        parts = [ready.kind, ready.payer, f"{day:%Y%m%d}"]
        stem = "-".join(p for p in parts if p)
        number = self._names[stem] = self._names.get(stem, 0) + 1
        return Delivery(ready.partner, f"{stem}-{number:03d}.edi", ready.content)

    def _office(self, day: date, rows: Sequence[OfficeRow]) -> list[Delivery]:
        found = []
        for kind in sorted({row.kind for row in rows}):
            stem = f"{kind}-{day}"
            number = self._names[stem] = self._names.get(stem, 0) + 1
            name = f"{stem}.csv" if number == 1 else f"{stem}-{number}.csv"
            content = as_csv([row.values for row in rows if row.kind == kind])
            found.append(Delivery(OFFICE, name, content))
        return found

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _envelope(self, trading: Trading, day: date) -> OutboundEnvelope:
        return trading.envelope(self._number(), datetime.combine(day, SIX, UTC))


def _trading(sent: Sent, one: Interchange) -> Trading:
    bht = next((s for s in one.sets[0].segments if s.tag == "BHT"), None)
    return Trading(
        partner=sent.partner,
        our_id=one.receiver,
        practice_id=one.sender,
        reference=bht.get(3) if bht else "",
    )


def _acknowledged(claim: Claim, status: str, case: Case | None) -> AnsweredClaim:
    category, _, code = status.partition(":")
    return AnsweredClaim(
        pcn=claim.pcn,
        category=category,
        status=code,
        charge=claim.charge,
        payer_icn=case.icn if case else "",
        last_name=claim.patient_person.last,
        member_id=claim.subscriber.person.member_id,
        service_date=claim.service_from,
    )
