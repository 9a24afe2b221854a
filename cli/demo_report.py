"""What a demo came to: the figures as one object, and as one table for people."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from activities.office import Office
from claims.calendar import PracticeClock, local_date
from claims.claim import ClaimState
from ledger.balances import Balances, balances, totals
from records import accounts, claims, files, remittances, reports, tasks
from records.claims import ClaimRow
from records.db import Connection
from settings import Settings

OPEN_WORDS = {
    ClaimState.INTAKE: "Intake",
    ClaimState.ELIG_HOLD: "Intake: coverage in question",
    ClaimState.AUTH_PENDING: "Intake: authorization missing",
    ClaimState.CODING: "Coding",
    ClaimState.SCRUB_HOLD: "Checking: an edit holds it",
    ClaimState.READY: "Checking: leaves next",
    ClaimState.SUBMITTED: "Sent",
    ClaimState.REJECTED: "Rejected",
    ClaimState.ACCEPTED: "Accepted",
    ClaimState.FOLLOW_UP: "With payer: being followed up",
    ClaimState.REMIT_HOLD: "With payer: remittance in question",
    ClaimState.DENIED: "Denied",
    ClaimState.CORRECTING: "Correcting",
    ClaimState.APPEAL: "Appealing",
    ClaimState.UNDERPAID: "Appealing: paid below contract",
    ClaimState.NEXT_PAYER: "Next payer",
    ClaimState.PATIENT_BALANCE: "Patient part",
    ClaimState.PLAN: "In plan",
    ClaimState.CREDIT: "Paid: a credit to give back",
    ClaimState.COLLECTIONS: "Patient part: collections",
}
MONEY = [
    "billed",
    "paid",
    "adjusted",
    "patient_paid",
    "written_off",
    "open",
    "insurer_open",
    "patient_due",
    "credit",
]


def gather(office: Office, clock: PracticeClock) -> dict[str, Any]:
    """Every figure; amounts as text. billed is the sum of the next five."""
    today = local_date(clock.now(datetime.now(UTC)), office.zone)
    with office.reading() as conn:
        rows = claims.every(conn)
        money = balances(conn, [r.id for r in rows])
        found: dict[str, Any] = {
            "practice_date": today.isoformat(),
            "claims": len(rows),
            "claims_by_outcome": _outcomes(rows, money),
        }
        total = totals(conn)
        found |= {name: str(getattr(total, name)) for name in MONEY}
        found |= _counts(conn)
        found["corrections"] = [
            {"day": c.day.isoformat(), "about": c.about, "what": c.words}
            for c in reports.corrections(conn)
        ]
        found["tasks_overdue"] = reports.overdue_tasks(conn, today)
        found["next_steps"] = [
            {
                "claim": step["pcn"],
                "state": step["state"],
                "what": step["next_what"],
                "due": step["next_due"].isoformat(),
            }
            for step in reports.next_steps(conn, today, 5)
        ]
    return found


def _outcomes(rows: list[ClaimRow], money: dict[str, Balances]) -> dict[str, int]:
    counted = Counter(_outcome(row, money[row.id]) for row in rows)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _outcome(row: ClaimRow, money: Balances) -> str:
    if row.state in OPEN_WORDS:
        return OPEN_WORDS[row.state]
    if row.state is ClaimState.VOIDED:
        return "Closed: void"
    if money.written_off:
        return "Closed: written off"
    return "Closed: paid" if money.paid_payer or money.paid_patient else "Closed"


def _counts(conn: Connection) -> dict[str, Any]:
    letters = Counter(str(row["template"]) for row in accounts.letters(conn))
    sets = Counter(str(row["status"]) for row in remittances.listing(conn))
    ends = Counter(
        str(row["ended"] or "unfinished")
        for row in files.listing(conn)
        if row["direction"] == "in"
    )
    return {
        "tasks_open": reports.open_task_types(conn),
        "tasks_closed": sum(
            t["closed_on"] is not None for t in tasks.listing(conn, include_closed=True)
        ),
        "letters": dict(sorted(letters.items())),
        "remittances": dict(sorted(sets.items())),
        "files": dict(sorted(ends.items())),
    }


def table(
    found: dict[str, Any], settings: Settings, seconds: float, desk: tuple[str, str]
) -> str:
    """One table a tired clerk can read, and where to look next.

    ``desk`` is its address and the password of the demo's users.
    """
    open_tasks = found["tasks_open"]
    lines = [
        "",
        f"Practice day {found['practice_date']}: {found['claims']} claims followed "
        f"for {found['days']} days in {seconds:.0f} s",
        "",
        *_section("Claims by outcome", found["claims_by_outcome"]),
        *_dollars(found),
        *_section(_waiting(found), open_tasks),
        *_section("Letters written", found["letters"]),
        *_section("Remittances", found["remittances"]),
        *_corrections(found["corrections"]),
        "  Next dated steps",
    ]
    lines += [
        f"    {s['due']}  {s['claim']:<14} {s['state']:<16} {s['what']}"
        for s in found["next_steps"]
    ]
    return "\n".join([*lines, "", *_next(found, *desk), ""])


def _waiting(found: dict[str, Any]) -> str:
    count, late = sum(found["tasks_open"].values()), found["tasks_overdue"]
    return f"Tasks waiting ({count}{f'; {late} are late' if late else ''})"


def _section(title: str, counts: dict[str, int]) -> list[str]:
    rows = [f"    {name:<44} {count:>6}" for name, count in counts.items()]
    return [f"  {title}", *(rows or ["    none"]), ""]


def _corrections(found: list[dict[str, str]]) -> list[str]:
    """Reversals, recoupments and what did not add up, by day."""
    rows = [f"    {one['day']}  {one['about']:<18} {one['what']}" for one in found]
    return ["  Taken back, or not posted as it came", *(rows or ["    none"]), ""]


def _dollars(found: dict[str, Any]) -> list[str]:
    words = {
        "billed": "billed",
        "paid": "paid by payers",
        "adjusted": "adjusted by contract",
        "patient_paid": "paid by patients",
        "written_off": "written off",
        "open": "still open",
    }
    rows = [
        f"    {label:<36} {dollars(found[name]):>14}" for name, label in words.items()
    ]
    return ["  Dollars (billed is the sum of the others)", *rows, ""]


def dollars(text: str) -> str:
    """``12345.60`` as ``12,345.60``, without a float in between."""
    whole, _, part = text.partition(".")
    return f"{int(whole):,}.{part}"


def _next(found: dict[str, Any], address: str, password: str) -> list[str]:
    first = found["next_steps"][0]["claim"] if found["next_steps"] else "CLAIM"
    run = ".venv/bin/python starter.py"
    commands = {
        "task list": "what waits for a person",
        f"show {first}": "one claim's story, and what it waits for",
        f"history {first} --as auditor": "its workflow history in sentences",
        "check": "prove the three promises on this system",
    }
    shown = [f"    {run} {name:<44} {words}" for name, words in commands.items()]
    return [
        f"Open the desk: {address}",
        "    sign in as   clerk, coder, poster, supervisor, ops or auditor",
        f"    password     {password}",
        "",
        "The same at the command line",
        *shown,
        "    make stop   when you have seen enough",
    ]
