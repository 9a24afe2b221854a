"""Authorization: a listed code needs a number that covers it (R-AUT-01, R-AUT-02)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity

from activities import steps
from activities.office import Office
from activities.opening import open_claim_task
from claims.claim import ClaimState
from claims.messages import Step
from claims.task import TaskType
from policy import authorization as rules
from records import claims, inquiries, tasks
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because

CLOCK = "AUTH_STANDARD"


@dataclass
class AuthorizationActivities:
    """Wait until a number is on file."""

    office: Office

    @activity.defn
    def check_authorization(self, claim_id: str, at: datetime) -> Step:
        """Go on to coding when a fitting number arrived; raise what is overdue."""
        why = self.office.because(at, "R-AUT-01")
        with self.office.writing() as conn:
            row = claims.get(conn, claim_id)
            if row.state is ClaimState.AUTH_PENDING:
                _check(conn, self.office, row, why)
            return steps.step_at(conn, self.office, claim_id, at)


def _check(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    if not pending_codes(conn, office, row):
        words = "An authorization that covers the service is on file"
        tasks.overtake(
            conn, why, words, claim_id=row.id, types=["AUTH_OBTAIN", "AUTH_FOLLOW_UP"]
        )
        to_coding(conn, office, row, why.by_rule("R-AUT-02"), words)
    elif steps.is_due(row, why.at) and row.next_what == CLOCK:
        _late(conn, office, row, why.by_rule("R-AUT-03"))
    elif steps.is_due(row, why.at):
        steps.due_task(conn, office, row, why)


def _late(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """The payer's decision clock has run out: a clerk asks (R-AUT-03)."""
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.AUTH_FOLLOW_UP,
        why,
        key=f"{row.id}:AUTH_FOLLOW_UP:{row.next_due}",
        words="the payer has not decided the authorization in its time",
        evidence={"due": str(row.next_due), "service_date": str(row.service_from)},
    )
    words = "The authorization is late; a clerk asks the payer"
    step = steps.by_task(office, task)
    claims.set_step(conn, row, ClaimState.AUTH_PENDING, step, why, words)


def pending_codes(conn: Connection, office: Office, row: ClaimRow) -> list[str]:
    """Codes of the claim that need a number and have none that fits; fills REF*G1."""
    profile = office.payer(row.payer_id)
    if profile is None:
        return []
    content = claims.content(conn, office.cipher, row.id)
    needed = rules.codes_needing(profile, content)
    if not needed or content.prior_auth:
        return []
    on_file = inquiries.authorizations(
        conn, payer_id=row.payer_id, member_index=row.member_index
    )
    for code in needed:
        found = next((a for a in on_file if rules.fits(a, content, code)), None)
        if found is None:
            return list(needed)
        content = content.model_copy(update={"prior_auth": found["number"]})
    claims.replace_content(conn, office.cipher, row.id, content)
    return []


def ask_for_number(
    conn: Connection, office: Office, row: ClaimRow, codes: list[str], why: Because
) -> None:
    """AUTH_PENDING with AUTH_OBTAIN."""
    reason = why.by_rule("R-AUT-01", codes=codes)
    content = claims.content(conn, office.cipher, row.id)
    units = sum(n.units for n in content.lines if n.code in codes)
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.AUTH_OBTAIN,
        reason,
        key=f"{row.id}:AUTH_OBTAIN",
        words=f"the payer wants an authorization for {', '.join(codes)}",
        evidence={
            "cpt": ", ".join(codes),
            "units": str(units),
            "dx": ", ".join(_dotted(d) for d in content.diagnoses),
            "service_date": str(row.service_from),
        },
    )
    step = steps.by_task(office, task)
    words = "An authorization is needed and none is on file"
    claims.set_step(conn, row, ClaimState.AUTH_PENDING, step, reason, words)


def _dotted(diagnosis: str) -> str:
    """``M25562`` as people write it: M25.562."""
    head, rest = diagnosis[:3], diagnosis[3:]
    return f"{head}.{rest}" if rest else head


def to_coding(
    conn: Connection, office: Office, row: ClaimRow, why: Because, words: str
) -> None:
    """The claim goes on to the documentation check."""
    step = steps.by_claim(
        office,
        row,
        "CHECK_DOCUMENTATION",
        why.today,
        "the documentation check",
        "the edits run",
    )
    claims.set_step(conn, row, ClaimState.CODING, step, why, words)


def resolve(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply AUTH_OBTAIN or AUTH_FOLLOW_UP."""
    if decision == "approved":
        return _approved(conn, office, row, form, why)
    if decision == "not_required":
        words = "No authorization is required, as recorded by the clerk"
        content = claims.content(conn, office.cipher, row.id)
        claims.replace_content(
            conn, office.cipher, row.id, content.model_copy(update={"prior_auth": ""})
        )
        claims.note(conn, row.id, hold_reason="auth not required")
        to_coding(conn, office, row, why.by_rule("R-AUT-01"), words)
        return words
    return _requested(conn, office, row, decision, why)


def _approved(
    conn: Connection, office: Office, row: ClaimRow, form: dict[str, str], why: Because
) -> str:
    content = claims.content(conn, office.cipher, row.id)
    number = form["auth_number"]
    claims.replace_content(
        conn, office.cipher, row.id, content.model_copy(update={"prior_auth": number})
    )
    words = "The payer authorized the service; the number goes on the claim"
    to_coding(conn, office, row, why.by_rule("R-AUT-02", number=number), words)
    return words


def _requested(
    conn: Connection, office: Office, row: ClaimRow, decision: str, why: Because
) -> str:
    """Asked for: the payer has its decision clock (R-AUT-03)."""
    profile = office.payer(row.payer_id)
    days = profile.authorization.standard_days if profile else 14
    due = why.today + timedelta(days)
    step = steps.by_claim(
        office,
        row,
        CLOCK,
        due,
        "the payer's decision on the authorization",
        "a clerk asks for it",
    )
    words = f"Authorization: {decision.replace('_', ' ')}"
    claims.set_step(
        conn, row, ClaimState.AUTH_PENDING, step, why.by_rule("R-AUT-03"), words
    )
    return words
