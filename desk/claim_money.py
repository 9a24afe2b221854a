"""The Money tab: the claim's double entries with the true running balance, as of a day.

Corrections are drawn as pairs: what was posted, what took it back, what came instead.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from starlette.responses import Response

from activities.story_items import ENTRIES
from claims.money import ZERO, from_cents
from desk.claim_frame import frame, show
from desk.story_words import Link, names, posting_link, posting_source, who_words
from desk.visit import DeskError, Visit
from ledger.balances import balances_as_of
from ledger.journal import Posting, postings_of
from ledger.pairs import taken_back
from records.db import RowMapping

ACCOUNTS = {
    "insurance_receivable": "Open with plan",
    "patient_receivable": "Patient owes",
    "refunds_payable": "Credit",
}
"""The accounts whose sum is the claim's balance."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Ref(NamedTuple):
    """An entry elsewhere on the page, and its day."""

    id: int
    day: date


class Line(NamedTuple):
    """One line on an account of the balance, and the balance after it."""

    entry: int
    words: str
    rule: str
    who: str
    account: str
    debit: Decimal
    credit: Decimal
    balance: Decimal
    undoes: Ref | None
    undone: Ref | None
    first: bool


class Group(NamedTuple):
    """Lines of one day and source; ``kind`` is was, rev, fix, or "" for none of a
    correction."""

    day: date
    source: str
    link: Link | None
    kind: str
    lines: list[Line]


@dataclass(frozen=True)
class Pair:
    """One entry that was taken back: by which, and what was posted in its place."""

    words: str
    was: Ref
    back: Ref
    amount: Decimal
    instead: Ref | None
    now: Decimal

    @property
    def net(self) -> Decimal:
        """By how much the correction changed the amount."""
        return self.now - self.amount


def money_page(visit: Visit) -> Response:
    """Entries grouped by source, corrections in pairs, and whether it adds up."""
    found, day = frame(visit, "money"), _day(visit)
    claim_id = found.row.id
    with visit.desk.office.reading() as conn:
        postings = postings_of(conn, claim_id)
        if day is not None:
            found = found._replace(money=balances_as_of(conn, claim_id, day))
            postings = [p for p in postings if p.entry["business_date"] <= day]
    groups = list(_groups(postings, claim_id, names(visit)))
    lines = [line for group in groups for line in group.lines]
    return show(
        visit,
        "claim_money.html.j2",
        "Money",
        found,
        groups=groups,
        pairs=list(_pairs(postings)),
        count=len(postings),
        debits=sum((line.debit for line in lines), ZERO),
        credits=sum((line.credit for line in lines), ZERO),
        balance=lines[-1].balance if lines else ZERO,
        as_of=day,
    )


def _day(visit: Visit) -> date | None:
    """The day whose end is asked for; None is now.

    Raises:
        DeskError: it is no day, or it is still to come.
    """
    text = visit.asked("as_of")
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:  # 2026-02-30
        day = None
    if day is None or day > visit.today:
        why = "This is no day" if day is None else "This day is still to come"
        raise DeskError(
            f"{why}. Nothing was worked out. Give a day up to today as year-month-day, "
            f"such as {visit.today}."
        )
    return day


def _groups(
    postings: list[Posting], claim_id: str, known: Mapping[str, str]
) -> Iterator[Group]:
    entries = [p.entry for p in postings]
    days = {row["id"]: Ref(row["id"], row["business_date"]) for row in entries}
    undoes = taken_back(entries)
    undone = {first: last for last, first in undoes.items()}
    balance, reversed_by = ZERO, ""
    for (day, source), same in groupby(postings, key=_place):
        rows = list(same)
        ids = {p.entry["id"] for p in rows}
        lines = []
        for line in _lines(rows, balance, known):
            back = days.get(undoes.get(line.entry, 0))
            by = days.get(undone.get(line.entry, 0))
            lines.append(line._replace(undoes=back, undone=by))
        balance = lines[-1].balance if lines else balance
        file = f"{day} {source.partition(' ')[0]}"
        kind = "fix" if file == reversed_by else ""
        if ids & undoes.keys():
            kind, reversed_by = "rev", file
        elif ids & undone.keys():
            kind = "was"
        words, link = posting_source(source, known), posting_link(source, claim_id)
        yield Group(day, words, link, kind, lines)


def _place(posting: Posting) -> tuple[date, str]:
    return posting.entry["business_date"], str(posting.entry["source"])


def _lines(
    postings: Iterable[Posting], balance: Decimal, known: Mapping[str, str]
) -> Iterator[Line]:
    for row, lines, _ in postings:
        words, first = ENTRIES[row["entry_type"]], True
        if row["direction"] < 0:
            words = f"Undone: {words}"
        for line in lines:
            account = ACCOUNTS.get(line["account"].partition(":")[0])
            if account is None:
                continue
            debit = from_cents(line["debit_cents"])
            credit = from_cents(line["credit_cents"])
            balance += debit - credit
            yield Line(
                entry=row["id"],
                words=words,
                rule=row["rule"],
                who=who_words(row["actor"], known),
                account=account,
                debit=debit,
                credit=credit,
                balance=balance,
                undoes=None,
                undone=None,
                first=first,
            )
            first = False


def _pairs(postings: list[Posting]) -> Iterator[Pair]:
    """Each correction: the entry, its reversal, and the one of its kind that the same
    file posted anew."""
    rows = {p.entry["id"]: p.entry for p in postings}
    undoes = taken_back(rows.values())
    for back_id, was_id in undoes.items():
        was, back = rows[was_id], rows[back_id]
        anew = next((r for r in rows.values() if _instead(r, was, back)), None)
        yield Pair(
            words=ENTRIES[was["entry_type"]],
            was=Ref(was_id, was["business_date"]),
            back=Ref(back_id, back["business_date"]),
            amount=from_cents(was["amount_cents"]),
            instead=Ref(anew["id"], anew["business_date"]) if anew else None,
            now=from_cents(anew["amount_cents"]) if anew else ZERO,
        )


def _instead(row: RowMapping, was: RowMapping, back: RowMapping) -> bool:
    """Whether an entry stands in the place of one that was taken back."""
    same = ("entry_type", "payer_id")
    return (
        row["id"] > back["id"]
        and row["business_date"] == back["business_date"]
        and row["source"].partition(" ")[0] == back["source"].partition(" ")[0]
        and all(row[name] == was[name] for name in same)
    )
