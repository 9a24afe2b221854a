"""A paper remittance: who may key it, its rows as a remittance, who must look as well.

It goes the way of an 835 (``activities/remittance.py``): the same balancing, tests for
copies and conflicts, posting and tasks. Beside that, a named poster keys it, above a
limit another person confirms it before anything posts, and a supervisor looks at one of
ten of the others (R-MAN-01, R-MAN-02).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from activities.csv_rows import BadRow, cells, read_rows, together
from activities.eob_rows import Check, EobRow, checks_of, remittance_of
from activities.office import Office
from activities.posting import open_file_task
from claims.decision import MACHINE
from claims.messages import remittance_workflow_id
from claims.money import ZERO, cents, from_cents, words
from claims.remittance import Remittance
from claims.task import DecisionRefused, Role, TaskType
from claims.trace import bare
from policy import manual_eob as rules
from policy.people import (
    alone_up_to,
    are_for_two,
    is_supervisor,
    may_post_manually,
)
from records import claims, events, files, remittances, users
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

KIND = "EOB"
TASK = TaskType.MANUAL_EOB_POST
UNAPPROVED = "unapproved"
POSTED = "posted"
SHOWN = 40
"""Lines that a task repeats; the remittance's page has all."""


def refusal(conn: Connection, actor: str) -> str:
    """Why this person may not key a remittance; empty when they may (R-MAN-01)."""
    user = users.get_user(conn, actor)
    if user is not None and may_post_manually(user.roles):
        return ""
    who = "nobody is named" if actor == MACHINE else f"{actor} is not one"
    return (
        f"A paper remittance (eob.csv) is posted by a named poster, and {who}. Nothing "
        "was done. A poster brings it in: Start in the desk, or import FILE --as NAME."
    )


# --- rows ----------------------------------------------------------------------------


def read_checks(content: bytes, today: date) -> tuple[list[Check], list[BadRow]]:
    """The checks that are whole, and every row that was left out.

    Raises:
        CsvError: no text, broken quotes, or not the columns of this kind.
    """
    good, bad = read_rows(content, EobRow, today)
    odd = {number: found for number, row in good if (found := list(row.odd()))}
    bad += [BadRow(number, *together(found)) for number, found in odd.items()]
    checks = checks_of(one for one in good if one[0] not in odd)
    for check in checks:
        if differs := check.differing():
            bad.append(BadRow(*differs, "differs from the first row of its check"))
    named_as = cells(content, ["payer_id", "trace_no"])
    keys = {number: (payer, bare(no)) for number, (payer, no) in named_as.items()}
    last_first = sorted(bad, key=lambda row: -row.number)
    broken = {keys[row.number]: row.number for row in last_first}
    whole = [c for c in checks if _key(c) not in broken]
    named = {row.number for row in bad}
    for check in checks:
        if (at := broken.get(_key(check))) is not None:
            bad += [_of_broken(n, at) for n, _ in check.rows if n not in named]
    return whole, sorted(bad, key=lambda row: row.number)


def _key(check: Check) -> tuple[str, str]:
    return check.head.payer_id, bare(check.head.trace_no)


def _of_broken(number: int, other: int) -> BadRow:
    return BadRow(number, "trace_no", f"is of the check of row {other}, left out whole")


@dataclass(frozen=True)
class Keyed:
    """A whole check that this person may post, and our id of its payer."""

    payer_id: str
    check: Check


def look_over(
    conn: Connection, office: Office, content: bytes, why: Because
) -> tuple[list[Keyed], list[BadRow]]:
    """The checks that can be taken in, and every row that was left out.

    Raises:
        CsvError: no text, broken quotes, or not the columns of this kind.
    """
    checks, bad = read_checks(content, why.today)
    taken = []
    for check in checks:
        profile = office.payers.named(check.head.payer_id)
        wrong = list(_wrong(conn, check, why.actor))
        if profile is None:
            wrong.insert(0, ("payer_id", "is not known here"))
        if wrong or profile is None:
            bad += [BadRow(number, *together(wrong)) for number, _ in check.rows]
            continue
        keyed = Keyed(profile.payer_id, check)
        if unclear := _refs(conn, keyed)[1]:
            bad += [_left_out(number, unclear) for number, _ in check.rows]
        else:
            taken.append(keyed)
    return taken, sorted(bad, key=lambda row: row.number)


def _left_out(number: int, unclear: list[int]) -> BadRow:
    if number not in unclear:
        return _of_broken(number, unclear[0])
    reason = "is of no line of the claim, which has several with this code"
    return BadRow(number, "billed", reason)


def _wrong(conn: Connection, check: Check, actor: str) -> Iterator[tuple[str, str]]:
    """What speaks against this person posting this check."""
    if any(row.keyed_by not in ("", actor) for _, row in check.rows):
        yield "keyed_by", "names another person than the one who brings the file in"
    if are_for_two("remit.post_manual", "deposit.count"):
        for deposit in remittances.deposits_with_trace(conn, check.head.trace_no):
            run = files.import_of(conn, deposit["file_sha256"])
            if run is not None and run["actor"] == actor:
                yield "trace_no", "is of a deposit that the same person brought in"
                return


def as_remittance(conn: Connection, keyed: Keyed) -> Remittance:
    """The check as an 835 would say it, its claims under our CLM01."""
    return remittance_of(keyed.check, _refs(conn, keyed)[0])


def _refs(
    conn: Connection, keyed: Keyed
) -> tuple[dict[int, tuple[str, str]], list[int]]:
    """Our CLM01 and line control number for each row about a claim of ours, and the
    rows that could be of several of its lines: those are asked about.

    Lines that are alike are answered in their order (R-POST-08). Rows with a line's
    amount choose first; one with another amount has the only line left of its code.
    """
    found: dict[int, tuple[str, str]] = {}
    left: dict[tuple[str, bool], list[RowMapping]] = {}
    others: list[tuple[int, EobRow, ClaimRow]] = []
    for number, row, ours in _about_ours(conn, keyed):
        key = (ours.id, row.billed < 0)
        if key not in left:
            left[key] = claims.lines(conn, ours.id)
        line = _billed_so(row, left[key])
        if line is not None:
            left[key].remove(line)
        elif row.code:
            others.append((number, row, ours))
        found[number] = (ours.pcn, line["line_ref"] if line is not None else "")
    unclear = []
    for number, row, ours in others:
        lines = left[ours.id, row.billed < 0]
        like = [line for line in lines if line["code"] == row.code]
        if len(like) == 1:
            lines.remove(like[0])
            found[number] = (ours.pcn, like[0]["line_ref"])
        elif like:
            unclear.append(number)
    return found, unclear


def _about_ours(
    conn: Connection, keyed: Keyed
) -> Iterator[tuple[int, EobRow, ClaimRow]]:
    """The rows about a claim of ours, with it."""
    for number, row in keyed.check.rows:
        ours = None if row.is_provider_level else _claim(conn, keyed.payer_id, row)
        if ours is not None:
            yield number, row, ours


def _billed_so(row: EobRow, lines: list[RowMapping]) -> RowMapping | None:
    """The first line of this code and amount, of this day if there is one."""
    billed = (row.code, cents(abs(row.billed)))
    alike = [n for n in lines if (n["code"], n["charge_cents"]) == billed]
    of_day = [n for n in alike if n["service_from"] == row.dos_from]
    return next(iter(of_day or alike), None)


def _claim(conn: Connection, payer_id: str, row: EobRow) -> ClaimRow | None:
    if row.claim_ref:
        return claims.find(conn, row.claim_ref)
    return claims.by_payer_number(conn, payer_id, row.payer_claim_no)


def read_keyed(conn: Connection, office: Office, row: RowMapping) -> Remittance:
    """The remittance of a row that was keyed, read again from the stored file."""
    checks, _ = read_checks(office.documents.get(row["file_sha256"]), date.max)
    check = next(c for c in checks if c.position == row["st_segment"])
    return as_remittance(conn, Keyed(row["payer_id"], check))


# --- a second person -----------------------------------------------------------------


def by_keyer(row: RowMapping, why: Because) -> Because:
    """The same moment, in the name of the person who keyed it."""
    return replace(why, actor=row["keyed_by"]) if row["keyed_by"] else why


def waits_for_second(
    conn: Connection, row: RowMapping, one: Remittance, why: Because
) -> bool:
    """Whether another person must confirm it first; then their task is open."""
    if not row["keyed_by"] or row["approved_by"]:
        return False
    ours = claims.by_pcn(conn, [c.pcn for c in one.claims])
    of_claims = [found.id for found in ours.values()]
    before = remittances.keyed_on(conn, of_claims, why.today, but=row["id"])
    amount = rules.amount_of(one) + from_cents(before)
    if not rules.needs_second(amount):
        return False
    limit = words(alone_up_to(rules.LIMIT))
    said = (
        f"{words(amount)} keyed by {row['keyed_by']} is above {limit}: another person "
        "confirms it before it posts"
    )
    remittances.mark(conn, row["id"], status=UNAPPROVED, reason=said)
    _open_task(conn, row, one, said, why, Role.POSTER)
    return True


def check_link(
    conn: Connection, row: RowMapping, claim_id: str, paid: Decimal, why: Because
) -> None:
    """Money keyed for a claim that nobody knew is now a claim's: the limit holds for it
    as if it had been keyed for that claim (R-MAN-02).

    Raises:
        DecisionRefused: above it, the one who keyed it may not link it alone.
    """
    if row["keyed_by"] != why.actor or row["approved_by"]:
        return
    before = remittances.keyed_on(conn, [claim_id], row["posted_on"], but="")
    if rules.needs_second(abs(paid) + from_cents(before)):
        raise DecisionRefused(
            "You keyed this payment, and with what you keyed for the claim that day it "
            "is above what one person may post (R-MAN-02). Nothing was linked. Another "
            "poster or a supervisor links it."
        )


def sample(conn: Connection, row: RowMapping, one: Remittance, why: Because) -> None:
    """One of ten that a person posted alone is looked at by a supervisor."""
    alone = row["keyed_by"] and not row["approved_by"]
    if alone and rules.is_sampled(row["id"]):
        said = f"a sample of what {row['keyed_by']} keyed; it is posted"
        _open_task(conn, row, one, said, why, Role.SUPERVISOR)


def _open_task(
    conn: Connection,
    row: RowMapping,
    one: Remittance,
    said: str,
    why: Because,
    role: Role,
) -> None:
    evidence: dict[str, Any] = {
        "check": one.trace,
        "check_date": str(one.payment_date),
        "check_amount": str(one.paid),
        "line": list(_lines(one))[:SHOWN],
        "keyed_by": row["keyed_by"],
        "file": row["file_sha256"][:12],
        "first_row": row["st_segment"],
    }
    why = why.by_rule("R-MAN-02")
    open_file_task(conn, row, TASK, why, said, evidence, "", role)


def _lines(one: Remittance) -> Iterator[dict[str, str]]:
    """What was keyed, row by row, as one reads it beside the paper."""
    for found in one.claims:
        for part in found.lines or (found,):
            taken = sum((a.amount for a in part.adjustments), ZERO)
            yield {
                "claim": found.pcn,
                "code": getattr(part, "code", ""),
                "billed": str(part.charge),
                "adjusted": str(taken),
                "paid": str(part.paid),
            }
    for plb in one.provider_adjustments:
        yield {"provider_level": plb.code, "takes": str(plb.amount)}


def resolve(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    form: Mapping[str, str],
    why: Because,
) -> str:
    """Apply MANUAL_EOB_POST: confirmed by another person, or not (R-MAN-02).

    A confirmed one is posted by its workflow right after, like any that came.
    """
    remittance = task["workflow_id"].removeprefix(remittance_workflow_id(""))
    row = remittances.get(conn, remittance)
    if row is None or row["status"] not in (UNAPPROVED, POSTED):
        raise DecisionRefused("This remittance no longer waits. Nothing was changed.")
    why = why.by_rule("R-MAN-02", trace=row["trace"], decision=decision)
    if row["status"] == POSTED:
        return _sampled(conn, row, decision, form, why)
    if decision != POSTED:
        said = f"Not posted: {why.actor} could not confirm it ({form['reason']})"
        remittances.reject(conn, row["id"], said)
        events.add(conn, why, "manual remittance", f"{_named(row)}: {said}")
        return f"{said}. Key it again as it stands on the paper"
    if row["keyed_by"] == why.actor:
        raise DecisionRefused(
            "You keyed this remittance, so another person must confirm it (R-MAN-02). "
            "Nothing was posted."
        )
    remittances.mark(
        conn, row["id"], status="received", reason=None, approved_by=why.actor
    )
    events.add(conn, why, "manual remittance", f"{_named(row)}: confirmed")
    return f"{_named(row)} is confirmed and is posted now"


def _named(row: RowMapping) -> str:
    return f"Paper remittance {row['trace']}, keyed by {row['keyed_by']}"


def _sampled(
    conn: Connection,
    row: RowMapping,
    decision: str,
    form: Mapping[str, str],
    why: Because,
) -> str:
    user = users.get_user(conn, why.actor)
    if row["keyed_by"] == why.actor or user is None or not is_supervisor(user.roles):
        raise DecisionRefused(
            "A sample is looked at by a supervisor who did not key it (R-MAN-02). "
            "Nothing was changed."
        )
    agrees = decision == POSTED
    said = "the sample agrees with the paper"
    if not agrees:
        said = f"the sample does not agree with the paper ({form['reason']})"
    events.add(conn, why, "manual remittance", f"{_named(row)}: {said}")
    return f"{_named(row)}: {said}" + (
        "" if agrees else ". The posting stands: key its reversal, then the right rows"
    )
