"""What is on file about one claim: its decisions, letters and files, across tables."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from records.tables import (
    batch,
    decision,
    event,
    file,
    inquiry,
    letter,
    news,
    patient_payment,
    statement,
    statement_claim,
    submission,
    task,
)


def decisions(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Every decision stored for the claim's tasks, oldest first."""
    query = (
        select(decision)
        .join(task, task.c.id == decision.c.task_id)
        .where(task.c.claim_id == claim_id)
        .order_by(decision.c.saved_at, decision.c.id)
    )
    return list(conn.execute(query).mappings())


def letters(conn: Connection, claim_id: str) -> list[RowMapping]:
    """The claim's letters and the statements that bill it with others, by date."""
    query = select(letter).where(_about(claim_id))
    return list(conn.execute(query.order_by(letter.c.dated, letter.c.key)).mappings())


def _about(claim_id: str) -> ColumnElement[bool]:
    """The letter is the claim's own, or bills it with others."""
    billed = (
        select(statement.c.letter_id)
        .join(statement_claim, statement_claim.c.statement_id == statement.c.id)
        .where(statement_claim.c.claim_id == claim_id)
    )
    return or_(letter.c.claim_id == claim_id, letter.c.id.in_(billed))


def letter_count(conn: Connection, claim_id: str) -> int:
    """How many ``letters`` there are."""
    query = select(func.count()).where(_about(claim_id))
    return int(conn.execute(query).scalar_one())


def claims_of_letter(conn: Connection, row: RowMapping) -> set[str]:
    """The ids of every claim that a letter is about."""
    query = (
        select(statement_claim.c.claim_id)
        .join(statement, statement.c.id == statement_claim.c.statement_id)
        .where(statement.c.letter_id == row["id"])
    )
    own = {row["claim_id"]} if row["claim_id"] else set()
    return own | set(conn.execute(query).scalars())


def sent_files(conn: Connection, claim_id: str) -> list[tuple[str, str]]:
    """(SHA-256, TRN02 or "") of each file we sent about the claim: 837P, 270, 276."""
    claims = (
        select(batch.c.file_sha256)
        .join(submission, submission.c.batch_id == batch.c.id)
        .where(submission.c.claim_id == claim_id, batch.c.file_sha256.is_not(None))
    )
    questions = (
        select(batch.c.file_sha256, inquiry.c.trace)
        .join(inquiry, inquiry.c.batch_id == batch.c.id)
        .where(inquiry.c.claim_id == claim_id, batch.c.file_sha256.is_not(None))
    )
    found = [(str(sha), "") for sha in conn.execute(claims).scalars()]
    return found + [(str(sha), str(trace)) for sha, trace in conn.execute(questions)]


def answer_files(conn: Connection, claim_id: str) -> list[tuple[str, str]]:
    """(SHA-256, TRN02) of each file that answers a question about the claim."""
    query = select(inquiry.c.answer_file, inquiry.c.trace).where(
        inquiry.c.claim_id == claim_id, inquiry.c.answer_file.is_not(None)
    )
    return [(str(sha), str(trace)) for sha, trace in conn.execute(query)]


def told_by(conn: Connection, claim_id: str) -> list[str]:
    """SHA-256 of each file that an event of the claim says it heard from: a 999 names
    no claim, and an acceptance is no news."""
    sha = event.c.data["answer_file"].as_string()
    query = select(sha).where(event.c.claim_id == claim_id, sha.is_not(None))
    return sorted(set(conn.execute(query).scalars()))


def news_refs(conn: Connection, workflow_id: str) -> list[str]:
    """What each piece of news of a workflow refers to, ``277ca:<sha256>:<segment>``."""
    query = select(news.c.ref).where(news.c.workflow_id == workflow_id)
    return list(conn.execute(query.order_by(news.c.id)).scalars())


def payment_files(conn: Connection, claim_id: str) -> list[str]:
    """SHA-256 of each CSV file with a patient's payment for the claim."""
    query = select(patient_payment.c.file_sha256).where(
        patient_payment.c.claim_id == claim_id
    )
    return list(conn.execute(query).scalars())


def files(
    conn: Connection, hashes: Iterable[str], beginnings: Iterable[str]
) -> list[RowMapping]:
    """Files by SHA-256 or by the beginning of one, first received first."""
    wanted = [file.c.sha256.startswith(begin) for begin in sorted(set(beginnings))]
    query = select(file).where(or_(file.c.sha256.in_(sorted(set(hashes))), *wanted))
    return list(
        conn.execute(query.order_by(file.c.received_at, file.c.sha256)).mappings()
    )
