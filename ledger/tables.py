"""The journal: entries and their two lines, append-only by triggers (R-MON-03)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from records.tables import ID, INSTANT, METADATA, append_only

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
    # Holds all that a balance needs as of any day: 400,000 entries without the table.
    Index(
        "ix_entry_claim",
        *("claim_id", "entry_type", "direction", "amount_cents", "business_date"),
    ),
    # The whole practice's money by type, as of any day; written out as in records.
    Index(
        "ix_entry_type",
        *("entry_type", "direction", "business_date", "amount_cents"),
        sqlite_where=text("claim_id IS NOT NULL"),
        postgresql_where=text("claim_id IS NOT NULL"),
    ),
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

append_only(entry)
append_only(entry_line)

__all__ = ["METADATA", "entry", "entry_line"]
