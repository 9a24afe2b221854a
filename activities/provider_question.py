"""A question about a provider-level amount: what was posted, and how an answer posts.

The entry that was posted stands in the books for good: an answer undoes it by an
opposite one and posts what it really is, in one balanced step, with the task's number
as its source (R-MON-03, R-PLB-01). An answer that needs the payer leaves the amount
apart and asks again on a day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from activities import settle
from activities.carried import still_out
from activities.office import Office
from activities.provider_level import (
    APART,
    NOW,
    RECOUPED,
    USED,
    entry_key,
    still_due,
)
from claims.calendar import business_day_from
from claims.messages import NewsKind, remittance_workflow_id
from claims.money import ZERO, from_cents, words
from claims.task import DecisionRefused
from ledger.accounts import EntryType
from ledger.entries import NewEntry, entry_of, opposite, post
from records import events, remittances, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text
from records.tasks import NewTask

LOOK_AGAIN_DAYS = 30


@dataclass(frozen=True)
class Asked:
    """The question: its task, the set, the entry that was posted, in dollars.

    ``amount`` is what an answer moves; ``used`` is the part of the entry that the payer
    has taken or brought back since, which stays as it is booked.
    """

    task: RowMapping
    remittance: RowMapping
    entry: RowMapping
    amount: Decimal
    used: Decimal
    lowers: bool

    @property
    def kind(self) -> EntryType:
        """What it is booked as."""
        return EntryType(self.entry["entry_type"])

    @property
    def payer_id(self) -> str:
        """Whose provider-level amount it is."""
        return str(self.remittance["payer_id"])

    @property
    def source(self) -> str:
        """What later entries name as their source."""
        return f"task {self.task['number']}"


def asked_by(conn: Connection, task: RowMapping) -> Asked:
    """What a PLB_REVIEW or RECOUPMENT_REVIEW asks about.

    Raises:
        DecisionRefused: its remittance is not on file.
    """
    remittance = remittances.get(
        conn, task["workflow_id"].removeprefix(remittance_workflow_id(""))
    )
    if remittance is None:
        raise DecisionRefused("The remittance is not on file. Nothing was changed.")
    subject = ":".join(task["subject"].split(":")[-2:])
    key = entry_key(remittance["id"], task["evidence"]["code"], subject)
    entry = entry_of(conn, key)
    amount = from_cents(entry["amount_cents"])
    used = _used(conn, remittance, entry)
    lowers = task["evidence"]["taken"] == NOW
    return Asked(task, remittance, entry, amount - used, used, lowers)


def _used(conn: Connection, remittance: RowMapping, entry: RowMapping) -> Decimal:
    """What of an announced or carried amount has come since: it is history."""
    kind, whole = EntryType(entry["entry_type"]), from_cents(entry["amount_cents"])
    if kind is EntryType.FORWARD_BALANCE_OUT:
        left = still_out(conn, remittance, entry)
    elif RECOUPED.get(kind) == 1:
        left = still_due(conn, remittance["payer_id"], entry["memo"])
    else:
        return ZERO
    return whole - min(max(left, ZERO), whole)


# --- not yet -------------------------------------------------------------------------


def ask_again(
    conn: Connection,
    office: Office,
    asked: Asked,
    decision: str,
    form: Mapping[str, str],
    why: Because,
) -> str:
    """The payer has the word; the same question is asked again on a day (R-REF-05)."""
    day = business_day_from(_day(form, why))
    disputed = decision != "payer_reprocesses"
    said = "disputed" if disputed else "waiting for the payer"
    old = asked.task
    evidence = {
        **old["evidence"],
        "disputed" if disputed else "waiting": str(why.today),
    }
    new = NewTask(
        key=f"{old['id']}:again",
        type=old["type"],
        workflow_id=old["workflow_id"],
        role=old["role"],
        due_on=day,
        rule="R-REF-05",
        why=f"{old['why']}: {said} since {why.today}",
        claim_id=old["claim_id"],
        account_id=old["account_id"],
        subject=old["subject"],
        payer_id=old["payer_id"],
        amount_cents=old["amount_cents"],
        priority=old["priority"],
        evidence=evidence,
    )
    tasks.open_task(conn, new, why.by_rule("R-REF-05"))
    words_ = f"Provider-level {words(asked.amount)}: {said}, asked again on {day}"
    tell(conn, office, asked, why, words_, old["claim_id"])
    return words_


def _day(form: Mapping[str, str], why: Because) -> date:
    given = form.get("next_date")
    day = date.fromisoformat(given) if given else why.today + timedelta(LOOK_AGAIN_DAYS)
    if day <= why.today:
        raise DecisionRefused(
            "The day of the next look has passed. Nothing was stored. Name a later one."
        )
    return day


# --- posting -------------------------------------------------------------------------


class Part(NamedTuple):
    """One entry of an answer; ``row`` is its claim, none for the practice's own."""

    kind: EntryType
    amount: Decimal
    row: ClaimRow | None = None
    memo: str = ""


def post_instead(
    conn: Connection, asked: Asked, parts: Iterable[Part], why: Because
) -> None:
    """The first entry is undone and these take its place, or nothing happens; what has
    come of it since stays what it was.

    Raises:
        DecisionRefused: all of it has come since.
    """
    if asked.amount == ZERO:
        raise DecisionRefused(
            f"All of these {words(asked.used)} has come since, as the payer said. "
            "Nothing was posted. Say that it is right as it is booked."
        )
    undo = opposite(
        conn,
        asked.entry["key"],
        business_date=why.today,
        source=asked.source,
        ref=asked.remittance["trace"],
        rule="R-PLB-01",
        actor=why.actor,
        memo=asked.entry["memo"],
    )
    made = [_entry(asked, part, why) for part in parts if part.amount > ZERO]
    if asked.used > ZERO:
        kept = _entry(asked, Part(asked.kind, asked.used), why)
        made.append(replace(kept, key=f"{kept.key}{USED}"))
    post(conn, [undo, *made], posted_at=to_text(why.at))


def _entry(asked: Asked, part: Part, why: Because) -> NewEntry:
    row = part.row
    return NewEntry(
        key=f"plb:{asked.task['id']}:{part.kind.value}",
        type=part.kind,
        amount=part.amount,
        claim_id=row.id if row else None,
        account_id=row.account_id if row else None,
        payer_id=asked.payer_id,
        business_date=why.today,
        source=asked.source,
        ref=asked.remittance["trace"],
        rule="R-PLB-01" if row is None else "R-PLB-02",
        actor=why.actor,
        memo=part.memo or asked.entry["memo"],
    )


def tell(
    conn: Connection,
    office: Office,
    asked: Asked,
    why: Because,
    said: str,
    claim_id: str | None,
) -> None:
    """On record; each claim that it is or was about has its next step and hears."""
    told = [id_ for id_ in dict.fromkeys((asked.task["claim_id"], claim_id)) if id_]
    if not told:
        events.add(conn, why.by_rule("R-REF-05"), "recoupment", said)
    for id_ in told:
        events.add(conn, why.by_rule("R-REF-05"), "recoupment", said, claim_id=id_)
        if asked.kind in APART:
            done = "A poster has answered what this provider-level money is"
            settle.settle(conn, office, id_, why.by_rule("R-STA-02"), done)
        ref = f"task:{asked.task['id']}"
        settle.tell_claim(conn, id_, ref, NewsKind.TASK.value, why.today)
