"""The events of one claim as its story shows them: newest first, a page at a time."""

from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from claims.decision import MACHINE
from records.tables import (
    access,
    batch,
    event,
    file,
    inquiry,
    letter,
    remittance,
    remittance_claim,
    submission,
    task,
)

BAD = ("denied", "reject", "refused", "failed", "silent")
BAD_STATES = ("REJECTED", "DENIED")
"""Words of what went wrong, and where it leads: the failures of a story."""
_QUIET = ("step", "outbox", "inquiry", "act answered")
_STEERED = ("act requested", "note")
_DONE = (
    *_QUIET,
    *("state", "task opened", "task prepared", "task decided", "task overtaken"),
)


class Mark(NamedTuple):
    """A place in the story: instant as stored, and the event's id."""

    at: str
    id: int


class Ran(NamedTuple):
    """A rule that ran: its table, by whom, how often, and last when."""

    rule: str
    table: str
    actor: str
    times: int
    last: str


def is_failure(row: RowMapping) -> bool:
    """Whether an event tells of something that went wrong."""
    moved = row["kind"] == "state" and row["new_state"] in BAD_STATES
    return moved or any(word in row["words"].lower() for word in BAD)


def newest(
    conn: Connection,
    claim_id: str,
    *,
    only: str = "",
    routine: bool = False,
    before: Mark | None = None,
    limit: int,
) -> list[RowMapping]:
    """Events before a place, newest first: all, or only ``failures`` or ``people``.

    Without ``routine`` the steps that a rule took by itself, and that changed nothing
    of note, are left out.
    """
    query = select(event).where(event.c.claim_id == claim_id)
    if only == "failures":
        query = query.where(_failure())
    elif only == "people":
        query = query.where(_by_people())
    elif not routine:
        query = query.where(~_routine())
    if before is not None:
        place = tuple_(literal(before.at), literal(before.id))
        query = query.where(tuple_(event.c.at, event.c.id) < place)
    query = query.order_by(event.c.at.desc(), event.c.id.desc()).limit(limit)
    return list(conn.execute(query).mappings())


def routine_steps(conn: Connection, claim_id: str, *, at_most: int) -> int:
    """How many steps ``newest`` leaves out; counting ends at ``at_most``."""
    some = (
        select(event.c.id)
        .where(event.c.claim_id == claim_id, _routine())
        .limit(at_most)
        .subquery()
    )
    return int(conn.execute(select(func.count()).select_from(some)).scalar_one())


def _failure() -> ColumnElement[bool]:
    said = func.lower(event.c.words)
    moved = and_(event.c.kind == "state", event.c.new_state.in_(BAD_STATES))
    return or_(*(said.contains(word) for word in BAD), moved)


def _by_people() -> ColumnElement[bool]:
    done = and_(event.c.actor != MACHINE, event.c.kind.in_(_DONE))
    return or_(event.c.kind.in_(_STEERED), done)


def _routine() -> ColumnElement[bool]:
    return and_(event.c.kind.in_(_QUIET), event.c.actor == MACHINE, ~_failure())


def rules_of(conn: Connection, claim_id: str) -> list[Ran]:
    """The rules that events of a claim name, by rule, table and actor."""
    query = (
        select(
            event.c.rule,
            event.c.rule_table,
            event.c.actor,
            func.count(),
            func.max(event.c.at),
        )
        .where(event.c.claim_id == claim_id, event.c.rule.is_not(None))
        .group_by(event.c.rule, event.c.rule_table, event.c.actor)
        .order_by(event.c.rule, event.c.rule_table, event.c.actor)
    )
    return [
        Ran(rule, table or "", actor, int(times), last)
        for rule, table, actor, times, last in conn.execute(query)
    ]


def tasks_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Id, type and first day of each task of a claim, the oldest first."""
    query = select(task.c.id, task.c.type, task.c.created_on).where(
        task.c.claim_id == claim_id
    )
    return list(conn.execute(query.order_by(task.c.number)).mappings())


def letters_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Id, template and date of the letters that are about this claim alone."""
    query = select(letter.c.id, letter.c.template, letter.c.dated).where(
        letter.c.claim_id == claim_id
    )
    return list(conn.execute(query.order_by(letter.c.key)).mappings())


def interchanges(conn: Connection, claim_id: str) -> list[RowMapping]:
    """What went out and came back for each submission of a claim, with its files."""
    answer = file.alias()
    query = (
        select(
            submission.c.number,
            submission.c.accepted_on,
            submission.c.proof_segment,
            batch.c.isa13,
            batch.c.file_name,
            batch.c.file_sha256,
            file.c.received_at.label("sent_at"),
            answer.c.received_at.label("answered_at"),
            answer.c.name.label("answer_name"),
            answer.c.kind.label("answer_kind"),
            answer.c.partner.label("answer_partner"),
            answer.c.sha256.label("answer_sha256"),
        )
        .outerjoin(batch, batch.c.id == submission.c.batch_id)
        .outerjoin(file, file.c.sha256 == batch.c.file_sha256)
        .outerjoin(answer, answer.c.sha256 == submission.c.proof_file)
        .where(submission.c.claim_id == claim_id)
        .order_by(submission.c.number)
    )
    return list(conn.execute(query).mappings())


def questions_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """The 270 and 276 sent about a claim: the file, and the answer's where it came."""
    answer = file.alias()
    query = (
        select(
            inquiry.c.kind,
            inquiry.c.trace,
            inquiry.c.sent_on,
            batch.c.file_sha256.label("sent_sha256"),
            answer.c.received_at,
            answer.c.name,
            answer.c.partner,
            answer.c.sha256.label("answer_sha256"),
        )
        .outerjoin(batch, batch.c.id == inquiry.c.batch_id)
        .outerjoin(answer, answer.c.sha256 == inquiry.c.answer_file)
        .where(inquiry.c.claim_id == claim_id)
        .order_by(answer.c.received_at, inquiry.c.trace)
    )
    return list(conn.execute(query).mappings())


def payments_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """What each remittance on file says of a claim, with its file."""
    query = (
        select(
            remittance.c.payer_id,
            remittance.c.trace,
            remittance.c.file_sha256,
            remittance.c.keyed_by,
            remittance_claim.c.position,
            remittance_claim.c.status,
            remittance_claim.c.paid_cents,
            remittance_claim.c.patient_cents,
            file.c.received_at,
        )
        .join(remittance, remittance.c.id == remittance_claim.c.remittance_id)
        .join(file, file.c.sha256 == remittance.c.file_sha256)
        .where(remittance_claim.c.claim_id == claim_id)
        .order_by(file.c.received_at, remittance_claim.c.position)
    )
    return list(conn.execute(query).mappings())


def reads_of(
    conn: Connection, claim_id: str, *, actor: str | None, limit: int
) -> list[RowMapping]:
    """Who read a claim, newest first: everybody, or one person."""
    query = select(access).where(access.c.claim_id == claim_id)
    if actor is not None:
        query = query.where(access.c.actor == actor)
    return list(
        conn.execute(query.order_by(access.c.id.desc()).limit(limit)).mappings()
    )
