"""Change whom a claim is billed to: another plan, or the patient alone."""

from uuid import uuid4

from activities import settle
from activities.office import Office
from activities.payments import apply_prepayments
from claims.claim import ClaimState, Payer
from claims.money import ZERO, from_cents
from ledger.accounts import EntryType
from ledger.balances import balances
from ledger.entries import NewEntry, post
from records import claims, submissions
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text


def enter_coverage(
    conn: Connection, office: Office, row: ClaimRow, form: dict[str, str]
) -> None:
    """Bill the plan and member number a clerk entered."""
    content = claims.content(conn, office.cipher, row.id)
    payer_id = form.get("new_payer") or row.payer_id
    member = form.get("member_id") or content.subscriber.person.member_id
    profile = office.payer(payer_id)
    person = content.subscriber.person.model_copy(update={"member_id": member})
    changes: dict[str, object] = {
        "subscriber": content.subscriber.model_copy(update={"person": person})
    }
    if profile is not None:
        changes["payer"] = Payer(name=profile.name, edi_id=profile.edi.payer_edi_id)
    claims.replace_content(
        conn, office.cipher, row.id, content.model_copy(update=changes)
    )
    index = office.cipher.index(member, kind="member")
    claims.change_payer(conn, row.id, payer_id=payer_id, member_index=index)
    coverage = {
        "id": str(uuid4()),
        "account_id": row.account_id,
        "payer_id": payer_id,
        "member_index": index,
    }
    claims.remember_coverage(conn, coverage, office.cipher, member)


def make_self_pay(conn: Connection, office: Office, row: ClaimRow, why: Because) -> str:
    """No plan pays: the charge is the patient's from the start (CHARGE_SELF_PAY)."""
    charged = balances(conn, [row.id])[row.id]
    key, kind = f"charge:{row.id}", EntryType.CHARGE_SELF_PAY
    amount = from_cents(row.charge_cents)
    if charged.charge > ZERO:  # it was ready, or sent and rejected, before
        key, kind = f"selfpay:{row.id}:{row.version}", EntryType.TRANSFER_TO_PATIENT
        amount = charged.insurer_open
        submissions.withdraw(conn, row.id)
    entry = NewEntry(
        key=key,
        type=kind,
        amount=amount,
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source=f"person {why.actor}",
        ref="self pay",
        rule="R-MON-03",
        actor=why.actor,
        memo="billed to the patient",
    )
    post(conn, [entry], posted_at=to_text(why.at))
    apply_prepayments(conn, row, why, key)
    for line in claims.lines(conn, row.id):
        claims.decide_line(
            conn,
            row.id,
            line["number"],
            status="paid",
            denial=None,
            decided_by="self pay",
        )
    claims.note(conn, row.id, first_remit_on=why.today)
    words = "No plan covers the visit; it is billed to the patient"
    step = settle.step_for(conn, office, row, ClaimState.PATIENT_BALANCE, why)
    claims.set_step(conn, row, ClaimState.PATIENT_BALANCE, step, why, words)
    settle.tell_account(conn, claims.get(conn, row.id), why)
    return words
