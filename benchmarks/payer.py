"""The outside of a touchless claim: a practice's charges and a payer that agrees.

Everything it says is bytes: an 837P, and 271, 999, 277CA and 835 in answer. The people
are invented, one per claim, so that no claim looks like another's duplicate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
from claims.money import usd
from claims.remittance import Remittance, RemittanceClaim, RemittanceLine
from edi.acks import SetAcknowledgment, write_999
from edi.segments import OutboundEnvelope, read
from edi.x270 import CoverageAnswer, write_eligibility_answers
from edi.x277ca import AnsweredClaim, write_277ca
from edi.x835 import write_remittances
from edi.x837 import read_claims, write_claims

PAYER_ID = "P-NORTHLAKE"
PAYER = Payer(name="NORTHLAKE MUTUAL HEALTH", edi_id="99001")
BILLING_NPI = "1900000013"
CODE = "99213"
CHARGE, PAID, CONTRACTUAL = usd("165.00"), usd("104.00"), usd("61.00")
"""Paid at the fee table of the payer's profile: nothing is left for the patient."""
ADDRESS = Address(line1="12 EXAMPLE ST", city="LAKEPORT", state="IL", zip="625010001")


@dataclass
class Outside:
    """Writes what arrives from outside; control numbers never repeat."""

    control: int = 0

    def charges(self, name: str, count: int, day: date) -> list[Claim]:
        """``count`` clean claims of one visit each; ``name`` keeps batches apart."""
        return [_claim(f"{name}{number:05d}", day) for number in range(count)]

    def export(self, claims: Sequence[Claim], at: datetime) -> bytes:
        """The practice system's 837P."""
        return write_claims(claims, self._envelope(at, "PRACTICE"))

    def coverage(self, claims: Sequence[Claim], at: datetime) -> bytes:
        """The 271 of the sweep before the visits: every member is active."""
        answers = [
            CoverageAnswer(trace="BENCH", member_id=c.subscriber.person.member_id)
            for c in claims
        ]
        return write_eligibility_answers(
            answers,
            self._envelope(at),
            payer_name=PAYER.name,
            payer_edi_id=PAYER.edi_id,
            provider_npi=BILLING_NPI,
        )

    def receipt(self, sent: bytes, at: datetime) -> bytes:
        """The 999: the file arrived whole."""
        return write_999(
            self._envelope(at),
            gs06=read(sent)[0][0].sets[0].gs06,
            code="A",
            sets=[SetAcknowledgment("0001", "A", ())],
        )

    def acceptance(self, claims: Sequence[Claim], at: datetime) -> bytes:
        """The 277CA: every claim is accepted."""
        answers = [
            AnsweredClaim(
                pcn=claim.pcn,
                category="A2",
                status="20",
                charge=claim.charge,
                payer_icn=f"ICN{claim.pcn}",
                member_id=claim.subscriber.person.member_id,
                service_date=claim.service_from,
            )
            for claim in claims
        ]
        return write_277ca(
            answers,
            self._envelope(at),
            payer_name=PAYER.name,
            payer_edi_id=PAYER.edi_id,
            provider_npi=BILLING_NPI,
        )

    def payment(self, claims: Sequence[Claim], at: datetime) -> bytes:
        """One 835 that pays every claim in full, by the contract."""
        envelope = self._envelope(at)
        remittance = Remittance(
            position=1,
            control_number="0001",
            handling="I",
            paid=PAID * len(claims),
            method="ACH",
            payment_date=at.date(),
            trace=f"TRN{envelope.isa13:09d}",
            payer_name=PAYER.name,
            payer_edi_id=PAYER.edi_id,
            payee_npi=BILLING_NPI,
            claims=tuple(_paid(claim) for claim in claims),
            content_hash="",
        )
        return write_remittances([remittance], envelope)

    def _envelope(self, at: datetime, sender: str = "CLEARING") -> OutboundEnvelope:
        self.control += 1
        return OutboundEnvelope(
            sender_id=sender,
            receiver_id="CLAIMTHREAD",
            isa13=self.control,
            gs06=self.control,
            created=at,
            contact_phone="5555550100",
        )


def claims_in(sent: bytes) -> list[Claim]:
    """The claims of an 837P that we sent."""
    return [found.claim for found in read_claims(sent).claims]


def _claim(pcn: str, day: date) -> Claim:
    patient = Person(
        last="EXAMPLE",
        first="PAT",
        birth_date=date(1980, 1, 2),
        sex="F",
        address=ADDRESS,
        member_id=f"M{pcn}",
    )
    line = ServiceLine(
        number=1,
        code=CODE,
        charge=CHARGE,
        units=Decimal(1),
        pointers=(1,),
        service_from=day,
    )
    return Claim(
        pcn=pcn,
        charge=CHARGE,
        place_of_service="11",
        diagnoses=("J029",),
        billing=Provider(
            last_or_organization="HARBOR POINT FAMILY MEDICINE",
            npi=BILLING_NPI,
            is_organization=True,
            taxonomy="207Q00000X",
            tax_id="000000001",
            address=ADDRESS,
        ),
        subscriber=Subscriber(filing_indicator="CI", person=patient),
        payer=PAYER,
        rendering=Provider(
            last_or_organization="TIDEWELL",
            first="ROWENA",
            npi="1900000021",
            taxonomy="207Q00000X",
        ),
        lines=(line,),
    )


def _paid(claim: Claim) -> RemittanceClaim:
    line = RemittanceLine(
        position=1,
        line_ref=claim.lines[0].line_ref,
        code=CODE,
        modifiers=(),
        charge=CHARGE,
        paid=PAID,
        units="1",
        service_date=claim.service_from,
        adjustments=(Adjustment(group="CO", carc="45", amount=CONTRACTUAL),),
    )
    return RemittanceClaim(
        position=1,
        pcn=claim.pcn,
        status="1",
        charge=CHARGE,
        paid=PAID,
        patient_responsibility=usd("0.00"),
        payer_icn=f"ICN{claim.pcn}",
        patient_last="EXAMPLE",
        patient_first="PAT",
        member_id=claim.subscriber.person.member_id,
        service_from=claim.service_from,
        lines=(line,),
    )
