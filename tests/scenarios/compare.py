"""Compare what is in the database with what a scenario expects."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from claims.money import ZERO, from_cents, usd
from ledger import balances as ledger
from ledger.accounts import Bucket
from records import accounts, claims, remittances, tasks
from records.tables import METADATA

if TYPE_CHECKING:
    from tests.scenarios.play import Player

ALLOWED_UNLISTED = ("PLAN_REMIND",)


@dataclass
class Difference(Exception):  # noqa: N818 - it is what the harness reports
    """The first thing that is not as expected."""

    day: date
    what: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.day} {self.what}: found {self.found}, expected {self.expected}"


def _same(day: date, what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise Difference(day, what, str(found), str(expected))


def compare_day(player: "Player") -> None:
    """The checkpoints of the day that has just ended."""
    for expected in player.story.expect["checkpoints"]:
        if expected["day"] == player.number:
            _checkpoint(player, expected)


def _checkpoint(player: "Player", expected: dict[str, Any]) -> None:
    day, name = player.day, expected["claim"]
    claim_id = player.claim_id(name)
    with player.world.office.reading() as conn:
        row = claims.get(conn, claim_id)
        money = ledger.balances(conn, [claim_id])[claim_id]
        open_tasks = [
            t
            for t in tasks.waiting(conn)
            if t["claim_id"] == claim_id or t["id"] == row.next_owner_id
        ]
    _same(day, f"{name} state", row.state.value, expected["state"])
    for bucket in Bucket:
        found = getattr(money, bucket.value)
        _same(
            day,
            f"{name} {bucket.value}",
            found,
            usd(expected["balances"][bucket.value]),
        )
    types = sorted(t["type"] for t in open_tasks)
    _same(day, f"{name} open tasks", types, sorted(expected["open_tasks"]))
    if "next_step" in expected:
        due = expected["next_step"]["due"]
        _same(day, f"{name} next step ({row.next_what})", str(row.next_due), due)
    if "holds" in expected:
        _same(day, f"{name} holds", _holds(player, row), sorted(expected["holds"]))
    if "practice" in expected:
        _practice(player, expected["practice"])


def _holds(player: "Player", row: claims.ClaimRow) -> list[str]:
    with player.world.office.reading() as conn:
        found = accounts.holds(conn, row.id, None)
        found += accounts.holds(conn, None, row.account_id)
    return sorted({hold["kind"] for hold in found})


def _practice(player: "Player", expected: dict[str, str]) -> None:
    with player.world.office.reading() as conn:
        deposits = remittances.deposits(conn)
        posted = remittances.listing(conn, status=["posted"])
        unapplied = ledger.unapplied(conn)
        due = ledger.recoupment_due(conn)
    of_day = [d for d in deposits if d["deposited_on"] == player.day]
    found = {
        "deposit": sum((from_cents(d["amount_cents"]) for d in of_day), ZERO),
        "era_deposit_difference": sum(
            (from_cents(d["amount_cents"]) for d in deposits), ZERO
        )
        - sum((from_cents(r["paid_cents"]) for r in posted), ZERO),
        "unapplied_payer_cash": unapplied,
        "recoupment_due": due,
    }
    for name, amount in expected.items():
        said = found.get(name, "not computed by this harness")
        _same(player.day, f"practice {name}", said, usd(amount))


def compare_end(player: "Player") -> None:
    """Complete lists: tasks, letters, statements, ledger."""
    _tasks(player)
    _letters(player)
    _statements(player)
    _ledger(player)
    _practice_ledger(player)


def _names(player: "Player") -> dict[str, str]:
    """Our claim ids back to the story's numbers."""
    return {player.claim_id(c["pcn"]): c["pcn"] for c in player.story.given["claims"]}


def _tasks(player: "Player") -> None:
    names = _names(player)
    with player.world.office.reading() as conn:
        listed = [
            t
            for t in tasks.listing(conn, include_closed=True)
            if t["type"] != "DAILY_CLOSE_EXCEPTION"  # no story has its days closed
        ]
    rows = [(_claim_named(player, t, names), t) for t in listed]
    found = Counter((t["type"], name, str(t["created_on"])) for name, t in rows)
    wanted = Counter(
        (t["task"], t["claim"], t["created"]) for t in player.story.expect["tasks"]
    )
    _same(
        player.day, "human tasks", sorted(found.elements()), sorted(wanted.elements())
    )
    for expected in player.story.expect["tasks"]:
        key = (expected["task"], expected["claim"], expected["created"])
        row = next(
            t for name, t in rows if (t["type"], name, str(t["created_on"])) == key
        )
        _same(player.day, f"{key[0]} due", str(row["due_on"]), expected["due"])
        role = str(expected["role"])
        _same(player.day, f"{key[0]} role", row["role"] in role, True)
        if expected.get("closed"):
            _same(
                player.day,
                f"{key[0]} closed",
                str(row["closed_on"]),
                expected["closed"],
            )
        if expected.get("decision"):
            found_decision = row["decision"] or row["closed_how"]
            _same(
                player.day, f"{key[0]} decision", found_decision, expected["decision"]
            )


def _claim_named(player: "Player", row: Any, names: dict[str, str]) -> str:
    """The story's name of a task's claim; a task about a file has the story's word."""
    if row["claim_id"] is not None:
        return names.get(row["claim_id"], "a claim outside the story")
    same = (
        str(t["claim"])
        for t in player.story.expect["tasks"]
        if (t["task"], t["created"]) == (row["type"], str(row["created_on"]))
    )
    return next(same, "no claim")


def _text(player: "Player", sha: str) -> str:
    html = player.world.office.documents.get(sha).decode()
    plain = re.sub(r"<style.*?</style>", " ", html, flags=re.S)
    plain = re.sub(r"<[^>]+>", " ", plain)
    for name, char in (
        ("&amp;", "&"),
        ("&#x27;", "'"),
        ("&quot;", '"'),
        ("&nbsp;", " "),
    ):
        plain = plain.replace(name, char)
    return " ".join(plain.split())


def facts_in(wanted: str) -> list[str]:
    """Amounts, dates, ids and CARCs of an expectation; its other words are free."""
    patterns = (
        r"\d[\d,]*\.\d\d",
        r"\d{4}-\d\d-\d\d",
        r"\d\d/\d\d/\d{4}",
        r"\b(?:CO|PR|OA|PI)-\w+\b",
        r"\b[A-Z]+\d*-\d+\b",
        r"\b[A-Z]{3,}\d+\b",
        r"\b\d{5}\b",
    )
    return [found for p in patterns for found in re.findall(p, wanted)]


def has_fact(text: str, fact: str) -> bool:
    if re.fullmatch(r"\d\d/\d\d/\d{4}", fact):
        month, number, year = fact.split("/")
        fact = f"{year}-{month}-{number}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", fact):
        day = date.fromisoformat(fact)
        forms = {
            fact,
            f"{day.day} {day:%B} {day.year}",
            f"{day:%B} {day.day}, {day.year}",
            f"{day:%m/%d/%Y}",
        }
        return any(form in text for form in forms)
    if re.fullmatch(r"\d[\d,]*\.\d\d", fact):
        return f"{usd(fact.replace(',', '')):,.2f}" in text
    return fact in text


def _contains(player: "Player", what: str, text: str, wanted: list[str]) -> None:
    for line in wanted:
        for fact in facts_in(str(line)):
            if not has_fact(text, fact):
                raise Difference(player.day, what, f"no {fact}", str(line))


def _letters(player: "Player") -> None:
    """Every letter but statements, which are compared by themselves."""
    with player.world.office.reading() as conn:
        statements = {
            s["letter_id"]
            for claim_id in _names(player)
            for s in accounts.statements_of_claim(conn, claim_id)
        }
        rows = [r for r in accounts.letters(conn) if r["id"] not in statements]
    expected = player.story.expect["letters"]
    listed = {e["template"] for e in expected}
    free = set(ALLOWED_UNLISTED) - listed
    found = sorted(
        (r["template"], str(r["dated"])) for r in rows if r["template"] not in free
    )
    wanted = sorted((e["template"], e["date"]) for e in expected)
    _same(player.day, "letters", found, wanted)
    for one in expected:
        row = next(
            r
            for r in rows
            if (r["template"], str(r["dated"])) == (one["template"], one["date"])
        )
        text = _text(player, row["html_sha256"])
        _contains(
            player, f"letter {one['template']}", text, one.get("must_contain", [])
        )


def _statements(player: "Player") -> None:
    names = _names(player)
    found, texts = [], {}
    with player.world.office.reading() as conn:
        for claim_id, pcn in names.items():
            for row in accounts.statements_of_claim(conn, claim_id):
                amount = str(from_cents(row["amount_cents"]))
                key = (pcn, row["step"], str(row["dated"]), amount, row["template"])
                found.append(key)
                letter = accounts.get_letter(conn, row["letter_id"])
                texts[key] = letter["html_sha256"] if letter else ""
    wanted = [
        (s["claim"], s["step"], s["date"], s["amount"], s["template"])
        for s in player.story.expect["statements"]
    ]
    _same(player.day, "statements", sorted(found), sorted(wanted))
    for one, key in zip(player.story.expect["statements"], wanted, strict=True):
        text = _text(player, texts[key])
        _contains(player, f"statement {key[2]}", text, one.get("must_say", []))


def _ledger(player: "Player") -> None:
    names = _names(player)
    found: Counter[tuple[str, str, str, str]] = Counter()
    with player.world.office.reading() as conn:
        for claim_id, pcn in names.items():
            for row in ledger.entries_of(conn, claim_id):
                ref = "" if row["entry_type"].startswith("CHARGE") else row["ref"]
                key = (str(row["business_date"]), pcn, row["entry_type"], ref)
                found[key] += row["amount_cents"]
    wanted: Counter[tuple[str, str, str, str]] = Counter()
    for one in player.story.expect["ledger"]:
        ref = "" if one["type"].startswith("CHARGE") else str(one.get("ref") or "")
        wanted[(one["date"], one["claim"], one["type"], ref)] += int(
            usd(one["amount"]) * 100
        )
    missing, more = wanted - found, found - wanted
    _same(player.day, "ledger", sorted(more.items()), sorted(missing.items()))


def _practice_ledger(player: "Player") -> None:
    expected = player.story.expect.get("practice_ledger") or []
    with player.world.office.reading() as conn:
        rows = [r for r in ledger.practice_entries(conn) if r["memo"].startswith("PLB")]
    found = sorted(
        (str(r["business_date"]), r["entry_type"], r["amount_cents"]) for r in rows
    )
    wanted = sorted(
        (e["date"], e["type"], int(usd(e["amount"]) * 100)) for e in expected
    )
    _same(player.day, "practice ledger", found, wanted)


__all__ = ["METADATA", "Difference", "compare_day", "compare_end"]
