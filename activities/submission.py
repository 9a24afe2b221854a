"""Submission: the payer's batch, from the outbox to the last acknowledgment (R-SUB,
R-ACK).

Rows carry the batch id before anything is uploaded; after a crash the mailbox is asked
for the file by its control number before it is written again. Marking is monotone.
"""

from dataclasses import dataclass
from datetime import date, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import steps
from activities.office import Office
from activities.opening import open_claim_task
from activities.outbound import put_out, register_sent
from claims.calendar import deadline
from claims.claim import Claim, ClaimState
from claims.messages import Look, NewsKind, claim_workflow_id
from claims.task import TaskType
from edi.errors import EdiError
from edi.gate import findings, is_of_file
from edi.segments import OutboundEnvelope
from edi.x277ca import read_claim_acknowledgments
from edi.x837 import write_claims
from policy import timers
from policy.scrub import Finding
from records import claims, events, inquiries, news, submissions, tasks
from records.db import Connection, RowMapping
from records.events import Because

UNSENT = ("READY", "CORRECTING", "REJECTED", "FOLLOW_UP", "NEXT_PAYER")


@dataclass
class SubmissionActivities:
    """Take, send, watch."""

    office: Office

    @activity.defn
    def take_outbox(self, batch_id: str, payer_id: str, at: datetime) -> int:
        """Give the payer's queued claims to this batch; taking them is the batch."""
        why = self.office.because(at, "R-SUB-03")
        with self.office.writing() as conn:
            taken = submissions.take(conn, payer_id=payer_id, batch_id=batch_id)
            if taken:
                submissions.open_batch(
                    conn,
                    batch_id=batch_id,
                    kind="837P",
                    payer_id=payer_id,
                    partner=self.office.partner_of(payer_id),
                    today=why.today,
                )
        return taken

    @activity.defn
    def send_batch(self, batch_id: str, at: datetime) -> None:
        """Write the interchange, have it checked, upload it once, mark what left.

        A claim the guide's validator refuses stays behind with a task; the others go.

        Raises:
            ApplicationError: the file is refused whatever claims are in it.
        """
        why = self.office.because(at, "R-SUB-03")
        with self.office.reading() as conn:
            batch = _batch(conn, batch_id)
            listed = submissions.of_batch(conn, batch_id)
        rows = [row for row in listed if row["status"] in ("taken", "sent")]
        good, content, refused = self._gated(batch, rows, at)
        name = ""
        if good:
            name, content = put_out(self.office, batch, content)
        with self.office.writing() as conn:
            for row, found in refused:
                _refused(conn, self.office, row, found, why)
            if good:
                _mark_sent(conn, self.office, batch, good, content, name, why)
            else:
                submissions.mark_batch(conn, batch_id, ended_on=why.today)

    def _gated(
        self, batch: RowMapping, rows: list[RowMapping], at: datetime
    ) -> tuple[list[RowMapping], bytes, list[tuple[RowMapping, tuple[str, ...]]]]:
        """The claims that may leave, their interchange, and the others with why not."""
        if not rows:  # a repeat: all of them were refused
            return [], b"", []
        envelope = self._envelope(batch, at)
        content, found = self._checked(rows, envelope)
        if not found:
            return rows, content, []
        if any(is_of_file(one) for one in found):
            raise _refused_whole(batch, found)
        each = [(row, self._checked([row], envelope)[1]) for row in rows]
        refused = [(row, alone) for row, alone in each if alone]
        good = [row for row, alone in each if not alone]
        if refused and good:
            content, found = self._checked(good, envelope)
        if not refused or (good and found):
            raise _refused_whole(batch, found)
        return good, content, refused

    def _checked(
        self, rows: list[RowMapping], envelope: OutboundEnvelope
    ) -> tuple[bytes, tuple[str, ...]]:
        """One interchange of these claims, and what the validator finds in it."""
        sent = [submissions.content(self.office.cipher, row) for row in rows]
        try:
            content = write_claims(sent, envelope)
        except EdiError as error:
            return b"", (str(error),)
        return content, findings(content)

    def _envelope(self, batch: RowMapping, at: datetime) -> OutboundEnvelope:
        profile = self.office.payers.get(batch["payer_id"])
        if profile is None:
            raise ApplicationError(
                "The batch's payer has no profile. Nothing was sent.",
                type="UnknownPayer",
                non_retryable=True,
            )
        return envelope_for(
            self.office, profile.edi.receiver_id, profile.name, batch, at
        )

    @activity.defn
    def watch_batch(self, batch_id: str, at: datetime) -> Look:
        """See who has not answered, raise what is late, say when to look again."""
        why = self.office.because(self.office.moment(at))
        with self.office.writing() as conn:
            batch = _batch(conn, batch_id)
            open_rows = [
                r for r in submissions.of_batch(conn, batch_id) if _is_unanswered(r)
            ]
            if not open_rows:
                submissions.mark_batch(conn, batch_id, ended_on=why.today)
                return Look(done=True)
            look = _watch(conn, self.office, batch, open_rows, why)
        return look.model_copy(update={"at": self.office.put_off(look.at, at)})


def _refused_whole(batch: RowMapping, found: tuple[str, ...]) -> ApplicationError:
    return ApplicationError(
        f"The 837P of batch {batch['isa13']} was refused by the guide's "
        f"validator: {'; '.join(found[:3])}. Nothing was sent. It is no single "
        "claim: look at the payer's profile, then retry the batch.",
        type="GateRefused",
    )


def envelope_for(
    office: Office, receiver: str, name: str, batch: RowMapping, at: datetime
) -> OutboundEnvelope:
    """ISA/GS/ST of one of our interchanges, with the batch's control numbers.

    It holds one set, so the set's number is the interchange's and as unique.
    """
    practice = office.practice
    return OutboundEnvelope(
        sender_id=practice.billing_npi,
        receiver_id=receiver,
        isa13=batch["isa13"],
        gs06=batch["gs06"],
        st02=f"{batch['isa13']:09d}",
        created=at,
        batch_ref=batch["reference"],
        submitter_name=practice.name,
        contact_name="BILLING",
        contact_phone=practice.phone,
        receiver_name=name,
        usage="P",
    )


def _batch(conn: Connection, batch_id: str) -> RowMapping:
    row = submissions.get_batch(conn, batch_id)
    if row is None:
        raise LookupError(f"batch {batch_id} has no row")
    return row


def _refused(
    conn: Connection,
    office: Office,
    row: RowMapping,
    found: tuple[str, ...],
    why: Because,
) -> None:
    """The claim stays behind: every finding of the guide's validator is shown."""
    from activities.scrub import hold

    gone = submissions.mark(conn, row["id"], only_from=("taken",), status="withdrawn")
    if not gone:
        return
    reason = why.by_rule("R-SUB-03", submission=row["number"])
    errors = [
        Finding(
            edit="GATE",
            rule=reason.rule,
            severity="error",
            field=place,
            reason="the 837P guide's validator refuses it",
            fix="Correct what stands there.",
        )
        for place in found
    ]
    hold(conn, office, claims.get(conn, row["claim_id"]), errors, reason)
    news.add(
        conn,
        workflow_id=claim_workflow_id(row["claim_id"]),
        kind=NewsKind.TASK.value,
        ref=f"gate:{row['id']}",
        today=why.today,
    )


def _mark_sent(
    conn: Connection,
    office: Office,
    batch: RowMapping,
    rows: list[RowMapping],
    content: bytes,
    name: str,
    why: Because,
) -> None:
    register_sent(conn, office, batch, content, name, why)
    for row in rows:
        submissions.mark(
            conn, row["id"], only_from=("taken",), status="sent", sent_on=why.today
        )
        _claim_sent(conn, office, batch["id"], row, why)


def _claim_sent(
    conn: Connection, office: Office, batch_id: str, row: RowMapping, why: Because
) -> None:
    claim_row = claims.get(conn, row["claim_id"])
    if (
        claim_row.state.value not in UNSENT
        or claim_row.submission_number != row["number"]
    ):
        return
    due = timers.due("ACK_999", why.today, office.payers.get(row["payer_id"]))
    step = steps.by_batch(office, claim_row, batch_id, "ACK_999", due)
    kind = {"1": "claim", "7": "replacement", "8": "void"}[row["frequency"]]
    words = f"Sent to the payer: {kind}, submission {row['number']}"
    claims.set_step(conn, claim_row, ClaimState.SUBMITTED, step, why, words)


def _is_unanswered(row: RowMapping) -> bool:
    newest = bool(row["number"] == row["newest"])
    return newest and (row["status"], row["state"]) == ("sent", "SUBMITTED")


def _watch(
    conn: Connection,
    office: Office,
    batch: RowMapping,
    rows: list[RowMapping],
    why: Because,
) -> Look:
    profile = office.payers.get(batch["payer_id"])
    sent_on: date = batch["sent_on"] or why.today
    dates = [
        (name, timers.due(name, sent_on, profile))
        for name in ("ACK_999", "ACK_277CA_SOFT", "ACK_277CA_HARD")
    ]
    tell: list[str] = []
    if why.today >= dates[-1][1]:
        for row in rows:
            tell.append(_silent(conn, office, row, why))
        return Look(done=True, tell=tuple(tell))
    if why.today >= dates[0][1] and batch["ack_999"] is None:
        for row in rows:
            _ack_missing(conn, office, batch, row, why)
    name, due = next((n, d) for n, d in dates if d > why.today)
    for row in rows:
        _show_wait(conn, office, batch["id"], row, name, due, why)
    return Look(what=name, at=deadline(due, office.zone))


def _show_wait(
    conn: Connection,
    office: Office,
    batch_id: str,
    row: RowMapping,
    name: str,
    due: date,
    why: Because,
) -> None:
    claim_row = claims.get(conn, row["claim_id"])
    if claim_row.next_what == name or claim_row.next_owner == "task":
        return
    if row["acknowledged_on"] and name == "ACK_999":
        return
    step = steps.by_batch(office, claim_row, batch_id, name, due)
    words = "No answer yet; the clearinghouse is being watched"
    claims.set_step(
        conn, claim_row, claim_row.state, step, why.by_rule("R-ACK-02"), words
    )


def _ack_missing(
    conn: Connection, office: Office, batch: RowMapping, row: RowMapping, why: Because
) -> None:
    claim_row = claims.get(conn, row["claim_id"])
    open_claim_task(
        conn,
        office,
        claim_row,
        TaskType.ACK_MISSING,
        why.by_rule("R-ACK-02"),
        key=f"{row['claim_id']}:ACK_MISSING:{row['number']}",
        words="no receipt (999) for the file within one business day",
        evidence={"file": batch["file_name"] or "", "trace": batch["reference"]},
    )


def _silent(conn: Connection, office: Office, row: RowMapping, why: Because) -> str:
    """Day seven without a 277CA: ask once and open LOST_CLAIM the same day
    (R-ACK-06)."""
    reason = why.by_rule("R-ACK-06", sent_on=str(row["sent_on"]))
    submissions.mark(conn, row["id"], only_from=("sent",), status="silent")
    inquiries.queue(
        conn,
        kind="276",
        claim_id=row["claim_id"],
        payer_id=row["payer_id"],
        due_on=why.today,
    )
    lost(conn, office, row["claim_id"], reason, f"no 277CA since {row['sent_on']}")
    return news.add(
        conn,
        workflow_id=claim_workflow_id(row["claim_id"]),
        kind=NewsKind.SILENCE.value,
        ref=f"silence:{row['id']}",
        today=why.today,
    )


def lost(
    conn: Connection, office: Office, claim_id: str, why: Because, words: str
) -> None:
    """The payer does not have the claim: FOLLOW_UP with LOST_CLAIM."""
    claim_row = claims.get(conn, claim_id)
    newest = submissions.newest(conn, claim_id)
    evidence = {
        "sent": str(newest["sent_on"]) if newest else "",
        "submission": newest["number"] if newest else 0,
        **proof_of_filing(conn, office, claim_id),
        **{k: str(v) for k, v in why.data.items()},
    }
    task = open_claim_task(
        conn,
        office,
        claim_row,
        TaskType.LOST_CLAIM,
        why,
        key=f"{claim_id}:LOST_CLAIM:{claim_row.submission_number}:{claim_row.version}",
        words=words,
        evidence=evidence,
    )
    tasks.show_more(conn, task, evidence)
    step = steps.by_task(office, task)
    claims.set_step(conn, claim_row, ClaimState.FOLLOW_UP, step, why, f"Lost: {words}")


def proof_of_filing(conn: Connection, office: Office, claim_id: str) -> dict[str, str]:
    """The first stored 277CA that accepted the claim, as it is cited (R-FIL-03)."""
    proofs = [
        s
        for s in submissions.of_claim(conn, claim_id)
        if s["proof_file"] and s["accepted_on"]  # one rejected since proves nothing
    ]
    if not proofs:
        return {}
    first = proofs[0]
    found = read_claim_acknowledgments(office.documents.get(first["proof_file"]))
    said = next(s for s in found.statuses if s.position == first["proof_segment"])
    words = f"277CA {said.category}:{said.status} of {first['accepted_on']}"
    return {"proof": words, "first_accepted": str(first["accepted_on"])}


def queue_claim(
    conn: Connection, office: Office, claim_id: str, content: Claim, why: Because
) -> int:
    """Put the claim in the outbox as its next submission; the number it got."""
    row = claims.get(conn, claim_id)
    number = row.submission_number + 1
    submissions.withdraw(conn, claim_id)  # what has not left would be a duplicate
    submissions.queue(
        conn,
        office.cipher,
        claim_id=claim_id,
        number=number,
        payer_id=row.payer_id,
        content=content,
        today=why.today,
    )
    claims.note(conn, claim_id, submission_number=number)
    words = f"Submission {number} is in the outbox (CLM05-3 = {content.frequency})"
    events.add(conn, why.by_rule("R-SUB-02"), "outbox", words, claim_id=claim_id)
    return number
