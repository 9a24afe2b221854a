"""A balance that a payer carries out of a payment comes back in a later one (R-PLB-03).

What has not come back when its time is over is asked about. The set's own workflow
looks on that day.
"""

from datetime import date, timedelta
from decimal import Decimal

from activities.provider_level import CARRIED
from claims.calendar import business_day_from
from claims.messages import remittance_workflow_id
from claims.money import ZERO, from_cents, words
from claims.task import TASKS, TaskType
from ledger.accounts import EntryType
from ledger.balances import practice_entries
from policy import plb
from policy.tasks import due_on
from records import tasks
from records.db import Connection, RowMapping
from records.events import Because
from records.tasks import NewTask

CODE = "FB"
KIND = TaskType.PLB_REVIEW


def watch(conn: Connection, row: RowMapping, why: Because) -> date | None:
    """The day on which to look whether what this set carried out has come back; on that
    day a task is opened for what has not."""
    if row["posted_on"] is None:
        return None
    found = _first_out(conn, row)
    if found is None or tasks.was_opened(conn, _key(row)):
        return None
    entry, left = found
    day = business_day_from(row["posted_on"] + timedelta(plb.CARRIED_DAYS))
    if why.today < day:
        return day
    _ask(conn, row, entry, left, why)
    return None


def _key(row: RowMapping) -> str:
    return f"{row['id']}:{KIND.value}:carried"


def _first_out(conn: Connection, row: RowMapping) -> tuple[RowMapping, Decimal] | None:
    """The entry by which this set carried a balance out, and what of it is still out:
    what comes back is of the oldest one."""
    own: RowMapping | None = None
    left = before = 0
    back = 0
    known = practice_entries(conn, payer_id=row["payer_id"], kinds=CARRIED)
    for entry in known:
        cents = entry["direction"] * entry["amount_cents"]
        if EntryType(entry["entry_type"]) is EntryType.FORWARD_BALANCE_IN:
            back += cents
        elif entry["key"].startswith(f"{row['id']}:"):
            own, left = entry, left + cents
        elif own is None:
            before += cents
    still = min(left, before + left - back)
    return (own, from_cents(still)) if own is not None and still > 0 else None


def still_out(conn: Connection, row: RowMapping) -> Decimal:
    """What this set carried out and no later one has brought in, in dollars."""
    found = _first_out(conn, row)
    return found[1] if found is not None else ZERO


def _ask(
    conn: Connection, row: RowMapping, entry: RowMapping, left: Decimal, why: Because
) -> None:
    why = why.by_rule("R-PLB-03", trace=row["trace"])
    place = entry["key"].removeprefix(f"{row['id']}:").replace(f":PLB:{CODE}:", ":")
    said = f"{words(left)} carried out on {row['posted_on']} has not come back"
    new = NewTask(
        key=_key(row),
        type=KIND.value,
        workflow_id=remittance_workflow_id(row["id"]),
        role=TASKS[KIND].role.value,
        due_on=due_on(KIND, why.today, None),
        rule=why.rule,
        why=said,
        subject=f"{row['trace']}:{row['id'][:8]}:{place}"[-120:],
        payer_id=row["payer_id"],
        amount_cents=entry["amount_cents"],
        evidence={
            "code": CODE,
            "meaning": plb.meaning(CODE),
            "amount": str(from_cents(entry["amount_cents"])),
            "still_out": str(left),
            "taken": "later",
            "reference": "",
        },
    )
    tasks.open_task(conn, new, why)
