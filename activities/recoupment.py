"""What a person says about a provider-level amount: PLB_REVIEW and RECOUPMENT_REVIEW.

It is of a claim, of a reason of the table or the patient's, and is posted as that
(``activities/provider_question.py``); or it is disputed, or the payer has the word.
"""

from collections.abc import Mapping
from decimal import Decimal

from activities.denial import settle_lines
from activities.office import Office
from activities.opening import open_claim_task
from activities.payments import apply_prepayments
from activities.plain_posting import our_line
from activities.provider_level import APART, RECOUPED, memo, recoupment_due
from activities.provider_question import (
    Asked,
    Part,
    ask_again,
    asked_by,
    post_instead,
    tell,
)
from claims.money import ZERO, words
from claims.task import DecisionRefused, TaskType
from ledger.accounts import EntryType, plb_entry_type
from ledger.balances import Balances, balances
from policy import plb as rules
from policy import remittance as prices
from records import claims, remittances, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

ABOUT_OPEN = ("REMIT_REVIEW", "DENIAL_REVIEW", "UNDERPAYMENT_REVIEW")
"""Questions about what is open at the payer: gone when nothing is."""
OF_CLAIM = tuple(RECOUPED)
"""Entries that only a claim's takeback has: they need the claim."""


def resolve(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    form: Mapping[str, str],
    why: Because,
) -> str:
    """Apply PLB_REVIEW or RECOUPMENT_REVIEW (R-PLB-01, R-PLB-02, R-REF-05).

    Raises:
        DecisionRefused: the claim or the reason does not fit; nothing was posted.
    """
    asked = asked_by(conn, task)
    why = why.by_rule("R-PLB-01", decision=decision, trace=asked.remittance["trace"])
    if decision in ("deny_route", "dispute", "payer_reprocesses"):
        return ask_again(conn, office, asked, decision, form, why)
    if form.get("claim_ref") and form.get("plb_reason"):
        raise DecisionRefused(
            "A claim and a reason are named, and an amount is booked once. Nothing was "
            "posted. Name one of the two."
        )
    announced = asked.kind in RECOUPED and not form.get("plb_reason")
    if announced and decision != "patient":
        return _announced(conn, office, asked, form, why)
    if form.get("claim_ref") or (task["claim_id"] and not form.get("plb_reason")):
        row = _claim(conn, asked, form)
        if decision == "patient":
            return _to_patient(conn, office, asked, row, why)
        return _to_claim(conn, office, asked, row, why)
    return _to_reason(conn, office, asked, form.get("plb_reason", ""), why)


def resolve_of_claim(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """The same for a task that is a claim's."""
    task = tasks.get(conn, form["_task"])
    return resolve(conn, office, task, decision, form, why)


def _claim(conn: Connection, asked: Asked, form: Mapping[str, str]) -> ClaimRow:
    reference = form.get("claim_ref") or str(asked.task["claim_id"])
    row = claims.find(conn, reference)
    if row is None:
        raise DecisionRefused(
            "There is no claim with that number. Nothing was posted. Look it up: list"
        )
    if row.first_remit_on is None:
        raise DecisionRefused(
            f"No payer has decided {row.practice_number} yet. Nothing was posted. Name "
            "a claim that this payer has decided."
        )
    told = {one["payer_id"] for one in remittances.of_claim(conn, row.id)}
    if asked.payer_id not in told | {row.payer_id}:
        raise DecisionRefused(
            f"{row.practice_number} was never with this payer. Nothing was posted. "
            "Name a claim that this payer has decided."
        )
    return row


# --- what it becomes -----------------------------------------------------------------


def _stands(conn: Connection, office: Office, asked: Asked, why: Because) -> str:
    """It is booked as what it is."""
    said = f"Provider-level {words(asked.amount)} is right as it is booked"
    tell(conn, office, asked, why, said, asked.task["claim_id"])
    return said


def _announced(
    conn: Connection,
    office: Office,
    asked: Asked,
    form: Mapping[str, str],
    why: Because,
) -> str:
    """What the payer will take is of the claim that the person names, if one."""
    if not form.get("claim_ref"):
        return _stands(conn, office, asked, why)
    row = _claim(conn, asked, form)
    about = memo(str(asked.task["evidence"]["code"]), row.pcn)
    post_instead(conn, asked, [Part(asked.kind, asked.amount, memo=about)], why)
    said = f"The payer announced {words(asked.amount)} in {asked.remittance['trace']}"
    tell(conn, office, asked, why, said, row.id)
    return f"{said}: of {row.practice_number}"


def _to_reason(
    conn: Connection, office: Office, asked: Asked, reason: str, why: Because
) -> str:
    if not reason and asked.kind in APART:
        raise DecisionRefused(
            "Name the claim it is of, or the reason it is booked under. Nothing was "
            "posted. Add --set claim_ref=… or --set plb_reason=…"
        )
    if not reason:
        return _stands(conn, office, asked, why)
    word = rules.entry_word(reason, lowers_payment=asked.lowers)
    kind = plb_entry_type(word, lowers_payment=asked.lowers) if word else None
    if kind is None or kind in APART:
        raise DecisionRefused(
            f"{reason} is no reason that books such an amount. Nothing was posted. "
            "The table of reasons is in the rules of the desk (R-PLB-01)."
        )
    if kind in OF_CLAIM:
        raise DecisionRefused(
            f"{reason} is about a claim. Nothing was posted. Name our claim number: "
            "--set claim_ref=…"
        )
    if kind is asked.kind:
        return _stands(conn, office, asked, why)
    code = str(asked.task["evidence"]["code"])
    about = str(asked.entry["memo"]).removeprefix(memo(code, "")).strip()
    post_instead(conn, asked, [Part(kind, asked.amount, memo=memo(reason, about))], why)
    said = f"Provider-level {words(asked.amount)} is booked as {rules.meaning(reason)}"
    tell(conn, office, asked, why, said, asked.task["claim_id"])
    return said


def _to_claim(
    conn: Connection, office: Office, asked: Asked, row: ClaimRow, why: Because
) -> str:
    """What it was taken from, or given for: first what was announced, then paid."""
    if not asked.lowers:
        return _paid_for(conn, office, asked, row, why)
    numbers = remittances.numbers_of(conn, asked.payer_id, row.id)
    due = max(recoupment_due(conn, asked.payer_id, numbers), ZERO)
    announced = min(due, asked.amount)
    rest = asked.amount - announced
    money = _takeable(conn, row, rest)
    allowed = min(rest, _above_contract(conn, office, asked, row, money))
    code = str(asked.task["evidence"]["code"])
    parts = [
        Part(EntryType.RECOUPMENT_TAKEN, announced, memo=memo(code, row.pcn)),
        Part(EntryType.PAYER_REVERSAL, rest, row),
        Part(EntryType.CONTRACTUAL_ADJ, allowed, row),
    ]
    post_instead(conn, asked, parts, why)
    if left := rest - allowed:
        _hold(conn, office, asked, row, left, why)
    said = f"The payer took back {words(asked.amount)} in {asked.remittance['trace']}"
    if allowed:
        said += f"; {words(allowed)} of it was above the contract"
    tell(conn, office, asked, why, said, row.id)
    return f"{said}: posted to {row.practice_number}"


def _takeable(conn: Connection, row: ClaimRow, amount: Decimal) -> Balances:
    """The claim's money, if this much can be taken from it (R-REF-05)."""
    money = balances(conn, [row.id])[row.id]
    if amount > money.paid_payer:
        raise DecisionRefused(
            f"{row.practice_number} has {words(money.paid_payer)} from payers, less "
            f"than {words(amount)}. Nothing was posted. Name another claim, or dispute "
            "it."
        )
    approved = tasks.decided(conn, row.id, TaskType.REFUND_APPROVE.value, "approved")
    asked = tasks.waiting(conn, claim_id=row.id, types=[TaskType.REFUND_APPROVE.value])
    refunds = [*asked, *([approved] if approved else [])]
    if amount and any(one["evidence"].get("owner") == "payer" for one in refunds):
        raise DecisionRefused(
            f"We refund {row.practice_number} to the payer ourselves, and it must not "
            "be taken twice (R-REF-05). Nothing was posted. Dispute it, or refuse the "
            "refund first."
        )
    return money


def _above_contract(
    conn: Connection, office: Office, asked: Asked, row: ClaimRow, money: Balances
) -> Decimal:
    """How much more of the charge the contract takes off than is taken off already
    (R-POST-07): a payer that takes back what it paid too much leaves nothing open. What
    is open has its contractual part to come yet."""
    if (row.payer_order, row.payer_id) != (1, asked.payer_id):
        return ZERO
    profile = office.payer(asked.payer_id)
    lines = [our_line(line) for line in claims.lines(conn, row.id)]
    prices_ = [prices.expected_allowed(profile, n, n.units) for n in lines]
    if None in prices_:
        return ZERO
    expected = sum((price for price in prices_ if price is not None), ZERO)
    decided = money.charge - money.insurer_open
    return max(decided - expected - money.adjusted, ZERO)


def _to_patient(
    conn: Connection, office: Office, asked: Asked, row: ClaimRow, why: Because
) -> str:
    """The payer said it is the patient's share; two people agree (R-POST-04)."""
    numbers = remittances.numbers_of(conn, asked.payer_id, row.id)
    if not asked.lowers or recoupment_due(conn, asked.payer_id, numbers) > ZERO:
        raise DecisionRefused(
            "Only what a payer has taken back without an announcement can become the "
            "patient's share. Nothing was posted. Book it on the claim instead."
        )
    _takeable(conn, row, asked.amount)
    kinds = (EntryType.PAYER_REVERSAL, EntryType.TRANSFER_TO_PATIENT)
    post_instead(conn, asked, [Part(kind, asked.amount, row) for kind in kinds], why)
    apply_prepayments(conn, row, why, f"plb:{asked.task['id']}")
    said = f"{words(asked.amount)} that the payer took back is the patient's share"
    tell(conn, office, asked, why, said, row.id)
    return f"{said} of {row.practice_number}"


def _paid_for(
    conn: Connection, office: Office, asked: Asked, row: ClaimRow, why: Because
) -> str:
    open_ = balances(conn, [row.id])[row.id].insurer_open
    if asked.amount > open_:
        raise DecisionRefused(
            f"{row.practice_number} has {words(open_)} open at the payer, less than "
            f"{words(asked.amount)}. Nothing was posted. Name another claim, or a "
            "reason."
        )
    post_instead(conn, asked, [Part(EntryType.PAYER_PAYMENT, asked.amount, row)], why)
    said = f"The payer paid {words(asked.amount)} more in {asked.remittance['trace']}"
    if asked.amount == open_:
        settle_lines(conn, row.id, asked.source)
        tasks.overtake(conn, why, said, claim_id=row.id, types=ABOUT_OPEN)
    tell(conn, office, asked, why, said, row.id)
    return f"{said}: posted to {row.practice_number}"


def _hold(
    conn: Connection,
    office: Office,
    asked: Asked,
    row: ClaimRow,
    left: Decimal,
    why: Because,
) -> None:
    """What is open again at the payer needs an answer of its own (R-POST-05)."""
    said = f"the payer took back {words(left)} and did not say what it is now"
    denial = {"carc": "", "words": said, "rule": "R-PLB-02", "amount": str(left)}
    for line in claims.lines(conn, row.id):
        if line["status"] not in ("paid", "settled"):
            continue
        claims.decide_line(
            conn,
            row.id,
            line["number"],
            status="held",
            denial=denial,
            decided_by=asked.source,
        )
    open_claim_task(
        conn,
        office,
        row,
        TaskType.REMIT_REVIEW,
        why.by_rule("R-PLB-02"),
        key=f"{row.id}:REMIT_REVIEW:{asked.task['id']}",
        words=said,
        evidence={"amount": str(left), "taken_back": str(left), "why": said},
    )
