"""Post one balanced transaction set: match, decide each line, entries, states, tasks.

Everything here happens inside one SQL transaction (R-ERA-05). A claim's state is
computed once, after all of its CLPs (R-STA-02).
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from activities import next_payer, steps
from activities import settle as settling
from activities.appeal import overtake_appeals
from activities.line_decisions import Decided, decide_lines, decided_by
from activities.next_payer import answered_by, next_plan
from activities.notices import ask_patient
from activities.office import Office
from activities.opening import open_claim_task
from activities.payments import apply_prepayments
from activities.plain_posting import PlainClaims, posted_words
from activities.provider_level import ProviderLevel
from activities.refunds import review_credit
from activities.void import is_void
from claims.claim import ClaimState
from claims.decision import MACHINE
from claims.messages import remittance_workflow_id
from claims.money import ZERO, cents, from_cents, words
from claims.remittance import Remittance, RemittanceClaim, RemittanceLine
from claims.task import TASKS, Role, TaskType
from ledger.accounts import EFFECT, OPPOSITE, Bucket, EntryType
from ledger.balances import balances, entries_of
from ledger.entries import NewEntry, post
from policy import remittance as rules
from policy.remittance import LineOutcome
from policy.tasks import due_on
from records import claims, events, holding, remittances, submissions, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text
from records.tasks import NewTask

STATUSES = ("1", "2", "3", "4", "19", "20", "21", "22", "23", "25")
NOT_THEIRS, PREDETERMINED = "23", "25"
WITHOUT_MONEY = (NOT_THEIRS, PREDETERMINED)
REVERSAL = "22"
DUE = Bucket.PATIENT_DUE
DUPLICATE, EARLIER = "OA-18", "OA-23"
KEPT_ON_POSTING = ("FILING_DEADLINE", "EFT_UNMATCHED", "RECOUPMENT_REVIEW")


def open_file_task(
    conn: Connection,
    row: RowMapping,
    kind: TaskType,
    why: Because,
    words_: str,
    evidence: dict[str, Any],
    subject: str,
    role: Role | None = None,
) -> RowMapping:
    """A task about a remittance, not about a claim."""
    task_id = tasks.open_task(
        conn,
        NewTask(
            key=f"{row['id']}:{kind.value}:{subject}",
            type=kind.value,
            workflow_id=remittance_workflow_id(row["id"]),
            role=(role or TASKS[kind].role).value,
            due_on=due_on(kind, why.today, None),
            rule=why.rule,
            why=words_,
            # Two payers may use one check number, and a payer may send it twice.
            subject=f"{row['trace']}:{row['id'][:8]}:{subject}"[:120],
            payer_id=row["payer_id"],
            amount_cents=abs(row["paid_cents"]),
            evidence=evidence,
        ),
        why,
    )
    return tasks.get(conn, task_id)


def keyed_words(row: RowMapping) -> str:
    """Who keyed a paper remittance and who confirmed it; nothing about an 835."""
    if not row["keyed_by"]:
        return ""
    second = f", confirmed by {row['approved_by']}" if row["approved_by"] else ""
    return f"paper EOB keyed by {row['keyed_by']}{second}"


class Poster:
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
        self.not_theirs: list[ClaimRow] = []
        self.odd_earlier: list[ClaimRow] = []
        self.provider_level = ProviderLevel(conn, office, row, self.why, self.entries)

    def run(self) -> None:
        """Match, post, decide each claim's state once, store its news."""
        known = claims.by_pcn(self.conn, [c.pcn for c in self.one.claims])
        ours = [(c, known[c.pcn]) for c in self.one.claims if c.pcn in known]
        plain = PlainClaims(self.conn, self.office, ours, self.row["payer_id"])
        for found in self.one.claims:
            row = known.get(found.pcn)
            if row is None:
                self._apart(found, None, "a paid claim number we do not know")
            elif decided := plain.decide(found, row, self.one.trace):
                self._take(found, row, decided)
                self._share_out(found, row, decided, forward=False)
            else:
                self._by_status(found, row)
        remittances.add_claims(self.conn, self.kept)  # which a PLB may name
        self.provider_level.place(self.one.provider_adjustments)
        asked = [id_ for id_ in self.touched if id_ not in plain.taken]
        self._open_credits(asked)
        post(self.conn, self.entries, posted_at=to_text(self.why.at))
        holding.wake(self.conn, self.touched)
        plain.finish(self.row["id"], self.one.trace, self._reason())
        for row in self.not_theirs:
            self._await_other_plan(row)
        for claim_id in asked:
            self.finish(claim_id)
        self.provider_level.tell()

    def _reason(self) -> Because:
        return self.why.by_rule("R-STA-02", trace=self.one.trace)

    def _open_credits(self, claim_ids: Sequence[str]) -> None:
        """What the patient has paid above a corrected share becomes a credit, in the
        same posting (R-MON-02)."""
        moved: dict[str | None, Decimal] = {}
        for entry in self.entries:
            change = entry.amount * EFFECT.get(entry.type, {}).get(DUE, 0)
            moved[entry.claim_id] = moved.get(entry.claim_id, ZERO) + change
        money = balances(self.conn, claim_ids)
        for claim_id in claim_ids:
            due = money[claim_id].patient_due + moved.get(claim_id, ZERO)
            if due < ZERO:
                row = claims.get(self.conn, claim_id)
                at = self.touched[claim_id][-1].position
                kind = EntryType.CREDIT_OPEN_PATIENT
                self.add_entry(at, kind, -due, row, "R-REV-02")

    def _by_status(self, found: RemittanceClaim, row: ClaimRow) -> None:
        """CLP02 says whether it may have money; its lines say what (R-POST-01)."""
        if found.status not in STATUSES:
            said = f"a claim status (CLP02 {found.status}) that no payer may send"
            self._apart(found, row, said)
        elif found.status in WITHOUT_MONEY and found.paid != ZERO:
            said = f"money with a claim status (CLP02 {found.status}) that has none"
            self._apart(found, row, said)
        elif found.paid != ZERO and self._is_void(row):
            self._apart(found, row, "money for a claim that was taken back")
        elif self._has_no_money(found, row):
            self._keep(found, row, "information", [])
            if found.status == NOT_THEIRS:
                self.not_theirs.append(row)
        elif not self.post_claim(found, row):
            self._apart(found, row, "a payment taken back that we never posted")

    def _apart(self, found: RemittanceClaim, row: ClaimRow | None, said: str) -> None:
        """Of no claim that it can be posted to: its money waits as unapplied, the rest
        posts (R-ERA-10)."""
        why = self.why.by_rule("R-ERA-10")
        self._keep(found, None, "unmatched", [])
        self.add_entry(
            found.position, EntryType.UNAPPLIED_PAYER_CASH, found.paid, None, "R-ERA-10"
        )
        evidence = {
            "clp01": found.pcn,
            "paid": str(found.paid),
            "dos": str(found.service_from or ""),
            "position": found.position,
        }
        if row is not None:
            evidence |= {"claim": row.practice_number, "claim_status": found.status}
            told = f"Not posted, a poster looks at it: {said}"
            events.add(self.conn, why, "remittance", told, claim_id=row.id)
        open_file_task(
            self.conn,
            self.row,
            TaskType.ERA_UNMATCHED_CLAIM,
            why,
            said,
            evidence,
            str(found.position),
        )

    def _await_other_plan(self, row: ClaimRow) -> None:
        """The payer says that the claim is another plan's and sent it on: that plan's
        word is awaited; when we do not know the plan, a clerk asks (R-POST-01)."""
        why = self.why.by_rule("R-POST-01")
        said = "the payer says the claim is not its own and sent it on (CLP02 23)"
        self._decided_submission(row.id)
        step, state = next_payer.step(self.conn, self.office, row, why), row.state
        if next_payer.is_due(self.conn, self.office, row):
            state = ClaimState.NEXT_PAYER
        else:
            self._task(row, TaskType.COB_UPDATE, why, said, {"why": said})
            (task,) = tasks.waiting(
                self.conn, claim_id=row.id, types=[TaskType.COB_UPDATE.value]
            )
            step = steps.by_task(self.office, task)
        claims.set_step(self.conn, row, state, step, why, said.capitalize())
        ref = f"remit:{self.row['id']}"
        settling.tell_claim(self.conn, row.id, ref, "remittance", self.why.today)

    def _has_no_money(self, found: RemittanceClaim, row: ClaimRow) -> bool:
        """Nothing to post: its status has none, it is void, or it is a copy."""
        if found.status in WITHOUT_MONEY or self._is_void(row):
            return True
        return self._is_copy(found, row)

    def _is_void(self, row: ClaimRow) -> bool:
        """Its charge is off the books, also while the patient's money goes back."""
        if row.state is ClaimState.CREDIT:
            return is_void(claims.lines(self.conn, row.id))
        return row.state is ClaimState.VOIDED

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

    def post_claim(self, found: RemittanceClaim, row: ClaimRow) -> bool:
        """Post what it says of the claim; False for a taking of what was never posted,
        of which nothing is done (R-REV-01)."""
        content = claims.content(self.conn, self.office.cipher, row.id)
        primary = row.payer_order == 1
        decided = decide_lines(found, content.lines, self.profile, primary=primary)
        if found.status == REVERSAL or found.paid < ZERO:
            undone = self._to_undo(found, row, decided)
            if undone is None:
                return False
            self._take(found, row, decided)
            self._reverse(found, row, decided, undone)
            return True
        self._take(found, row, decided)
        payer, paid = self.row["payer_id"], found.paid
        later = answered_by(self.conn, self.office, row, payer, paid)
        forward = not later and next_plan(self.office, content) is not None
        self._post(found, row, decided, forward=forward)
        if later or row.payer_order > 1:
            self._check_earlier(found, row, decided)
        return True

    def _take(self, found: RemittanceClaim, row: ClaimRow, decided: Decided) -> None:
        self.touched.setdefault(row.id, []).append(found)
        self._keep(found, row, "posted", decided)

    def _post(
        self,
        found: RemittanceClaim,
        row: ClaimRow,
        decided: Decided,
        *,
        forward: bool,
    ) -> None:
        self._corrected_charge(found, row)
        self._share_out(found, row, decided, forward=forward)
        for number, line, result in decided or self._as_a_whole(found, row):
            self._decide_line(row, number, line, result)

    def _share_out(
        self, found: RemittanceClaim, row: ClaimRow, decided: Decided, *, forward: bool
    ) -> None:
        """``forward``: the patient's share goes to the next plan first (R-POST-04)."""
        at, kind = found.position, EntryType
        contractual = sum((r.contractual for _, _, r in decided), ZERO)
        patient = sum((r.patient for _, _, r in decided), ZERO)
        contractual += _claim_level(found, "contractual")
        patient += _claim_level(found, "patient")
        self.add_entry(at, kind.PAYER_PAYMENT, found.paid, row, "R-POST-01")
        self.add_entry(at, kind.CONTRACTUAL_ADJ, contractual, row, "R-POST-07")
        share = ZERO if forward else patient
        self.add_entry(at, kind.TRANSFER_TO_PATIENT, share, row, "R-POST-04")

    def _corrected_charge(self, found: RemittanceClaim, row: ClaimRow) -> None:
        """The payer has decided a charge that was corrected since (R-COR-05), or taken
        off the books with a claim that a person says is paid all the same."""
        posted = balances(self.conn, [row.id])[row.id].charge
        kinds = {e.type for e in self.entries if e.claim_id == row.id}
        new = from_cents(row.charge_cents)
        known = (new,) if self._is_void(row) else (ZERO, new)
        if posted in known or found.charge != new or EntryType.CHARGE in kinds:
            return
        self.add_entry(found.position, EntryType.CHARGE_VOID, posted, row, "R-COR-05")
        self.add_entry(found.position, EntryType.CHARGE, new, row, "R-COR-05")

    def _as_a_whole(self, found: RemittanceClaim, row: ClaimRow) -> Decided:
        """A claim decided without lines (no SVC): what it says holds for each line."""
        whole = RemittanceLine(
            position=found.position,
            code="",
            charge=found.charge,
            paid=found.paid,
            adjustments=found.adjustments,
            rarcs=found.rarcs,
        )
        result = rules.outcome(
            whole, profile=self.profile, units=Decimal(1), primary=row.payer_order == 1
        )
        ours = claims.lines(self.conn, row.id)
        if result.denial is not None and len(ours) > 1:
            # The payer names one amount for all lines; none of them has it alone.
            shared = {k: v for k, v in result.denial.items() if k != "amount"}
            result = replace(result, denial=shared)
        return [(n["number"], whole, result) for n in ours]

    def _check_earlier(
        self,
        found: RemittanceClaim,
        row: ClaimRow,
        decided: Decided,
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
            decided_by=decided_by(self.one.trace, line),
        )

    def _reverse(
        self,
        found: RemittanceClaim,
        row: ClaimRow,
        decided: Decided,
        undone: dict[EntryType, Decimal],
    ) -> None:
        """Exact negatives of what was posted; the lines are undecided again
        (R-REV-01)."""
        for kind, amount in undone.items():
            self.add_entry(found.position, OPPOSITE[kind], amount, row, "R-REV-01")
        for number, line, _ in decided or self._as_a_whole(found, row):
            if number is not None:
                claims.decide_line(
                    self.conn,
                    row.id,
                    number,
                    status="undecided",
                    denial=None,
                    decided_by=f"reversed by segment {line.position}",
                )

    def _to_undo(
        self, found: RemittanceClaim, row: ClaimRow, decided: Decided
    ) -> dict[EntryType, Decimal] | None:
        """What a reversal undoes: the first posting, else what it states; None when
        the claim has not got that much."""
        first = self._first_posting(found, row)
        undone = first
        if first is None or first.get(EntryType.PAYER_PAYMENT, ZERO) != -found.paid:
            undone = self._as_stated(found, decided)
        money = balances(self.conn, [row.id])[row.id]
        for bucket in (Bucket.PAID_PAYER, Bucket.ADJUSTED):
            left = getattr(money, bucket.value) + sum(
                e.amount * EFFECT[e.type].get(bucket, 0)
                for e in self.entries
                if e.claim_id == row.id
            )
            for kind, amount in (undone or {}).items():
                left -= amount * EFFECT[kind].get(bucket, 0)
            if left < ZERO:
                return None
        if undone is not first:
            self.no_mirror.append(row)
        return undone

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
        decided: Decided,
    ) -> dict[EntryType, Decimal]:
        """The reversal's own amounts, when no posting of ours mirrors it."""
        return {
            EntryType.PAYER_PAYMENT: -found.paid,
            EntryType.CONTRACTUAL_ADJ: -sum((r.contractual for *_, r in decided), ZERO),
            EntryType.TRANSFER_TO_PATIENT: -sum((r.patient for *_, r in decided), ZERO),
        }

    def add_entry(
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
                source=self._source(position),
                ref=self.one.trace,
                rule=rule,
                actor=self.row["keyed_by"] or MACHINE,
                memo=keyed_words(self.row),
            )
        )

    def _source(self, position: int) -> str:
        place = "row" if self.row["keyed_by"] else "segment"
        return f"{self.row['file_sha256'][:12]} {place} {position}"

    def _keep(
        self,
        found: RemittanceClaim,
        row: ClaimRow | None,
        outcome: str,
        decided: Decided,
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
                "treated": [t.as_json() for t in result.treated],
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

    def finish(self, claim_id: str) -> None:
        """Credits, prepayments, tasks and the state of one touched claim, once."""
        found = self.touched[claim_id]
        row = claims.get(self.conn, claim_id)
        reason = self._reason()
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
        key = f"{self.row['id']}:{row.id}"
        apply_prepayments(self.conn, row, self.why, key)
        self._open_questions(row)
        if row.submission_number > 1:
            self._propose_rule(row)
        paid = sum((c.paid for c in found), ZERO)
        said = posted_words(self.one.trace, paid)
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
