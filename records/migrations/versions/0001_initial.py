"""Every table, and the triggers that keep postings append-only (R-MON-03).

Until the first release the tables' part is made anew by one command, see
``records.migrate``; a test compares both with the tables in the code.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_REFUSED = "rows here are append-only: add one that corrects"
_APPEND_ONLY = ("day_close", "entry", "entry_line", "event", "access", "sign_in")


def upgrade() -> None:
    """Create everything in an empty database."""
    # Tables: made by records.migrate, do not edit.
    op.create_table(
        "access",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_access_account_id"), "access", ["account_id"], unique=False
    )
    op.create_index(op.f("ix_access_claim_id"), "access", ["claim_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_ref", sa.String(length=16), nullable=False),
        sa.Column("guarantor_index", sa.String(length=64), nullable=False),
        sa.Column("guarantor_enc", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("guarantor_index", name=op.f("uq_account_guarantor_index")),
        sa.UniqueConstraint("public_ref", name=op.f("uq_account_public_ref")),
    )
    op.create_table(
        "authorization",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("member_index", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorization")),
        sa.UniqueConstraint(
            "payer_id",
            "number",
            "code",
            "member_index",
            name=op.f("uq_authorization_payer_id_number_code_member_index"),
        ),
    )
    op.create_index(
        "ix_authorization_member",
        "authorization",
        ["payer_id", "member_index"],
        unique=False,
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("isa13", sa.Integer(), nullable=False),
        sa.Column("gs06", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=30), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=True),
        sa.Column("sent_at", sa.String(length=27), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("ta1", sa.String(length=1), nullable=True),
        sa.Column("ack_999", sa.String(length=1), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("payer_id", "gs06", name=op.f("uq_batch_payer_id_gs06")),
        sa.UniqueConstraint("payer_id", "isa13", name=op.f("uq_batch_payer_id_isa13")),
    )
    op.create_table(
        "bulk",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("back", sa.String(length=600), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("done_at", sa.String(length=27), nullable=True),
        sa.Column("undone_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk")),
    )
    op.create_index(op.f("ix_bulk_actor"), "bulk", ["actor"], unique=False)
    op.create_table(
        "control_number",
        sa.Column("receiver", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("receiver", "kind", name=op.f("pk_control_number")),
    )
    op.create_table(
        "cover",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("patient_ref_index", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
        sa.Column("eff_from", sa.Date(), nullable=True),
        sa.Column("eff_to", sa.Date(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cover")),
    )
    op.create_index(
        op.f("ix_cover_patient_ref_index"), "cover", ["patient_ref_index"], unique=False
    )
    op.create_table(
        "day_close",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", "version", name=op.f("pk_day_close")),
    )
    op.create_table(
        "deposit",
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("deposited_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("trace", sa.String(length=50), nullable=True),
        sa.Column("originator", sa.String(length=64), nullable=True),
        sa.Column("payer_name", sa.String(length=120), nullable=True),
        sa.Column("account_last4", sa.String(length=4), nullable=False),
        sa.Column("remittance_id", sa.String(length=64), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_deposit")),
    )
    op.create_index(op.f("ix_deposit_trace"), "deposit", ["trace"], unique=False)
    op.create_table(
        "eligibility",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("member_index", sa.String(length=64), nullable=False),
        sa.Column("trace", sa.String(length=30), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eligibility")),
        sa.UniqueConstraint(
            "file_sha256",
            "segment",
            "trace",
            name=op.f("uq_eligibility_file_sha256_segment_trace"),
        ),
    )
    op.create_index(
        "ix_eligibility_member",
        "eligibility",
        ["payer_id", "member_index"],
        unique=False,
    )
    op.create_table(
        "entry",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("entry_type", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.SmallInteger(), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("payer_id", sa.String(length=32), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("posted_at", sa.String(length=27), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column(
            "reverses",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_entry_amount_positive")),
        sa.CheckConstraint(
            "direction = 1 OR (direction = -1 AND reverses IS NOT NULL)",
            name=op.f("ck_entry_direction_of_undoing"),
        ),
        sa.ForeignKeyConstraint(
            ["reverses"], ["entry.id"], name=op.f("fk_entry_reverses_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_entry_key")),
        sa.UniqueConstraint("reverses", name=op.f("uq_entry_reverses")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_entry_account_id"), "entry", ["account_id"], unique=False)
    op.create_index(
        "ix_entry_claim",
        "entry",
        ["claim_id", "entry_type", "direction", "amount_cents", "business_date"],
        unique=False,
    )
    op.create_index(
        "ix_entry_type",
        "entry",
        ["entry_type", "direction", "business_date", "amount_cents"],
        unique=False,
        sqlite_where=sa.text("claim_id IS NOT NULL"),
        postgresql_where=sa.text("claim_id IS NOT NULL"),
    )
    op.create_table(
        "event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.String(length=255), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=True),
        sa.Column("rule_table", sa.String(length=48), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("old_state", sa.String(length=20), nullable=True),
        sa.Column("new_state", sa.String(length=20), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("key", name=op.f("uq_event_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_event_account_id"), "event", ["account_id"], unique=False)
    op.create_index("ix_event_claim", "event", ["claim_id", "at", "id"], unique=False)
    op.create_table(
        "file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.String(length=27), nullable=False),
        sa.Column("ended", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_file")),
    )
    op.create_table(
        "history_archive",
        sa.Column("workflow_id", sa.String(length=120), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("archived_at", sa.String(length=27), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("how_ended", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint(
            "workflow_id", "run_id", name=op.f("pk_history_archive")
        ),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("cleared_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_account_id"), "hold", ["account_id"], unique=False)
    op.create_index(op.f("ix_hold_claim_id"), "hold", ["claim_id"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("rejects", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(
        op.f("ix_import_run_file_sha256"), "import_run", ["file_sha256"], unique=False
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.Column("template_version", sa.String(length=64), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("recipient", sa.String(length=12), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("html_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("facts_sha256", sa.String(length=64), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("key", name=op.f("uq_letter_key")),
    )
    op.create_index(
        op.f("ix_letter_account_id"), "letter", ["account_id"], unique=False
    )
    op.create_index(op.f("ix_letter_claim_id"), "letter", ["claim_id"], unique=False)
    op.create_table(
        "list_columns",
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("list", sa.String(length=16), nullable=False),
        sa.Column("columns", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("user_name", "list", name=op.f("pk_list_columns")),
    )
    op.create_table(
        "news",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("workflow_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
    )
    op.create_index("ix_news_untold", "news", ["told_at"], unique=False)
    op.create_index(op.f("ix_news_workflow_id"), "news", ["workflow_id"], unique=False)
    op.create_table(
        "patient_payment",
        sa.Column("receipt_ref", sa.String(length=64), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("applied_cents", sa.BigInteger(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_ref", name=op.f("pk_patient_payment")),
    )
    op.create_index(
        op.f("ix_patient_payment_account_id"),
        "patient_payment",
        ["account_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_patient_payment_claim_id"),
        "patient_payment",
        ["claim_id"],
        unique=False,
    )
    op.create_table(
        "remittance",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("trace", sa.String(length=50), nullable=False),
        sa.Column("payment_date", sa.Date(), nullable=True),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("st_segment", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("keyed_by", sa.String(length=64), nullable=True),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittance")),
        sa.UniqueConstraint(
            "payer_id",
            "trace",
            "payment_date",
            "content_hash",
            name=op.f("uq_remittance_payer_id_trace_payment_date_content_hash"),
        ),
    )
    op.create_index(
        "ix_remittance_received", "remittance", ["received_on", "id"], unique=False
    )
    op.create_index(
        "ix_remittance_trace", "remittance", ["payer_id", "trace"], unique=False
    )
    op.create_table(
        "remittance_claim",
        sa.Column("remittance_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("clp01_index", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=3), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("patient_cents", sa.BigInteger(), nullable=False),
        sa.Column("payer_icn", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(
            "remittance_id", "position", name=op.f("pk_remittance_claim")
        ),
    )
    op.create_index(
        op.f("ix_remittance_claim_claim_id"),
        "remittance_claim",
        ["claim_id"],
        unique=False,
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("shared_role", sa.String(length=16), nullable=True),
        sa.Column("filters", sa.String(length=500), nullable=False),
        sa.Column("columns", sa.String(length=200), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_saved_view_owner_name")),
    )
    op.create_index(op.f("ix_saved_view_owner"), "saved_view", ["owner"], unique=False)
    op.create_table(
        "search",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("words_enc", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_search")),
    )
    op.create_index(
        op.f("ix_search_session_id"), "search", ["session_id"], unique=False
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "sign_in",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("name_index", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_in_address", "sign_in", ["address", "at"], unique=False)
    op.create_index("ix_sign_in_name", "sign_in", ["name_index", "at"], unique=False)
    op.create_table(
        "statement",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(
        op.f("ix_statement_account_id"), "statement", ["account_id"], unique=False
    )
    op.create_table(
        "task",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("legal_deadline", sa.Date(), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column("assigned_at", sa.String(length=27), nullable=True),
        sa.Column("opened_by", sa.String(length=64), nullable=True),
        sa.Column("opened_at", sa.String(length=27), nullable=True),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("wakes_on", sa.String(length=24), nullable=True),
        sa.Column("snooze_reason", sa.String(length=200), nullable=True),
        sa.Column("snoozes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sa.String(length=120), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.Column("form", sa.JSON(), nullable=True),
        sa.Column("prepared_by", sa.String(length=64), nullable=True),
        sa.Column("prepared_at", sa.String(length=27), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_how", sa.String(length=12), nullable=True),
        sa.Column("raised_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("key", name=op.f("uq_task_key")),
        sa.UniqueConstraint("number", name=op.f("uq_task_number")),
    )
    op.create_index(op.f("ix_task_account_id"), "task", ["account_id"], unique=False)
    op.create_index(
        "ix_task_asleep",
        "task",
        ["snoozed_until"],
        unique=False,
        sqlite_where=sa.text("snoozed_until IS NOT NULL"),
        postgresql_where=sa.text("snoozed_until IS NOT NULL"),
    )
    op.create_index(op.f("ix_task_claim_id"), "task", ["claim_id"], unique=False)
    op.create_index(
        "ix_task_closed",
        "task",
        ["closed_on"],
        unique=False,
        sqlite_where=sa.text("closed_on IS NOT NULL"),
        postgresql_where=sa.text("closed_on IS NOT NULL"),
    )
    op.create_index(
        "ix_task_order",
        "task",
        [
            "due_on",
            "role",
            "snoozed_until",
            "amount_cents",
            "type",
            "assignee",
            "status",
            "decision",
        ],
        unique=False,
        sqlite_where=sa.text("status IN ('open', 'prepared', 'saved')"),
        postgresql_where=sa.text("status IN ('open', 'prepared', 'saved')"),
    )
    op.create_index("ix_task_queue", "task", ["status", "due_on"], unique=False)
    op.create_index(
        "ix_task_saved",
        "task",
        ["due_on"],
        unique=False,
        sqlite_where=sa.text("status = 'saved'"),
        postgresql_where=sa.text("status = 'saved'"),
    )
    op.create_index(
        "ix_task_similar",
        "task",
        ["type", "payer_id", "reason", "closed_on", "number"],
        unique=False,
        sqlite_where=sa.text("status = 'done'"),
        postgresql_where=sa.text("status = 'done'"),
    )
    op.create_index(
        "ix_task_type",
        "task",
        [
            "type",
            "due_on",
            "snoozed_until",
            "amount_cents",
            "role",
            "assignee",
            "status",
            "decision",
        ],
        unique=False,
        sqlite_where=sa.text("status IN ('open', 'prepared', 'saved')"),
        postgresql_where=sa.text("status IN ('open', 'prepared', 'saved')"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_set_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("name", name=op.f("uq_user_account_name")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("ended_how", sa.String(length=12), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
    )
    op.create_index(
        op.f("ix_web_session_user_name"), "web_session", ["user_name"], unique=False
    )
    op.create_table(
        "bulk_task",
        sa.Column("bulk_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("undone", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["bulk_id"], ["bulk.id"], name=op.f("fk_bulk_task_bulk_id_bulk")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_bulk_task_task_id_task")
        ),
        sa.PrimaryKeyConstraint("bulk_id", "task_id", name=op.f("pk_bulk_task")),
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("pcn", sa.String(length=20), nullable=False),
        sa.Column("practice_number", sa.String(length=64), nullable=False),
        sa.Column("identity_index", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("payer_order", sa.Integer(), nullable=False),
        sa.Column("other_plans", sa.Integer(), nullable=False),
        sa.Column("member_index", sa.String(length=64), nullable=False),
        sa.Column("patient_index", sa.String(length=64), nullable=False),
        sa.Column("patient_ref_index", sa.String(length=64), nullable=True),
        sa.Column("billing_npi", sa.String(length=10), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("service_from", sa.Date(), nullable=True),
        sa.Column("service_to", sa.Date(), nullable=True),
        sa.Column("source_file", sa.String(length=64), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.Date(), nullable=False),
        sa.Column("next_what", sa.String(length=64), nullable=True),
        sa.Column("next_due", sa.Date(), nullable=True),
        sa.Column("next_at", sa.String(length=27), nullable=True),
        sa.Column("next_owner", sa.String(length=12), nullable=True),
        sa.Column("next_owner_id", sa.String(length=120), nullable=True),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("then_what", sa.Text(), nullable=True),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.Column("submission_number", sa.Integer(), nullable=False),
        sa.Column("payer_icn", sa.String(length=64), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("first_remit_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_claim_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("identity_index", name=op.f("uq_claim_identity_index")),
        sa.UniqueConstraint("pcn", name=op.f("uq_claim_pcn")),
    )
    op.create_index("ix_claim_account", "claim", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_claim_account_state", "claim", ["account_id", "state"], unique=False
    )
    op.create_index(
        "ix_claim_aging",
        "claim",
        ["id", "payer_id", "service_from", "pcn"],
        unique=False,
    )
    op.create_index(
        "ix_claim_list",
        "claim",
        ["next_due", "pcn", "state", "payer_id", "next_owner", "charge_cents", "id"],
        unique=False,
    )
    op.create_index(
        "ix_claim_member", "claim", ["payer_id", "member_index"], unique=False
    )
    op.create_index(
        op.f("ix_claim_patient_index"), "claim", ["patient_index"], unique=False
    )
    op.create_index(
        op.f("ix_claim_patient_ref_index"), "claim", ["patient_ref_index"], unique=False
    )
    op.create_index(
        op.f("ix_claim_practice_number"), "claim", ["practice_number"], unique=False
    )
    op.create_index(
        op.f("ix_claim_source_file"), "claim", ["source_file"], unique=False
    )
    op.create_index("ix_claim_state", "claim", ["state", "charge_cents"], unique=False)
    op.create_table(
        "coverage",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("member_index", sa.String(length=64), nullable=False),
        sa.Column("member_enc", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_coverage_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
        sa.UniqueConstraint(
            "payer_id",
            "member_index",
            "account_id",
            name=op.f("uq_coverage_payer_id_member_index_account_id"),
        ),
    )
    op.create_index(
        "ix_coverage_member", "coverage", ["payer_id", "member_index"], unique=False
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("task_version", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("form_enc", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("second", sa.Boolean(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("saved_at", sa.String(length=27), nullable=False),
        sa.Column("applied_at", sa.String(length=27), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_decision_task_id_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_task_id"), "decision", ["task_id"], unique=False)
    op.create_index("ix_decision_undelivered", "decision", ["applied_at"], unique=False)
    op.create_table(
        "draft",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("task_version", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.String(length=27), nullable=False),
        sa.Column("form_enc", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_draft_task_id_task")
        ),
        sa.PrimaryKeyConstraint("task_id", "version", name=op.f("pk_draft")),
    )
    op.create_table(
        "entry_line",
        sa.Column(
            "entry_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(debit_cents = 0) <> (credit_cents = 0)",
            name=op.f("ck_entry_line_one_side"),
        ),
        sa.CheckConstraint(
            "debit_cents >= 0 AND credit_cents >= 0",
            name=op.f("ck_entry_line_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_entry_line_entry_id_entry")
        ),
        sa.PrimaryKeyConstraint("entry_id", "n", name=op.f("pk_entry_line")),
    )
    op.create_index(
        op.f("ix_entry_line_account"), "entry_line", ["account"], unique=False
    )
    op.create_table(
        "statement_claim",
        sa.Column("statement_id", sa.String(length=36), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("cycle_start", sa.Date(), nullable=False),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statement.id"],
            name=op.f("fk_statement_claim_statement_id_statement"),
        ),
        sa.PrimaryKeyConstraint(
            "statement_id", "claim_id", name=op.f("pk_statement_claim")
        ),
    )
    op.create_index(
        op.f("ix_statement_claim_claim_id"),
        "statement_claim",
        ["claim_id"],
        unique=False,
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("carc", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.Column("notice_on", sa.Date(), nullable=False),
        sa.Column("legal_deadline", sa.Date(), nullable=False),
        sa.Column("work_by", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_file", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_appeal_claim_id_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
    )
    op.create_index(op.f("ix_appeal_claim_id"), "appeal", ["claim_id"], unique=False)
    op.create_table(
        "claim_line",
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line_ref", sa.String(length=50), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("modifiers", sa.String(length=20), nullable=False),
        sa.Column("units", sa.String(length=16), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("service_from", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("denial", sa.JSON(), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_claim_line_claim_id_claim")
        ),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_claim_line")),
    )
    op.create_table(
        "inquiry",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=3), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("trace", sa.String(length=30), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.String(length=120), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("answer_file", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_inquiry_claim_id_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry")),
        sa.UniqueConstraint("trace", name=op.f("uq_inquiry_trace")),
    )
    op.create_index(op.f("ix_inquiry_batch_id"), "inquiry", ["batch_id"], unique=False)
    op.create_index(op.f("ix_inquiry_claim_id"), "inquiry", ["claim_id"], unique=False)
    op.create_index(
        "ix_inquiry_outbox", "inquiry", ["kind", "payer_id", "status"], unique=False
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payer_id", sa.String(length=32), nullable=False),
        sa.Column("frequency", sa.String(length=1), nullable=False),
        sa.Column("ref_f8", sa.String(length=64), nullable=True),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("queued_on", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.String(length=120), nullable=True),
        sa.Column("st_position", sa.Integer(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("acknowledged_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("proof_file", sa.String(length=64), nullable=True),
        sa.Column("proof_segment", sa.Integer(), nullable=True),
        sa.Column("payer_icn", sa.String(length=64), nullable=True),
        sa.Column("rejection", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_submission_claim_id_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "claim_id", "number", name=op.f("uq_submission_claim_id_number")
        ),
    )
    op.create_index(
        op.f("ix_submission_batch_id"), "submission", ["batch_id"], unique=False
    )
    op.create_index(
        "ix_submission_outbox", "submission", ["payer_id", "status"], unique=False
    )
    # Tables: end.
    if op.get_bind().dialect.name == "sqlite":
        _protect_sqlite()
    else:
        _protect_postgresql()


def _protect_sqlite() -> None:
    for table in _APPEND_ONLY:
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} "
                f"BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )


def _protect_postgresql() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
        f"RAISE EXCEPTION '{_REFUSED}'; END $$ LANGUAGE plpgsql"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Refuse: undoing the first migration would delete the ledger."""
    raise RuntimeError(
        "The first migration cannot be undone: it would delete the ledger. Nothing was "
        "changed. Restore a backup into an empty database instead."
    )
