"""A practice with many claims and as many open tasks, written straight into tables.

Fifty claims come in as any file does; the others are copies of them under numbers of
their own, sealed like every claim. Charges, payments and write-downs go through the
ledger, so that balances are what the desk would show.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from activities.intake import bring_in
from activities.office import Office
from claims.money import from_cents
from claims.task import TASKS, TaskType
from ledger.accounts import EntryType
from ledger.entries import NewEntry, post
from records import claims, users
from records.db import Connection, RowMapping, insert_many
from records.events import Because
from records.instants import to_text
from records.tables import account, claim, claim_line, event, submission, task
from vault.passwords import hashed

TODAY = date(2026, 5, 11)
NOW = datetime(2026, 5, 11, 15, tzinfo=UTC)
PASSWORD = "for the benchmark only"  # noqa: S105 - of a database that is thrown away
PEOPLE = {"clerk": "Dana Ruiz", "supervisor": "Priya Nair"}
CHUNK = 2000
LONG_STORY = 5000
CLAIMS_PER_ACCOUNT = 4
CHARGES = Path(__file__).resolve().parent.parent / "samples" / "charges.837"
ROWS = dict[str, Any]


def fill(office: Office, count: int) -> str:
    """Write ``count`` claims, each with a task; the id of one with a long story."""
    with office.writing() as conn:
        for name, display in PEOPLE.items():
            users.put_user(
                conn, users.User(name=name, display_name=display, roles=(name,))
            )
            users.set_password(conn, name, hashed(PASSWORD), NOW)
    why = office.because(NOW, "R-BAD-01", "ops")
    bring_in(office, CHARGES.name, CHARGES.read_bytes(), why)
    with office.reading() as conn:
        kept = list(conn.execute(select(claim)).mappings())
        contents = [claims.content(conn, office.cipher, r["id"]) for r in kept]
        lines = list(conn.execute(select(claim_line)).mappings())
    dice = random.Random(count)  # noqa: S311 - data, not a secret
    first = len(kept)
    for start in range(first, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        with office.writing() as conn:
            _copy(conn, office, kept, contents, lines, numbers, dice)
    with office.writing() as conn:
        ids = list(conn.execute(select(claim.c.id, claim.c.payer_id)).all())
    for start in range(0, len(ids), CHUNK):
        with office.writing() as conn:
            part = ids[start : start + CHUNK]
            _money(conn, part, why, dice)
            insert_many(conn, task, list(_tasks(part, start, dice)))
            insert_many(conn, submission, list(_sent(part, start, dice)))
            insert_many(conn, event, list(_events(part)))
    longest = str(ids[0][0])
    with office.writing() as conn:
        told = [_event(longest, f"Step {n} of a long story") for n in range(LONG_STORY)]
        insert_many(conn, event, told if count >= LONG_STORY else told[:count])
    return longest


def _copy(
    conn: Connection,
    office: Office,
    kept: list[RowMapping],
    contents: list[Any],
    lines: list[RowMapping],
    numbers: range,
    dice: random.Random,
) -> None:
    rows: list[ROWS] = []
    parts: list[ROWS] = []
    payers: list[ROWS] = []
    for number in numbers:
        if not payers or number % CLAIMS_PER_ACCOUNT == 0:
            payers.append(_account(office, contents[number % len(kept)], dice))
        old = kept[number % len(kept)]
        new = str(UUID(int=dice.getrandbits(128)))
        plain = contents[number % len(kept)].model_dump_json()
        day = TODAY - timedelta(days=dice.randint(1, 300))
        rows.append(
            {
                **old,
                "id": new,
                "pcn": f"CB{number:012d}",
                "practice_number": f"B{number}",
                "identity_index": f"{number:064d}",
                "account_id": payers[-1]["id"],
                "content_enc": office.cipher.encrypt(plain, row_key=f"claim:{new}"),
                "service_from": day,
                "service_to": day,
                "opened_on": day,
                "next_due": TODAY + timedelta(days=number % 40),
            }
        )
        parts += [
            {**one, "claim_id": new, "line_ref": f"{number}-{one['number']}"}
            for one in lines
            if one["claim_id"] == old["id"]
        ]
    insert_many(conn, account, payers)
    insert_many(conn, claim, rows)
    insert_many(conn, claim_line, parts)


def _account(office: Office, content: Any, dice: random.Random) -> ROWS:
    new = str(UUID(int=dice.getrandbits(128)))
    person = content.subscriber.person.model_dump_json()
    return {
        "id": new,
        "public_ref": f"A-{new[:12].upper()}",
        "guarantor_index": new,
        "guarantor_enc": office.cipher.encrypt(person, row_key=f"account:{new}"),
        "language": "en",
    }


def _money(conn: Connection, ids: list[Any], why: Because, dice: random.Random) -> None:
    """A charge for each; six of ten are paid and written down, four of ten settled."""
    made = []
    for claim_id, payer_id in ids:
        cents = dice.randint(5_000, 90_000)
        due = cents - cents // 2 - cents // 4
        day = TODAY - timedelta(days=dice.randint(1, 250))
        parts = [("CHARGE", cents)]
        if dice.random() < 0.6:
            parts += [
                ("PAYER_PAYMENT", cents // 2),
                ("CONTRACTUAL_ADJ", cents // 4),
                ("TRANSFER_TO_PATIENT", due),
            ]
            parts += [("PATIENT_PAYMENT", due)] if dice.random() < 0.66 else []
        made += [
            NewEntry(
                key=f"bench:{claim_id}:{kind}",
                type=EntryType(kind),
                amount=from_cents(amount),
                business_date=day,
                source="a benchmark",
                ref="bench",
                rule="R-MON-01",
                claim_id=claim_id,
                payer_id=payer_id,
            )
            for kind, amount in parts
        ]
    post(conn, made, posted_at=to_text(why.at))


def _tasks(ids: list[Any], start: int, dice: random.Random) -> Iterator[ROWS]:
    kinds = list(TaskType)
    for number, (claim_id, payer_id) in enumerate(ids, start=start):
        kind = kinds[number % len(kinds)]
        due = TODAY + timedelta(days=dice.randint(-20, 60))
        created = due - timedelta(days=dice.randint(1, 30))
        yield {
            "id": str(UUID(int=dice.getrandbits(128))),
            "number": 1000 + number,
            "key": f"bench-{number}",
            "type": kind.value,
            "claim_id": claim_id,
            "subject": "",
            "payer_id": payer_id,
            "amount_cents": dice.randint(1_000, 90_000),
            "role": TASKS[kind].role.value,
            "priority": dice.randint(0, 700),
            "created_on": created,
            "created_at": f"{created}T15:00:00.000000Z",
            "reason": "CO-97",
            "due_on": due,
            "legal_deadline": due + timedelta(days=30) if number % 3 else None,
            "status": "open",
            "workflow_id": f"claim-{claim_id}",
            "rule": "R-TSK-01",
            "why": "A reason in some words, as long as most of them are.",
            "evidence": {"carc": "97", "group": "CO", "amount": "12.00"},
        }


def _sent(ids: list[Any], start: int, dice: random.Random) -> Iterator[ROWS]:
    for claim_id, payer_id in ids:
        day = TODAY - timedelta(days=dice.randint(1, 250))
        yield {
            "id": str(UUID(int=dice.getrandbits(128))),
            "claim_id": claim_id,
            "number": 1,
            "payer_id": payer_id,
            "frequency": "1",
            "content_enc": b"x" * 1500,
            "status": "accepted",
            "queued_on": day,
            "sent_on": day,
        }


def _events(ids: list[Any]) -> Iterator[ROWS]:
    for claim_id, _ in ids:
        for words in ("Checked, no edit failed", "Sent to the payer", "Accepted"):
            yield _event(claim_id, words)


def _event(claim_id: str, words: str) -> ROWS:
    return {
        "at": to_text(NOW),
        "business_date": TODAY,
        "claim_id": claim_id,
        "kind": "step",
        "actor": "machine",
        "rule": "R-SUB-02",
        "words": words,
        "data": {},
    }
