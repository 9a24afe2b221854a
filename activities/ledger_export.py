"""The ledger in files that other programs read: a Beancount journal, and CSV.

Whoever does not trust our sums can make them anew: the Beancount file ends with the
balance of each account as our database adds it up, which ``bean-check`` compares with
the entries before it.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta

from activities.csv_rows import as_text
from claims.money import ZERO
from ledger.accounts import CLASS
from ledger.balances import trial_balance
from ledger.whole_journal import Line, Posting, first_days, journal
from records.db import Connection

COLUMNS = (
    "entry",
    "business_date",
    "posted_at",
    "type",
    "account",
    "debit",
    "credit",
    "claim",
    "payer_id",
    "source",
    "ref",
    "rule",
    "actor",
    "reverses",
    "memo",
    "key",
)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9-]")
_OF_ENTRY = ("posted_at", "source", "ref", "rule", "actor", "key")


def beancount(conn: Connection, *, as_of: date | None = None) -> Iterator[str]:
    """A journal for Beancount 2 or 3, line by line: accounts, entries, balances.

    The account's class is that of a trial balance; a payer's name in it is its id. An
    empty ledger is a file with a title and no entry.
    """
    yield 'option "title" "Claimthread ledger"\n'
    yield 'option "operating_currency" "USD"\n\n'
    opened = first_days(conn, as_of=as_of)
    for account, day in opened.items():
        yield f"{day} open {account_in_beancount(account)} USD\n"
    last: date | None = None
    for posting in journal(conn, as_of=as_of):
        yield _transaction(posting)
        day = posting.entry["business_date"]
        last = max(last or day, day)
    if last is None:
        return
    yield "\n"
    for account, amount in trial_balance(conn, as_of=as_of).items():
        # Beancount's balances are those of a morning, and forgive a cent unless told.
        name, morning = account_in_beancount(account), last + timedelta(1)
        yield f"{morning} balance {name} {amount} ~ 0.00 USD\n"


def account_in_beancount(account: str) -> str:
    """``refunds_payable`` is ``Liabilities:RefundsPayable``; a payer's id comes last.

    A character that a name may not hold is written as its number.
    """
    kind, _, payer = account.partition(":")
    name = "".join(part.capitalize() for part in kind.split("_"))
    parts = [CLASS[kind], name]
    if payer:
        plain = _NOT_IN_A_NAME.sub(lambda c: f"-{ord(c[0]):x}-", payer)
        parts.append(plain if plain[0].isupper() or plain[0].isdigit() else f"P{plain}")
    return ":".join(parts)


def _transaction(posting: Posting) -> str:
    entry = posting.entry
    link = f" ^{entry['claim_id']}" if entry["claim_id"] else ""
    head = f"{entry['business_date']} * {_quoted(entry['entry_type'])}"
    said = [f"\n{head} {_quoted(entry['memo'])}{link}", f"  entry: {entry['id']}"]
    said += [f"  {name}: {_quoted(entry[name])}" for name in _OF_ENTRY]
    if posting.pcn:
        said.append(f"  claim: {_quoted(posting.pcn)}")
    if entry["reverses"] is not None:
        said.append(f"  reverses: {entry['reverses']}")
    return "\n".join([*said, *(_posting_line(line) for line in posting.lines), ""])


def _posting_line(line: Line) -> str:
    return f"  {account_in_beancount(line.account)}  {line.debit - line.credit} USD"


def _quoted(text: str) -> str:
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def csv_lines(conn: Connection, *, as_of: date | None = None) -> Iterator[str]:
    """One row for each debit and each credit, after a row with the names of columns."""
    yield _csv_row(COLUMNS)
    for posting in journal(conn, as_of=as_of):
        for line in posting.lines:
            yield _csv_row(_cells(posting, line))


def _cells(posting: Posting, line: Line) -> list[str]:
    entry = posting.entry
    known = {
        "entry": str(entry["id"]),
        "type": entry["entry_type"],
        "account": line.account,
        "debit": str(line.debit) if line.debit != ZERO else "",
        "credit": str(line.credit) if line.credit != ZERO else "",
        "claim": posting.pcn,
    }
    own = {n: "" if entry[n] is None else str(entry[n]) for n in COLUMNS - known.keys()}
    return [as_text({**own, **known}[name]) for name in COLUMNS]


def _csv_row(cells: list[str] | tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
