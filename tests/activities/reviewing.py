"""Claims with money on them and remittances about them, for tests without a server."""

from datetime import date
from decimal import Decimal
from typing import Any

from activities.office import Office
from activities.posting import Poster
from activities.remittance import remittance_id
from activities.steps import safety_net
from claims.adjustment import Adjustment
from claims.claim import ClaimState
from claims.money import cents, from_cents
from claims.remittance import Remittance, RemittanceClaim, RemittanceLine
from ledger.accounts import EntryType
from ledger.entries import NewEntry, post
from records import claims, remittances
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text


def claim_of(conn: Connection, reference: str = "SYN-0001") -> ClaimRow:
    """A claim of the sample file by the practice's number."""
    row = claims.find(conn, reference)
    assert row is not None
    return row


def enter(
    conn: Connection,
    row: ClaimRow,
    kind: EntryType,
    amount: Decimal,
    why: Because,
    *,
    key: str = "",
    actor: str = "tess",
) -> None:
    """One entry of a claim, by a person."""
    entry = NewEntry(
        key=key or f"test:{row.id}:{kind}",
        type=kind,
        amount=amount,
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source="a test",
        ref="test",
        rule="R-MON-03",
        actor=actor,
    )
    post(conn, [entry], posted_at=to_text(why.at))


def accept(
    conn: Connection, office: Office, row: ClaimRow, why: Because, *, key: str = ""
) -> ClaimRow:
    """The claim is charged and at its payer."""
    enter(conn, row, EntryType.CHARGE, from_cents(row.charge_cents), why, key=key)
    step = safety_net(office, row, why)
    claims.set_step(conn, row, ClaimState.ACCEPTED, step, why, "At the payer")
    return claims.get(conn, row.id)


def decided(row: ClaimRow, paid: Decimal, **more: Any) -> RemittanceClaim:
    """A CLP about a claim of ours."""
    given: dict[str, Any] = {
        "position": 5,
        "pcn": row.pcn,
        "status": "1",
        "charge": from_cents(row.charge_cents),
        "paid": paid,
        "payer_icn": "ICN1",
    }
    return RemittanceClaim(**(given | more))


def a_set(*found: RemittanceClaim, trace: str = "TRN1", **more: Any) -> Remittance:
    """A transaction set with these claims that adds up."""
    given: dict[str, Any] = {
        "position": 3,
        "control_number": "0001",
        "handling": "I",
        "paid": sum((c.paid for c in found), Decimal(0)),
        "payment_date": date(2026, 6, 12),
        "trace": trace,
        "claims": found,
        "content_hash": f"hash of {trace}",
    }
    return Remittance(**(given | more))


def post_set(
    conn: Connection, office: Office, payer_id: str, one: Remittance, why: Because
) -> str:
    """Register and post a set; its id."""
    row_id = remittance_id(payer_id, one)
    remittances.insert_new(
        conn,
        id=row_id,
        payer_id=payer_id,
        trace=one.trace,
        payment_date=one.payment_date,
        paid_cents=cents(one.paid),
        content_hash=one.content_hash,
        file_sha256="f" * 64,
        st_segment=one.position,
        status="received",
        received_on=why.today,
    )
    row = remittances.get(conn, row_id)
    assert row is not None
    Poster(conn, office, row, one, why).run()
    remittances.mark(conn, row_id, status="posted", posted_on=why.today)
    return row_id


def adjusted(group: str, carc: str, amount: Decimal) -> tuple[Adjustment, ...]:
    """One CAS."""
    return (Adjustment(group=group, carc=carc, amount=amount),)


def a_line(
    conn: Connection, row: ClaimRow, number: int, paid: Decimal, **more: Any
) -> RemittanceLine:
    """An SVC about a line of ours."""
    ours = next(n for n in claims.lines(conn, row.id) if n["number"] == number)
    given: dict[str, Any] = {
        "position": 6 + number,
        "line_ref": ours["line_ref"],
        "code": ours["code"],
        "charge": from_cents(ours["charge_cents"]),
        "paid": paid,
    }
    return RemittanceLine(**(given | more))
