"""A claim's row: its content, its state and its dated next step.

Only ``set_step``, and ``set_steps`` for many, write a claim's state and next step, in
the SQL transaction of the event that caused the change (I1, R-STA-04).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    bindparam,
    insert,
    null,
    or_,
    select,
    update,
)

from claims.claim import Claim, ClaimState
from records import events
from records.acts import CLAIM_HOLD
from records.db import locks_rows, one_of, update_many
from records.events import Because
from records.instants import from_text, to_text
from records.tables import claim, claim_line, coverage, hold
from vault.fields import FieldCipher


class ClaimMissingError(LookupError):
    """No such claim in the database; nothing was done."""


@dataclass(frozen=True)
class NextStep:
    """What comes next, when, and who owns the clock (first promise).

    ``at`` is the practice instant at which the claim itself looks again; the owner's
    own timer is at or before ``due``.
    """

    what: str
    due: date
    at: datetime
    owner: str
    owner_id: str
    waiting_for: str
    then: str


@dataclass(frozen=True)
class ClaimRow:
    """One row of ``claim`` without its encrypted content.

    ``held_for`` is why a person put it on hold, None when nobody did.
    """

    id: str
    pcn: str
    practice_number: str
    account_id: str
    payer_id: str
    payer_order: int
    other_plans: int
    member_index: str
    billing_npi: str
    charge_cents: int
    service_from: date | None
    service_to: date | None
    source_file: str | None
    opened_on: date
    state: ClaimState
    state_since: date
    next_what: str | None
    next_due: date | None
    next_at: datetime | None
    next_owner: str | None
    next_owner_id: str | None
    waiting_for: str | None
    then_what: str | None
    hold_reason: str | None
    submission_number: int
    payer_icn: str | None
    accepted_on: date | None
    first_remit_on: date | None
    closed_on: date | None
    content_hash: str
    version: int
    held_for: str | None


_HELD_FOR = (
    select(hold.c.reason)
    .where(
        hold.c.claim_id == claim.c.id,
        hold.c.kind == CLAIM_HOLD,
        hold.c.cleared_on.is_(None),
    )
    .limit(1)
    .scalar_subquery()
    .label("held_for")
)
_SEALED = (
    *("content_enc", "content_version", "identity_index", "patient_index"),
    "patient_ref_index",
)
COLUMNS = [
    *(c for c in claim.c if c.name not in _SEALED),
    _HELD_FOR,
]
# Made once: every step of every claim runs these, and building a statement with forty
# columns anew takes SQLAlchemy several times as long as SQLite takes to run it.
_BY_ID = select(*COLUMNS).where(claim.c.id == bindparam("claim_id"))
# Rows of other tables may go on naming the claim while it is locked.
_BY_ID_LOCKED = _BY_ID.with_for_update(of=claim, key_share=True)
_CONTENT = select(claim.c.content_enc).where(claim.c.id == bindparam("claim_id"))
_LINES = (
    select(claim_line)
    .where(claim_line.c.claim_id == bindparam("of_claim"))
    .order_by(claim_line.c.number)
)
_DECIDE_LINE = update(claim_line).where(
    claim_line.c.claim_id == bindparam("of_claim"),
    claim_line.c.number == bindparam("of_number"),
)
_NOTE = update(claim).where(claim.c.id == bindparam("claim_id"))
_SET_STEP = _NOTE.values(version=claim.c.version + 1)


def as_row(found: Mapping[Any, Any]) -> ClaimRow:
    """A row of ``COLUMNS``."""
    values = dict(found)
    values["state"] = ClaimState(values["state"])
    if values["next_at"] is not None:
        values["next_at"] = from_text(values["next_at"])
    return ClaimRow(**values)


def _kept(conn: Connection, query: Select[Any]) -> Select[Any]:
    """Rows that a write transaction reads stay as they were read until it ends."""
    if not locks_rows(conn):
        return query
    return query.order_by(claim.c.id).with_for_update(of=claim, key_share=True)


def get(conn: Connection, claim_id: str) -> ClaimRow:
    """One claim by id; nobody else changes it while a write transaction has it.

    Raises:
        ClaimMissingError: no such row.
    """
    query = _BY_ID_LOCKED if locks_rows(conn) else _BY_ID
    found = conn.execute(query, {"claim_id": claim_id}).mappings().first()
    if found is None:
        raise ClaimMissingError(f"claim {claim_id} has no row")
    return as_row(found)


def many(conn: Connection, claim_ids: Iterable[str]) -> dict[str, ClaimRow]:
    """Claims by id; ids without a row are left out."""
    ids = sorted(set(claim_ids))
    query = select(*COLUMNS).where(claim.c.id.in_(ids)).order_by(claim.c.id)
    return {r["id"]: as_row(r) for r in conn.execute(query).mappings()}


def find(conn: Connection, reference: str) -> ClaimRow | None:
    """A claim by our CLM01, its id, or the practice's number when only one has it."""
    query = select(*COLUMNS).where(
        or_(
            claim.c.pcn == reference,
            claim.c.id == reference,
            claim.c.practice_number == reference,
        )
    )
    found = [as_row(r) for r in conn.execute(_kept(conn, query)).mappings()]
    exact = [r for r in found if reference in (r.pcn, r.id)]
    if exact:
        return exact[0]
    return found[0] if len(found) == 1 else None


def by_pcn(conn: Connection, pcns: Iterable[str]) -> dict[str, ClaimRow]:
    """Claims by our CLM01, for acknowledgments and remittances."""
    query = _kept(conn, select(*COLUMNS).where(one_of(conn, claim.c.pcn, set(pcns))))
    return {r["pcn"]: as_row(r) for r in conn.execute(query).mappings()}


def by_payer_number(conn: Connection, payer_id: str, number: str) -> ClaimRow | None:
    """The claim to which this payer gave this control number, when only one has it."""
    wanted = (claim.c.payer_id == payer_id, claim.c.payer_icn == number)
    query = _kept(conn, select(*COLUMNS).where(*wanted))
    found = [as_row(r) for r in conn.execute(query).mappings()]
    return found[0] if len(found) == 1 else None


def by_identity(conn: Connection, index: str) -> RowMapping | None:
    """The id, content hash and number of the claim with this identity, if known."""
    query = select(claim.c.id, claim.c.content_hash, claim.c.pcn).where(
        claim.c.identity_index == index
    )
    return conn.execute(query).mappings().first()


def every(
    conn: Connection, *, states: Iterable[str] = (), open_only: bool = False
) -> list[ClaimRow]:
    """All claims, oldest number first; filtered by state."""
    query = select(*COLUMNS).order_by(claim.c.opened_on, claim.c.pcn)
    if wanted := list(states):
        query = query.where(claim.c.state.in_(wanted))
    if open_only:
        query = query.where(claim.c.state.notin_(["CLOSED", "VOIDED"]))
    return [as_row(r) for r in conn.execute(query).mappings()]


def of_account(conn: Connection, account_id: str) -> list[ClaimRow]:
    """The claims of one guarantor."""
    query = (
        select(*COLUMNS).where(claim.c.account_id == account_id).order_by(claim.c.pcn)
    )
    return [as_row(r) for r in conn.execute(query).mappings()]


def waiting_for_task(conn: Connection, task_id: str) -> list[ClaimRow]:
    """Claims whose next step is this task, which may be about a whole file."""
    query = (
        select(*COLUMNS)
        .where(claim.c.next_owner == "task", claim.c.next_owner_id == task_id)
        .order_by(claim.c.pcn)
    )
    return [as_row(r) for r in conn.execute(query).mappings()]


def say_who_is_asked(conn: Connection, task_id: str, words: str) -> None:
    """Whom the claims wait for whose next step is this task, in words."""
    waits = (claim.c.next_owner == "task", claim.c.next_owner_id == task_id)
    conn.execute(update(claim).where(*waits).values(waiting_for=words))


def insert_new(
    conn: Connection,
    cipher: FieldCipher,
    *,
    content: Claim,
    values: dict[str, Any],
) -> None:
    """Store a new claim with its lines; ``values`` are the plain columns."""
    claim_id = values["id"]
    sealed = _seal(cipher, claim_id, content)
    taken = {
        "content_enc": sealed,
        "patient_index": _patient(cipher, content),
        "patient_ref_index": patient_ref_index(cipher, content.medical_record),
        "other_plans": len(content.other_payers),
    }
    conn.execute(insert(claim), {**values, **taken, "content_version": 1})
    _insert_lines(conn, claim_id, content)


def _insert_lines(conn: Connection, claim_id: str, content: Claim) -> None:
    rows = [
        {
            "claim_id": claim_id,
            "number": line.number,
            "line_ref": line.line_ref,
            "code": line.code,
            "modifiers": ":".join(line.modifiers),
            "units": str(line.units),
            "charge_cents": int(line.charge * 100),
            "service_from": line.service_from,
        }
        for line in content.lines
    ]
    if rows:
        conn.execute(insert(claim_line), rows)


def _patient(cipher: FieldCipher, content: Claim) -> str:
    return patient_index(cipher, content.patient_person.last)


def patient_index(cipher: FieldCipher, last_name: str) -> str:
    """The keyed hash by which claims of patients with this last name are found."""
    return cipher.index(last_name, kind="patient")


def patient_ref_index(cipher: FieldCipher, number: str) -> str | None:
    """The keyed hash of the practice's number of a patient; None without one."""
    return cipher.index(number, kind="patient_ref") if number.strip() else None


def of_patient(conn: Connection, ref_index: str) -> list[ClaimRow]:
    """The claims that carry this number of a patient."""
    query = select(*COLUMNS).where(claim.c.patient_ref_index == ref_index)
    query = query.order_by(claim.c.pcn)
    return [as_row(r) for r in conn.execute(query).mappings()]


def _seal(cipher: FieldCipher, claim_id: str, content: Claim) -> bytes:
    return cipher.encrypt(content.model_dump_json(), row_key=f"claim:{claim_id}")


def content(conn: Connection, cipher: FieldCipher, claim_id: str) -> Claim:
    """The newest content of the claim, decrypted."""
    sealed = conn.execute(_CONTENT, {"claim_id": claim_id}).scalar_one()
    return Claim.model_validate_json(
        cipher.decrypt(sealed, row_key=f"claim:{claim_id}")
    )


def sealed(conn: Connection, claim_id: str) -> bytes:
    """The newest content of the claim as it is stored."""
    found: bytes = conn.execute(_CONTENT, {"claim_id": claim_id}).scalar_one()
    return found


def replace_content(
    conn: Connection, cipher: FieldCipher, claim_id: str, new: Claim
) -> None:
    """Store a corrected content; what was sent stays with its submission."""
    conn.execute(
        update(claim)
        .where(claim.c.id == claim_id)
        .values(
            content_enc=_seal(cipher, claim_id, new),
            patient_index=_patient(cipher, new),
            patient_ref_index=patient_ref_index(cipher, new.medical_record),
            other_plans=len(new.other_payers),
            content_version=claim.c.content_version + 1,
            charge_cents=int(new.charge * 100),
            service_from=new.service_from,
            service_to=new.service_to,
        )
    )
    for line in new.lines:
        conn.execute(
            update(claim_line)
            .where(
                claim_line.c.claim_id == claim_id, claim_line.c.number == line.number
            )
            .values(
                code=line.code,
                modifiers=":".join(line.modifiers),
                units=str(line.units),
                charge_cents=int(line.charge * 100),
            )
        )


def change_payer(
    conn: Connection, claim_id: str, *, payer_id: str, member_index: str
) -> None:
    """The claim now goes to another plan (ELIG_RESOLVE, COB)."""
    conn.execute(
        update(claim)
        .where(claim.c.id == claim_id)
        .values(payer_id=payer_id, member_index=member_index)
    )


def lines(conn: Connection, claim_id: str) -> list[RowMapping]:
    """The claim's lines with their decision status."""
    return list(conn.execute(_LINES, {"of_claim": claim_id}).mappings())


def decide_line(
    conn: Connection,
    claim_id: str,
    number: int,
    *,
    status: str,
    denial: dict[str, Any] | None,
    decided_by: str,
) -> None:
    """Store how a payer, or a person, decided one line."""
    decided = {"status": status, "denial": denial, "decided_by": decided_by}
    line = {"of_claim": claim_id, "of_number": number}
    conn.execute(_DECIDE_LINE, decided | line)


def lines_of(conn: Connection, claim_ids: Iterable[str]) -> dict[str, list[RowMapping]]:
    """The lines of many claims, each in order."""
    query = (
        select(claim_line)
        .where(one_of(conn, claim_line.c.claim_id, claim_ids))
        .order_by(claim_line.c.claim_id, claim_line.c.number)
    )
    found: dict[str, list[RowMapping]] = {}
    for row in conn.execute(query).mappings():
        found.setdefault(row["claim_id"], []).append(row)
    return found


def pay_lines(conn: Connection, decided: Iterable[tuple[str, int, str]]) -> None:
    """Lines that a payer paid as expected: (claim, number, who decided) of each."""
    rows = [
        {"claim_id": claim_id, "number": number, "decided_by": decided_by}
        for claim_id, number, decided_by in decided
    ]
    fixed = {"status": "paid", "denial": null()}
    update_many(conn, claim_line, rows, key=("claim_id", "number"), fixed=fixed)


def note(conn: Connection, claim_id: str, **columns: Any) -> None:
    """Set plain facts of a claim (ICN, accepted_on …), never its state."""
    forbidden = {"state", "next_what", "next_due", "next_at", "next_owner"}
    if forbidden & columns.keys():
        raise ValueError("state and next step are set by set_step only")
    conn.execute(_NOTE, {"claim_id": claim_id, **columns})


def set_step(
    conn: Connection,
    row: ClaimRow,
    state: ClaimState,
    step: NextStep | None,
    why: Because,
    words: str,
) -> None:
    """Move a claim to ``state`` with its next step, and log it.

    Raises:
        ValueError: an open state without a next step (I1); nothing was written.
    """
    if state.is_open and step is None:
        raise ValueError(f"state {state} needs a dated next step (I1)")
    changed = state is not row.state
    conn.execute(
        _SET_STEP,
        {
            "claim_id": row.id,
            "state": state.value,
            "state_since": why.today if changed else row.state_since,
            "closed_on": why.today if not state.is_open else None,
            **_step_columns(step),
        },
    )
    events.add(
        conn,
        why,
        "state" if changed else "step",
        words,
        claim_id=row.id,
        old_state=row.state.value,
        new_state=state.value,
    )


@dataclass(frozen=True)
class Move:
    """One claim's way to a state, with facts to note on its row (never a step's)."""

    row: ClaimRow
    state: ClaimState
    step: NextStep | None
    words: str
    facts: Mapping[str, Any]


def set_steps(conn: Connection, moves: Sequence[Move], why: Because) -> None:
    """``set_step`` for many claims of one posting, with the facts of each.

    All moves name the same facts.

    Raises:
        ValueError: an open state without a next step (I1); nothing was written.
    """
    for one in moves:
        if one.state.is_open and one.step is None:
            raise ValueError(f"state {one.state} needs a dated next step (I1)")
    rows = [{"id": m.row.id, **m.facts, **_moved(m, why.today)} for m in moves]
    fixed = {"version": claim.c.version + 1}
    update_many(conn, claim, rows, key=("id",), fixed=fixed)
    events.add_many(
        conn,
        why,
        [
            events.Told(
                kind="step" if m.state is m.row.state else "state",
                words=m.words,
                claim_id=m.row.id,
                old_state=m.row.state.value,
                new_state=m.state.value,
            )
            for m in moves
        ],
    )


def _moved(move: Move, today: date) -> dict[str, Any]:
    changed = move.state is not move.row.state
    return {
        "state": move.state.value,
        "state_since": today if changed else move.row.state_since,
        "closed_on": today if not move.state.is_open else None,
        **_step_columns(move.step),
    }


def rearm(conn: Connection, claim_id: str, at: datetime) -> None:
    """The claim looks again at ``at``; its dated next step stays as it is."""
    conn.execute(_NOTE, {"claim_id": claim_id, "next_at": to_text(at)})


def _step_columns(step: NextStep | None) -> dict[str, Any]:
    return {
        "next_what": step.what if step else None,
        "next_due": step.due if step else None,
        "next_at": to_text(step.at) if step else None,
        "next_owner": step.owner if step else None,
        "next_owner_id": step.owner_id if step else None,
        "waiting_for": step.waiting_for if step else None,
        "then_what": step.then if step else None,
    }


def remember_coverage(
    conn: Connection, values: dict[str, Any], cipher: FieldCipher, member_id: str
) -> None:
    """Store a coverage once per (payer, member, account)."""
    query = select(coverage.c.id).where(
        coverage.c.payer_id == values["payer_id"],
        coverage.c.member_index == values["member_index"],
        coverage.c.account_id == values["account_id"],
    )
    if conn.execute(query).first() is None:
        sealed = cipher.encrypt(member_id, row_key=f"coverage:{values['id']}")
        conn.execute(insert(coverage).values(**values, member_enc=sealed))
