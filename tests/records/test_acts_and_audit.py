"""Acts, holds and the questions of ``check``, on SQLite and on PostgreSQL."""

from datetime import UTC, date, datetime

from records import accounts, acts, audit, events, files
from records.db import Database
from records.events import Because

AT = datetime(2026, 3, 3, 15, tzinfo=UTC)
WHY = Because(AT, date(2026, 3, 3), "R-PAT-06", "cleo")
CLAIM = "11111111-1111-1111-1111-111111111111"


def ask(db: Database, act_id: str = "a1") -> None:
    """Store one request to hold."""
    with db.transaction() as conn:
        acts.request(conn, act_id, verb="hold", reason="wait", claim_id=CLAIM, why=WHY)


def test_a_request_is_unanswered_until_it_is_answered(db: Database) -> None:
    ask(db)
    ask(db)  # the same request twice is one
    with db.reading() as conn:
        assert acts.unanswered(conn) == [("a1", "hold", CLAIM)]
    with db.transaction() as conn:
        acts.answer(conn, "a1", applied=True, words="On hold.", claim_id=CLAIM, why=WHY)
    with db.reading() as conn:
        assert acts.unanswered(conn) == []
        answer = acts.answer_of(conn, "a1")
        kept = events.of_claim(conn, CLAIM)
    assert answer is not None
    assert (answer["words"], answer["actor"]) == ("On hold.", "cleo")
    assert [e["kind"] for e in kept] == ["act requested", "act answered"]


def test_only_an_uncleared_hold_of_a_claim_holds_it(db: Database) -> None:
    from sqlalchemy import select

    def held() -> list[str]:
        with db.reading() as conn:
            return list(conn.execute(select(acts.held_claims().subquery())).scalars())

    with db.transaction() as conn:
        for kind in ("HOLD_SUPERVISOR", acts.CLAIM_HOLD):
            accounts.set_hold(
                conn,
                kind=kind,
                reason="x",
                today=WHY.today,
                actor="cleo",
                claim_id=CLAIM,
            )
    assert held() == [CLAIM]
    with db.transaction() as conn:
        for one in accounts.holds(conn, CLAIM, None):
            if one["kind"] == acts.CLAIM_HOLD:
                accounts.clear_hold(conn, one["id"], today=WHY.today, actor="sam")
    assert held() == []


def test_an_empty_database_has_nothing_to_find(db: Database) -> None:
    with db.reading() as conn:
        assert audit.files_without_end(conn) == []
        assert audit.unexplained_states(conn) == []
        assert audit.unstated_claims(conn) == []
        assert audit.running_appeals(conn) == []
        assert audit.remittances_to_post(conn) == []
        assert audit.ended_batches(conn) == set()
        assert audit.last_files(conn) == []
        assert audit.tasks_of(conn, CLAIM) == []
        assert audit.claims_like(conn, "HP1") == []
        assert audit.accesses(conn) == []
        assert set(audit.counts(conn).values()) == {0}


def plant(db: Database) -> None:
    """A file without an end, a state without a rule, and a read that was logged."""
    with db.transaction() as conn:
        files.register(
            conn,
            sha256="a" * 64,
            direction="in",
            partner="office",
            name="lost.835",
            kind="835",
            size=1,
            today=WHY.today,
            at=AT,
        )
        for rule in ("", "R-STA-02"):
            reason = Because(AT, WHY.today, rule)
            events.add(
                conn, reason, "state", "moved", claim_id=CLAIM, new_state="READY"
            )
        events.log_access(
            conn, at=AT, actor="sam", what="history", reason="audit", claim_id=CLAIM
        )


def test_what_breaks_a_promise_is_found(db: Database) -> None:
    plant(db)
    with db.reading() as conn:
        assert [f["name"] for f in audit.files_without_end(conn)] == ["lost.835"]
        assert [e["rule"] for e in audit.unexplained_states(conn)] == [None]
        assert [p for p, _, _ in audit.last_files(conn)] == ["office"]
        assert [a["actor"] for a in audit.accesses(conn, CLAIM)] == ["sam"]


def test_a_file_counts_once_ended(db: Database) -> None:
    plant(db)
    with db.transaction() as conn:
        files.end(conn, "a" * 64, files.End.QUARANTINED, reason="unreadable")
    with db.reading() as conn:
        assert audit.files_without_end(conn) == []
        assert files.import_of(conn, "a" * 64) is None
