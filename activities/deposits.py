"""Bank deposits on the ledger: whose money it is, and what waits unapplied (R-ERA-09).

A deposit is booked once its payer is known: from the remittance with its trace, or from
a payer's status answer that names the trace. Until that remittance is posted its money
is unapplied payer cash; a deposit alone never touches a claim.
"""

from datetime import date

from activities import steps
from activities.office import Office
from activities.opening import open_claim_task
from claims.claim import ClaimState
from claims.messages import remittance_workflow_id
from claims.money import from_cents
from claims.task import DecisionRefused, TaskType
from ledger.accounts import EntryType
from ledger.balances import has_entry
from ledger.entries import NewEntry, post
from policy import timers
from records import claims, inquiries, remittances, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text

CLOCK = "EFT_ERA"
UNAPPLIED = EntryType.UNAPPLIED_PAYER_CASH
APPLIED = EntryType.UNAPPLIED_PAYER_CASH_APPLIED
WAITING = ("suspended", "conflict", "unapproved", "rejected")


def book_deposits(conn: Connection, trace: str, why: Because) -> None:
    """Pair the deposits of one trace with their remittance and book them, once each.

    A remittance is paid once: another deposit with its number waits for its own.
    """
    found = remittances.of_trace(conn, trace)
    deposits = remittances.deposits_with_trace(conn, trace)
    paid_by = {d["remittance_id"]: d["ref"] for d in deposits if d["remittance_id"]}
    for deposit in deposits:
        ref = deposit["ref"]
        same = [
            r
            for r in found
            if r["paid_cents"] == deposit["amount_cents"]
            and paid_by.get(r["id"], ref) == ref
        ]
        if same:
            paid_by[same[0]["id"]] = ref
            book_pair(conn, deposit, same[0], why)


def book_pair(
    conn: Connection, deposit: RowMapping, found: RowMapping, why: Because
) -> None:
    """This deposit is the money of this remittance: keep that, and book it once."""
    if deposit["remittance_id"] != found["id"]:
        remittances.match_deposit(conn, deposit["ref"], found["id"])
    kinds = [EntryType.DEPOSIT]
    if found["status"] in WAITING:
        kinds.append(UNAPPLIED)
    elif found["status"] == "posted" and has_entry(conn, _key(deposit, UNAPPLIED)):
        kinds.append(APPLIED)
    _book(conn, deposit, found["payer_id"], kinds, why)


def _book(
    conn: Connection,
    deposit: RowMapping,
    payer_id: str,
    kinds: list[EntryType],
    why: Because,
) -> None:
    entries = [
        NewEntry(
            key=_key(deposit, kind),
            type=kind,
            amount=from_cents(deposit["amount_cents"]),
            payer_id=payer_id,
            business_date=why.today,
            source=f"{deposit['file_sha256'][:12]} row {deposit['row']}",
            ref=deposit["ref"],
            rule="R-ERA-09",
            actor=why.actor,
            memo=f"deposit of {deposit['deposited_on']}",
        )
        for kind in kinds
        if not has_entry(conn, _key(deposit, kind))
    ]
    post(conn, entries, posted_at=to_text(why.at))


def _key(deposit: RowMapping, kind: EntryType) -> str:
    return f"deposit:{deposit['ref']}:{kind.value}"


def waiting_deposit(conn: Connection, row: ClaimRow) -> RowMapping | None:
    """The deposit without a remittance whose trace the payer named for this claim."""
    for asked in reversed(inquiries.of_claim(conn, row.id, "276")):
        trace = (asked["answer"] or {}).get("trace")
        for deposit in remittances.deposits_with_trace(conn, trace) if trace else ():
            if deposit["remittance_id"] is None and deposit["amount_cents"] > 0:
                return deposit
    return None


def _question(row: ClaimRow, deposit: RowMapping) -> str:
    return f"{row.id}:EFT_UNMATCHED:{deposit['ref']}"


def was_asked(conn: Connection, row: ClaimRow, deposit: RowMapping) -> bool:
    """Whether a poster looks, or has looked, for this deposit's remittance."""
    return tasks.was_opened(conn, _question(row, deposit))


def late_on(deposit: RowMapping) -> date:
    """The day on which a deposit without its remittance is late."""
    return timers.due(CLOCK, deposit["deposited_on"], None)


def open_unmatched(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> None:
    """Four business days without the remittance: a poster looks; the money waits as
    unapplied cash (R-ERA-09)."""
    deposit = waiting_deposit(conn, row)
    if deposit is None:
        return
    amount = from_cents(deposit["amount_cents"])
    _book(conn, deposit, row.payer_id, [EntryType.DEPOSIT, UNAPPLIED], why)
    open_claim_task(
        conn,
        office,
        row,
        TaskType.EFT_UNMATCHED,
        why.by_rule("R-ERA-09"),
        key=_question(row, deposit),
        words="a deposit has no remittance (835) yet",
        evidence={
            "trn02": deposit["trace"],
            "amount": str(amount),
            "deposited_on": str(deposit["deposited_on"]),
        },
        subject=str(deposit["ref"])[:120],
    )


def hand_over(conn: Connection, row: RowMapping) -> None:
    """A missing deposit is an open item of its remittance, not of the claim
    (R-CLO-01)."""
    for task in tasks.waiting(conn, types=[TaskType.EFT_UNMATCHED.value]):
        if task["evidence"].get("trn02") == row["trace"]:
            tasks.move(conn, task["id"], remittance_workflow_id(row["id"]))


def resolve_unmatched(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply EFT_UNMATCHED: linked to its remittance, traced, or of another account."""
    task = tasks.get(conn, form["_task"])
    trace = str(task["evidence"]["trn02"])
    if decision == "linked_to_era":
        posted = [
            r for r in remittances.of_trace(conn, trace) if r["status"] == "posted"
        ]
        if not posted:
            raise DecisionRefused(
                f"No remittance with trace {trace} has been posted, so there is "
                "nothing to link. Nothing was changed. Ask the payer for the 835."
            )
        book_deposits(conn, trace, why)
        return f"The deposit is the money of remittance {trace}"
    words = f"Deposit {trace}: {decision.replace('_', ' ')}"
    if row.state is ClaimState.FOLLOW_UP and not tasks.waiting(conn, claim_id=row.id):
        step = steps.by_timer(
            office, row, "STATUS_REPEAT", why.today, "the payer", "the payer is asked"
        )
        reason = why.by_rule("R-ERA-09")
        claims.set_step(conn, row, ClaimState.ACCEPTED, step, reason, words)
    return words
