"""A claim's events are read newest first, a page at a time, without gap or repeat."""

from datetime import UTC, datetime, timedelta

import pytest

from records import events, story
from records.db import Connection, Database, RowMapping
from records.events import Because

CLAIM = "claim-1"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def tell(
    conn: Connection, words: str, *, kind: str = "step", minutes: int = 0, **more: str
) -> None:
    """One event; the machine's unless ``actor`` is given."""
    at, actor = NOON + timedelta(minutes=minutes), more.pop("actor", "machine")
    why = Because(at, at.date(), "R-STA-02", actor)
    events.add(conn, why, kind, words, claim_id=more.pop("claim", CLAIM), **more)


def read(db: Database, **asked: object) -> list[RowMapping]:
    with db.reading() as conn:
        return story.newest(conn, CLAIM, **{"limit": 100, **asked})  # type: ignore[arg-type]  # a test names them


def words(rows: list[RowMapping]) -> list[str]:
    return [row["words"] for row in rows]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_pages_follow_the_time_and_within_an_instant_the_order_of_writing(
    db: Database, size: int
) -> None:
    with db.transaction() as conn:
        # Written later, dated earlier: what is due by then happens, dated by then.
        for number, minutes in enumerate((5, 5, 9, 1, 5, 1)):
            tell(conn, f"{minutes}:{number}", minutes=minutes)
        tell(conn, "of another claim", claim="claim-2")
    seen: list[str] = []
    before = None
    while found := read(db, routine=True, before=before, limit=size):
        seen += words(found)
        before = story.Mark(found[-1]["at"], found[-1]["id"])
    assert seen == ["9:2", "5:4", "5:1", "5:0", "1:5", "1:3"]


def test_routine_is_what_a_rule_did_by_itself_and_did_not_fail(db: Database) -> None:
    with db.transaction() as conn:
        tell(conn, "A look.")
        tell(conn, "A look that was REFUSED.")
        tell(conn, "A look by a person.", actor="dana")
        tell(conn, "It moved.", kind="state", old_state="READY", new_state="SUBMITTED")
    shown = words(read(db))
    assert "A look." not in shown
    assert len(shown) == 3
    with db.reading() as conn:
        assert story.routine_steps(conn, CLAIM, at_most=10) == 1
        assert story.routine_steps(conn, "claim-2", at_most=10) == 0


def test_counting_of_routine_ends_where_it_is_told(db: Database) -> None:
    with db.transaction() as conn:
        for _ in range(5):
            tell(conn, "A look.")
    with db.reading() as conn:
        assert story.routine_steps(conn, CLAIM, at_most=3) == 3


def test_sql_and_python_call_the_same_events_failures(db: Database) -> None:
    with db.transaction() as conn:
        tell(conn, "The payer was silent.")
        tell(conn, "All went well.")
        tell(conn, "Decided.", kind="state", old_state="ACCEPTED", new_state="DENIED")
        tell(conn, "Sent.", kind="state", old_state="DENIED", new_state="APPEAL")
    by_python = [row for row in read(db, routine=True) if story.is_failure(row)]
    assert words(read(db, only="failures")) == words(by_python)
    assert set(words(by_python)) == {"The payer was silent.", "Decided."}


def test_rules_that_ran_are_counted_by_rule_table_and_actor(db: Database) -> None:
    with db.transaction() as conn:
        tell(conn, "First.")
        tell(conn, "Second.", minutes=3)
        tell(conn, "Third.", actor="dana")
    with db.reading() as conn:
        found = story.rules_of(conn, CLAIM)
    assert [(one.rule, one.actor, one.times) for one in found] == [
        ("R-STA-02", "dana", 1),
        ("R-STA-02", "machine", 2),
    ]
    assert found[1].last.startswith("2026-03-02T12:03")
