"""The append-only event log: each change with its rule, evidence, actor and time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, insert, select

from claims.decision import MACHINE, Decision
from records.db import insert_many
from records.instants import to_text
from records.tables import access, event

BREAK_GLASS = "break glass"
"""A chart opened with a reason by somebody who has no task on it."""
HELD_IMPORT = "import"
"""A claim was taken in and held: its payer is not known here."""
_ADD = insert(event)
"""Made once: almost every transaction adds an event."""


@dataclass(frozen=True)
class Because:
    """Why something happens now: the instant, the business date, who and which rule."""

    at: datetime
    today: date
    rule: str = ""
    actor: str = MACHINE
    table: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def by_rule(self, rule: str, **data: Any) -> "Because":
        """The same moment and actor, by another rule, with its evidence."""
        return Because(self.at, self.today, rule, self.actor, self.table, data)

    def by(self, decision: Decision) -> "Because":
        """The same moment, with what ``decision`` names as rule and evidence."""
        data = {"action": decision.action, "evidence": list(decision.evidence)}
        actor = self.actor if decision.actor == MACHINE else decision.actor
        return Because(self.at, self.today, decision.rule, actor, decision.table, data)


class Told(NamedTuple):
    """What happened, beside its reason: a claim's, an account's, or nobody's."""

    kind: str
    words: str
    claim_id: str | None = None
    account_id: str | None = None
    old_state: str | None = None
    new_state: str | None = None


def add(
    conn: Connection,
    why: Because,
    kind: str,
    words: str,
    *,
    claim_id: str | None = None,
    account_id: str | None = None,
    old_state: str | None = None,
    new_state: str | None = None,
) -> None:
    """Append one event; ``words`` is a sentence without patient data (R-STA-04)."""
    told = Told(kind, words, claim_id, account_id, old_state, new_state)
    conn.execute(_ADD, _columns(told, why))


def add_many(conn: Connection, why: Because, told: Iterable[Told]) -> None:
    """Append one event each, for one reason."""
    insert_many(conn, event, [_columns(one, why) for one in told])


def _columns(told: Told, why: Because) -> dict[str, Any]:
    return {
        "at": to_text(why.at),
        "business_date": why.today,
        "actor": why.actor,
        "rule": why.rule or None,
        "rule_table": why.table or None,
        "data": dict(why.data),
        **told._asdict(),
    }


def of_claim(conn: Connection, claim_id: str) -> list[RowMapping]:
    """The claim's events in the order they were written."""
    query = select(event).where(event.c.claim_id == claim_id).order_by(event.c.id)
    return list(conn.execute(query).mappings())


def log_access(
    conn: Connection,
    *,
    at: datetime,
    actor: str,
    what: str,
    reason: str,
    claim_id: str | None = None,
    account_id: str | None = None,
) -> None:
    """Record that somebody read protected data (R-SEC-01)."""
    conn.execute(
        insert(access).values(
            at=to_text(at),
            actor=actor,
            what=what,
            claim_id=claim_id,
            account_id=account_id,
            reason=reason,
        )
    )


def log_accesses(
    conn: Connection,
    *,
    at: datetime,
    actor: str,
    what: str,
    reason: str,
    claim_ids: list[str],
    account_ids: Iterable[str] = (),
    subject: str = "",
    address: str = "",
) -> None:
    """Record a read of claims or accounts (a list), or of one thing that is neither."""
    shared = {
        "at": to_text(at),
        "actor": actor,
        "what": what,
        "subject": subject,
        "reason": reason,
        "address": address,
    }
    pairs: list[tuple[str | None, str | None]] = [
        *((one, None) for one in dict.fromkeys(claim_ids)),
        *((None, one) for one in dict.fromkeys(account_ids)),
    ]
    conn.execute(
        insert(access),
        [
            {**shared, "claim_id": claim_id, "account_id": account_id}
            for claim_id, account_id in pairs or [(None, None)]
        ],
    )


def opened_by_reason(
    conn: Connection, *, actor: str, claim_id: str, since: datetime
) -> bool:
    """Whether this person gave a reason to open this chart lately (break-glass)."""
    query = select(access.c.id).where(
        access.c.actor == actor,
        access.c.claim_id == claim_id,
        access.c.what == BREAK_GLASS,
        access.c.at > to_text(since),
    )
    return conn.execute(query).first() is not None
