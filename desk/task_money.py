"""What a question about a payer's money, or a day's close, is about: in words, with the
payment or the day behind it and the claims and reasons that it could be of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from activities.close_overdue import MARK
from activities.office import Office
from activities.provider_level import APART, NOW, RECOUPED
from claims.messages import remittance_workflow_id
from claims.money import cents
from claims.task import TaskType
from desk.close import named
from desk.evidence import Fact
from desk.words import day as day_words
from desk.words import usd
from ledger.accounts import EntryType, plb_entry_type
from policy import plb
from policy.tables import rows
from records import remit_list
from records.db import Connection, RowMapping

_T = TaskType
MOST = 5
"""Claims that are offered."""
_LEVELS = {
    "line": "What is billed on a line, less its adjustments, is not what it says is "
    "paid",
    "claim": "What is billed for a claim, less its adjustments, is not what it says is "
    "paid",
    "transaction": "What is paid for the claims, less provider level, is not the check",
    "BPR02": "The check is below zero",
}


@dataclass(frozen=True)
class Money:
    """Facts in words, addresses behind them, and what may be chosen in the form."""

    facts: tuple[Fact, ...]
    links: tuple[tuple[str, str], ...]
    offered: str = ""
    """Which claims are offered; empty: none are looked for."""
    claims: tuple[RowMapping, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    """Reasons of the payers' list that book the amount, with their words."""


def money_of(conn: Connection, office: Office, row: RowMapping) -> Money | None:
    """What stands behind a task; None for one of another kind, or without evidence."""
    kind, said = TaskType(row["type"]), row["evidence"]
    if kind is _T.DAILY_CLOSE_EXCEPTION and "items" in said:
        return _close(office, said)
    if kind is _T.ERA_UNBALANCED and "level" in said:
        return _unbalanced(row)
    if kind is _T.ERA_CONFLICT and "other" in said:
        return _conflict(row)
    if kind is _T.ERA_UNMATCHED_CLAIM and "clp01" in said:
        return _unmatched(conn, row)
    if kind in (_T.PLB_REVIEW, _T.RECOUPMENT_REVIEW) and "code" in said:
        return _provider_level(conn, row)
    return None


def _payment(row: RowMapping, then: str = "") -> tuple[str, str]:
    remittance = row["workflow_id"].removeprefix(remittance_workflow_id(""))
    return f"/remits/{remittance}{then}", "See the payment"


def _close(office: Office, said: Mapping[str, list[str] | str]) -> Money:
    day = date.fromisoformat(str(said["day"]))
    if MARK in said:
        days = [date.fromisoformat(one) for one in said["items"]]
        links = [(f"/close/{one}", f"See {day_words(one)}") for one in days]
        more = int(str(said[MARK])) - len(days)
        facts = [Fact("Not closed", ", ".join(map(day_words, days)))]
        facts += [Fact("And", f"{more} later days")] if more else []
        return Money(tuple(facts), tuple(links))
    found = (item.partition(": ") for item in said["items"])
    listed = (
        Fact(", ".join(map(partial(named, office), keys.split(", "))), words)
        for keys, _, words in found
    )
    return Money(
        tuple(listed), ((f"/close/{day}", f"See the close of {day_words(day)}"),)
    )


def _unbalanced(row: RowMapping) -> Money:
    said = row["evidence"]
    facts = [Fact("Difference", usd(Decimal(said["difference"])))]
    facts.append(Fact("What does not agree", _LEVELS[str(said["level"])]))
    if where := said.get("claim"):
        facts.append(Fact("Where", str(where)))
    if "stated" in said:
        stated, computed = Decimal(said["stated"]), Decimal(said["computed"])
        side = "less" if stated < computed else "more"
        apart = f"{usd(abs(stated - computed))} {side} than its parts make"
        facts[0] = Fact("Difference", apart)
        facts.append(Fact("It says", usd(stated)))
        facts.append(Fact("Its parts make", usd(computed)))
    return Money(tuple(facts), (_payment(row),))


def _conflict(row: RowMapping) -> Money:
    """Two payments with one trace number: only the first one has posted."""
    trace, first = row["evidence"]["trace"], row["evidence"]["other"].split(" ")[-1]
    facts = (Fact("Trace number", str(trace)), Fact("Posted", "only the first one"))
    again, _ = _payment(row)
    links = (
        (f"/remits/{first}", "See the first one"),
        (again, "See the one that came again"),
    )
    return Money(facts, links)


def _unmatched(conn: Connection, row: RowMapping) -> Money:
    said = row["evidence"]
    link = _payment(row, "?only=unmatched#claims")
    remittance = row["workflow_id"].removeprefix(remittance_workflow_id(""))
    charge = remit_list.charge_at(conn, remittance, int(said["position"]))
    visit = date.fromisoformat(said["dos"]) if said["dos"] else None
    facts = [
        Fact("The payer calls it", str(said["clp01"])),
        Fact("Paid", usd(Decimal(said["paid"]))),
        *([Fact("Billed", usd(Decimal(charge) / 100))] if charge is not None else []),
        *([Fact("Visit", day_words(visit))] if visit else []),
    ]
    found = remit_list.undecided(conn, row["payer_id"], charge or 0, visit, MOST)
    like = "the same charge or visit" if visit else "the same charge"
    words = f"Claims this payer has not decided, with {like}"
    return Money(tuple(facts), (link,), words, tuple(found))


def _provider_level(conn: Connection, row: RowMapping) -> Money:
    said = row["evidence"]
    code, lowers = str(said["code"]), said["taken"] == NOW
    facts = [
        Fact("What it is", f"{code} · {_meaning(code)}"),
        Fact(
            "Amount", f"{usd(Decimal(said['amount']))}, {_taken(code, lowers=lowers)}"
        ),
        Fact("Named by the payer", _named(said)),
    ]
    for name in ("disputed", "waiting"):
        if since := said.get(name):
            words = day_words(date.fromisoformat(since))
            facts.append(Fact(f"{name.capitalize()} since", words))
    money = Money(
        tuple(facts), (_payment(row, "#plb"),), reasons=_reasons(lowers=lowers)
    )
    takes = lowers or _kind(code, lowers=False) in RECOUPED
    if row["claim_id"] or not takes:
        return money
    amount = cents(Decimal(said["amount"]))
    found = remit_list.paid_just(conn, row["payer_id"], amount, MOST)
    words = f"Claims for which this payer once paid just {usd(Decimal(said['amount']))}"
    return Money(money.facts, money.links, words, tuple(found), money.reasons)


def _meaning(code: str) -> str:
    return plb.meaning(code).partition(": ")[0] or "not in our list of reasons"


def _taken(code: str, *, lowers: bool) -> str:
    if lowers:
        return "taken out of this payment"
    if _kind(code, lowers=False) in RECOUPED:
        return "announced here and taken out of a later payment"
    return "added to this payment"


def _named(said: Mapping[str, object]) -> str:
    if claim := said["claim"]:
        return f"our claim {claim}"
    if several := said.get("may_be_claims"):
        return f"one of {several} claims of ours"
    return "no claim that we know" if said["reference"] else "nothing"


def _kind(code: str, *, lowers: bool) -> EntryType | None:
    word = plb.entry_word(code, lowers_payment=lowers)
    return plb_entry_type(word, lowers_payment=lowers) if word else None


def _reasons(*, lowers: bool) -> tuple[tuple[str, str], ...]:
    """Those that book such an amount without naming a claim."""
    return tuple(
        (code, f"{code} · {_meaning(code)}")
        for code in rows(plb.TABLE, "plb", "code")
        if (kind := _kind(code, lowers=lowers)) not in (*APART, *RECOUPED, None)
        and kind is not None
    )
