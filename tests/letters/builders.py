"""Fictional facts for letters."""

from datetime import date
from decimal import Decimal
from typing import Any

from claims.money import usd
from letters.facts import (
    AppealFacts,
    AuthorizationFacts,
    CitationFacts,
    CodePairFacts,
    CriterionFacts,
    DenialFacts,
    ExhibitFacts,
    FilingFacts,
    NoticeFacts,
    OtherCoverageFacts,
    PersonFacts,
    PlanOfferFacts,
    PracticeFacts,
    ReasonFacts,
    ServiceLineFacts,
    StatementFacts,
    VisitFacts,
)

SHA = "0f" * 32

PRACTICE = PracticeFacts(
    name="Harbor Point Family Medicine",
    npi="1900000013",
    tax_id="00-0000001",
    address_lines=("40 Harbor Road", "Lakeport, IL 62501-0001"),
    phone="(555) 555-0140",
    hours="Monday to Friday, 8 a.m. to 5 p.m.",
    signer_name="Mara Quill",
    signer_title="Billing supervisor",
    pay_url="pay.harborpoint.example",
)
GUARANTOR = PersonFacts(
    name="Bram Okoye", address_lines=("12 Example St", "Lakeport, IL 62501")
)


def make_visit(**changes: Any) -> VisitFacts:
    """The visit of scenario S02: deductible 100.00 and a 20 % share of 24.00."""
    values: dict[str, Any] = {
        "claim_ref": "S02-1",
        "date_of_service": date(2026, 3, 3),
        "patient_name": "Bram Okoye",
        "clinician": "Dr. Ana Lee",
        "service_words": "office visit",
        "charge": "420.00",
        "plan_discount": "200.00",
        "plan_paid": "96.00",
        "you_paid": "0.00",
        "you_owe": "124.00",
        "reasons": (
            ReasonFacts(kind="deductible", amount=usd("100.00")),
            ReasonFacts(kind="coinsurance", amount=usd("24.00"), percent=Decimal(20)),
        ),
    }
    return VisitFacts(**{**values, **changes})


def make_statement(*visits: VisitFacts, **changes: Any) -> StatementFacts:
    """A statement over ``visits`` (S02's by default); its total is their sum."""
    shown = visits or (make_visit(),)
    values: dict[str, Any] = {
        "practice": PRACTICE,
        "account_number": "A-20731",
        "statement_date": date(2026, 3, 19),
        "due_date": date(2026, 4, 18),
        "guarantor": GUARANTOR,
        "visits": shown,
        "total_due": sum(visit.you_owe for visit in shown),
        "pay_code": "7KQ2-M4XD",
    }
    return StatementFacts(**{**values, **changes})


def make_notice(**changes: Any) -> NoticeFacts:
    """The refund of scenario S23."""
    values: dict[str, Any] = {
        "practice": PRACTICE,
        "letter_date": date(2026, 4, 19),
        "guarantor": GUARANTOR,
        "account_number": "A-20731",
        "claim_number": "CT0000023",
        "patient_name": "Wren Adair",
        "date_of_service": date(2026, 3, 30),
        "you_paid": "100.00",
        "your_share": "64.40",
        "returned": "35.60",
        "returned_to": "your card",
    }
    return NoticeFacts(**{**values, **changes})


def make_appeal(**changes: Any) -> AppealFacts:
    """The appeal of scenario S11: CO-197 although an authorization existed."""
    values: dict[str, Any] = {
        "practice": PRACTICE,
        "payer_name": "Northlake Health",
        "payer_unit": "Provider Appeals",
        "payer_address_lines": ("PO Box 5500", "Millbrook, IL 62502"),
        "letter_date": date(2026, 5, 4),
        "route": "portal, copy by mail",
        "legal_deadline": date(2026, 10, 25),
        "patient_name": "Kira Bensaid",
        "member_id": "NL0011001",
        "claim_number": "S11-1",
        "payer_claim_number": "NORTS1111",
        "date_of_service": date(2026, 4, 13),
        "clinician": "Dr. Ana Lee",
        "lines": (
            ServiceLineFacts(
                number=1,
                code="73721",
                modifiers=("RT",),
                charge=usd("890.00"),
                denied=usd("890.00"),
            ),
        ),
        "denial": DenialFacts(
            code="CO-197",
            words="no approval was found before the service",
            rarcs=("N54",),
            notice_date=date(2026, 4, 28),
            remit_trace="TRN-S11A",
        ),
        "request_amount": "310.00",
        "request_words": "the allowed amount of schedule NLMH-2026",
        "argument": (
            "The approval letter is enclosed (exhibit A). Its number stood on the "
            "claim "
            "in loop 2300, REF G1",
        ),
        "evidence": (
            ExhibitFacts(letter="A", title="approval letter", pages=2, sha256=SHA),
            ExhibitFacts(letter="B", title="your notice", pages=1, sha256=SHA),
        ),
        "citation": CitationFacts(
            text="your provider manual, authorization section 4.2, pays a service "
            "approved before the visit (exhibit C)",
            document_id=SHA,
        ),
        "authorization": AuthorizationFacts(
            number="A-40911",
            codes=("73721",),
            valid_from=date(2026, 4, 7),
            valid_to=date(2026, 6, 6),
        ),
        "reply_by": date(2026, 7, 3),
        "approved_by": "supervisor-1",
    }
    return AppealFacts(**{**values, **changes})


OFFER = PlanOfferFacts(monthly=usd("31.00"), months=4, last=usd("31.00"))
KIND_FACTS: dict[str, dict[str, Any]] = {
    "APPEAL_50": {
        "authorization": None,
        "criteria": (
            CriterionFacts(
                criterion="six weeks of conservative care failed",
                met_by="therapy from 5 January to 20 February, no relief",
                source="B, page 2",
            ),
            CriterionFacts(
                criterion="an x-ray shows no fracture",
                met_by="x-ray of 22 February: no fracture",
                source="B, page 4",
            ),
        ),
    },
    "APPEAL_197": {},
    "APPEAL_97": {
        "authorization": None,
        "code_pair": CodePairFacts(
            column_one="20610",
            column_two="99214",
            indicator="1",
            distinct_by="the exam was for two other problems (exhibit B, page 2)",
        ),
    },
    "APPEAL_29": {
        "authorization": None,
        "filing": FilingFacts(
            first_accepted=date(2026, 6, 17),
            limit=date(2026, 7, 4),
            proof="277CA A2:20 of 17 June 2026 with your claim number NORTS1311",
        ),
    },
    "APPEAL_22": {
        "authorization": None,
        "other_coverage": OtherCoverageFacts(
            payer="Eastfield Mutual",
            words="its letter of termination is enclosed (exhibit B)",
            ended_on=date(2026, 1, 31),
        ),
    },
    "APPEAL_GENERIC": {"authorization": None},
    "UNDERPAYMENT": {
        "authorization": None,
        "lines": (
            ServiceLineFacts(
                number=1,
                code="29881",
                charge=usd("2400.00"),
                allowed=usd("1050.00"),
                expected=usd("1240.00"),
            ),
        ),
        "request_amount": "190.00",
        "request_words": "which was allowed short",
    },
}
"""What each appeal template needs beside the shared facts."""
