"""The world outside, played by hand: the practice system and one payer, as bytes.

Every function returns a file that enters through a mailbox. Nothing of ours is called
but the EDI writers. The payer is one of the fictional profiles; its contract pays
148.00 for the visit.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from claims.adjustment import Adjustment
from claims.claim import (
    Address,
    Claim,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import ZERO, usd
from claims.remittance import Remittance, RemittanceClaim, RemittanceLine
from edi.acks import SetAcknowledgment, write_999
from edi.segments import OutboundEnvelope, read
from edi.x270 import CoverageAnswer, write_eligibility_answers
from edi.x277ca import AnsweredClaim, write_277ca
from edi.x835 import write_remittances
from edi.x837 import read_claims, write_claims

PAYER_ID, EDI_ID, NAME = "P-NORTHLAKE", "99001", "NORTHLAKE MUTUAL HEALTH"
PARTNER, OFFICE = "clearinghouse", "office"
BILLING_NPI, RENDERING_NPI = "1900000013", "1900000021"
CHARGE, CONTRACT = usd("200.00"), usd("148.00")
_CREATED = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Patient:
    """Whom a claim is about; tests plant what must never be seen elsewhere."""

    number: int
    last: str = ""
    first: str = "PAT"
    member_id: str = ""
    diagnoses: tuple[str, ...] = ("J069",)

    @property
    def member(self) -> str:
        """The plan's number of this person."""
        return self.member_id or f"EGM{self.number:06d}"

    @property
    def pcn(self) -> str:
        """The practice's number of the visit."""
        return f"V{self.number:05d}"


@dataclass(frozen=True)
class Verdict:
    """How one claim is decided; the rest of the charge is a discount."""

    paid: Decimal = CONTRACT
    patient: Decimal = ZERO
    denied: str = ""
    rarcs: tuple[str, ...] = ()


PAID, SHARED = Verdict(), Verdict(paid=usd("118.00"), patient=usd("30.00"))
DENIED_197 = Verdict(paid=ZERO, denied="197")


@dataclass
class Outside:
    """Makes files; counts its interchanges so that no two are alike."""

    service_date: date = date(2026, 2, 27)
    control: int = 0
    sent: dict[str, Claim] = field(default_factory=dict)

    def charges(self, patients: Sequence[Patient]) -> bytes:
        """The practice system's 837P."""
        return write_claims([self._claim(p) for p in patients], self._envelope())

    def _claim(self, patient: Patient) -> Claim:
        return Claim(
            pcn=patient.pcn,
            charge=CHARGE,
            place_of_service="11",
            diagnoses=patient.diagnoses,
            billing=Provider(
                last_or_organization="HARBOR POINT FAMILY MEDICINE",
                npi=BILLING_NPI,
                is_organization=True,
                taxonomy="207Q00000X",
                tax_id="000000001",
                address=Address(
                    line1="40 HARBOR ROAD", city="LAKEPORT", state="IL", zip="625010001"
                ),
            ),
            subscriber=Subscriber(
                filing_indicator="CI",
                person=Person(
                    last=patient.last or f"LAST{patient.number}",
                    first=patient.first,
                    birth_date=date(1980, 1, 1),
                    sex="F",
                    address=Address(
                        line1="12 EXAMPLE ST",
                        city="LAKEPORT",
                        state="IL",
                        zip="625010001",
                    ),
                    member_id=patient.member,
                ),
            ),
            payer=Payer(name=NAME, edi_id=EDI_ID),
            rendering=Provider(
                last_or_organization="LEE",
                first="ANA",
                npi=RENDERING_NPI,
                taxonomy="207Q00000X",
            ),
            lines=(
                ServiceLine(
                    number=1,
                    code="99214",
                    charge=CHARGE,
                    units=Decimal(1),
                    pointers=(1,),
                    service_from=self.service_date,
                ),
            ),
        )

    def coverage(self, patients: Sequence[Patient], eb01: str = "1") -> bytes:
        """A 271 for members; it may come before we asked."""
        answers = [
            CoverageAnswer(trace=f"UNASKED{p.number}", member_id=p.member, eb01=eb01)
            for p in patients
        ]
        return write_eligibility_answers(
            answers,
            self._envelope(),
            payer_name=NAME,
            payer_edi_id=EDI_ID,
            provider_npi=BILLING_NPI,
        )

    def take(self, content: bytes) -> list[Claim]:
        """Read an 837P we sent; the payer remembers the newest of each claim."""
        found = [c.claim for c in read_claims(content).claims]
        self.sent.update({claim.pcn: claim for claim in found})
        return found

    def receipt(self, content: bytes, code: str = "A") -> bytes:
        """The 999 for an 837P."""
        gs06 = read(content)[0][0].sets[0].gs06
        sets = [SetAcknowledgment("0001", code)]
        return write_999(self._envelope(), gs06=gs06, code=code, sets=sets)

    def accepted(self, claims: Sequence[Claim], status: str = "A2:20") -> bytes:
        """The 277CA for claims; each gets the payer's number."""
        category, _, code = status.partition(":")
        answers = [
            AnsweredClaim(
                pcn=claim.pcn,
                category=category,
                status=code,
                charge=claim.charge,
                payer_icn=f"ICN{claim.pcn[-12:]}",
                member_id=claim.subscriber.person.member_id,
                service_date=claim.service_from,
            )
            for claim in claims
        ]
        return write_277ca(
            answers,
            self._envelope(),
            payer_name=NAME,
            payer_edi_id=EDI_ID,
            provider_npi=BILLING_NPI,
        )

    def remittance(
        self,
        claims: Sequence[Claim],
        verdict: Callable[[Claim], Verdict],
        *,
        trace: str,
        paid_on: date,
        off_by: Decimal = ZERO,
    ) -> bytes:
        """The 835 that decides claims; ``off_by`` spoils its total."""
        decided = tuple(_decided(claim, verdict(claim)) for claim in claims)
        total = sum((c.paid for c in decided), ZERO) + off_by
        payer = claims[0].payer if claims else Payer(name=NAME, edi_id=EDI_ID)
        one = Remittance(
            position=1,
            control_number="0001",
            handling="I",
            paid=total,
            method="ACH" if total else "NON",
            payment_date=paid_on,
            trace=trace,
            payer_name=payer.name,
            payer_edi_id=payer.edi_id,
            payee_npi=BILLING_NPI,
            claims=decided,
            content_hash="",
        )
        return write_remittances([one], self._envelope())

    def _envelope(self) -> OutboundEnvelope:
        self.control += 1
        return OutboundEnvelope(
            sender_id="OUTSIDE",
            receiver_id="CLAIMTHREAD",
            isa13=self.control,
            gs06=self.control,
            created=_CREATED,
            contact_phone="5555550100",
        )


def _decided(claim: Claim, verdict: Verdict) -> RemittanceClaim:
    rest = claim.charge - verdict.paid - verdict.patient
    amounts = [("CO", verdict.denied or "45", rest), ("PR", "2", verdict.patient)]
    line = claim.lines[0]
    person = claim.patient_person
    return RemittanceClaim(
        position=1,
        pcn=claim.pcn,
        status="1",
        charge=claim.charge,
        paid=verdict.paid,
        patient_responsibility=verdict.patient,
        payer_icn=f"ICN{claim.pcn[-12:]}",
        patient_last=person.last,
        patient_first=person.first,
        member_id=claim.subscriber.person.member_id,
        service_from=claim.service_from,
        lines=(
            RemittanceLine(
                position=1,
                line_ref=line.line_ref,
                code=line.code,
                modifiers=line.modifiers,
                charge=line.charge,
                paid=verdict.paid,
                units="1",
                service_date=line.service_from,
                rarcs=verdict.rarcs,
                adjustments=tuple(
                    Adjustment(group=group, carc=carc, amount=amount)
                    for group, carc, amount in amounts
                    if amount
                ),
            ),
        ),
    )


def rows_csv(*rows: dict[str, object]) -> bytes:
    """A CSV of the practice's own mailbox."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def payment_csv(pcn: str, receipt: str, amount: str, day: date) -> bytes:
    """One patient payment."""
    return rows_csv(
        {
            "receipt_ref": receipt,
            "date": day,
            "amount": amount,
            "method": "card",
            "claim_ref": pcn,
        }
    )


def refund_csv(pcn: str, reference: str, amount: str, day: date) -> bytes:
    """One refund that has been sent."""
    return rows_csv(
        {"refund_ref": reference, "claim_ref": pcn, "date": day, "amount": amount}
    )


def appeal_csv(pcn: str, outcome: str, day: date, level: int = 1) -> bytes:
    """The payer's answer to one appeal."""
    return rows_csv(
        {
            "claim_ref": pcn,
            "level": level,
            "outcome": outcome,
            "notice_date": day,
            "received_on": day,
        }
    )
