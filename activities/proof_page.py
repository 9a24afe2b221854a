"""The readable page of a proof: one HTML file without scripts or anything from outside.

It shows the records of the proof and nothing else, and names no patient; the documents
beside it may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from activities.story import Story, day_words
from claims.money import from_cents
from records.instants import from_text
from records.instants import to_text as instant_text

Records = Mapping[str, Sequence[dict[str, Any]]]
_ENV = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Page:
    """What the page shows; ``records`` are the lines of the JSONL files."""

    zone: str
    practice: str
    story: Story
    made_at: datetime
    made_by: str
    why: str
    no_history: str
    records: Records


def page(shown: Page) -> str:
    """The HTML text."""
    zone = ZoneInfo(shown.zone)

    def when(instant: str | datetime) -> dict[str, str]:
        at = from_text(instant) if isinstance(instant, str) else instant
        local = at.astimezone(zone)
        return {
            "iso": instant_text(at),
            "words": f"{day_words(local.date())}, {local:%H:%M}",
        }

    return _ENV.get_template("proof.html.j2").render(
        page=shown,
        story=shown.story,
        records=shown.records,
        happened=_happened(shown.records),
        runs=max((t["run"] for t in shown.records["history"]), default=0),
        money=_money(shown.story),
        accounts=_running(shown.records["ledger"]),
        when=when,
        dollars=_dollars,
        day=_day,
    )


def _day(day: str | date) -> str:
    """``12 May 2026``."""
    return day_words(date.fromisoformat(day) if isinstance(day, str) else day)


def _dollars(cents: int) -> str:
    """``1,234.50``, with a real minus sign; an empty cell for no amount."""
    if not cents:
        return ""
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    return f"{sign}{from_cents(abs(cents)):,.2f}"


def _money(story: Story) -> list[tuple[str, str]]:
    money = story.money
    parts = [
        ("Charge", money.charge),
        ("Payers paid", money.paid_payer),
        ("Patient paid", money.paid_patient),
        ("Adjusted", money.adjusted),
        ("With insurance", money.insurer_open),
        ("Patient owes", money.patient_due),
        ("Credit", money.credit),
    ]
    return [(name, f"${amount:,.2f}") for name, amount in parts]


def _running(ledger: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """Each entry with what payers and patient still owe after it, less credit."""
    found, owed = [], 0
    for entry in ledger:
        effect = entry["effect_cents"]
        owed += effect.get("insurer_open", 0) + effect.get("patient_due", 0)
        owed -= effect.get("credit", 0)
        found.append((entry, owed))
    return found


def _happened(records: Records) -> list[dict[str, Any]]:
    """Workflow events and our own event log in one order of time."""
    ours = [
        {
            "at": event["at"],
            "who": event["actor"],
            "words": event["words"],
            "kind": event["kind"],
            "change": _change(event),
            "rule": event["rule"] or "",
            "table": event["rule_table"] or "",
            "technical": f"log {event['id']}",
            "routine": False,
        }
        for event in records["events"]
    ]
    engine = [
        {
            "at": told["at"],
            "who": "workflow",
            "words": told["words"],
            "kind": told["type"].replace("_", " ").lower(),
            "change": "",
            "rule": "",
            "table": "",
            "technical": f"run {told['run']} · event {told['event']}",
            "routine": told["routine"],
        }
        for told in records["history"]
    ]
    return sorted(engine + ours, key=lambda one: str(one["at"]))


def _change(event: Mapping[str, Any]) -> str:
    old, new = event["old_state"], event["new_state"]
    return f"{old or 'nothing'} → {new}" if new and old != new else ""
