"""Denial: what a person decided about a denied claim takes effect here (R-DEN-10)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from activities import settle, steps
from activities.filing import filing_evidence
from activities.next_payer import is_due, put_first
from activities.office import Office
from activities.opening import open_claim_task
from activities.payments import apply_prepayments
from activities.refunds import review_credit
from claims.claim import ClaimState
from claims.money import ZERO, from_cents, usd
from claims.task import DecisionRefused, Role, TaskType
from ledger.accounts import BY_PEOPLE, EntryType
from ledger.balances import balances, entries_of
from ledger.entries import NewEntry, post
from policy import appeal as appeal_rules
from policy.people import alone_up_to
from policy.remittance import coverage_policy, is_bundling
from records import claims, remittances, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text

REVERSAL = "22"
"""CLP02: the payer takes its earlier decision back."""
UNBUNDLING = frozenset({"25", "59", "XE", "XP", "XS", "XU"})
NO_MODIFIER = "0"
"""Modifier indicator of an NCCI pair that is never paid apart."""


def reviewer_of(lines: Iterable[RowMapping]) -> Role:
    """Who decides these denials: a coder when services were bundled."""
    codes = [str((n["denial"] or {}).get("carc", "")) for n in lines]
    return Role.CODER if any(is_bundling(c) for c in codes) else Role.CLERK


def denied_lines(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Lines that are decided unpaid and wait for an action."""
    return [n for n in claims.lines(conn, claim_id) if n["status"] == "denied"]


def open_review(
    conn: Connection, office: Office, row: ClaimRow, why: Because, words: str
) -> None:
    """One DENIAL_REVIEW listing every denied line (R-DEN-10)."""
    lines = denied_lines(conn, row.id)
    open_claim_task(
        conn,
        office,
        row,
        TaskType.DENIAL_REVIEW,
        why,
        key=f"{row.id}:DENIAL_REVIEW:{row.version}",
        words=words,
        evidence=evidence_of(conn, office, row, lines),
        role=reviewer_of(lines),
    )


def announce(
    conn: Connection, office: Office, row: ClaimRow, why: Because, said: dict[str, Any]
) -> None:
    """The payer says in a 277 that it denied the claim; the reason is not known yet."""
    open_claim_task(
        conn,
        office,
        row,
        TaskType.DENIAL_REVIEW,
        why,
        key=f"{row.id}:DENIAL_REVIEW:announced:{row.submission_number}",
        words="the payer says it is denied; the reason comes with its remittance",
        evidence=said,
        subject=settle.ANNOUNCED,
    )


def evidence_of(
    conn: Connection, office: Office, row: ClaimRow, lines: Iterable[RowMapping]
) -> dict[str, Any]:
    """What the clerk must see: codes per line, the number on the claim, dates."""
    first: dict[str, Any] = next((n["denial"] for n in lines if n["denial"]), {})
    content = claims.content(conn, office.cipher, row.id)
    evidence: dict[str, Any] = {
        "carc": first.get("carc", ""),
        "rarc": ", ".join(first.get("rarcs", [])),
        "lines": [
            {
                "line": n["number"],
                "code": n["code"],
                "charge": str(from_cents(n["charge_cents"])),
                **(n["denial"] or {}),
            }
            for n in lines
        ],
    }
    if first.get("fix_field"):
        evidence["field"] = first["fix_field"]
    if content.prior_auth:
        evidence["auth_on_claim"] = content.prior_auth
    if policy := coverage_policy(first.get("rarcs", ())):
        evidence["policy"] = policy
    if evidence["carc"].endswith("-29"):
        evidence |= filing_evidence(conn, office, row)
    if first and _is_barred(conn, office, row, first):
        evidence["appeal"] = "barred"
    return evidence


def _is_barred(
    conn: Connection, office: Office, row: ClaimRow, denial: dict[str, Any]
) -> bool:
    """Whether no appeal is possible against this denial, on the day of its notice."""
    from activities.appeal import level_of

    profile = office.payer(row.payer_id)
    if profile is None or not denial.get("notice_on"):
        return False
    notice = date.fromisoformat(denial["notice_on"])
    allowed = appeal_rules.may_appeal(
        profile,
        level=level_of(conn, row.id),
        notice_on=notice,
        today=notice,
        carcs=[denial["carc"]],
        rarcs=denial.get("rarcs", ()),
    )
    return allowed.action == "barred"


def resolve_correction(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply CORRECT_CLAIM: the whole claim again, with the newest ICN (R-COR-01,
    -02)."""
    from activities.followup import as_original, corrected, resend

    content = corrected(conn, office, row, form)
    if decision == "new_claim":
        content = as_original(content)
    else:
        content = _replacement(conn, office, row, content, decision)
    reason = why.by_rule("R-COR-02" if content.payer_icn else "R-COR-04")
    words = {
        "new_claim": "Corrected; a new claim goes out",
        "void": "A void goes out",
    }.get(decision, "Corrected; a replacement goes out")
    answer = resend(conn, office, row, content, ClaimState.CORRECTING, reason, words)
    _undecide(conn, row.id, "replacement sent")
    return answer


def _can_be_replaced(conn: Connection, office: Office, row: ClaimRow) -> bool:
    profile = office.payer(row.payer_id)
    able = profile is not None and profile.capabilities.frequency_7
    return able and not any(map(_wants_new_claim, denied_lines(conn, row.id)))


def _wants_new_claim(line: RowMapping) -> bool:
    """By its remark, MA130 for one: there is nothing that could be replaced."""
    return bool((line["denial"] or {}).get("action") == "submit_new_claim")


def _replacement(
    conn: Connection, office: Office, row: ClaimRow, content: Any, decision: str
) -> Any:
    """Frequency 7 or 8 with REF*F8 = the newest ICN; never a guess."""
    profile, void = office.payer(row.payer_id), decision == "void"
    if not void and any(_wants_new_claim(line) for line in denied_lines(conn, row.id)):
        raise DecisionRefused(
            "The payer asks for a new claim, not for a replacement of this one. "
            "Nothing was sent. Decide new_claim instead (R-COR-04)."
        )
    able = profile.capabilities if profile is not None else None
    if able is None or not (able.frequency_8 if void else able.frequency_7):
        what = "voids" if void else "replacement claims"
        then = "Ask the payer how" if void else "Decide new_claim"
        raise DecisionRefused(
            f"This payer takes no {what}. Nothing was sent. {then} instead (R-COR-04)."
        )
    if not row.payer_icn:
        raise DecisionRefused(
            "The payer's claim number is not known, and a replacement needs it. "
            "Nothing "
            "was sent. Ask the payer for it, or decide new_claim (R-COR-02)."
        )
    frequency = "8" if void else "7"
    return content.model_copy(
        update={"frequency": frequency, "payer_icn": row.payer_icn}
    )


def _undecide(conn: Connection, claim_id: str, by: str) -> None:
    for line in claims.lines(conn, claim_id):
        if line["status"] in ("denied", "held", "short"):
            claims.decide_line(
                conn,
                claim_id,
                line["number"],
                status="undecided",
                denial=line["denial"],
                decided_by=by,
            )


def resolve_review(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply DENIAL_REVIEW: the route a person chose for the denied lines."""
    sent_again = decision in ("correct_freq_7", "new_claim")
    if form.get("_subject") == settle.ANNOUNCED and not sent_again:
        raise DecisionRefused(
            "The payer has said that it is denied, but not why: that comes with its "
            "remittance (835), which is waited for. Nothing was changed. Correct the "
            "claim now if you know what is wrong, or decide when the reason is here."
        )
    if sent_again:
        _check_unbundling(form)
        chosen = "corrected_freq_7" if decision == "correct_freq_7" else decision
        if not any(k == "field" or k.startswith("change.") for k in form):
            return _to_correction(conn, office, row, why)
        return resolve_correction(conn, office, row, chosen, form, why)
    if decision == "appeal":
        from activities.appeal import begin_appeal

        return begin_appeal(conn, office, row, form, why)
    if decision == "write_off":
        return _ask_write_off(conn, office, row, form, why)
    if decision == "documents":
        return _to_documents(conn, office, row, why)
    if decision == "other_payer":
        return _to_other_payer(conn, office, row, why)
    return _to_patient(conn, office, row, form, why)


def _check_unbundling(form: dict[str, str]) -> None:
    """A modifier that unbundles must be allowed for the pair of codes, and needs the
    note behind it (R-COD-05, R-DEN-06)."""
    from activities.scrub import changes_of

    added = UNBUNDLING.intersection(
        modifier
        for field, value in changes_of(form)
        if field.endswith("SV101-3")
        for modifier in value.replace(",", ":").upper().split(":")
    )
    named = ", ".join(sorted(added))
    if added and form.get("modifier_indicator") == NO_MODIFIER:
        raise DecisionRefused(
            f"Not sent: the pair {form.get('pair') or 'of these codes'} lets no "
            f"modifier separate it (indicator {NO_MODIFIER}), so {named} would be "
            "false (R-DEN-06). Nothing was changed. Write the service off as part of "
            "the other one, or appeal."
        )
    if added and form.get("note_supports_separate_EM") != "True":
        raise DecisionRefused(
            f"Not sent: modifier {named} needs a note that supports it (R-COD-05). "
            "Nothing was changed. Say that the note does "
            "(note_supports_separate_EM=true), or choose another route."
        )


def _to_correction(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> str:
    lines = denied_lines(conn, row.id)
    return _next_task(
        conn,
        office,
        row,
        TaskType.CORRECT_CLAIM,
        why.by_rule("R-DEN-01"),
        "the claim is to be corrected",
        evidence_of(conn, office, row, lines),
    )


def _to_documents(conn: Connection, office: Office, row: ClaimRow, why: Because) -> str:
    return _next_task(
        conn,
        office,
        row,
        TaskType.PAYER_REQUEST_DOCS,
        why.by_rule("R-DEN-04"),
        "documents are to be sent",
        evidence_of(conn, office, row, denied_lines(conn, row.id)),
    )


def _to_other_payer(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> str:
    return _next_task(
        conn,
        office,
        row,
        TaskType.COB_UPDATE,
        why.by_rule("R-COB-02"),
        "another payer should pay",
        evidence_of(conn, office, row, denied_lines(conn, row.id)),
    )


def _next_task(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    task_type: TaskType,
    why: Because,
    words: str,
    evidence: dict[str, Any],
) -> str:
    task = open_claim_task(
        conn,
        office,
        row,
        task_type,
        why,
        key=f"{row.id}:{task_type.value}:{row.version}",
        words=words,
        evidence=evidence,
    )
    claims.set_step(
        conn, row, ClaimState.DENIED, steps.by_task(office, task), why, words
    )
    return f"{words}; task {task['number']} is open"


def _ask_write_off(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    form: dict[str, str],
    why: Because,
) -> str:
    """A write-off needs another person's approval (R-WOF-01)."""
    first = denied_lines(conn, row.id)
    evidence = {
        **evidence_of(conn, office, row, first),
        "reason": form.get("reason", ""),
        "requested_by": why.actor,
    }
    return _next_task(
        conn,
        office,
        row,
        TaskType.WRITE_OFF_APPROVE,
        why.by_rule("R-WOF-01"),
        "a write-off waits for approval",
        evidence,
    )


def resolve_write_off(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply WRITE_OFF_APPROVE: requester and approver are two people (R-WOF-01)."""
    task = tasks.get(conn, form["_task"])
    if task["evidence"].get("requested_by") == why.actor:
        raise DecisionRefused(
            "You asked for this write-off, so another person must approve it "
            "(R-WOF-01). "
            "Nothing was written off."
        )
    if decision == "refused":
        open_review(conn, office, row, why, "the write-off was refused")
        settle.settle(conn, office, row.id, why, "The write-off was refused")
        return "Refused; the denial is open again"
    carc = str(task["evidence"].get("carc", "")).split("-")[-1]
    kind = EntryType.WRITE_OFF_TIMELY if carc == "29" else EntryType.WRITE_OFF_DENIAL
    amount = _given_up(conn, office, row)
    _post(conn, row, kind, amount, why, f"writeoff:{task['id']}", "write-off approved")
    settle_lines(conn, row.id, "written off")
    review_credit(conn, office, row, why, f"after {task['id']}")
    words = f"Written off {amount} after approval"
    settle.settle(conn, office, row.id, why.by_rule("R-WOF-01"), words)
    return words


def _given_up(conn: Connection, office: Office, row: ClaimRow) -> Decimal:
    """What is open on the lines a person gives up now, and on no other.

    A line the payer still decides, and the share another plan is to pay, stay open.
    """
    kept = ZERO
    forward = is_due(conn, office, row)
    said = {
        line["number"]: (line, found["status"])
        for found in remittances.of_claim(conn, row.id)
        for line in found["detail"].get("lines", [])
    }
    for line in claims.lines(conn, row.id):
        known, status = said.get(line["number"], (None, ""))
        if line["status"] == "undecided":
            whole = known is None or status == REVERSAL
            open_cents = line["charge_cents"] if whole else known["open_cents"]
            kept += from_cents(int(open_cents))
        if forward and known is not None:
            shares = (t for t in known["treated"] if t["treatment"] == "patient")
            kept += sum((Decimal(t["amount"]) for t in shares), ZERO)
    return max(ZERO, balances(conn, [row.id])[row.id].insurer_open - kept)


def _post(
    conn: Connection,
    row: ClaimRow,
    kind: EntryType,
    amount: Any,
    why: Because,
    key: str,
    memo: str,
    ref: str = "",
) -> None:
    if amount <= ZERO:
        return
    entry = NewEntry(
        key=key,
        type=kind,
        amount=amount,
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source=f"person {why.actor}",
        ref=ref or key.split(":")[0],
        rule=why.rule,
        actor=why.actor,
        memo=memo,
    )
    post(conn, [entry], posted_at=to_text(why.at))


def settle_lines(conn: Connection, claim_id: str, by: str) -> None:
    """Nothing of these lines is open any more."""
    for line in claims.lines(conn, claim_id):
        if line["status"] in ("denied", "held", "short", "appealed"):
            claims.decide_line(
                conn,
                claim_id,
                line["number"],
                status="settled",
                denial=line["denial"],
                decided_by=by,
            )


def _to_patient(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    form: dict[str, str],
    why: Because,
) -> str:
    """Move PR money to the patient; CO and PI never go there (R-POST-04, R-LEG-02)."""
    lines = denied_lines(conn, row.id)
    groups = {str((n["denial"] or {}).get("carc", "")).split("-")[0] for n in lines}
    if groups != {"PR"}:
        raise DecisionRefused(
            "The payer did not mark this amount as the patient's (PR), so the patient "
            "may not be billed (R-POST-04). Nothing was moved. Choose another route."
        )
    amount = _given_up(conn, office, row)
    kind = EntryType.TRANSFER_TO_PATIENT
    _post(conn, row, kind, amount, why, f"topatient:{row.id}:{row.version}", "decided")
    settle_lines(conn, row.id, "patient")
    apply_prepayments(conn, row, why, f"topatient:{row.id}:{row.version}")
    review_credit(conn, office, row, why, f"topatient:{row.version}")
    words = f"Moved {amount} to the patient"
    settle.settle(conn, office, row.id, why.by_rule("R-LEG-02"), words)
    return words


def resolve_other_payer(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply COB_UPDATE: the payer order as the patient and the plans say it."""
    if decision == "new_order":
        return put_first(conn, office, row, form, why.by_rule("R-COB-01"))
    if decision == "same_order":
        from activities.followup import as_original, resend

        content = claims.content(conn, office.cipher, row.id)
        if row.payer_icn and _can_be_replaced(conn, office, row):
            content = _replacement(conn, office, row, content, "corrected_freq_7")
        else:
            content = as_original(content)
        _undecide(conn, row.id, "order confirmed")
        words = "The payer order is confirmed; sent again"
        reason = why.by_rule("R-COB-01")
        return resend(conn, office, row, content, ClaimState.CORRECTING, reason, words)
    open_review(conn, office, row, why.by_rule("R-COB-02"), f"payer order: {decision}")
    settle.settle(conn, office, row.id, why, f"Payer order: {decision}")
    return "Decide the denial with what the patient said"


def resolve_remit_review(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply REMIT_REVIEW: an amount the tables could not place (R-POST-05)."""
    reason = why.by_rule("R-POST-05", decision=decision)
    if decision in ("deny_route",):
        for line in claims.lines(conn, row.id):
            if line["status"] == "held":
                claims.decide_line(
                    conn,
                    row.id,
                    line["number"],
                    status="denied",
                    denial=line["denial"],
                    decided_by=why.actor,
                )
        open_review(conn, office, row, reason, "the remittance question is a denial")
        settle.settle(conn, office, row.id, reason, "Taken as a denial")
        return "Taken as a denial; decide it in the denial review"
    if decision == "payer_reprocesses":
        _undecide(conn, row.id, "payer reprocesses")
        settle.settle(conn, office, row.id, reason, "The payer reprocesses the claim")
        return "Waiting for the payer's new decision"
    if decision not in ("adjust", "patient"):
        raise DecisionRefused(
            f"{decision} needs a line, which is not offered here yet."
        )
    amount = _held_amount(conn, row, form["_task"])
    if decision == "adjust" and not _may_give_up(conn, row, amount, why):
        return _ask_write_off(conn, office, row, form, reason)
    kind = (
        EntryType.WRITE_OFF_DENIAL
        if decision == "adjust"
        else EntryType.TRANSFER_TO_PATIENT
    )
    key, memo = f"review:{form['_task']}", form.get("reason_code", "remit review")
    _post(conn, row, kind, amount, reason, key, memo, ref="task REMIT_REVIEW")
    settle_lines(conn, row.id, decision)
    apply_prepayments(conn, row, reason, key)
    review_credit(conn, office, row, reason, f"after {form['_task']}")
    words = f"Remittance question answered: {decision} {amount}"
    settle.settle(conn, office, row.id, reason, words)
    return words


def _may_give_up(
    conn: Connection, row: ClaimRow, amount: Decimal, why: Because
) -> bool:
    """Whether one person may write this off alone; a day's requests of one claim are
    summed (R-WOF-01)."""
    today = [
        from_cents(e["amount_cents"])
        for e in entries_of(conn, row.id)
        if e["business_date"] == why.today and EntryType(e["entry_type"]) in BY_PEOPLE
    ]
    return sum(today, amount) <= alone_up_to("write_off")


def _held_amount(conn: Connection, row: ClaimRow, task_id: str) -> Decimal:
    """What the task is about, of what is still open at the payer."""
    money = balances(conn, [row.id])[row.id]
    if taken := tasks.get(conn, task_id)["evidence"].get("taken_back"):
        return min(usd(taken), money.insurer_open)
    held = {n["number"] for n in claims.lines(conn, row.id) if n["status"] == "held"}
    total = ZERO
    for found in remittances.of_claim(conn, row.id)[-1:]:
        for line in found["detail"].get("lines", []):
            if line["number"] in held:
                total += from_cents(int(line.get("open_cents", 0)))
    return min(total, money.insurer_open)


def resolve_underpayment(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply UNDERPAYMENT_REVIEW: dispute it, or ask for a write-off (R-UND-03)."""
    reason = why.by_rule("R-UND-03")
    if decision == "dispute":
        from activities.appeal import dispute

        return dispute(conn, office, row, reason)
    return _ask_write_off(conn, office, row, form, why)
