"""Remittances: registered by file, balanced at three levels, posted in bulk, told once.

All of a transaction set posts in one SQL transaction, or nothing (R-ERA-05). Nothing is
ever plugged: an unbalanced set waits with a task that names the difference (R-ERA-03).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Any

from temporalio import activity

from activities import settle as settling
from activities import steps
from activities.appeal import overtake_appeals
from activities.deposits import book_deposits, hand_over
from activities.followup import as_original, await_835
from activities.next_payer import answered_by, next_plan
from activities.notices import ask_patient
from activities.office import Office
from activities.opening import open_claim_task
from activities.payments import prepayment_entries
from activities.refunds import review_credit
from claims.calendar import deadline, next_business_day
from claims.claim import ClaimState
from claims.messages import Look, remittance_workflow_id
from claims.money import ZERO, cents, from_cents, words
from claims.remittance import (
    Imbalance,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
    imbalances,
)
from claims.task import TASKS, DecisionRefused, Role, TaskType
from edi.x835 import read_remittances
from ledger.accounts import EFFECT, OPPOSITE, Bucket, EntryType, plb_entry_type
from ledger.balances import balances, entries_of, practice_entries
from ledger.entries import LedgerIdentityError, NewEntry, post
from policy import plb as plb_rules
from policy import remittance as rules
from policy.remittance import LineOutcome
from policy.tasks import due_on
from records import claims, events, news, remittances, submissions, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text
from records.tasks import NewTask

FORWARDED = ("23",)
INFORMATION = ("25",)
REVERSAL = "22"
DUPLICATE, EARLIER = "OA-18", "OA-23"
HELD_BY_SET = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.FOLLOW_UP)
CHECKS = {
    "line": "SVC02-sum(CAS)=SVC03",
    "claim": "CLP03-sum(CAS)=CLP04",
    "transaction": "sum(CLP04)-sum(PLB)=BPR02",
}
RECOUPED = {
    EntryType.RECOUPMENT_DUE: 1,
    EntryType.REFUND_ACKNOWLEDGED: 1,
    EntryType.RECOUPMENT_TAKEN: -1,
}
"""What raises and lowers the amount a payer will still take back."""
SUSPENDED = ("suspended", "conflict")
Take = Callable[[Connection, Office, RowMapping, Because], None]
KEPT_ON_POSTING = ("FILING_DEADLINE", "EFT_UNMATCHED")


def register_remittances(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Enter each transaction set of a file, and say which are new (R-ERA-06, -07).

    A set that cannot be read is named, never passed over in silence.
    """
    found = read_remittances(content)
    said = [_register(conn, office, one, sha, why) for one in found.remittances]
    for error in found.errors:
        words_ = f"A set was not read: {error.message} (segment {error.segment})"
        evidence = why.by_rule("R-BAD-01", file=sha[:12], field=error.code)
        events.add(conn, evidence, "unreadable", words_)
        said.append(words_)
    return "; ".join(said)


def _register(
    conn: Connection, office: Office, one: Remittance, sha: str, why: Because
) -> str:
    profile = office.payers.by_edi_id(one.payer_edi_id)
    payer_id = profile.payer_id if profile else "UNKNOWN"
    same = remittances.with_trace(conn, payer_id, one.trace)
    twins = [r for r in same if r["content_hash"] == one.content_hash]
    if any(r["status"] not in SUSPENDED for r in twins):
        words_ = f"Duplicate of remittance {one.trace}: ignored (R-ERA-06)"
        events.add(conn, why.by_rule("R-ERA-06", trace=one.trace), "duplicate", words_)
        return f"{one.trace} duplicate"
    if twins:
        return f"{one.trace} is already waiting for an answer"
    posted = [r for r in same if r["status"] == "posted"]
    remittances.insert_new(
        conn,
        id=remittance_id(payer_id, one),
        payer_id=payer_id,
        trace=one.trace,
        payment_date=one.payment_date,
        paid_cents=cents(one.paid),
        content_hash=one.content_hash,
        file_sha256=sha,
        st_segment=one.position,
        status="received",
        reason=f"conflicts with {posted[0]['id']}" if posted else None,
        received_on=why.today,
    )
    return f"{one.trace} received"


def remittance_id(payer_id: str, one: Remittance) -> str:
    """Opaque id of payer, trace, date and content."""
    text = f"{payer_id}|{one.trace}|{one.payment_date}|{one.content_hash}"
    return sha256(text.encode()).hexdigest()[:40]


@dataclass
class RemittanceActivities:
    """Post one transaction set."""

    office: Office

    @activity.defn
    def post_remittance(self, remittance_id: str, at: datetime) -> Look:
        """Post it if it can be trusted; else wait with a task. Again changes
        nothing."""
        why = self.office.because(at, "R-ERA-05")
        try:
            return self._look_at(remittance_id, why, _take)
        except LedgerIdentityError as error:
            broken = error  # nothing was posted; a retry would end the same way
        take = partial(_breaks_ledger, error=broken)
        return self._look_at(remittance_id, why, take)

    def _look_at(self, remittance_id: str, why: Because, take: Take) -> Look:
        with self.office.writing() as conn:
            row = remittances.get(conn, remittance_id)
            if row is None:
                raise LookupError(f"remittance {remittance_id} has no row")
            if row["status"] == "received":
                take(conn, self.office, row, why)
            return _look(conn, self.office, remittance_id, why)


def _look(conn: Connection, office: Office, remittance_id: str, why: Because) -> Look:
    untold = tuple(n["id"] for n in news.untold(conn))
    waiting = tasks.waiting(conn, workflow_id=remittance_workflow_id(remittance_id))
    if not waiting:
        return Look(done=True, tell=untold)
    for task in waiting:
        if task["due_on"] < why.today:
            tasks.raise_overdue(conn, task["id"], why)
    day = next_business_day(max(why.today, waiting[0]["due_on"]))
    return Look(what=waiting[0]["type"], at=deadline(day, office.zone), tell=untold)


def read_one(office: Office, row: RowMapping) -> Remittance:
    """The transaction set of a row, read again from the stored file."""
    found = read_remittances(office.documents.get(row["file_sha256"]))
    return next(r for r in found.remittances if r.position == row["st_segment"])


def _take(conn: Connection, office: Office, row: RowMapping, why: Because) -> None:
    one = read_one(office, row)
    if row["reason"]:
        _suspend(conn, office, row, TaskType.ERA_CONFLICT, "conflict", why, {
            "trace": one.trace, "other": row["reason"]}, "R-ERA-07",
            f"remittance {one.trace} came again with other content")  # fmt: skip
        return
    off = imbalances(one)
    if off or one.paid < ZERO:
        evidence = _imbalance(conn, one, off)
        said = f"Payment {one.trace} does not add up by {evidence['difference']}"
        task = _suspend(
            conn, office, row, TaskType.ERA_UNBALANCED, "suspended", why, evidence,
            "R-ERA-03", f"{said}; nothing was posted",
        )  # fmt: skip
        _hold_claims(conn, office, one, task, why.by_rule("R-ERA-03"))
        return
    _Poster(conn, office, row, one, why).run()
    remittances.mark(conn, row["id"], status="posted", posted_on=why.today)
    book_deposits(conn, row["trace"], why)
    hand_over(conn, row)


def _imbalance(
    conn: Connection, one: Remittance, off: tuple[Imbalance, ...]
) -> dict[str, Any]:
    """What does not add up, innermost level first, and where."""
    if not off:
        return {"trace": one.trace, "level": "BPR02", "difference": str(one.paid)}
    first = off[0]
    return {
        "trace": one.trace,
        "level": first.level,
        "check": CHECKS[first.level],
        "claim": _place(conn, one, first.position),
        "difference": str(abs(first.difference)),
        "stated": str(first.stated),
        "computed": str(first.computed),
    }


def _place(conn: Connection, one: Remittance, position: int) -> str:
    """The claim, as the practice numbers it, and the line at a segment."""
    for claim in one.claims:
        places = {line.position: n for n, line in enumerate(claim.lines, start=1)}
        if position == claim.position or position in places:
            row = claims.by_pcn(conn, [claim.pcn]).get(claim.pcn)
            name = row.practice_number if row else "a claim we do not know"
            return f"{name} line {places[position]}" if position in places else name
    return ""


def _hold_claims(
    conn: Connection, office: Office, one: Remittance, task: RowMapping, why: Because
) -> None:
    """Claims the payer decided in a set that cannot be posted wait for its answer."""
    words_ = f"Decided in payment {one.trace}, which cannot be posted yet"
    for row in claims.by_pcn(conn, [c.pcn for c in one.claims]).values():
        if row.state in HELD_BY_SET:
            step = steps.by_task(office, task)
            claims.set_step(conn, row, ClaimState.REMIT_HOLD, step, why, words_)


def _breaks_ledger(
    conn: Connection,
    office: Office,
    row: RowMapping,
    why: Because,
    error: LedgerIdentityError,
) -> None:
    """Posted, a claim would no longer add up (R-MON-02): the set waits unposted."""
    pcn = claims.get(conn, error.claim_id).pcn
    evidence = {
        "trace": row["trace"],
        "level": "ledger",
        "claim": pcn,
        "difference": str(error.difference),
        "below_zero": ", ".join(error.below_zero),
    }
    said = f"Payment {row['trace']} pays or adjusts more of {pcn} than is open"
    task = _suspend(
        conn, office, row, TaskType.ERA_UNBALANCED, "suspended", why, evidence,
        "R-MON-02", f"{said}; nothing was posted",
    )  # fmt: skip
    one = read_one(office, row)
    _hold_claims(conn, office, one, task, why.by_rule("R-MON-02"))


def _suspend(
    conn: Connection,
    office: Office,
    row: RowMapping,
    kind: TaskType,
    status: str,
    why: Because,
    evidence: dict[str, Any],
    rule: str,
    words_: str,
) -> RowMapping:
    remittances.mark(conn, row["id"], status=status, reason=words_)
    book_deposits(conn, row["trace"], why)
    return open_file_task(conn, row, kind, why.by_rule(rule), words_, evidence, "")


def open_file_task(
    conn: Connection,
    row: RowMapping,
    kind: TaskType,
    why: Because,
    words_: str,
    evidence: dict[str, Any],
    subject: str,
) -> RowMapping:
    """A task about a remittance, not about a claim."""
    task_id = tasks.open_task(
        conn,
        NewTask(
            key=f"{row['id']}:{kind.value}:{subject}",
            type=kind.value,
            workflow_id=remittance_workflow_id(row["id"]),
            role=TASKS[kind].role.value,
            due_on=due_on(kind, why.today, None),
            rule=why.rule,
            why=words_,
            subject=f"{row['trace']}:{subject}"[:120],
            payer_id=row["payer_id"],
            amount_cents=abs(row["paid_cents"]),
            evidence=evidence,
        ),
        why,
    )
    return tasks.get(conn, task_id)


@dataclass(frozen=True)
class _About:
    """What a PLB reference names: a claim of ours, and a word that tells it apart."""

    claim_id: str | None
    tag: str


def _plb_memo(code: str, tag: str) -> str:
    return f"PLB {code} {tag}".strip()


class _Poster:
    """One transaction set being posted, inside one SQL transaction."""

    def __init__(
        self,
        conn: Connection,
        office: Office,
        row: RowMapping,
        one: Remittance,
        why: Because,
    ) -> None:
        self.conn = conn
        self.office = office
        self.row = row
        self.one = one
        self.why = why.by_rule("R-ERA-05", trace=one.trace)
        self.profile = office.payer(row["payer_id"])
        self.entries: list[NewEntry] = []
        self.kept: list[dict[str, Any]] = []
        self.touched: dict[str, list[RemittanceClaim]] = {}
        self.no_mirror: list[ClaimRow] = []
        self.odd_earlier: list[ClaimRow] = []
        self.plb_tasks: list[tuple[TaskType, ProviderAdjustment, _About, int]] = []

    def run(self) -> None:
        """Match, post, decide each claim's state once, store its news."""
        known = claims.by_pcn(self.conn, [c.pcn for c in self.one.claims])
        for found in self.one.claims:
            row = known.get(found.pcn)
            if row is None:
                self._unknown(found)
            elif found.status in FORWARDED + INFORMATION or self._is_copy(found, row):
                self._keep(found, row, "information", [])
            else:
                self._claim(found, row)
        for adjustment in sorted(
            self.one.provider_adjustments, key=lambda a: a.amount
        ):  # what a payer announces comes before what it takes
            self._plb(adjustment)
        self._open_credits()
        remittances.add_claims(self.conn, self.kept)
        post(self.conn, self.entries, posted_at=to_text(self.why.at))
        for claim_id in self.touched:
            self._finish(claim_id)
        self._open_plb_tasks()

    def _open_credits(self) -> None:
        """What the patient has paid above a corrected share becomes a credit, in the
        same posting (R-MON-02)."""
        money = balances(self.conn, self.touched)
        for claim_id in self.touched:
            due = money[claim_id].patient_due + sum(
                entry.amount * EFFECT[entry.type].get(Bucket.PATIENT_DUE, 0)
                for entry in self.entries
                if entry.claim_id == claim_id
            )
            if due < ZERO:
                row = claims.get(self.conn, claim_id)
                at = self.touched[claim_id][-1].position
                kind = EntryType.CREDIT_OPEN_PATIENT
                self._entry(at, kind, -due, row, "R-REV-02")

    def _unknown(self, found: RemittanceClaim) -> None:
        """Not one of ours: its money waits as unapplied, the rest posts (R-ERA-10)."""
        self._keep(found, None, "unmatched", [])
        if found.paid > ZERO:
            self._entry(
                found.position,
                EntryType.UNAPPLIED_PAYER_CASH,
                found.paid,
                None,
                "R-ERA-10",
            )
        open_file_task(
            self.conn,
            self.row,
            TaskType.ERA_UNMATCHED_CLAIM,
            self.why.by_rule("R-ERA-10"),
            "a paid claim number we do not know",
            {
                "clp01": found.pcn,
                "paid": str(found.paid),
                "dos": str(found.service_from or ""),
                "position": found.position,
            },
            str(found.position),
        )

    def _is_copy(self, found: RemittanceClaim, row: ClaimRow) -> bool:
        """OA-18 alone, about a copy whose original is paid or in process (R-POST-03).

        The original is another control number: one decided before, or the one the
        payer accepted.
        """
        said = [a for line in found.lines for a in line.adjustments]
        said += found.adjustments
        if found.paid != ZERO or not said or any(a.code != DUPLICATE for a in said):
            return False
        decided = {
            one["payer_icn"]
            for one in remittances.of_claim(self.conn, row.id)
            if one["paid_cents"] > 0
        }
        in_process = row.first_remit_on is None and row.accepted_on is not None
        originals = decided | ({row.payer_icn} if in_process else set())
        return bool(originals - {found.payer_icn, None})

    def _claim(self, found: RemittanceClaim, row: ClaimRow) -> None:
        content = claims.content(self.conn, self.office.cipher, row.id)
        decided = []
        for line in found.lines:
            match = _match(line, content.lines)
            units = match.units if match else Decimal(line.units or 1)
            result = rules.outcome(
                line,
                profile=self.profile,
                units=units,
                primary=row.payer_order == 1,
                claim_rarcs=found.rarcs,
            )
            decided.append((match.number if match else None, line, result))
        self.touched.setdefault(row.id, []).append(found)
        self._keep(found, row, "posted", decided)
        if found.status == REVERSAL or found.paid < ZERO:
            self._reverse(found, row, decided)
        else:
            payer, paid = self.row["payer_id"], found.paid
            later = answered_by(self.conn, self.office, row, payer, paid)
            forward = not later and next_plan(self.office, content) is not None
            self._post(found, row, decided, forward=forward)
            if later or row.payer_order > 1:
                self._check_earlier(found, row, decided)

    def _post(
        self,
        found: RemittanceClaim,
        row: ClaimRow,
        decided: list[tuple[int | None, RemittanceLine, LineOutcome]],
        *,
        forward: bool,
    ) -> None:
        """``forward``: the patient's share goes to the next plan first (R-POST-04)."""
        at, kind = found.position, EntryType
        contractual = sum((r.contractual for _, _, r in decided), ZERO)
        patient = sum((r.patient for _, _, r in decided), ZERO)
        contractual += _claim_level(found, "contractual")
        patient += _claim_level(found, "patient")
        self._entry(at, kind.PAYER_PAYMENT, found.paid, row, "R-POST-01")
        self._entry(at, kind.CONTRACTUAL_ADJ, contractual, row, "R-POST-07")
        share = ZERO if forward else patient
        self._entry(at, kind.TRANSFER_TO_PATIENT, share, row, "R-POST-04")
        for number, line, result in decided:
            self._decide_line(row, number, line, result)

    def _check_earlier(
        self,
        found: RemittanceClaim,
        row: ClaimRow,
        decided: list[tuple[int | None, RemittanceLine, LineOutcome]],
    ) -> None:
        """OA-23 of a later plan: what the earlier ones paid and adjusted (R-COB-06)."""
        stated = [t.amount for *_, r in decided for t in r.treated if t.code == EARLIER]
        stated += [a.amount for a in found.adjustments if a.code == EARLIER]
        money = balances(self.conn, [row.id])[row.id]
        if sum(stated, ZERO) != money.paid_payer + money.adjusted:
            self.odd_earlier.append(row)

    def _decide_line(
        self,
        row: ClaimRow,
        number: int | None,
        line: RemittanceLine,
        result: LineOutcome,
    ) -> None:
        if number is None:
            return
        denial = result.denial
        if denial is not None:
            notice = self.one.payment_date or self.why.today
            denial = {**denial, "notice_on": str(notice), "trace": self.one.trace}
            if result.expected is not None:
                denial["expected"] = str(result.expected)
                denial["shortfall"] = str(result.shortfall)
        claims.decide_line(
            self.conn,
            row.id,
            number,
            status=result.status,
            denial=denial,
            decided_by=f"835 {self.one.trace} segment {line.position}",
        )

    def _reverse(
        self,
        found: RemittanceClaim,
        row: ClaimRow,
        decided: list[tuple[int | None, RemittanceLine, LineOutcome]],
    ) -> None:
        """Exact negatives of what was posted; the lines are undecided again
        (R-REV-01)."""
        first = self._first_posting(found, row)
        if first is None or first.get(EntryType.PAYER_PAYMENT, ZERO) != -found.paid:
            first = self._as_stated(found, decided)
            self.no_mirror.append(row)
        for kind, amount in first.items():
            self._entry(found.position, OPPOSITE[kind], amount, row, "R-REV-01")
        for number, line, _ in decided:
            if number is not None:
                claims.decide_line(
                    self.conn,
                    row.id,
                    number,
                    status="undecided",
                    denial=None,
                    decided_by=f"reversed by segment {line.position}",
                )

    def _first_posting(
        self, found: RemittanceClaim, row: ClaimRow
    ) -> dict[EntryType, Decimal] | None:
        """What was posted for the payer's control number that is now reversed."""
        earlier = [
            one
            for one in remittances.of_claim(self.conn, row.id)
            if one["payer_icn"] == found.payer_icn and one["status"] != REVERSAL
        ]
        if not earlier:
            return None
        prefix = f"{earlier[-1]['remittance_id']}:{earlier[-1]['position']}:"
        return {
            EntryType(entry["entry_type"]): from_cents(entry["amount_cents"])
            for entry in entries_of(self.conn, row.id)
            if entry["key"].startswith(prefix)
            and EntryType(entry["entry_type"]) in OPPOSITE
        }

    def _as_stated(
        self,
        found: RemittanceClaim,
        decided: list[tuple[int | None, RemittanceLine, LineOutcome]],
    ) -> dict[EntryType, Decimal]:
        """The reversal's own amounts, when no posting of ours mirrors it."""
        return {
            EntryType.PAYER_PAYMENT: -found.paid,
            EntryType.CONTRACTUAL_ADJ: -sum((r.contractual for *_, r in decided), ZERO),
            EntryType.TRANSFER_TO_PATIENT: -sum((r.patient for *_, r in decided), ZERO),
        }

    def _entry(
        self,
        position: int,
        kind: EntryType,
        amount: Decimal,
        row: ClaimRow | None,
        rule: str,
    ) -> None:
        if amount < ZERO:
            kind, amount = OPPOSITE[kind], -amount
        if amount == ZERO:
            return
        self.entries.append(
            NewEntry(
                key=f"{self.row['id']}:{position}:{kind.value}",
                type=kind,
                amount=amount,
                claim_id=row.id if row else None,
                account_id=row.account_id if row else None,
                payer_id=self.row["payer_id"],
                business_date=self.why.today,
                source=f"{self.row['file_sha256'][:12]} segment {position}",
                ref=self.one.trace,
                rule=rule,
                memo="",
            )
        )

    def _keep(
        self,
        found: RemittanceClaim,
        row: ClaimRow | None,
        outcome: str,
        decided: list[tuple[int | None, RemittanceLine, LineOutcome]],
    ) -> None:
        lines = [
            {
                "number": number,
                "code": line.code,
                "charge": str(line.charge),
                "paid": str(line.paid),
                "allowed": str(line.allowed) if line.allowed is not None else None,
                "open_cents": cents(result.open),
                "status": result.status,
                "treated": [t.model_dump(mode="json") for t in result.treated],
                "rarcs": list(line.rarcs),
            }
            for number, line, result in decided
        ]
        self.kept.append(
            {
                "remittance_id": self.row["id"],
                "position": found.position,
                "claim_id": row.id if row else None,
                "clp01_index": self.office.cipher.index(found.pcn, kind="clp01"),
                "status": found.status,
                "charge_cents": cents(found.charge),
                "paid_cents": cents(found.paid),
                "patient_cents": cents(found.patient_responsibility),
                "payer_icn": found.payer_icn,
                "outcome": outcome,
                "detail": {"lines": lines, "rarcs": list(found.rarcs)},
            }
        )

    def _plb(self, adjustment: ProviderAdjustment) -> None:
        """Provider-level money never changes a claim's payment by itself (R-PLB-01)."""
        if adjustment.amount == ZERO:
            return
        about = self._about(adjustment)
        kind, task = self._plb_kind(adjustment, about)
        number = len(self.entries)
        self.entries.append(
            NewEntry(
                key=f"{self.row['id']}:{adjustment.position}:PLB:{adjustment.code}:{number}",
                type=kind,
                amount=abs(adjustment.amount),
                payer_id=self.row["payer_id"],
                business_date=self.why.today,
                source=f"{self.row['file_sha256'][:12]} segment {adjustment.position}",
                ref=self.one.trace,
                rule="R-PLB-01",
                memo=_plb_memo(adjustment.code, about.tag),
            )
        )
        if task is not None:
            self.plb_tasks.append((task, adjustment, about, number))

    def _about(self, adjustment: ProviderAdjustment) -> "_About":
        """The claim that PLB03-2 names, and words for it without a member number."""
        ref = adjustment.reference or ""
        found = remittances.claim_of_reference(self.conn, self.row["payer_id"], ref)
        for claim_id, clps in self.touched.items():
            if any(c.payer_icn and ref.startswith(c.payer_icn) for c in clps):
                icn = next(c.payer_icn for c in clps if c.payer_icn)
                found = found or (claim_id, icn)
        if found is not None:
            return _About(found[0], found[1])
        hidden = self.office.cipher.index(ref, kind="plb")[:12] if ref else ""
        return _About(None, hidden)

    def _plb_kind(
        self, adjustment: ProviderAdjustment, about: "_About"
    ) -> tuple[EntryType, TaskType | None]:
        """The entry, and the task, that the table and the running balances ask for."""
        lowers = adjustment.amount > ZERO
        row = plb_rules.get(adjustment.code)
        if row is None:
            kind = plb_entry_type("PLB_SUSPENSE", lowers_payment=lowers)
            return kind, TaskType.PLB_REVIEW
        word = row["ledger_pos"] if lowers else row["ledger_neg"]
        kind = plb_entry_type(word, lowers_payment=lowers)
        task = TaskType(row["task"]) if row["task"] else None
        if kind is not EntryType.RECOUPMENT_TAKEN:
            return kind, task
        if self._recoupment_due(about.tag) >= adjustment.amount:
            return kind, None
        return EntryType.PLB_SUSPENSE_TAKEN, TaskType.RECOUPMENT_REVIEW

    def _recoupment_due(self, tag: str) -> Decimal:
        """What this payer still announced to take back about one claim (R-PLB-02)."""
        known = [
            (EntryType(e["entry_type"]), e["memo"], from_cents(e["amount_cents"]))
            for e in practice_entries(self.conn)
            if e["payer_id"] == self.row["payer_id"]
        ]
        known += [(e.type, e.memo, e.amount) for e in self.entries]
        about = [(kind, n) for kind, memo, n in known if memo.endswith(f" {tag}")]
        return sum((RECOUPED.get(kind, 0) * n for kind, n in about), ZERO)

    def _open_plb_tasks(self) -> None:
        for kind, adjustment, about, number in self.plb_tasks:
            said = (
                f"provider-level adjustment {adjustment.code} of "
                f"{words(adjustment.amount)}"
            )
            evidence = {
                "code": adjustment.code,
                "amount": str(abs(adjustment.amount)),
                "taken": "now" if adjustment.amount > ZERO else "later",
                "reference": about.tag,
            }
            why = self.why.by_rule("R-PLB-02" if about.tag else "R-PLB-01")
            subject = f"{adjustment.position}:{number}"
            if about.claim_id is None or kind is TaskType.PLB_REVIEW:
                open_file_task(self.conn, self.row, kind, why, said, evidence, subject)
                continue
            open_claim_task(
                self.conn,
                self.office,
                claims.get(self.conn, about.claim_id),
                kind,
                why,
                key=f"{self.row['id']}:{kind.value}:{subject}",
                words=said,
                evidence=evidence,
                subject=subject,
                workflow_id=remittance_workflow_id(self.row["id"]),
            )

    def _finish(self, claim_id: str) -> None:
        """Credits, prepayments, tasks and the state of one touched claim, once."""
        found = self.touched[claim_id]
        row = claims.get(self.conn, claim_id)
        reason = self.why.by_rule("R-STA-02", trace=self.one.trace)
        icns = [c.payer_icn for c in found if c.payer_icn]
        facts: dict[str, Any] = {"first_remit_on": row.first_remit_on or self.why.today}
        if icns:
            facts["payer_icn"] = icns[-1]
        claims.note(self.conn, claim_id, **facts)
        self._decided_submission(claim_id)
        tasks.overtake(
            self.conn,
            reason,
            f"remittance {self.one.trace} posted",
            claim_id=claim_id,
            keep=KEPT_ON_POSTING,
        )
        overtake_appeals(self.conn, row, reason, keep_sent=False)
        self._prepayments(row)
        self._open_questions(row)
        if row.submission_number > 1:
            self._propose_rule(row)
        paid = sum((c.paid for c in found), ZERO)
        said = f"Remittance {self.one.trace} posted: paid {words(paid)}"
        settling.settle(self.conn, self.office, claim_id, reason, said)
        settling.tell_claim(
            self.conn, claim_id, f"remit:{self.row['id']}", "remittance", self.why.today
        )

    def _decided_submission(self, claim_id: str) -> None:
        """Posting never depends on the submission's status; it ends what is in
        flight."""
        submissions.withdraw(self.conn, claim_id)
        newest = submissions.newest(self.conn, claim_id)
        if newest is not None:
            submissions.mark(
                self.conn,
                newest["id"],
                only_from=("sent", "accepted", "silent", "taken"),
                status="decided",
            )

    def _prepayments(self, row: ClaimRow) -> None:
        money = balances(self.conn, [row.id])[row.id]
        due = min(money.patient_due, money.credit)
        key = f"{self.row['id']}:{row.id}"
        if due > ZERO:
            made = prepayment_entries(self.conn, row, due, self.why, key)
            post(self.conn, made, posted_at=to_text(self.why.at))

    def _open_questions(self, row: ClaimRow) -> None:
        """The task of what this remittance left undecided."""
        lines = claims.lines(self.conn, row.id)
        for status, opener in (
            ("held", self._held),
            ("denied", self._denied),
            ("short", self._short),
        ):
            found = [n for n in lines if n["status"] == status]
            if found:
                opener(row, found)
        if row.id in {one.id for one in self.odd_earlier}:
            why = self.why.by_rule("R-COB-06")
            said = "what the earlier plans decided (OA-23) differs from the ledger"
            self._task(row, TaskType.REMIT_REVIEW, why, said, {"why": said})
        if row.id in {one.id for one in self.no_mirror}:
            why = self.why.by_rule("R-REV-01")
            said = "a reversal that mirrors no posting of ours"
            self._task(row, TaskType.REMIT_REVIEW, why, said, {"why": said})
        review_credit(self.conn, self.office, row, self.why, self.row["id"])

    def _held(self, row: ClaimRow, lines: list[RowMapping]) -> None:
        denial = lines[0]["denial"] or {}
        carc = denial.get("carc", "")
        evidence = {
            "group": carc.split("-")[0],
            "carc": carc.split("-")[-1],
            "amount": denial.get("amount", ""),
            "lines": [n["number"] for n in lines],
            "why": denial.get("words", ""),
        }
        why = self.why.by_rule(denial.get("rule", "R-POST-05"))
        self._task(row, TaskType.REMIT_REVIEW, why, denial.get("words", ""), evidence)

    def _denied(self, row: ClaimRow, lines: list[RowMapping]) -> None:
        from activities.denial import evidence_of, reviewer_of

        decision, kind = rules.denial_decision([n["denial"] for n in lines])
        why = self.why.by(decision)
        evidence = evidence_of(self.conn, self.office, row, lines)
        role = reviewer_of(lines) if kind is TaskType.DENIAL_REVIEW else None
        self._task(row, kind, why, decision.reason, evidence, role)
        if kind is TaskType.COB_UPDATE:
            ask_patient(self.conn, self.office, row, self.row["id"], why)

    def _short(self, row: ClaimRow, lines: list[RowMapping]) -> None:
        found = [n["denial"] or {} for n in lines]
        short = sum((Decimal(d.get("shortfall", "0")) for d in found), ZERO)
        schedule = self.profile.fees.schedule if self.profile else ""
        expected = sum((Decimal(d.get("expected", "0")) for d in found), ZERO)
        evidence = {
            "expected_allowed": str(expected),
            "paid_allowed": str(expected - short),
            "short": str(short),
            "schedule": schedule,
            "lines": [n["number"] for n in lines],
        }
        why = self.why.by_rule("R-UND-02")
        said = f"paid {words(short)} below the contract"
        self._task(row, TaskType.UNDERPAYMENT_REVIEW, why, said, evidence)

    def _task(
        self,
        row: ClaimRow,
        kind: TaskType,
        why: Because,
        said: str,
        evidence: dict[str, Any],
        role: Role | None = None,
    ) -> None:
        open_claim_task(
            self.conn,
            self.office,
            row,
            kind,
            why,
            key=f"{row.id}:{kind.value}:{self.row['id']}",
            words=said,
            evidence=evidence,
            role=role,
        )

    def _propose_rule(self, row: ClaimRow) -> None:
        """A correction that turned a bundling denial into a payment may become a rule
        of this payer (R-SCR-11), asked once per payer, reason and code."""
        paid = {
            n["number"]: n["code"]
            for n in claims.lines(self.conn, row.id)
            if n["status"] == "paid"
        }
        for earlier in remittances.of_claim(self.conn, row.id):
            for line in earlier["detail"].get("lines", []):
                if earlier["remittance_id"] == self.row["id"]:
                    continue
                code = next(
                    (
                        t["code"]
                        for t in line["treated"]
                        if t["treatment"] == "denied" and rules.is_bundling(t["code"])
                    ),
                    None,
                )
                if code and line["number"] in paid:
                    self._rule_task(row, code, paid[line["number"]])

    def _rule_task(self, row: ClaimRow, carc: str, code: str) -> None:
        submitted = submissions.of_claim(self.conn, row.id)
        evidence = {
            "payer": row.payer_id,
            "carc": carc,
            "code": code,
            "submissions": len(submitted),
        }
        open_claim_task(
            self.conn,
            self.office,
            row,
            TaskType.PAYER_RULE_UPDATE,
            self.why.by_rule("R-SCR-11"),
            key=f"{row.payer_id}:PAYER_RULE_UPDATE:{carc}:{code}",
            words=f"{code} was denied with {carc} and paid after a correction",
            evidence=evidence,
            subject=f"{carc}:{code}",
            workflow_id=remittance_workflow_id(self.row["id"]),
        )


def _claim_level(found: RemittanceClaim, treatment: str) -> Decimal:
    """Claim-level CAS amounts with this treatment."""
    treated = [rules.treat(a, found.rarcs) for a in found.adjustments]
    return sum((t.amount for t in treated if t.treatment == treatment), ZERO)


def _match(line: RemittanceLine, ours: Any) -> Any:
    """Our line: by REF*6R, else code, modifiers and charge, else code and charge."""
    for test in (
        lambda n: line.line_ref and n.line_ref == line.line_ref,
        lambda n: (
            (n.code, n.modifiers, n.charge) == (line.code, line.modifiers, line.charge)
        ),
        lambda n: (n.code, n.charge) == (line.code, abs(line.charge)),
        lambda n: n.code == line.code,
    ):
        found = [n for n in ours if test(n)]
        if found:
            return found[0]
    return None


def resolve_unbalanced(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply ERA_UNBALANCED or ERA_CONFLICT: the set stays unposted (R-ERA-03)."""
    remittance = task["workflow_id"].removeprefix("remit-")
    if decision == "keep_second_after_reversal":
        raise DecisionRefused(
            "The first remittance must be reversed by the payer before the second can "
            "post. Nothing was changed. Ask the payer for a reversal (CLP02 22)."
        )
    said = f"{task['type']}: {decision.replace('_', ' ')}"
    remittances.mark(conn, remittance, reason=said)
    for row in claims.waiting_for_task(conn, task["id"]):
        reason = why.by_rule("R-ERA-03", decision=decision)
        await_835(conn, office, row, reason, "A corrected remittance was asked for")
        settling.tell_claim(conn, row.id, f"task:{task['id']}", "task", why.today)
    return f"{said}; the set stays unposted"


def resolve_unmatched_file(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply ERA_UNMATCHED_CLAIM: link it to a claim of ours, or give it back
    (R-ERA-10)."""
    row = remittances.get(conn, task["workflow_id"].removeprefix("remit-"))
    if row is None:
        raise DecisionRefused("The remittance is not on file. Nothing was changed.")
    position = int(task["evidence"]["position"])
    if decision == "not_ours_return":
        remittances.mark_claim(conn, row["id"], position, outcome="returned")
        return "Kept as unapplied cash until it is returned to the payer"
    ours = claims.find(conn, form["claim_ref"])
    if ours is None:
        raise DecisionRefused(
            "There is no claim with that number. Nothing was linked. Look it up: list"
        )
    one = read_one(office, row)
    found = next(c for c in one.claims if c.position == position)
    poster = _Poster(conn, office, row, one, why.by_rule("R-ERA-10"))
    poster._claim(found, ours)
    if found.paid > ZERO:
        poster._entry(
            found.position,
            EntryType.UNAPPLIED_PAYER_CASH_APPLIED,
            found.paid,
            None,
            "R-ERA-10",
        )
    post(conn, poster.entries, posted_at=to_text(why.at))
    remittances.mark_claim(
        conn, row["id"], position, outcome="linked", claim_id=ours.id
    )
    poster._finish(ours.id)
    return f"Linked to {ours.pcn} and posted"


def resolve_plb(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply PLB_REVIEW: the posting stands, the person's finding is on record."""
    return f"Provider-level adjustment: {decision.replace('_', ' ')}"


def resolve_rule(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply PAYER_RULE_UPDATE: the supervisor's rule is on record (R-SCR-11)."""
    rule = form.get("rule", "")
    words_ = f"Rule for {row.payer_id}: {rule}" if rule else "No rule for this payer"
    events.add(conn, why.by_rule("R-SCR-11"), "payer rule", words_, claim_id=row.id)
    return words_


def resolve_recoupment(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply RECOUPMENT_REVIEW: the ledger stands, the finding is on record
    (R-REF-05)."""
    words_ = f"Money the payer takes back: {decision}"
    events.add(conn, why.by_rule("R-REF-05"), "recoupment", words_, claim_id=row.id)
    return words_


RESOLVE_FILE: dict[TaskType, Callable[..., str]] = {
    TaskType.ERA_UNBALANCED: resolve_unbalanced,
    TaskType.ERA_CONFLICT: resolve_unbalanced,
    TaskType.ERA_UNMATCHED_CLAIM: resolve_unmatched_file,
    TaskType.PLB_REVIEW: resolve_plb,
    TaskType.RECOUPMENT_REVIEW: resolve_plb,
}

__all__ = ["ClaimState", "as_original", "date", "register_remittances"]
