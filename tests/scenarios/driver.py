"""Drive claims through a world by hand, step by step, without a scenario file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from activities.tasks import Outcome, decide
from claims.claim import Claim
from claims.money import ZERO
from records import claims as claim_rows
from records import tasks as task_rows
from records.claims import ClaimRow
from records.db import RowMapping
from tests.payer import (
    OFFICE,
    PARTNER,
    PAYER_ID,
    Outside,
    Patient,
    Verdict,
    appeal_csv,
    payment_csv,
    refund_csv,
)
from tests.scenarios.world import World


@dataclass
class Driver:
    """One practice in a world: what a test lets happen to it."""

    world: World
    outside: Outside = field(default_factory=Outside)
    files: int = 0
    read: set[str] = field(default_factory=set)

    async def bring(self, partner: str, kind: str, content: bytes) -> None:
        """One file arrives and is taken in."""
        self.files += 1
        await self.world.deliver(partner, f"{kind}-{self.files:03d}.txt", content)

    async def visit(self, *patients: Patient) -> None:
        """Covered patients are seen; their claims come in and become ready."""
        await self.bring(PARTNER, "271", self.outside.coverage(patients))
        await self.bring(OFFICE, "charges", self.outside.charges(patients))

    async def send(self) -> bytes:
        """The cut-off; the 837P that left."""
        await self.world.cut_off()
        content = self.newest("837P")
        self.outside.take(content)
        return content

    def newest(self, kind: str) -> bytes:
        """The one new outbound file of a kind."""
        mailbox = self.world.office.open_mailbox(PARTNER)
        names = [
            n
            for n in mailbox.list_outbound()
            if n.startswith(f"{kind}-") and n not in self.read
        ]
        assert len(names) == 1, f"{len(names)} new {kind} files"
        self.read.add(names[0])
        return mailbox.read_outbound(names[0])

    async def accept(self, sent: bytes) -> list[Claim]:
        """999 and 277CA for everything in an 837P."""
        claims = self.outside.take(sent)
        await self.bring(PARTNER, "999", self.outside.receipt(sent))
        await self.bring(PARTNER, "277CA", self.outside.accepted(claims))
        return claims

    async def to_payer(self, *patients: Patient) -> list[Claim]:
        """From the visit to the payer's acceptance."""
        await self.visit(*patients)
        return await self.accept(await self.send())

    async def remit(
        self,
        claims: Sequence[Claim],
        verdict: Verdict | Callable[[Claim], Verdict],
        trace: str,
        off_by: Decimal = ZERO,
    ) -> None:
        """The payer decides."""
        choose = verdict if callable(verdict) else lambda _: verdict
        content = self.outside.remittance(
            claims, choose, trace=trace, paid_on=await self.today(), off_by=off_by
        )
        await self.bring(PARTNER, "835", content)

    async def today(self) -> date:
        """The practice's date."""
        return (await self.world.now()).date()

    async def day(self, day: date, hour: time = time(12)) -> None:
        """Time passes."""
        await self.world.go_to(day, hour)

    async def pays(self, patient: Patient, receipt: str, amount: str) -> None:
        """The patient pays."""
        content = payment_csv(patient.pcn, receipt, amount, await self.today())
        await self.bring(OFFICE, "payments", content)

    async def refunded(self, patient: Patient, reference: str, amount: str) -> None:
        """The card processor has sent money back."""
        content = refund_csv(patient.pcn, reference, amount, await self.today())
        await self.bring(OFFICE, "refunds", content)

    async def appeal_answer(self, patient: Patient, outcome: str) -> None:
        """The payer answers an appeal."""
        content = appeal_csv(patient.pcn, outcome, await self.today())
        await self.bring(OFFICE, "appeals", content)

    def claim(self, patient: Patient) -> ClaimRow:
        """Our row of the patient's claim."""
        with self.world.office.reading() as conn:
            row = claim_rows.find(conn, patient.pcn)
        assert row is not None
        return row

    def waiting(self) -> list[str]:
        """The types of all waiting tasks."""
        with self.world.office.reading() as conn:
            return sorted(t["type"] for t in task_rows.waiting(conn))

    def task(self, kind: str) -> RowMapping:
        """The one waiting task of a type."""
        with self.world.office.reading() as conn:
            found = task_rows.waiting(conn, types=[kind])
        assert len(found) == 1, f"{kind} wanted, waiting: {self.waiting()}"
        return found[0]

    async def answer(
        self, kind: str, decision: str, actor: str = "clerk", **form: str
    ) -> Outcome:
        """A person decides the one waiting task of a type."""
        row = self.task(kind)
        outcome = await decide(
            self.world.office,
            row["id"],
            version=row["version"],
            decision=decision,
            form=form,
            why=self.world.office.because(await self.world.now(), actor=actor),
        )
        await self.world.settle()
        return outcome

    async def appeal_sent(self) -> None:
        """From the denial to the signed letter: two people."""
        assert (await self.answer("DENIAL_REVIEW", "appeal")).status == "applied"
        assert (await self.answer("APPEAL_PREPARE", "sent")).status == "prepared"
        signed = await self.answer("APPEAL_PREPARE", "sent", "supervisor")
        assert signed.status == "applied", signed.words


__all__ = ["PAYER_ID", "Driver"]
