"""Claims that a payer has accepted, and the 835s that pay them.

Every claim has four lines at the contract's rates. The payer pays nine of ten in full;
of the tenth it leaves a copayment to the patient. ``odd`` of a hundred are denied on
one line, which takes a person. The 835 comes from the writer the simulator uses.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from activities.office import Office
from claims.adjustment import Adjustment
from claims.claim import Claim, ClaimState
from claims.money import ZERO, cents
from claims.remittance import Remittance, RemittanceClaim, RemittanceLine
from edi.writer import OutboundEnvelope
from edi.x835 import write_remittances
from edi.x837 import read_claims
from ledger.accounts import EntryType
from ledger.entries import NewEntry, post
from records.db import insert_many
from records.events import Because
from records.instants import to_text
from records.tables import account, claim, claim_line, submission

TODAY = date(2026, 5, 11)
NOW = datetime(2026, 5, 11, 15, tzinfo=UTC)
SENT = TODAY - timedelta(days=20)
PAYER = "P-NORTHLAKE"
CODES = ("99213", "20610", "96372", "87880")
CHARGES = Path(__file__).resolve().parent.parent / "samples" / "charges.837"
COPAY = Decimal("15.00")
CHUNK = 2000
_SPACE = UUID("6f2d7a52-7d8e-4f0e-9a55-0a5f3b0f6c11")


def number_of(n: int) -> str:
    """Our number of the n-th claim."""
    return f"CB{n:08d}"


def id_of(n: int) -> str:
    """Its id."""
    return str(uuid5(_SPACE, f"claim {n}"))


def fill(office: Office, numbers: range) -> None:
    """Write claims that were sent, accepted and charged."""
    pattern = _pattern(office)
    why = office.because(NOW, "R-SUB-02")
    for start in range(numbers.start, numbers.stop, CHUNK):
        part = range(start, min(start + CHUNK, numbers.stop))
        with office.writing() as conn:
            insert_many(conn, account, [_account(office, n, pattern) for n in part])
            insert_many(conn, claim, [_claim(office, n, pattern) for n in part])
            lines = [row for n in part for row in _lines(n, pattern)]
            insert_many(conn, claim_line, lines)
            insert_many(conn, submission, [_sent(n) for n in part])
            charges = [_charge(n, pattern, why) for n in part]
            post(conn, charges, posted_at=to_text(why.at))


def _pattern(office: Office) -> Claim:
    """A claim of the samples, with the four lines that every claim here has."""
    profile = office.payer(PAYER)
    if profile is None:
        raise RuntimeError(f"{PAYER} has no profile")
    first = next(
        one.claim
        for one in read_claims(CHARGES.read_bytes()).claims
        if one.claim.payer.edi_id == profile.edi.payer_edi_id
        and not one.claim.other_payers
    )
    lines = tuple(
        first.lines[0].model_copy(
            update={
                "number": number,
                "code": code,
                "modifiers": (),
                "charge": profile.fees.rates[code] + Decimal("40.00"),
                "units": Decimal(1),
                "service_from": SENT,
            }
        )
        for number, code in enumerate(CODES, start=1)
    )
    charge = sum((line.charge for line in lines), ZERO)
    return first.model_copy(update={"lines": lines, "charge": charge})


def _content(n: int, pattern: Claim) -> Claim:
    lines = tuple(
        line.model_copy(update={"line_ref": f"{number_of(n)}L{line.number}"})
        for line in pattern.lines
    )
    return pattern.model_copy(update={"pcn": number_of(n), "lines": lines})


def _account(office: Office, n: int, pattern: Claim) -> dict[str, Any]:
    new = str(uuid5(_SPACE, f"account {n}"))
    person = pattern.subscriber.person.model_dump_json()
    return {
        "id": new,
        "public_ref": f"A{n:08d}",
        "guarantor_index": new,
        "guarantor_enc": office.cipher.encrypt(person, row_key=f"account:{new}"),
        "language": "en",
    }


def _claim(office: Office, n: int, pattern: Claim) -> dict[str, Any]:
    new = id_of(n)
    plain = _content(n, pattern).model_dump_json()
    return {
        "id": new,
        "pcn": number_of(n),
        "practice_number": f"B{n}",
        "identity_index": f"{n:064d}",
        "content_hash": f"{n:064d}",
        "content_enc": office.cipher.encrypt(plain, row_key=f"claim:{new}"),
        "account_id": str(uuid5(_SPACE, f"account {n}")),
        "payer_id": PAYER,
        "member_index": "m",
        "billing_npi": pattern.billing.npi,
        "charge_cents": cents(pattern.charge),
        "service_from": SENT,
        "service_to": SENT,
        "opened_on": SENT,
        "state": ClaimState.ACCEPTED.value,
        "state_since": SENT,
        "next_what": "STATUS_FIRST",
        "next_due": TODAY,
        "next_at": to_text(NOW),
        "next_owner": "claim",
        "next_owner_id": new,
        "waiting_for": "the payer",
        "then_what": "the payer is asked",
        "submission_number": 1,
        "accepted_on": SENT,
    }


def _lines(n: int, pattern: Claim) -> Iterator[dict[str, Any]]:
    for line in _content(n, pattern).lines:
        yield {
            "claim_id": id_of(n),
            "number": line.number,
            "line_ref": line.line_ref,
            "code": line.code,
            "modifiers": "",
            "units": "1",
            "charge_cents": cents(line.charge),
            "service_from": SENT,
        }


def _sent(n: int) -> dict[str, Any]:
    return {
        "id": str(uuid5(_SPACE, f"submission {n}")),
        "claim_id": id_of(n),
        "number": 1,
        "payer_id": PAYER,
        "frequency": "1",
        "content_enc": b"x" * 1500,
        "status": "accepted",
        "queued_on": SENT,
        "sent_on": SENT,
        "accepted_on": SENT,
    }


def _charge(n: int, pattern: Claim, why: Because) -> NewEntry:
    return NewEntry(
        key=f"charge:{id_of(n)}",
        type=EntryType.CHARGE,
        amount=pattern.charge,
        business_date=SENT,
        source="a benchmark",
        ref="bench",
        rule="R-MON-04",
        claim_id=id_of(n),
        account_id=str(uuid5(_SPACE, f"account {n}")),
        payer_id=PAYER,
        actor=why.actor,
    )


def remittance_file(office: Office, numbers: range, *, odd: int = 0) -> bytes:
    """One 835 with one transaction set that decides these claims."""
    pattern = _pattern(office)
    decided = tuple(_decided(office, n, pattern, odd) for n in numbers)
    profile = office.payer(PAYER)
    if profile is None:
        raise RuntimeError(f"{PAYER} has no profile")
    one = Remittance(
        position=1,
        control_number="0001",
        handling="I",
        paid=sum((c.paid for c in decided), ZERO),
        method="ACH",
        payment_date=TODAY,
        trace=f"T{numbers.start:09d}",
        originator="1999999999",
        payer_name=profile.name,
        payer_edi_id=profile.edi.payer_edi_id,
        payee_name=pattern.billing.last_or_organization,
        payee_npi=pattern.billing.npi,
        claims=decided,
        content_hash="",
    )
    return write_remittances([one], envelope(numbers.start + 1))


def claims_to_send(office: Office, numbers: range) -> list[Claim]:
    """The same claims, as they go to the payer."""
    pattern = _pattern(office)
    return [_content(n, pattern) for n in numbers]


def envelope(number: int) -> OutboundEnvelope:
    """The envelope of a payer's file."""
    return OutboundEnvelope(
        sender_id="NLMH01",
        receiver_id="PRACTICE",
        isa13=number,
        gs06=number,
        created=NOW,
    )


def _decided(office: Office, n: int, pattern: Claim, odd: int) -> RemittanceClaim:
    profile = office.payer(PAYER)
    if profile is None:
        raise RuntimeError(f"{PAYER} has no profile")
    lines = []
    for line in pattern.lines:
        rate = profile.fees.rates[line.code]
        share = COPAY if n % 10 == 0 and line.number == 1 else ZERO
        said = [Adjustment(group="CO", carc="45", amount=line.charge - rate)]
        if share:
            said.append(Adjustment(group="PR", carc="3", amount=share))
        if n % 100 < odd and line.number == 1:
            said = [Adjustment(group="CO", carc="197", amount=line.charge)]
        lines.append(
            RemittanceLine(
                position=1,
                line_ref=f"{number_of(n)}L{line.number}",
                code=line.code,
                charge=line.charge,
                paid=line.charge - sum((a.amount for a in said), ZERO),
                units="1",
                service_date=SENT,
                adjustments=tuple(said),
                allowed=rate,
            )
        )
    paid = sum((line.paid for line in lines), ZERO)
    return RemittanceClaim(
        position=1,
        pcn=number_of(n),
        status="1",
        charge=pattern.charge,
        paid=paid,
        patient_responsibility=sum(
            (a.amount for m in lines for a in m.adjustments if a.group == "PR"), ZERO
        ),
        filing_indicator="12",
        payer_icn=f"ICN{n:09d}",
        patient_last="SAMPLE",
        patient_first="PAT",
        member_id="M1",
        service_from=SENT,
        lines=tuple(lines),
    )
