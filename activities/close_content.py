"""What a daily close says: its lines, pairs, items and what is left (R-DAY-01)."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from activities.close_pairs import Pair, Paired, Side, pair
from activities.close_sums import (
    DEPOSITS,
    Item,
    Line,
    belonging,
    by_account,
    items,
    late_on,
    totals,
    turned_late,
)
from activities.deposits import WAITING
from activities.office import Office
from claims.calendar import add_business_days, business_days_between
from claims.trace import bare
from ledger.day_cash import Refunded, cash, refunds
from records import closes, remittances
from records.closes import CLOSE
from records.db import Connection, RowMapping


def first_date(day: date) -> date:
    """The first date whose money belongs to ``day``."""
    return add_business_days(day, -1) + timedelta(1)


def content_of(
    conn: Connection, office: Office, rows: list[RowMapping], day: date
) -> dict[str, Any]:
    """Totals, lines, items, pairs and what is not matched, as plain values."""
    now = _now(conn, rows, day)
    lines = _uncounted(conn, rows, day, now)
    paired = paired_of(conn, office, day)
    before = max((r["day"] for r in rows if r["day"] < day), default=None)
    named = items(lines, paired, day)
    late = [_side(s, day) for s in turned_late(paired, before, day)]
    accounts = {
        f"deposit:{d['ref']}": d["account_last4"] for d in remittances.deposits(conn)
    }
    return {
        "totals": totals(lines),
        "accounts": by_account(lines, paired, accounts),
        "counted": digest(now),
        "lines": [[str(one.of), one.part, one.key, one.cents] for one in lines],
        "items": [_named(one, day) for one in named],
        "pairs": [_pair(p) for p in paired.pairs if _is_of(p, lines)],
        "unmatched": [
            _side(side, day) | {"candidates": list(candidates)}
            for side, candidates in paired.open
        ],
        "late": late,
        "no_money": _no_money(conn, day),
    }


def lines_of(conn: Connection, rows: list[RowMapping], day: date) -> list[Line]:
    """Lines up to ``day`` that no close counts."""
    return _uncounted(conn, rows, day, _now(conn, rows, day))


def _now(conn: Connection, rows: list[RowMapping], day: date) -> list[Line]:
    """Every line from the first close up to ``day``, as the books stand."""
    first = first_date(min([day, *(r["day"] for r in rows)]))
    now: list[tuple[date, str, str, int]] = [*cash(conn, first, day)]
    now += [
        (d["deposited_on"], DEPOSITS, f"deposit:{d['ref']}", d["amount_cents"])
        for d in remittances.deposits(conn)
        if first <= d["deposited_on"] <= day
    ]
    return belonging(now, [])


def digest(lines: Iterable[Line]) -> str:
    """Stands for lines in a close: alike if nothing was added, moved or taken away."""
    text = json.dumps([[str(of), *rest] for of, *rest in lines])
    return hashlib.sha256(text.encode()).hexdigest()


def _uncounted(
    conn: Connection, rows: list[RowMapping], day: date, now: list[Line]
) -> list[Line]:
    """What no close counts. The last close stands for all before it, while nothing was
    posted into their days; else each of them says what it counted."""
    standing = [
        r for r in closes.newest(rows).values() if r["act"] == CLOSE and r["day"] <= day
    ]
    if not standing:
        return now
    last = max(standing, key=lambda r: r["day"])
    before = [line for line in now if line.of <= last["day"]]
    if json.loads(closes.content(conn, last)).get("counted") == digest(before):
        return now[len(before) :]
    counted = [
        Line(date.fromisoformat(of), part, key, int(value))
        for row in standing
        for of, part, key, value in json.loads(closes.content(conn, row))["lines"]
    ]
    return belonging(now, counted)


def paired_of(conn: Connection, office: Office, day: date) -> Paired:
    """Deposits and expected money known by ``day``; BPR02 = 0 expects none."""
    names = {}
    for payer_id in office.payers.ids():
        if profile := office.payers.get(payer_id):
            names[profile.name.casefold()] = payer_id
    found = [r for r in remittances.listing(conn) if r["status"] in _EXPECT]
    key_of = {r["id"]: f"835:{r['payer_id']}:{r['trace']}" for r in found}
    deposits = [
        _deposit(d, names, key_of.get(d["remittance_id"], ""))
        for d in remittances.deposits(conn)
        if d["deposited_on"] <= day
    ]
    expected = {
        key_of[r["id"]]: Side(
            key_of[r["id"]],
            r["posted_on"] or r["received_on"],
            r["paid_cents"],
            bare(r["trace"]),
            r["payer_id"],
        )
        for r in sorted(found, key=lambda r: r["status"] == "posted")
        if r["paid_cents"] > 0 and (r["posted_on"] or r["received_on"]) <= day
    }
    returned = any(d.cents < 0 for d in deposits)
    back = refunds(conn, day) if returned else []
    receipts = [
        Side(
            f"receipt:{p['receipt_ref']}",
            p["paid_on"],
            p["amount_cents"],
            bare(p["receipt_ref"]),
            f"patient:{p['method']}",
        )
        for p in closes.receipts(conn)
        if p["paid_on"] <= day
    ]
    return pair(deposits, [*expected.values(), *receipts, *map(_refund, back)])


_EXPECT = ("posted", *WAITING[:3])


def _deposit(row: RowMapping, names: dict[str, str], known: str) -> Side:
    name = str(row["payer_name"] or "").casefold()
    return Side(
        f"deposit:{row['ref']}",
        row["deposited_on"],
        row["amount_cents"],
        bare(row["trace"] or ""),
        names.get(name, "") if name else f"patient:{row['method']}",
        paired_with=known,
        account=row["account_last4"],
    )


def _refund(one: Refunded) -> Side:
    return Side(
        f"refund:{one.ref}", one.business_date, one.cents, bare(one.ref), one.payer_id
    )


def expecting(conn: Connection) -> Iterable[RowMapping]:
    """Remittances whose money is awaited; posted ones last, so that they win."""
    found = remittances.listing(conn, status=_EXPECT)
    return sorted(found, key=lambda r: r["status"] == "posted")


def _no_money(conn: Connection, day: date) -> list[str]:
    return [
        f"835:{r['payer_id']}:{r['trace']}"
        for r in remittances.listing(conn, status=["posted"])
        if r["paid_cents"] == 0 and first_date(day) <= r["posted_on"] <= day
    ]


def _is_of(one: Pair, lines: list[Line]) -> bool:
    keys = {one.deposit.key, one.expected.key, *one.expected.parts}
    return any(line.key in keys for line in lines)


def _pair(one: Pair) -> dict[str, Any]:
    return {
        "deposit": one.deposit.key,
        "expected": list(one.expected.parts or (one.expected.key,)),
        "cents": one.deposit.cents,
        "by": one.how,
    }


def _side(side: Side, day: date) -> dict[str, Any]:
    return {
        "key": side.key,
        "cents": side.cents,
        "since": str(side.day),
        "business_days": business_days_between(side.day, day),
        "late": late_on(side.day) <= day,
        "account": side.account,
    }


def _named(one: Item, day: date) -> dict[str, Any]:
    after = f"posted after the close of {one.of}: " if one.of < day else ""
    return {
        "keys": list(one.keys),
        "cents": one.cents,
        "words": after + one.words,
        "explained": one.explained,
        "waiting": one.waiting,
    }
