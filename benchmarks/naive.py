"""The design to beat: an activity per step, a timer per wait, a signal per
acknowledgment.

It takes a claim through the same states with the same rows, postings and rules as
``ClaimWorkflow``. What ours does once per file it leaves out where it can (pyx12, the
mailbox, reading 999, 277CA and 835), which is to its advantage.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from activities import settle, steps
    from activities.coding import CodingActivities
    from activities.eligibility import EligibilityActivities
    from activities.office import Office
    from activities.scrub import ScrubActivities
    from benchmarks.payer import CONTRACTUAL, PAID
    from claims.claim import ClaimState
    from edi.segments import OutboundEnvelope
    from edi.x837 import write_claims
    from ledger.accounts import EntryType
    from ledger.entries import NewEntry, post
    from policy import timers
    from records import claims, submissions
    from records.claims import ClaimRow
    from records.db import Connection
    from records.events import Because
    from records.instants import to_text

ACKNOWLEDGED = "acknowledged"
TIMEOUT = timedelta(minutes=5)
LONGEST_WAITS = (timedelta(2), timedelta(5), timedelta(45))
"""For the 999, the 277CA and the 835."""


@dataclass
class NaiveActivities:
    """The steps that ours does in bulk, one claim at a time."""

    office: Office

    @activity.defn
    def build_837(self, claim_id: str, at: datetime) -> int:
        """Write the claim's own interchange; its size."""
        with self.office.reading() as conn:
            content = claims.content(conn, self.office.cipher, claim_id)
        envelope = OutboundEnvelope(
            sender_id=content.billing.npi,
            receiver_id="NAIVE",
            isa13=1,
            gs06=1,
            created=at,
            contact_phone="5555550100",
        )
        return len(write_claims([content], envelope))

    @activity.defn
    def send_837(self, claim_id: str, at: datetime) -> None:
        """SUBMITTED, waiting for the 999."""
        with self._one(claim_id, at, "R-SUB-03") as (conn, row, why):
            self._mark(conn, row, "queued", status="sent", sent_on=why.today)
            due = timers.due("ACK_999", why.today, self.office.payer(row.payer_id))
            step = steps.by_batch(self.office, row, f"own-{row.id}", "ACK_999", due)
            claims.set_step(conn, row, ClaimState.SUBMITTED, step, why, "Sent")

    @activity.defn
    def record_999(self, claim_id: str, at: datetime) -> None:
        """Still SUBMITTED, waiting for the 277CA."""
        with self._one(claim_id, at, "R-ACK-01") as (conn, row, why):
            self._mark(conn, row, "sent", acknowledged_on=why.today)
            what = "ACK_277CA_SOFT"
            due = timers.due(what, why.today, self.office.payer(row.payer_id))
            step = steps.by_batch(self.office, row, f"own-{row.id}", what, due)
            claims.set_step(conn, row, row.state, step, why, "The file arrived")

    @activity.defn
    def record_277ca(self, claim_id: str, at: datetime) -> None:
        """ACCEPTED, waiting for the payer's decision."""
        with self._one(claim_id, at, "R-FIL-03") as (conn, row, why):
            icn, today = f"ICN{row.pcn}", why.today
            self._mark(
                conn, row, "sent", status="accepted", accepted_on=today, payer_icn=icn
            )
            claims.note(conn, row.id, accepted_on=today, payer_icn=icn)
            step = steps.by_timer(
                self.office, row, "STATUS_FIRST", today, "the payer", "a 276 goes out"
            )
            claims.set_step(conn, row, ClaimState.ACCEPTED, step, why, "Accepted")

    @activity.defn
    def post_835(self, claim_id: str, at: datetime) -> None:
        """Payment and contractual adjustment on the ledger, the line decided."""
        with self._one(claim_id, at, "R-POST-01") as (conn, row, why):
            entries = [
                _entry(row, why, EntryType.PAYER_PAYMENT, PAID),
                _entry(row, why, EntryType.CONTRACTUAL_ADJ, CONTRACTUAL),
            ]
            post(conn, entries, posted_at=to_text(why.at))
            claims.decide_line(
                conn, row.id, 1, status="paid", denial=None, decided_by="835"
            )
            claims.note(conn, row.id, first_remit_on=why.today)
            self._mark(conn, row, "accepted", status="decided")

    @activity.defn
    def close_claim(self, claim_id: str, at: datetime) -> str:
        """The state the money gives it (R-STA-02): CLOSED."""
        with self._one(claim_id, at, "R-STA-02") as (conn, row, why):
            return settle.settle(conn, self.office, row.id, why, "Paid").value

    @contextmanager
    def _one(
        self, claim_id: str, at: datetime, rule: str
    ) -> Iterator[tuple[Connection, ClaimRow, Because]]:
        """The claim's row inside one write transaction."""
        with self.office.writing() as conn:
            yield conn, claims.get(conn, claim_id), self.office.because(at, rule)

    def _mark(
        self, conn: Connection, row: ClaimRow, only_from: str, **values: Any
    ) -> None:
        newest = submissions.newest(conn, row.id)
        assert newest is not None  # noqa: S101 - scrub_claim queued it
        submissions.mark(conn, newest["id"], only_from=(only_from,), **values)


def _entry(row: ClaimRow, why: Because, kind: EntryType, amount: Any) -> NewEntry:
    return NewEntry(
        key=f"naive:{row.id}:{kind.value}",
        type=kind,
        amount=amount,
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source="835 segment 1",
        ref="TRN-NAIVE",
        rule=why.rule,
    )


@workflow.defn(name="NaiveClaimWorkflow")
class NaiveClaimWorkflow:
    """Nine activities, three timers, three signals."""

    def __init__(self) -> None:
        """Nothing has been heard yet."""
        self.heard: list[str] = []

    @workflow.run
    async def run(self, claim_id: str) -> str:
        """Walk the steps, each a round trip to the server."""
        await _do(EligibilityActivities.check_eligibility, claim_id)
        await _do(CodingActivities.check_documentation, claim_id)
        await _do(ScrubActivities.scrub_claim, claim_id)
        await _do(NaiveActivities.build_837, claim_id)
        await _do(NaiveActivities.send_837, claim_id)
        await self._hear(LONGEST_WAITS[0])
        await _do(NaiveActivities.record_999, claim_id)
        await self._hear(LONGEST_WAITS[1])
        await _do(NaiveActivities.record_277ca, claim_id)
        await self._hear(LONGEST_WAITS[2])
        await _do(NaiveActivities.post_835, claim_id)
        return str(await _do(NaiveActivities.close_claim, claim_id))

    @workflow.signal(name=ACKNOWLEDGED)
    def acknowledged(self, what: str) -> None:
        """The payer said something."""
        self.heard.append(what)

    async def _hear(self, longest: timedelta) -> None:
        await workflow.wait_condition(lambda: bool(self.heard), timeout=longest)
        self.heard.pop(0)


async def _do(step: Callable[[Any, str, datetime], Any], claim_id: str) -> Any:
    return await workflow.execute_activity_method(
        step,
        args=[claim_id, workflow.now().astimezone(UTC)],
        start_to_close_timeout=TIMEOUT,
    )
