"""The journal: entries and their two lines. Append-only, enforced by triggers."""

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
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
    Column("type", String(32), nullable=False),
    Column("claim_id", ID, index=True),
    Column("account_id", ID, index=True),
    Column("payer_id", String(32), index=True),
    Column("amount_cents", BigInteger, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("posted_at", INSTANT, nullable=False),
    Column("source", String(200), nullable=False),
    Column("ref", String(80), nullable=False),
    Column("rule", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("memo", Text, nullable=False, default=""),
    Column("reverses", _SERIAL),
    CheckConstraint("amount_cents > 0", name="amount_positive"),
    Index("ix_entry_claim_type", "claim_id", "type", "amount_cents"),
    sqlite_autoincrement=True,
)
"""One posting: what it does to a claim is its type; it is never changed."""

entry_line = Table(
    "entry_line",
    METADATA,
    Column("entry_key", String(255), ForeignKey("entry.key"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("account", String(80), nullable=False, index=True),
    Column("debit_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    CheckConstraint(
        "debit_cents >= 0 AND credit_cents >= 0 AND (debit_cents = 0) <> (credit_cents = 0)",
        name="one_side",
    ),
)
"""Line 1 is the debit, line 2 the credit, of the same amount."""


def append_only_statements(dialect: str) -> list[str]:
    """The triggers that refuse UPDATE and DELETE of postings."""
    tables = ("entry", "entry_line")
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'postings are append-only'); END"
            for table in tables
            for action in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
        "RAISE EXCEPTION 'postings are append-only'; END $$ LANGUAGE plpgsql"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            for table in tables
        ),
    ]


def _protect(_target: Table, connection: Any, **_options: Any) -> None:
    for statement in append_only_statements(connection.dialect.name):
        connection.execute(DDL(statement.replace("%", "%%")))


event.listen(entry_line, "after_create", _protect)
