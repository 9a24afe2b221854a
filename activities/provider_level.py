"""Provider-level amounts (PLB) of a set: placed by the table, or asked about (R-PLB).

They never change a claim's payment by themselves. Money that a payer takes back is set
against what it announced for the claim that the reference names; any other such amount
stays apart as a whole until a person says what it is (``activities/recoupment.py``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from activities import settle as settling
from activities.office import Office
from activities.opening import open_claim_task
from claims.decision import MACHINE
from claims.messages import NewsKind, remittance_workflow_id
from claims.money import ZERO, cents, from_cents, words
from claims.remittance import ProviderAdjustment
from claims.task import TASKS, TaskType
from ledger.accounts import EntryType, plb_entry_type
from ledger.balances import practice_entries
from ledger.entries import NewEntry
from policy import plb as rules
from policy.tasks import due_on
from records import claims, events, remittances, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.tasks import NewTask

RECOUPED = {
    EntryType.RECOUPMENT_DUE: 1,
    EntryType.REFUND_ACKNOWLEDGED: 1,
    EntryType.RECOUPMENT_TAKEN: -1,
}
"""What raises and lowers the amount a payer will still take back."""
CARRIED = {EntryType.FORWARD_BALANCE_OUT: 1, EntryType.FORWARD_BALANCE_IN: -1}
"""A balance that a payer carries from one payment to a later one (R-PLB-03)."""
USED = ":used"
"""Ends the key of what an answer kept as it was: it had come already."""
APART = (EntryType.PLB_SUSPENSE_TAKEN, EntryType.PLB_SUSPENSE_GIVEN)
"""Placed by nothing: a person says what it is."""
REVIEW = TaskType.RECOUPMENT_REVIEW
NOW, LATER = "now", "later"


@dataclass(frozen=True)
class About:
    """What a PLB reference names: a claim of ours, and a word that tells it apart.

    ``several`` is how many claims it may be when it is not one.
    """

    claim_id: str | None
    tag: str
    several: int = 0


@dataclass(frozen=True)
class _Placed:
    """One amount, the entry made of it, and the task that it asks for."""

    adjustment: ProviderAdjustment
    about: About
    entry: NewEntry
    task: TaskType | None
    subject: str


def memo(code: str, tag: str) -> str:
    """What an entry says of its PLB: the code, and what the reference names."""
    return f"PLB {code} {tag}".strip()


def about(conn: Connection, office: Office, payer_id: str, reference: str) -> About:
    """The one claim that PLB03-2 names, or a word for it without a member number."""
    known = remittances.claims_of_numbers(
        conn, payer_id, rules.numbers_in(reference) if reference else ()
    )
    found = rules.named(reference, known)
    if len(found) == 1:
        claim_id = found.pop()
        number = max((n for n, of in known if of == claim_id), key=len)
        return About(claim_id, number)
    hidden = office.cipher.index(reference, kind="plb")[:12] if reference else ""
    return About(None, hidden, len(found))


def recoupment_due(conn: Connection, payer_id: str, tags: Iterable[str]) -> Decimal:
    """What this payer still announced to take back about one claim (R-PLB-02)."""
    wanted = set(tags)
    known = practice_entries(conn, payer_id=payer_id, kinds=RECOUPED)
    due = sum(_moved(e, RECOUPED) for e in known if _tag(e["memo"]) in wanted)
    return from_cents(due)


def _moved(entry: RowMapping, signs: Mapping[EntryType, int]) -> int:
    sign = signs[EntryType(entry["entry_type"])]
    return int(sign * entry["direction"] * entry["amount_cents"])


def _tag(memo_: str) -> str:
    return memo_.partition(" ")[2].partition(" ")[2]


def still_due(conn: Connection, payer_id: str, memo_: str) -> Decimal:
    """What is left of all that was announced about what such an entry names."""
    tag = _tag(memo_)
    tags = {tag}
    for _, claim_id in remittances.claims_of_numbers(conn, payer_id, [tag]):
        tags |= remittances.numbers_of(conn, payer_id, claim_id)
    return recoupment_due(conn, payer_id, tags)


class ProviderLevel:
    """The provider-level amounts of one set, placed in its posting."""

    def __init__(
        self,
        conn: Connection,
        office: Office,
        row: RowMapping,
        why: Because,
        entries: list[NewEntry],
    ) -> None:
        """``entries`` is the set's posting; what is placed here is added to it."""
        self.conn = conn
        self.office = office
        self.row = row
        self.why = why
        self.entries = entries
        self.placed: list[_Placed] = []
        self.due: dict[str, Decimal] = {}
        self.carried = ZERO

    def place(self, adjustments: Iterable[ProviderAdjustment]) -> None:
        """An entry for each; what a payer announces comes before what it takes."""
        given = sorted(
            (one for one in adjustments if one.amount != ZERO), key=lambda a: a.amount
        )
        if not given:
            return
        payer_id = self.row["payer_id"]
        found = [
            about(self.conn, self.office, payer_id, one.reference or "")
            for one in given
        ]
        for claim_id in sorted({one.claim_id for one in found if one.claim_id}):
            claims.get(self.conn, claim_id)  # two sets never take from it at once
        self._read_books()
        for one, of in zip(given, found, strict=True):
            self._place(one, of)

    def _read_books(self) -> None:
        """What the payer has announced, by what it is of, and what it has carried out:
        read once, then counted with what is placed here."""
        kinds = {**RECOUPED, **CARRIED}
        known = practice_entries(self.conn, payer_id=self.row["payer_id"], kinds=kinds)
        for entry in known:
            kind, moved = EntryType(entry["entry_type"]), _moved(entry, kinds)
            self._count(kind, _tag(entry["memo"]), from_cents(moved))

    def _count(self, kind: EntryType, tag: str, moved: Decimal) -> None:
        if kind in RECOUPED:
            self.due[tag] = self.due.get(tag, ZERO) + moved
        elif kind in CARRIED:
            self.carried += moved

    def _place(self, one: ProviderAdjustment, found: About) -> None:
        payer_id = self.row["payer_id"]
        kind, task = self._kind(one, found)
        subject = f"{one.position}:{len(self.entries)}"
        place = "row" if self.row["keyed_by"] else "segment"
        entry = NewEntry(
            key=entry_key(self.row["id"], one.code, subject),
            type=kind,
            amount=abs(one.amount),
            payer_id=payer_id,
            business_date=self.why.today,
            source=f"{self.row['file_sha256'][:12]} {place} {one.position}",
            ref=self.row["trace"],
            rule="R-PLB-01",
            actor=self.row["keyed_by"] or MACHINE,
            memo=memo(one.code, found.tag),
        )
        self.entries.append(entry)
        sign = {**RECOUPED, **CARRIED}.get(kind, 0)
        self._count(kind, found.tag, sign * entry.amount)
        self.placed.append(_Placed(one, found, entry, task, subject))

    def _kind(
        self, one: ProviderAdjustment, found: About
    ) -> tuple[EntryType, TaskType | None]:
        """The entry, and the task, that the table and the running balances ask for."""
        lowers = one.amount > ZERO
        row = rules.get(one.code)
        word = rules.entry_word(one.code, lowers_payment=lowers) or "PLB_SUSPENSE"
        kind = plb_entry_type(word, lowers_payment=lowers)
        if row is None or kind in APART:
            return kind, TaskType.PLB_REVIEW
        if kind is EntryType.FORWARD_BALANCE_IN and one.amount > self.carried:
            return kind, TaskType.PLB_REVIEW  # of a balance that nothing carried out
        if kind is not EntryType.RECOUPMENT_TAKEN:
            return kind, TaskType(row["task"]) if row["task"] else None
        if self._due(found) >= one.amount:
            return kind, None
        return EntryType.PLB_SUSPENSE_TAKEN, TaskType.RECOUPMENT_REVIEW

    def _due(self, found: About) -> Decimal:
        """Still announced about it, this set counted so far."""
        if not found.tag:
            return ZERO
        tags = {found.tag}
        if found.claim_id is not None:
            payer_id = self.row["payer_id"]
            tags |= remittances.numbers_of(self.conn, payer_id, found.claim_id)
        return sum((self.due.get(tag, ZERO) for tag in tags), ZERO)

    def tell(self) -> None:
        """Once all is posted: open what is asked, and let each named claim hear."""
        for one in self.placed:
            if one.task is not None:
                self._ask(one, one.task)
            if one.about.claim_id is not None:
                self._tell_claim(one, one.about.claim_id)

    def _ask(self, one: _Placed, kind: TaskType) -> None:
        """A task of the claim where its money is in question, else of the set."""
        claim_id = one.about.claim_id
        row = claims.get(self.conn, claim_id) if claim_id else None
        why = self.why.by_rule("R-PLB-02" if one.about.tag else "R-PLB-01")
        said = _question(one)
        workflow_id = remittance_workflow_id(self.row["id"])
        subject = f"{self.row['id'][:8]}:{one.subject}"
        key = f"{self.row['id']}:{kind.value}:{one.subject}"
        claim = row.practice_number if row else ""
        evidence = {**_evidence(one, claim), "payment": self.row["trace"]}
        if row is not None and _is_held(one, row):
            open_claim_task(
                self.conn, self.office, row, kind, why, key=key, words=said,
                evidence=evidence, subject=subject, workflow_id=workflow_id,
            )  # fmt: skip
            return
        new = NewTask(
            key=key,
            type=kind.value,
            workflow_id=workflow_id,
            role=TASKS[kind].role.value,
            due_on=due_on(kind, why.today, None),
            rule=why.rule,
            why=said,
            subject=f"{self.row['trace']}:{subject}"[-120:],
            payer_id=self.row["payer_id"],
            amount_cents=cents(one.entry.amount),
            evidence=evidence,
        )
        tasks.open_task(self.conn, new, why)

    def _tell_claim(self, one: _Placed, claim_id: str) -> None:
        """What a payer does about a claim beside it is part of its story (R-PLB-02)."""
        row = claims.get(self.conn, claim_id)
        reason = self.why.by_rule("R-PLB-02", trace=self.row["trace"])
        said = f"{_said(one)} in payment {self.row['trace']}"
        events.add(self.conn, reason, "recoupment", said, claim_id=claim_id)
        announced = one.entry.type is EntryType.RECOUPMENT_TAKEN
        if announced and self._due(one.about) == ZERO:
            self._answered(row, reason, said)
        if _is_held(one, row) and one.entry.type in APART:
            waits = "Waits for a poster: money that the payer took back"
            settling.settle(self.conn, self.office, claim_id, reason, waits)
        ref = f"remit:{self.row['id']}"  # once, also for a claim that the set decides
        kind = NewsKind.REMITTANCE.value
        settling.tell_claim(self.conn, row.id, ref, kind, self.why.today)

    def _answered(self, row: ClaimRow, why: Because, said: str) -> None:
        """All that was announced is taken: nobody need look at it any more."""
        open_ = tasks.waiting(self.conn, claim_id=row.id, types=[REVIEW.value])
        if any(task["evidence"].get("taken") == NOW for task in open_):
            return
        tasks.overtake(self.conn, why, said, claim_id=row.id, types=[REVIEW.value])
        if row.next_owner_id in {task["id"] for task in open_}:
            done = "Nothing is left of what the payer announced"
            settling.settle(self.conn, self.office, row.id, why, done)


def _is_held(one: _Placed, row: ClaimRow) -> bool:
    """Whether the question is the claim's own: a payer has decided it before."""
    return one.task is REVIEW and row.first_remit_on is not None


def entry_key(remittance_id: str, code: str, subject: str) -> str:
    """The key of the entry of one PLB; ``subject`` is its segment and its place in the
    posting."""
    position, _, number = subject.rpartition(":")
    return f"{remittance_id}:{position}:PLB:{code}:{number}"


def _evidence(one: _Placed, claim: str) -> dict[str, str | int]:
    evidence: dict[str, str | int] = {
        "code": one.adjustment.code,
        "meaning": rules.meaning(one.adjustment.code),
        "amount": str(one.entry.amount),
        "taken": NOW if one.adjustment.amount > ZERO else LATER,
        "reference": one.about.tag if claim else "",
        "claim": claim,
    }
    if one.about.several:
        evidence["may_be_claims"] = one.about.several
    return evidence


_SAID = {
    EntryType.RECOUPMENT_DUE: "The payer announced that it will take back",
    EntryType.RECOUPMENT_TAKEN: "The payer took back, as announced,",
    EntryType.REFUND_ACKNOWLEDGED: "The payer confirmed our refund of",
    EntryType.PLB_SUSPENSE_TAKEN: "The payer took back, without an announcement,",
}


def _question(one: _Placed) -> str:
    """What the task is about, as the payer's sign and code say it."""
    code, amount = one.adjustment.code, words(one.entry.amount)
    if one.task is REVIEW and one.entry.type in APART:
        return f"the payer took back {amount} and had not announced it ({code})"
    if one.task is REVIEW:
        return f"the payer announced that it will take back {amount} ({code})"
    took = "kept back" if one.adjustment.amount > ZERO else "added"
    known = rules.meaning(code) or "a reason that our table does not have"
    return f"the payer {took} {amount} beside its claims: {known} ({code})"


def _said(one: _Placed) -> str:
    said = _SAID.get(one.entry.type)
    if said is None:
        said = f"The payer named this claim with {one.adjustment.code}:"
    return f"{said} {words(one.entry.amount)}"
