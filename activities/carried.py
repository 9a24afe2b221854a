"""A balance that a payer carries out of a payment comes back in a later one (R-PLB-03).

What has not come back when its time is over is asked about. The set's own workflow
looks on that day.
"""

from datetime import date, timedelta
from decimal import Decimal

from activities.provider_level import CARRIED, USED
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
    asked = [
        one for one in _outs(conn, row) if not tasks.was_opened(conn, _key(row, one[0]))
    ]
    if not asked:
        return None
    day = business_day_from(row["posted_on"] + timedelta(plb.CARRIED_DAYS))
    if why.today < day:
        return day
    for entry, left in asked:
        _ask(conn, row, entry, left, why)
    return None


def _key(row: RowMapping, entry: RowMapping) -> str:
    return f"{row['id']}:{KIND.value}:carried:{entry['id']}"


def _outs(conn: Connection, row: RowMapping) -> list[tuple[RowMapping, Decimal]]:
    """The entries by which this set carried balances out, and what of each is still
    out: what comes back is of the oldest one. What was undone counts no more; what an
    answer kept as come back is."""
    known = practice_entries(conn, payer_id=row["payer_id"], kinds=CARRIED)
    undone = {entry["reverses"] for entry in known}
    alive = [e for e in known if e["reverses"] is None and e["id"] not in undone]
    into = EntryType.FORWARD_BALANCE_IN.value
    back = sum(e["amount_cents"] for e in alive if e["entry_type"] == into)
    outs = [e for e in alive if e["entry_type"] != into]
    found = []
    for entry in sorted(outs, key=lambda e: (not e["key"].endswith(USED), e["id"])):
        left = max(entry["amount_cents"] - back, 0)
        back = max(back - entry["amount_cents"], 0)
        if left and entry["key"].startswith(f"{row['id']}:"):
            found.append((entry, from_cents(left)))
    return found


def still_out(conn: Connection, row: RowMapping, entry: RowMapping) -> Decimal:
    """What a set carried out by this entry and no later one has brought in, dollars."""
    return next((left for e, left in _outs(conn, row) if e["id"] == entry["id"]), ZERO)


def _ask(
    conn: Connection, row: RowMapping, entry: RowMapping, left: Decimal, why: Because
) -> None:
    why = why.by_rule("R-PLB-03", trace=row["trace"])
    place = entry["key"].removeprefix(f"{row['id']}:").replace(f":PLB:{CODE}:", ":")
    said = f"{words(left)} carried out on {row['posted_on']} has not come back"
    new = NewTask(
        key=_key(row, entry),
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
