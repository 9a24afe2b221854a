"""Inquiries: one 270 or 276 interchange for everything that is due at one payer."""

from dataclasses import dataclass
from datetime import date, datetime

from temporalio import activity

from activities.followup import is_to_widen
from activities.office import Office
from activities.outbound import put_out, register_sent
from activities.submission import envelope_for
from claims.claim import Claim
from edi.x270 import EligibilityInquiry, write_eligibility_inquiries
from edi.x276 import StatusInquiry, write_status_inquiries
from records import claims, events, inquiries, submissions
from records.db import Connection, RowMapping
from records.events import Because

SENT = {"270": "Coverage inquiry sent", "276": "Status inquiry sent"}
"""What a claim's story says when its question of this kind has left."""


@dataclass
class InquiryActivities:
    """Take and send."""

    office: Office

    @activity.defn
    def take_inquiries(
        self, batch_id: str, kind: str, payer_id: str, at: datetime
    ) -> int:
        """Give every due inquiry of the payer to this batch."""
        why = self.office.because(at)
        with self.office.writing() as conn:
            taken = inquiries.take(
                conn, kind=kind, payer_id=payer_id, batch_id=batch_id, today=why.today
            )
            if taken:
                submissions.open_batch(
                    conn,
                    batch_id=batch_id,
                    kind=kind,
                    payer_id=payer_id,
                    partner=self.office.partner_of(payer_id),
                    today=why.today,
                )
        return taken

    @activity.defn
    def send_inquiries(self, batch_id: str, at: datetime) -> None:
        """Write the interchange, upload it once, mark what left."""
        why = self.office.because(at)
        with self.office.reading() as conn:
            batch = submissions.get_batch(conn, batch_id)
            assert batch is not None  # noqa: S101 - take_inquiries made it
            rows = inquiries.of_batch(conn, batch_id)
            contents = [
                claims.content(conn, self.office.cipher, r["claim_id"]) for r in rows
            ]
            icns = [claims.get(conn, r["claim_id"]).payer_icn for r in rows]
            wide = {
                r["claim_id"]
                for r in rows
                if r["kind"] == "276" and is_to_widen(conn, r["claim_id"])
            }
        content = self._interchange(batch, rows, contents, icns, wide, at)
        name, content = put_out(self.office, batch, content)
        with self.office.writing() as conn:
            _mark_sent(conn, self.office, batch, rows, content, name, why)

    def _interchange(
        self,
        batch: RowMapping,
        rows: list[RowMapping],
        contents: list[Claim],
        icns: list[str | None],
        wide: set[str],
        at: datetime,
    ) -> bytes:
        profile = self.office.payers.get(batch["payer_id"])
        assert profile is not None  # noqa: S101 - only known payers are asked
        envelope = envelope_for(
            self.office, profile.edi.receiver_id, profile.name, batch, at
        )
        if batch["kind"] == "270":
            asked = [
                _eligibility(row["trace"], claim)
                for row, claim in zip(rows, contents, strict=True)
            ]
            return write_eligibility_inquiries(asked, envelope)
        wanted = [
            _status(row["trace"], claim, icn, wide=row["claim_id"] in wide)
            for row, claim, icn in zip(rows, contents, icns, strict=True)
        ]
        return write_status_inquiries(wanted, envelope)


def _eligibility(trace: str, claim: Claim) -> EligibilityInquiry:
    return EligibilityInquiry(
        trace=trace,
        payer_name=claim.payer.name,
        payer_edi_id=claim.payer.edi_id,
        provider=claim.billing,
        subscriber=claim.subscriber.person,
        dependent=claim.patient,
        service_date=claim.service_from or date.min,
    )


def _status(trace: str, claim: Claim, icn: str | None, *, wide: bool) -> StatusInquiry:
    """``wide``: by our number, the member and the days alone."""
    return StatusInquiry(
        trace=trace,
        payer_name=claim.payer.name,
        payer_edi_id=claim.payer.edi_id,
        provider=claim.billing,
        subscriber=claim.subscriber.person,
        dependent=claim.patient,
        pcn=claim.pcn,
        payer_icn="" if wide else icn or "",
        charge=None if wide else claim.charge,
        service_from=claim.service_from or date.min,
        service_to=claim.service_to,
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
    register_sent(conn, office, batch, content, name, why, ended_on=why.today)
    ids = [r["id"] for r in rows]
    inquiries.mark(conn, ids, only_from=("taken",), status="sent", sent_on=why.today)
    rule = "R-ELG-01" if batch["kind"] == "270" else "R-FUP-01"
    for row in rows:
        said = SENT[batch["kind"]]
        events.add(conn, why.by_rule(rule), "sent", said, claim_id=row["claim_id"])
