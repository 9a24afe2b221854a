"""The journal: entries and their two lines, append-only by triggers (R-MON-03).

The triggers are made with the tables, here for ``METADATA.create_all`` and once more in
the migration; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    event,
)

from records.tables import ID, INSTANT, METADATA

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

entry = Table(
    "entry",
    METADATA,
    Column("id", _SERIAL, primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("entry_type", String(32), nullable=False),
    Column("direction", SmallInteger, nullable=False),
    Column("claim_id", ID),
    Column("account_id", ID, index=True),
    Column("payer_id", String(32)),
    Column("amount_cents", BigInteger, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("posted_at", INSTANT, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("source", String(200), nullable=False),
    Column("ref", String(80), nullable=False),
    Column("rule", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("memo", Text, nullable=False, default=""),
    Column("reverses", _SERIAL, ForeignKey("entry.id"), unique=True),
    CheckConstraint("amount_cents > 0", name="amount_positive"),
    CheckConstraint(
        "direction = 1 OR (direction = -1 AND reverses IS NOT NULL)",
        name="direction_of_undoing",
    ),
    Index("ix_entry_claim", "claim_id", "entry_type", "direction", "amount_cents"),
    sqlite_autoincrement=True,
)
"""One posting: its type says what it does to a claim. ``direction`` is 1, or -1 where
an entry is undone that has no opposite type. ``seq`` is its place in the call that
posted it; ``reverses`` is the entry it undoes, each at most once."""

entry_line = Table(
    "entry_line",
    METADATA,
    Column("entry_id", _SERIAL, ForeignKey("entry.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("account", String(80), nullable=False, index=True),
    Column("debit_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    CheckConstraint("debit_cents >= 0 AND credit_cents >= 0", name="not_negative"),
    CheckConstraint("(debit_cents = 0) <> (credit_cents = 0)", name="one_side"),
)
"""Line 1 is the debit, line 2 the credit, of the same amount."""

_REFUSED = "postings are append-only: post an opposite entry"


def append_only_statements(dialect: str) -> list[str]:
    """The triggers that refuse to change or delete a posting."""
    tables = ("entry", "entry_line")
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            for table in tables
            for action in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
        f"RAISE EXCEPTION '{_REFUSED}'; END $$ LANGUAGE plpgsql"
    )
    triggers = [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in tables
    ]
    return [function, *triggers]


@event.listens_for(entry_line, "after_create")
def _protect(_table: Table, connection: Connection, **_options: object) -> None:
    for statement in append_only_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


__all__ = ["METADATA", "append_only_statements", "entry", "entry_line"]
