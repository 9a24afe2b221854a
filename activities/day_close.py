"""The daily close: a day's deposits against its postings, signed and kept (R-DAY-01).

A close counts every line that no earlier close has counted, so a posting dated into a
closed day changes nothing stored: it is a line of the next close, named after its day.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

from activities import close_overdue
from activities.close_content import (
    content_of,
    expecting,
    first_date,
    lines_of,
    paired_of,
)
from activities.close_sums import Line
from activities.deposits import book_pair
from activities.office import Office
from claims.calendar import (
    business_day_from,
    next_business_day,
)
from claims.task import TASKS, DecisionRefused, TaskType
from policy.people import are_for_two, is_supervisor, may_close_day
from policy.tasks import due_on
from records import closes, events, remittances, tasks
from records.closes import CLOSE, REOPEN
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text
from records.tasks import NewTask
from records.users import User
from vault.keys import UnknownKeyError
from vault.stamps import Stamp

RULE = "R-DAY-01"


class NotClosedError(Exception):
    """This day cannot be closed or reopened now; nothing was stored."""


class MayNotCloseError(Exception):
    """This person may not close or reopen the day; nothing was stored."""


@dataclass(frozen=True)
class Close:
    """A close as it is signed: plain values, cents. ``state``: closed, open or
    reopened; ``since`` are lines of its day, or days before, that no close counts."""

    day: date
    state: str
    content: dict[str, Any]
    since: tuple[Line, ...] = ()


def show(office: Office, day: date, today: date) -> Close:
    """The stored close with what was posted since, or what a close would say now.

    Raises:
        NotClosedError: the day is to come, is no business day, or is out of order.
    """
    with office.reading() as conn:
        return _show(conn, office, day, today)


def _show(conn: Connection, office: Office, day: date, today: date) -> Close:
    rows = closes.heads(conn)
    stored = closes.newest(rows).get(day)
    if stored is not None and stored["act"] == CLOSE:
        since = tuple(lines_of(conn, rows, day))
        return Close(day, "closed", json.loads(closes.content(conn, stored)), since)
    _check_day(rows, day, today)
    state = "reopened" if stored is not None else "open"
    return Close(day, state, content_of(conn, office, rows, day))


def close(office: Office, day: date, person: User, why: Because) -> Close:
    """Close a business day, once: a closed one is shown as it was stored.

    Raises:
        MayNotCloseError: not a poster, or the poster keyed money of this day.
        NotClosedError: as ``show``.
    """
    if not may_close_day(person.roles):
        raise MayNotCloseError(
            f"{person.name} may not close a day. Nothing was stored. It needs a poster."
        )
    with office.writing() as conn:
        rows = closes.heads(conn)
        stored = closes.newest(rows).get(day)
        if stored is None or stored["act"] == REOPEN:
            _check_day(rows, day, why.today)
            _check_two(conn, rows, person, day)
            _book(conn, office, why)
            content = content_of(conn, office, rows, day)
            if _store(conn, office, rows, day, CLOSE, content, why):
                _open_task(conn, day, content, why)
                close_overdue.withdraw(conn, why)
        return _show(conn, office, day, why.today)


def reopen(office: Office, day: date, person: User, reason: str, why: Because) -> int:
    """Reopen the last closed day; its versions stay. The version of this act.

    Raises:
        MayNotCloseError: not a supervisor.
        NotClosedError: it is not closed, is not the last one, or no reason is given.
    """
    if not is_supervisor(person.roles):
        raise MayNotCloseError(
            f"{person.name} may not reopen a day. Nothing was stored. It needs a "
            "supervisor."
        )
    with office.writing() as conn:
        rows = closes.heads(conn)
        last = rows[-1] if rows else None
        if last is None or last["day"] != day or last["act"] != CLOSE:
            _no(f"{day} is not the last closed day", "Reopen the last one first.")
        if not reason.strip():
            _no("Reopening needs a reason", "Add --reason WORDS.")
        _store(conn, office, rows, day, REOPEN, {"reason": reason.strip()}, why)
        return int(last["version"]) + 1


def _no(what: str, then: str) -> NoReturn:
    raise NotClosedError(f"{what}. Nothing was stored. {then}")


def _check_day(rows: list[RowMapping], day: date, today: date) -> None:
    if day > today:
        _no(f"{day} is still to come", f"Today is {today}.")
    if business_day_from(day) != day:
        following = business_day_from(day)
        _no(f"{day} is no business day", f"Its money belongs to {following}.")
    last = rows[-1] if rows else None
    if last is None:
        return
    expected = last["day"]
    if last["act"] == CLOSE:
        expected = next_business_day(expected)
    if day != expected:
        _no(f"Days are closed in order; {expected} is next", f"Close {expected}.")


def _check_two(
    conn: Connection, rows: list[RowMapping], person: User, day: date
) -> None:
    """Who keys payments does not count the same money (``separation``), also what was
    posted into a day after its close."""
    if not are_for_two("remit.post_manual", "deposit.count"):
        return
    first = first_date(day)
    late = {line.key for line in lines_of(conn, rows, day)}
    for one in remittances.listing(conn, status=["posted"]):
        if one["keyed_by"] != person.name:
            continue
        counted = f"835:{one['payer_id']}:{one['trace']}" in late
        if counted or first <= one["posted_on"] <= day:
            raise MayNotCloseError(
                f"{person.name} keyed remittance {one['trace']} of this day, so "
                "another person must close it. Nothing was stored."
            )


def _store(
    conn: Connection,
    office: Office,
    rows: list[RowMapping],
    day: date,
    act: str,
    content: dict[str, Any],
    why: Because,
) -> bool:
    version = 1 + max((r["version"] for r in rows if r["day"] == day), default=0)
    facts = {"day": str(day), "version": version, "act": act}
    content |= facts | {"by": why.actor, "at": to_text(why.at), "schema": 1}
    text = canonical(content)
    made = office.stamper.stamp(text.encode())
    new = closes.add(
        conn,
        day=day,
        version=version,
        act=act,
        at=why.at,
        actor=why.actor,
        content=text,
        key_id=made.key_id,
        mac=made.mac,
    )
    if new:
        words = f"{day} {'closed' if act == CLOSE else 'reopened'} (version {version})"
        events.add(conn, why.by_rule(RULE), f"day {act}", words)
    return new


def canonical(content: dict[str, Any]) -> str:
    """JSON that is the same text for the same content: what is stamped."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _book(conn: Connection, office: Office, why: Because) -> None:
    """Keep the pairs that were found by payer and amount (R-ERA-09)."""
    found = {f"835:{r['payer_id']}:{r['trace']}": r for r in expecting(conn)}
    for one in paired_of(conn, office, why.today).pairs:
        remit = found.get(one.expected.key)
        if remit is not None and not one.deposit.paired_with:
            ref = one.deposit.key.partition(":")[2]
            deposit = remittances.deposit_of(conn, ref)
            if deposit is not None:
                book_pair(conn, deposit, remit, why.by_rule("R-ERA-09"))


# --- the exception -------------------------------------------------------------------


def exceptions(content: dict[str, Any]) -> list[dict[str, Any]]:
    """What a person must look at: items nothing explains and that wait for nothing, and
    what turned late."""
    found = [
        {"keys": i["keys"], "cents": i["cents"], "words": i["words"]}
        for i in content["items"]
        if not i["explained"] and not i.get("waiting")
    ]
    named = {key for i in found for key in i["keys"]}
    found += [
        {"keys": [s["key"]], "cents": s["cents"], "words": f"late since {s['since']}"}
        for s in content["late"]
        if s["key"] not in named
    ]
    return found


def _open_task(
    conn: Connection, day: date, content: dict[str, Any], why: Because
) -> None:
    found = exceptions(content)
    if not found:
        return
    kind = TaskType.DAILY_CLOSE_EXCEPTION
    subject = f"{day} version {content['version']}"
    tasks.open_task(
        conn,
        NewTask(
            key=f"close:{subject}:{kind.value}",
            type=kind.value,
            workflow_id=f"close-{day}",
            role=TASKS[kind].role.value,
            due_on=due_on(kind, why.today, None),
            rule=RULE,
            why=f"the close of {day} has {len(found)} items nobody has explained",
            subject=subject,
            amount_cents=sum(abs(int(i["cents"])) for i in found),
            evidence={
                "day": str(day),
                "items": [f"{', '.join(i['keys'])}: {i['words']}" for i in found],
                "keys": [key for i in found for key in i["keys"]],
            },
        ),
        why.by_rule(RULE),
    )


def resolve(
    conn: Connection, office: Office, task: RowMapping, decision: str, why: Because
) -> str:
    """Apply DAILY_CLOSE_EXCEPTION; the stored close stays as it is.

    Raises:
        DecisionRefused: resolved, but an item still has no other half, or a day is
            still not closed.
    """
    day = task["evidence"]["day"]
    left_open = close_overdue.MARK in task["evidence"]
    if decision == "resolved" and left_open:
        if days := close_overdue.overdue(conn, why.today):
            raise DecisionRefused(
                f"{close_overdue.words(days)}. Nothing was stored. Close {days[0]} "
                f"first (close-day {days[0]}), or carry it with a reason."
            )
    elif decision == "resolved":
        left = {side.key for side, _ in paired_of(conn, office, why.today).open}
        still = sorted(left & set(task["evidence"]["keys"]))
        if still:
            raise DecisionRefused(
                f"{', '.join(still)} still has no other half. Nothing was stored. "
                "Bring in what is missing, or carry it with a reason."
            )
    words = f"Close of {day}: {decision.replace('_', ' ')}"
    events.add(conn, why.by_rule(RULE), "day exception", words)
    return words


# --- the stamps ----------------------------------------------------------------------


def broken(conn: Connection, office: Office) -> Iterable[tuple[str, str]]:
    """Stored closes that are not what was signed, or are gone: which, and why."""
    seen: dict[date, int] = {}
    for row in closes.every(conn):
        name = f"close of {row['day']}, version {row['version']}"
        if wrong := _wrong(office, row):
            yield name, wrong
        if row["version"] != seen.get(row["day"], 0) + 1:
            yield name, "the version before it is gone"
        if seen and row["day"] not in (max(seen), next_business_day(max(seen))):
            yield name, "the close of the day before it is gone"
        seen[row["day"]] = row["version"]


def _wrong(office: Office, row: RowMapping) -> str:
    stamp = Stamp(row["key_id"], row["mac"])
    try:
        if not office.stamper.is_ours(row["content"].encode(), stamp):
            return "its stamp does not fit what it says: it was changed"
    except UnknownKeyError as error:
        return f"its key {error.key_id} is not in the key file"
    said = json.loads(row["content"])
    columns = {"day": str(row["day"]), "version": row["version"], "act": row["act"]}
    columns |= {"by": row["actor"], "at": row["at"]}
    if any(said[name] != value for name, value in columns.items()):
        return "its day, version, act, person or time is not what was signed"
    return ""
