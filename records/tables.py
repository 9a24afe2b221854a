"""Every table but the ledger's, as SQLAlchemy Core.

Identifiers of patients are encrypted (``*_enc``) with the row's key as associated data;
the few exact look-ups clerks need go through keyed hashes (``*_index``). Money is whole
cents. Business dates are DATE, instants are UTC text in ISO format with a ``Z``, so
that SQLite and PostgreSQL order them alike.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.event import listens_for

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=NAMING)
APPEND_ONLY = "rows here are append-only: add one that corrects"
ID = String(36)
INSTANT = String(27)
TASK_WAITS = "status IN ('open', 'prepared', 'saved')"
TASK_DONE = "status = 'done'"
TASK_SAVED = "status = 'saved'"
"""Written out: SQLite uses a partial index only for the very same words."""


def append_only(table: Table) -> None:
    """Let triggers refuse to change or delete a row of ``table``.

    They are made with the table, here for ``METADATA.create_all`` and once more in the
    migration; a test compares the two.
    """

    @listens_for(table, "after_create")
    def _protect(_table: Table, connection: Connection, **_options: object) -> None:
        for statement in _refuse_change(table.name, connection.dialect.name):
            connection.exec_driver_sql(statement)


def _refuse_change(table: str, dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
            for action in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
        f"RAISE EXCEPTION '{APPEND_ONLY}'; END $$ LANGUAGE plpgsql"
    )
    trigger = (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    return [function, trigger]


setting = Table(
    "setting",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts of this installation: ``kind`` (production, demo, test), practice clock."""

user = Table(
    "user_account",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display_name", String(120), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("password_hash", Text),
    Column("password_set_at", INSTANT),
)
"""``password_hash`` is argon2id in its own notation; without one nobody signs in."""

sign_in = Table(
    "sign_in",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("name_index", String(64), nullable=False),
    Column("user_name", String(64)),
    Column("address", String(64), nullable=False),
    Column("how", String(12), nullable=False),
    Index("ix_sign_in_name", "name_index", "at"),
    Index("ix_sign_in_address", "address", "at"),
    sqlite_autoincrement=True,
)
"""Every attempt: ok, refused, throttled; real time, not practice time. What was typed
as a name is kept as a keyed hash (people type passwords there); ``user_name`` is set
when there is such a user."""
append_only(sign_in)

web_session = Table(
    "web_session",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("user_name", String(64), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT, nullable=False),
    Column("address", String(64), nullable=False),
    Column("ended_at", INSTANT),
    Column("ended_how", String(12)),
    Column("notice", Text),
)
"""A person at a browser. ``id`` is the SHA-256 of the cookie's token; ``ended_how``:
signed out, idle, too long, replaced, disabled. ``notice`` is the sentence the next page
shows, once."""

search = Table(
    "search",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("session_id", String(64), nullable=False, index=True),
    Column("words_enc", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
)
"""What somebody looked for, so that no name stands in an address; ends with its
session."""

saved_view = Table(
    "saved_view",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("shared_role", String(16)),
    Column("filters", String(500), nullable=False),
    Column("columns", String(200), nullable=False, default=""),
    Column("is_default", Boolean, nullable=False, default=False),
    Column("created_at", INSTANT, nullable=False),
    UniqueConstraint("owner", "name"),
)
"""A named set of filters of the work queue, as its query string, and the columns it
shows (separated by commas; empty: those of the person who looks)."""

list_columns = Table(
    "list_columns",
    METADATA,
    Column("user_name", String(64), primary_key=True),
    Column("list", String(16), primary_key=True),
    Column("columns", String(200), nullable=False),
)
"""The columns a person chose for a list, separated by commas."""

account = Table(
    "account",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("public_ref", String(16), nullable=False, unique=True),
    Column("guarantor_index", String(64), nullable=False, unique=True),
    Column("guarantor_enc", LargeBinary, nullable=False),
    Column("language", String(8), nullable=False, default="en"),
)
"""A guarantor's patient account; ``guarantor_enc`` is a claims.claim.Person as JSON."""

coverage = Table(
    "coverage",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("account.id"), nullable=False),
    Column("payer_id", String(32), nullable=False),
    Column("member_index", String(64), nullable=False),
    Column("member_enc", LargeBinary, nullable=False),
    UniqueConstraint("payer_id", "member_index", "account_id"),
    Index("ix_coverage_member", "payer_id", "member_index"),
)

cover = Table(
    "cover",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("patient_ref_index", String(64), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("payer_id", String(32), nullable=False),
    Column("content_enc", LargeBinary, nullable=False),
    Column("eff_from", Date),
    Column("eff_to", Date),
    Column("file_sha256", String(64), nullable=False),
    Column("row", Integer, nullable=False),
)
"""A plan of a patient of the practice, from ``coverages.csv``; ``place`` is its order,
1 the first to pay. ``content_enc`` is its member and group number as JSON."""

file = Table(
    "file",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("direction", String(3), nullable=False),
    Column("partner", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("received_at", INSTANT, nullable=False),
    Column("ended", String(12)),
    Column("reason", Text),
    Column("counts", JSON),
    Column("copies", Integer, nullable=False, default=1),
)
"""A file sent (``out``) or received (``in``); ``ended`` is posted, routed or
quarantined."""

import_run = Table(
    "import_run",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("file_sha256", String(64), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("read", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("held", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False),
    Column("charge_cents", BigInteger, nullable=False, default=0),
    Column("rejects", JSON, nullable=False),
)

claim = Table(
    "claim",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("pcn", String(20), nullable=False, unique=True),
    Column("practice_number", String(64), nullable=False, index=True),
    Column("identity_index", String(64), nullable=False, unique=True),
    Column("content_hash", String(64), nullable=False),
    Column("content_enc", LargeBinary, nullable=False),
    Column("content_version", Integer, nullable=False, default=1),
    Column("account_id", ID, ForeignKey("account.id"), nullable=False),
    Column("payer_id", String(32), nullable=False),
    Column("payer_order", Integer, nullable=False, default=1),
    Column("other_plans", Integer, nullable=False, default=0),
    Column("member_index", String(64), nullable=False),
    Column("patient_index", String(64), nullable=False, default="", index=True),
    Column("patient_ref_index", String(64), index=True),
    Column("billing_npi", String(10), nullable=False),
    Column("charge_cents", BigInteger, nullable=False),
    Column("service_from", Date),
    Column("service_to", Date),
    Column("source_file", String(64), index=True),
    Column("opened_on", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("state_since", Date, nullable=False),
    Column("next_what", String(64)),
    Column("next_due", Date),
    Column("next_at", INSTANT),
    Column("next_owner", String(12)),
    Column("next_owner_id", String(120)),
    Column("waiting_for", Text),
    Column("then_what", Text),
    Column("hold_reason", Text),
    Column("submission_number", Integer, nullable=False, default=0),
    Column("payer_icn", String(64)),
    Column("accepted_on", Date),
    Column("first_remit_on", Date),
    Column("closed_on", Date),
    Column("version", Integer, nullable=False, default=1),
    Index("ix_claim_member", "payer_id", "member_index"),
    # What sums over accounts and A/R read of every claim, without its sealed content.
    Index("ix_claim_account", "account_id", "id"),
    Index("ix_claim_aging", "id", "payer_id", "service_from", "pcn"),
    Index("ix_claim_account_state", "account_id", "state"),
    Index("ix_claim_state", "state", "charge_cents"),
    # The order of the claims list, and all that its filters and totals read.
    Index(
        "ix_claim_list",
        *("next_due", "pcn", "state", "payer_id", "next_owner", "charge_cents", "id"),
    ),
)
"""``content_enc`` is the newest claims.claim.Claim as JSON; ``pcn`` is our CLM01;
``patient_index`` is a keyed hash of the patient's last name, ``patient_ref_index`` one
of the practice's number of the patient (REF*EA); ``other_plans`` counts the other
payers in the content."""

claim_line = Table(
    "claim_line",
    METADATA,
    Column("claim_id", ID, ForeignKey("claim.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line_ref", String(50), nullable=False),
    Column("code", String(10), nullable=False),
    Column("modifiers", String(20), nullable=False, default=""),
    Column("units", String(16), nullable=False),
    Column("charge_cents", BigInteger, nullable=False),
    Column("service_from", Date, nullable=False),
    Column("status", String(16), nullable=False, default="undecided"),
    Column("denial", JSON),
    Column("decided_by", String(200)),
)
"""``status``: undecided, paid, denied, held (remit question), short (underpaid)."""

submission = Table(
    "submission",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("claim_id", ID, ForeignKey("claim.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("payer_id", String(32), nullable=False),
    Column("frequency", String(1), nullable=False),
    Column("ref_f8", String(64)),
    Column("content_enc", LargeBinary, nullable=False),
    Column("status", String(12), nullable=False),
    Column("queued_on", Date, nullable=False),
    Column("batch_id", String(120), index=True),
    Column("st_position", Integer),
    Column("sent_on", Date),
    Column("acknowledged_on", Date),
    Column("accepted_on", Date),
    Column("proof_file", String(64)),
    Column("proof_segment", Integer),
    Column("payer_icn", String(64)),
    Column("rejection", JSON),
    UniqueConstraint("claim_id", "number"),
    Index("ix_submission_outbox", "payer_id", "status"),
)
"""The outbox and the sending history: queued, taken, sent, accepted, rejected,
withdrawn, silent. A row is filed only with ``accepted_on`` (R-FIL-03)."""

batch = Table(
    "batch",
    METADATA,
    Column("id", String(120), primary_key=True),
    Column("kind", String(4), nullable=False),
    Column("payer_id", String(32), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("isa13", Integer, nullable=False),
    Column("gs06", Integer, nullable=False),
    Column("reference", String(30), nullable=False),
    Column("file_sha256", String(64)),
    Column("file_name", String(255)),
    Column("sent_at", INSTANT),
    Column("sent_on", Date),
    Column("ta1", String(1)),
    Column("ack_999", String(1)),
    Column("ended_on", Date),
    UniqueConstraint("payer_id", "isa13"),
    UniqueConstraint("payer_id", "gs06"),
)
"""One interchange to one payer; the id is the batch workflow's id. ``file_name`` is the
hidden draft's until the file has left under its own."""

control_number = Table(
    "control_number",
    METADATA,
    Column("receiver", String(32), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("last", Integer, nullable=False),
)

inquiry = Table(
    "inquiry",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("kind", String(3), nullable=False),
    Column("claim_id", ID, ForeignKey("claim.id"), nullable=False, index=True),
    Column("payer_id", String(32), nullable=False),
    Column("trace", String(30), nullable=False, unique=True),
    Column("status", String(10), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("try_number", Integer, nullable=False, default=1),
    Column("batch_id", String(120), index=True),
    Column("sent_on", Date),
    Column("answered_on", Date),
    Column("answer", JSON),
    Column("answer_file", String(64)),
    Index("ix_inquiry_outbox", "kind", "payer_id", "status"),
)
"""A 270 or 276: queued, taken, sent, answered, silent, withdrawn."""

eligibility = Table(
    "eligibility",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("payer_id", String(32), nullable=False),
    Column("member_index", String(64), nullable=False),
    Column("trace", String(30)),
    Column("answered_on", Date, nullable=False),
    Column("service_date", Date),
    Column("active", Boolean),
    Column("answer", JSON, nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("segment", Integer, nullable=False),
    UniqueConstraint("file_sha256", "segment", "trace"),
    Index("ix_eligibility_member", "payer_id", "member_index"),
)
"""A 271 answer on file; ``answer`` holds codes and amounts, never names."""

authorization = Table(
    "authorization",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("number", String(50), nullable=False),
    Column("payer_id", String(32), nullable=False),
    Column("member_index", String(64), nullable=False),
    Column("code", String(10), nullable=False),
    Column("units", Integer, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("status", String(16), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("source", String(200), nullable=False),
    UniqueConstraint("payer_id", "number", "code", "member_index"),
    Index("ix_authorization_member", "payer_id", "member_index"),
)

remittance = Table(
    "remittance",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("payer_id", String(32), nullable=False),
    Column("trace", String(50), nullable=False),
    Column("payment_date", Date),
    Column("paid_cents", BigInteger, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("st_segment", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("reason", Text),
    Column("received_on", Date, nullable=False),
    Column("posted_on", Date),
    Column("keyed_by", String(64)),
    Column("approved_by", String(64)),
    UniqueConstraint("payer_id", "trace", "payment_date", "content_hash"),
    Index("ix_remittance_trace", "payer_id", "trace"),
    Index("ix_remittance_received", "received_on", "id"),
)
"""One 835 transaction set: received, posted, suspended, duplicate or conflict; or one
paper remittance, with the person who keyed it: also unapproved or rejected. It lies in
a CSV file then, and ``st_segment`` is its first row there."""

remittance_claim = Table(
    "remittance_claim",
    METADATA,
    Column("remittance_id", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("claim_id", ID, index=True),
    Column("clp01_index", String(64), nullable=False),
    Column("status", String(3), nullable=False),
    Column("charge_cents", BigInteger, nullable=False),
    Column("paid_cents", BigInteger, nullable=False),
    Column("patient_cents", BigInteger, nullable=False),
    Column("payer_icn", String(64)),
    Column("outcome", String(16), nullable=False),
    Column("detail", JSON, nullable=False),
)
"""One CLP: posted, unmatched, forwarded, information. ``detail`` holds per line the
paid, allowed and adjustment amounts with their treatment, no names."""

deposit = Table(
    "deposit",
    METADATA,
    Column("ref", String(64), primary_key=True),
    Column("deposited_on", Date, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("method", String(16), nullable=False),
    Column("trace", String(50), index=True),
    Column("originator", String(64)),
    Column("payer_name", String(120)),
    Column("account_last4", String(4), nullable=False, default=""),
    Column("remittance_id", String(64)),
    Column("file_sha256", String(64), nullable=False),
    Column("row", Integer, nullable=False),
)

patient_payment = Table(
    "patient_payment",
    METADATA,
    Column("receipt_ref", String(64), primary_key=True),
    Column("paid_on", Date, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("method", String(16), nullable=False),
    Column("claim_id", ID, index=True),
    Column("account_id", ID, index=True),
    Column("applied_cents", BigInteger, nullable=False, default=0),
    Column("file_sha256", String(64), nullable=False),
    Column("row", Integer, nullable=False),
)


day_close = Table(
    "day_close",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("act", String(8), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
)
"""What a business day was closed with, or that it was reopened (``act``: close,
reopen): canonical JSON and its stamp. The newest version says how the day stands."""
append_only(day_close)


def _few_tasks(name: str, *columns: str, where: str) -> Index:
    """An index of some tasks only: the others cost it nothing."""
    some = text(where)
    return Index(name, *columns, sqlite_where=some, postgresql_where=some)


task = Table(
    "task",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("type", String(32), nullable=False),
    Column("claim_id", ID, index=True),
    Column("account_id", ID, index=True),
    Column("subject", String(120), nullable=False, default=""),
    Column("payer_id", String(32)),
    Column("amount_cents", BigInteger, nullable=False, default=0),
    Column("role", String(16), nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("created_on", Date, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("legal_deadline", Date),
    Column("follow_up_on", Date),
    Column("status", String(12), nullable=False),
    Column("assignee", String(64)),
    Column("assigned_at", INSTANT),
    Column("opened_by", String(64)),
    Column("opened_at", INSTANT),
    Column("snoozed_until", Date),
    Column("wakes_on", String(24)),
    Column("snooze_reason", String(200)),
    Column("snoozes", Integer, nullable=False, default=0),
    Column("version", Integer, nullable=False, default=1),
    Column("workflow_id", String(120), nullable=False),
    Column("rule", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("reason", String(48), nullable=False, default=""),
    Column("evidence", JSON, nullable=False),
    Column("decision", String(40)),
    Column("form", JSON),
    Column("prepared_by", String(64)),
    Column("prepared_at", INSTANT),
    Column("decided_by", String(64)),
    Column("closed_on", Date),
    Column("closed_how", String(12)),
    Column("raised_on", Date),
    Index("ix_task_queue", "status", "due_on"),
    _few_tasks(
        "ix_task_order",
        *("due_on", "role", "snoozed_until", "amount_cents", "type", "assignee"),
        *("status", "decision"),
        where=TASK_WAITS,
    ),
    _few_tasks(
        "ix_task_type",
        *("type", "due_on", "snoozed_until", "amount_cents", "role", "assignee"),
        *("status", "decision"),
        where=TASK_WAITS,
    ),
    _few_tasks(
        "ix_task_similar",
        *("type", "payer_id", "reason", "closed_on", "number"),
        where=TASK_DONE,
    ),
    _few_tasks("ix_task_saved", "due_on", where=TASK_SAVED),
    _few_tasks("ix_task_asleep", "snoozed_until", where="snoozed_until IS NOT NULL"),
    _few_tasks("ix_task_closed", "closed_on", where="closed_on IS NOT NULL"),
)
"""``status``: open, prepared, saved, done, overtaken. One open task per (claim, type,
subject). ``evidence`` is codes, dates and amounts; names are read from the claim. A
task sleeps until ``snoozed_until``, or earlier when ``wakes_on`` happens: payer_answer
(a 277 or 835 for its claim). ``reason`` is what makes tasks of one type alike: the
code of the payer or of our edit, else the rule."""

bulk = Table(
    "bulk",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("actor", String(64), nullable=False, index=True),
    Column("act", String(12), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("back", String(600), nullable=False),
    Column("asked_at", INSTANT, nullable=False),
    Column("until", INSTANT, nullable=False),
    Column("done_at", INSTANT),
    Column("undone_at", INSTANT),
)
"""One act on many tasks: claim, release, assign or snooze. ``facts``: to whom, until
when, why; ``back``: the list it was asked from. ``until``: how long it may be
confirmed, then undone, in real time; the other instants are the practice's."""

bulk_task = Table(
    "bulk_task",
    METADATA,
    Column("bulk_id", ID, ForeignKey("bulk.id"), primary_key=True),
    Column("task_id", ID, ForeignKey("task.id"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("outcome", String(200)),
    Column("before", JSON),
    Column("undone", String(200)),
)
"""The tasks an act was asked for, in their order then. ``outcome`` is empty once the
act was done to it, else why not; NULL is not yet. ``before``: what an undo brings back;
``undone`` like ``outcome``, for the undo."""

draft = Table(
    "draft",
    METADATA,
    Column("task_id", ID, ForeignKey("task.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("task_version", Integer, nullable=False),
    Column("author", String(64), nullable=False),
    Column("saved_at", INSTANT, nullable=False),
    Column("form_enc", LargeBinary, nullable=False),
)
"""What people have typed into a task's form and not decided: one draft for each task,
every version kept until the task ends, so that two people's entries can be compared."""

decision = Table(
    "decision",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("task_id", ID, ForeignKey("task.id"), nullable=False, index=True),
    Column("task_version", Integer, nullable=False),
    Column("decision", String(40), nullable=False),
    Column("form_enc", LargeBinary, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("second", Boolean, nullable=False, default=False),
    Column("business_date", Date, nullable=False),
    Column("saved_at", INSTANT, nullable=False),
    Column("applied_at", INSTANT),
    Column("refused", Text),
    Index("ix_decision_undelivered", "applied_at"),
)
"""The decision outbox: stored first, delivered as an Update, applied once."""

appeal = Table(
    "appeal",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("claim_id", ID, ForeignKey("claim.id"), nullable=False, index=True),
    Column("level", Integer, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("carc", String(8), nullable=False),
    Column("template", String(32), nullable=False),
    Column("notice_on", Date, nullable=False),
    Column("legal_deadline", Date, nullable=False),
    Column("work_by", Date, nullable=False),
    Column("status", String(12), nullable=False),
    Column("letter_id", ID),
    Column("sent_on", Date),
    Column("expected_on", Date),
    Column("outcome", String(16)),
    Column("decided_on", Date),
    Column("decision_file", String(64)),
)
"""preparing, sent, overturned, upheld, waived, overtaken."""

letter = Table(
    "letter",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("template", String(32), nullable=False),
    Column("template_version", String(64), nullable=False),
    Column("claim_id", ID, index=True),
    Column("account_id", ID, index=True),
    Column("recipient", String(12), nullable=False),
    Column("dated", Date, nullable=False),
    Column("status", String(10), nullable=False),
    Column("html_sha256", String(64), nullable=False),
    Column("pdf_sha256", String(64), nullable=False),
    Column("facts_sha256", String(64), nullable=False),
    Column("sent_on", Date),
)
"""A rendered letter: draft, outbox, sent, withdrawn. Bytes are in the document
store."""

statement = Table(
    "statement",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, nullable=False, index=True),
    Column("letter_id", ID, nullable=False),
    Column("dated", Date, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
)

statement_claim = Table(
    "statement_claim",
    METADATA,
    Column("statement_id", ID, ForeignKey("statement.id"), primary_key=True),
    Column("claim_id", ID, primary_key=True, index=True),
    Column("step", Integer, nullable=False),
    Column("cycle_start", Date, nullable=False),
    Column("template", String(32), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
)

hold = Table(
    "hold",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("claim_id", ID, index=True),
    Column("account_id", ID, index=True),
    Column("kind", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_on", Date, nullable=False),
    Column("set_by", String(64), nullable=False),
    Column("cleared_on", Date),
    Column("cleared_by", String(64)),
)

news = Table(
    "news",
    METADATA,
    Column("id", String(200), primary_key=True),
    Column("workflow_id", String(120), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("ref", String(200), nullable=False),
    Column("created_on", Date, nullable=False),
    Column("told_at", INSTANT),
    Index("ix_news_untold", "told_at"),
)
"""What a workflow must hear of: stored with the change, told by signal-with-start."""

event = Table(
    "event",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("key", String(255), unique=True),
    Column("at", INSTANT, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("claim_id", ID),
    Column("account_id", ID, index=True),
    Column("kind", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("rule", String(16)),
    Column("rule_table", String(48)),
    Column("words", Text, nullable=False),
    Column("old_state", String(20)),
    Column("new_state", String(20)),
    Column("data", JSON, nullable=False),
    Index("ix_event_claim", "claim_id", "at", "id"),
    sqlite_autoincrement=True,
)
"""The append-only event log; ``words`` never name a patient."""
append_only(event)

access = Table(
    "access",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("what", String(32), nullable=False),
    Column("claim_id", ID, index=True),
    Column("account_id", ID, index=True),
    Column("subject", String(80), nullable=False, default=""),
    Column("reason", String(200), nullable=False),
    Column("address", String(64), nullable=False, default=""),
    sqlite_autoincrement=True,
)
"""Who read protected data, append-only; ``subject`` is what was read when it is neither
a claim nor an account."""
append_only(access)

history_archive = Table(
    "history_archive",
    METADATA,
    Column("workflow_id", String(120), primary_key=True),
    Column("run_id", String(64), primary_key=True),
    Column("archived_at", INSTANT, nullable=False),
    Column("document_sha256", String(64), nullable=False),
    Column("events", Integer, nullable=False),
    Column("how_ended", String(24), nullable=False),
)
