"""``close-day``: a business day's deposits against its postings, signed and kept."""

import argparse
import asyncio
from typing import Any

from activities import day_close
from activities.close_sums import totals
from activities.day_close import Close
from claims.money import from_cents
from cli.export import day_of
from cli.failures import CommandError, Exit
from cli.session import Session
from policy.people import may_close_day

NAMES = {
    "deposits": "Deposits",
    "payer": "Posted payer cash",
    "unapplied": "Unapplied payer cash",
    "patient": "Patient cash",
    "refunds": "Refunds and chargebacks",
    "difference": "Difference",
}


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``close-day``."""
    parser = commands.add_parser(
        "close-day",
        parents=[shared],
        help="close a business day: deposits against what was posted",
        description="Compare the deposits of a business day with what was posted, name "
        "each item that differs, and keep the result signed. Later postings do not "
        "change it. A closed day is shown again with what was posted since.",
    )
    parser.add_argument("day", type=day_of, metavar="DATE")
    act = parser.add_mutually_exclusive_group()
    act.add_argument("--check-only", action="store_true", help="store nothing")
    act.add_argument(
        "--reopen", action="store_true", help="reopen the last closed day (supervisor)"
    )
    parser.add_argument(
        "--reason", default="", metavar="WORDS", help="why it is reopened"
    )
    parser.set_defaults(run=close_day)


async def close_day(session: Session) -> int:
    """Close, look or reopen; exit 3 when items wait for an explanation."""
    try:
        return await asyncio.to_thread(_run, session)
    except day_close.NotClosedError as error:
        raise CommandError(Exit.REFUSED, str(error)) from None
    except day_close.MayNotCloseError as error:
        raise CommandError(Exit.NOT_PERMITTED, str(error)) from None


def _run(session: Session) -> int:
    options, person = session.options, session.person()
    why = session.because(person.name)
    if options.reopen:
        version = day_close.reopen(
            session.office, options.day, person, options.reason, why
        )
        session.out.emit({"day": str(options.day), "reopened_as_version": version})
        session.out.show(f"{options.day} is open again (version {version}).")
        return Exit.DONE
    if options.check_only:
        if not may_close_day(person.roles):
            raise CommandError(
                Exit.NOT_PERMITTED,
                f"{person.name} may not look at a close. It needs a poster.",
            )
        found = day_close.show(session.office, options.day, session.today)
    else:
        found = day_close.close(session.office, options.day, person, why)
    session.out.emit(_plain(found))
    session.out.show(_words(found))
    return Exit.SOME_FAILED if day_close.exceptions(found.content) else Exit.DONE


def _plain(found: Close) -> dict[str, Any]:
    """Amounts in cents, as they were signed."""
    since = [[str(x.of), x.part, x.key, x.cents] for x in found.since]
    return {**found.content, "day": str(found.day), "state": found.state} | {
        "since": since
    }


def _usd(cents: int) -> str:
    return f"{from_cents(cents):>14,.2f}"


def _words(found: Close) -> str:
    said = found.content
    head = f"Close of {found.day}: {found.state}"
    if found.state == "closed":
        head += f" by {said['by']}, version {said['version']}"
    lines = [head, ""]
    lines += [f"{NAMES[n]:<26}{_usd(said['totals'][n])}" for n in NAMES]
    if len(said.get("accounts", ())) > 1:
        lines += _section("By bank account", said["accounts"], _account)
    lines += _section("What makes the difference", said["items"], _item)
    lines += _section("Not matched", said["unmatched"], _side)
    lines += _section("Paid nothing, no money expected", said["no_money"], str)
    late = [line for line in said["lines"] if line[0] < str(found.day)]
    lines += _section("Posted after the close of an earlier day", late, _late)
    if found.since:
        sums = totals(found.since)
        lines += ["", "Posted since; it stands in a later close"]
        lines += [f"  {NAMES[n]:<24}{_usd(c)}" for n, c in sums.items() if c]
    return "\n".join(lines)


def _section(title: str, rows: list[Any], say: Any) -> list[str]:
    return ["", title, *(f"  {say(row)}" for row in rows)] if rows else []


def _item(one: dict[str, Any]) -> str:
    left = "  WAITING" if one.get("waiting") else "  TO EXPLAIN"
    mark = "" if one["explained"] else left
    return f"{_usd(one['cents'])}  {', '.join(one['keys'])}: {one['words']}{mark}"


def _account(one: dict[str, Any]) -> str:
    name = f"account …{one['account']}" if one["account"] else "no account known"
    return (
        f"{name:<18}deposits {_usd(one['deposits'])}   posted {_usd(one['posted'])}   "
        f"difference {_usd(one['difference'])}"
    )


def _late(line: list[Any]) -> str:
    of, part, key, value = line
    return f"{_usd(value)}  {key}: {NAMES[part].lower()}, after the close of {of}"


def _side(one: dict[str, Any]) -> str:
    age = f"{one['business_days']} business days{', late' if one['late'] else ''}"
    maybe = ", ".join(one["candidates"])
    more = f"; could be {maybe}" if maybe else ""
    where = f", account …{one['account']}" if one.get("account") else ""
    return (
        f"{_usd(one['cents'])}  {one['key']}{where} since {one['since']}, {age}{more}"
    )
