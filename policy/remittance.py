"""How each amount of a remittance line is treated, and what a denial asks for.

Order of rules: RARC override, then (group, CARC), then CARC, then hold (R-DEN-01). CO
and PI money is never the patient's (R-POST-04); what no rule can place stays open with
REMIT_REVIEW (R-POST-05); contractual reductions post up to the contract (R-POST-07).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, Protocol

from claims.adjustment import Adjustment
from claims.decision import Decision
from claims.money import CENT, ZERO, percent_of
from claims.remittance import RemittanceLine
from claims.task import TaskType
from payers.profile import PayerProfile
from policy.tables import rows, table, version

TABLE = "carc_actions"
ORDER = ("submit_new_claim", "correct_and_resubmit", "send_documents", "appeal")
"""The most restrictive RARC override wins, in this order (R-DEN-01)."""

TASK_OF_ACTION = {
    "submit_new_claim": TaskType.CORRECT_CLAIM,
    "correct_and_resubmit": TaskType.CORRECT_CLAIM,
    "send_documents": TaskType.PAYER_REQUEST_DOCS,
    "bill_other_payer": TaskType.COB_UPDATE,
}
LCD = "LCD"
COB_REMARKS = ("MA92",)
CONTRACT_ONLY = ("24", "44")
"""Contractual only where the contract says so (table notes); no profile says it yet."""


Treatment = Literal["contractual", "patient", "denied", "held", "info", "wait"]
Status = Literal["paid", "denied", "held", "undecided", "short"]


@dataclass(frozen=True, slots=True)
class Treated:
    """One adjustment and what happens to its amount.

    Plain, as ``LineOutcome``: both are made here alone, several for every line posted.
    """

    code: str
    amount: Decimal
    treatment: Treatment
    action: str
    rule: str
    words: str

    def as_json(self) -> dict[str, str]:
        """What is kept of it, the amount as text."""
        return {
            "code": self.code,
            "amount": str(self.amount),
            "treatment": self.treatment,
            "action": self.action,
            "rule": self.rule,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What one decided line posts, and what stays open, in dollars."""

    paid: Decimal
    contractual: Decimal
    patient: Decimal
    open: Decimal
    status: Status
    shortfall: Decimal = ZERO
    expected: Decimal | None = None
    treated: tuple[Treated, ...] = ()
    denial: dict[str, Any] | None = None


def words_of(carc: str) -> str:
    """Our own short words for a reason code."""
    row = rows(TABLE, "carcs", "code").get(carc.split("-")[-1])
    return str(row["note"]).split(";")[0] if row else "a reason we do not know"


def remark_words(rarc: str) -> str:
    """``N115 · decided by a local coverage policy``: a remark code in our own words."""
    row = rows("rarc_hints", "rarcs", "code").get(rarc)
    return f"{rarc} · {row['hint']}" if row else rarc


def treat(adjustment: Adjustment, rarcs: Sequence[str]) -> Treated:
    """One CAS amount by group and code."""
    row = rows(TABLE, "carcs", "code").get(adjustment.carc)
    if row is None:
        gone = is_deactivated(adjustment.carc)
        words = "that the list no longer has" if gone else "that is not in the table"
        return _held(adjustment, "R-POST-05", f"a reason code {words}")
    if adjustment.group not in row["groups"]:
        return _held(adjustment, "R-POST-05", "a group code this reason does not have")
    if adjustment.group == "PR":
        return _patient_share(adjustment, row)
    if adjustment.carc == "16" and not _says_something(rarcs):
        return _held(adjustment, "R-DEN-03", "the payer names no field to fix")
    if adjustment.carc in CONTRACT_ONLY:
        return _held(adjustment, "R-POST-05", row["note"])
    if row["amt"] == "contractual":
        return _treated(adjustment, "contractual", row["action"], "R-POST-07", row)
    if row["amt"] == "info":
        return _treated(adjustment, "info", row["action"], "R-COB-06", row)
    if row["action"] == "wait":
        return _treated(adjustment, "wait", row["action"], "R-DEN-01", row)
    if row["default_task"] == TaskType.REMIT_REVIEW.value:
        return _held(adjustment, "R-POST-05", row["note"])
    return _denied(adjustment, rarcs, row)


def _denied(
    adjustment: Adjustment, rarcs: Sequence[str], row: dict[str, Any]
) -> Treated:
    """The route of a denial; MA92 names the other plan, not a field (R-COB-02)."""
    if row["category"] == "cob":
        rarcs = [r for r in rarcs if r not in COB_REMARKS]
    action, rule = override(rarcs) or (row["action"], "R-DEN-01")
    return _treated(adjustment, "denied", action, rule, row)


def _patient_share(adjustment: Adjustment, row: dict[str, Any]) -> Treated:
    if row.get("pr_action") == "bill_patient_or_next_payer":
        return _treated(adjustment, "patient", row["pr_action"], "R-POST-04", row)
    words = f"not billable without a look: {row['note']}"
    return _held(adjustment, "R-POST-04", words)


def _says_something(rarcs: Sequence[str]) -> bool:
    """An alert informs; it never is the reason of a denial."""
    hints = rows("rarc_hints", "rarcs", "code")
    return any(not hints.get(r, {}).get("alert") for r in rarcs)


def _treated(
    adjustment: Adjustment,
    treatment: Treatment,
    action: str,
    rule: str,
    row: dict[str, Any],
) -> Treated:
    return Treated(
        code=adjustment.code,
        amount=adjustment.amount,
        treatment=treatment,
        action=action,
        rule=rule,
        words=str(row["note"]).split(";")[0],
    )


def _held(adjustment: Adjustment, rule: str, words: str) -> Treated:
    return Treated(
        code=adjustment.code,
        amount=adjustment.amount,
        treatment="held",
        action="hold_review",
        rule=rule,
        words=words,
    )


def override(rarcs: Sequence[str]) -> tuple[str, str] | None:
    """The action a remark code asks for, most restrictive first."""
    hints = rows("rarc_hints", "rarcs", "code")
    wanted = {hints[r]["action_override"] for r in rarcs if r in hints} - {None}
    first = next((action for action in ORDER if action in wanted), None)
    action = first or next(iter(sorted(wanted)), None)
    return (action, "R-DEN-05" if "MA130" in rarcs else "R-DEN-01") if action else None


def fix_field(rarcs: Sequence[str]) -> str:
    """The field of the claim that a remark code names.

    MA130 only points to the other remark, and an alert to a policy: both come last.
    """
    hints = rows("rarc_hints", "rarcs", "code")
    known = [hints[r] for r in rarcs if r in hints and hints[r]["fix_field"]]
    known.sort(key=lambda hint: hint["code"] == "MA130" or hint["alert"])
    return str(known[0]["fix_field"]) if known else ""


def is_bundling(code: str) -> bool:
    """Whether a reason says: part of another service (R-DEN-06); a coder decides."""
    row = rows(TABLE, "carcs", "code").get(code.split("-")[-1])
    return row is not None and row["category"] == "bundling"


def coverage_policy(rarcs: Sequence[str]) -> str:
    """The local coverage policy that a remark says decided the claim, else ""."""
    hints = rows("rarc_hints", "rarcs", "code")
    named = [r for r in rarcs if str(hints.get(r, {}).get("fix_field")).startswith(LCD)]
    return f"{LCD} named by {named[0]}" if named else ""


class Priced(Protocol):
    """A line that a contract has a price for."""

    @property
    def code(self) -> str:
        """The procedure."""

    @property
    def charge(self) -> Decimal:
        """What was billed for it, in dollars."""


def expected_allowed(
    profile: PayerProfile | None, line: Priced, units: Decimal
) -> Decimal | None:
    """The contract's allowed amount; None without a fee for the code (R-UND-01)."""
    rate = profile.fees.rates.get(line.code) if profile else None
    if rate is None or profile is None:
        return None
    allowed = (rate * units).quantize(CENT, rounding=ROUND_HALF_UP)
    return min(allowed, line.charge) if profile.fees.lesser_of_charge else allowed


def outcome(
    line: RemittanceLine,
    *,
    profile: PayerProfile | None,
    units: Decimal,
    primary: bool,
    claim_rarcs: Sequence[str] = (),
) -> LineOutcome:
    """What one line posts and leaves open."""
    rarcs = tuple(dict.fromkeys((*claim_rarcs, *line.rarcs)))
    treated = tuple(treat(a, rarcs) for a in line.adjustments)
    sums = {
        kind: _sum(treated, kind)
        for kind in ("contractual", "patient", "denied", "held", "wait")
    }
    expected = expected_allowed(profile, line, units) if primary else None
    contractual, shortfall = _cap(line, treated, sums, expected, profile)
    left_open = line.charge - line.paid - contractual - sums["patient"]
    left_open -= _sum(treated, "info")
    status = _status(treated, sums, shortfall)
    return LineOutcome(
        paid=line.paid,
        contractual=contractual,
        patient=sums["patient"],
        open=left_open,
        shortfall=shortfall,
        expected=expected,
        status=status,
        treated=treated,
        denial=_denial(treated, rarcs, status),
    )


def _sum(treated: Sequence[Treated], kind: str) -> Decimal:
    return sum((t.amount for t in treated if t.treatment == kind), ZERO)


def _cap(
    line: RemittanceLine,
    treated: Sequence[Treated],
    sums: dict[str, Decimal],
    expected: Decimal | None,
    profile: PayerProfile | None,
) -> tuple[Decimal, Decimal]:
    """Contractual amount to post, and the shortfall against the contract."""
    stated = sums["contractual"]
    if expected is None or profile is None or stated <= ZERO:
        return stated, ZERO
    cut = sum((t.amount for t in treated if t.code == "CO-253"), ZERO)
    answered = line.paid + sums["patient"] + cut + sums["denied"] + sums["held"]
    shortfall = expected - answered - sums["wait"]
    tolerance = profile.fees.underpayment_tolerance
    limit = max(tolerance.amount, percent_of(expected, tolerance.percent))
    if shortfall <= limit:
        return stated, ZERO
    return max(stated - shortfall, cut), shortfall


def _status(
    treated: Sequence[Treated], sums: dict[str, Decimal], shortfall: Decimal
) -> Status:
    kinds = {t.treatment for t in treated if t.amount != ZERO}
    if "held" in kinds:
        return "held"
    if "denied" in kinds:
        return "denied"
    if "wait" in kinds:
        return "undecided"
    return "short" if shortfall > ZERO else "paid"


def _denial(
    treated: Sequence[Treated], rarcs: Sequence[str], status: str
) -> dict[str, Any] | None:
    if status not in ("denied", "held", "short"):
        return None
    wanted = {"denied": "denied", "held": "held", "short": "contractual"}[status]
    first = next(t for t in treated if t.treatment == wanted and t.amount != ZERO)
    return {
        "carc": first.code,
        "rarcs": list(rarcs),
        "action": first.action,
        "rule": first.rule,
        "words": first.words,
        "fix_field": fix_field(rarcs),
        "amount": str(sum((t.amount for t in treated if t.treatment == wanted), ZERO)),
    }


def denial_decision(denials: Sequence[dict[str, Any]]) -> tuple[Decision, TaskType]:
    """One decision and one task for all denied lines of a claim (R-DEN-10)."""
    kinds = {_task_of(d) for d in denials}
    kind = kinds.pop() if len(kinds) == 1 else TaskType.DENIAL_REVIEW
    codes = sorted({d["carc"] for d in denials})
    reason = "; ".join(f"{d['carc']} {d['words']}" for d in denials)
    decision = Decision(
        action=denials[0]["action"],
        rule=denials[0]["rule"],
        reason=reason,
        table=version(TABLE),
        evidence=(*codes, *sorted({r for d in denials for r in d["rarcs"]})),
    )
    return decision, kind


def _task_of(denial: dict[str, Any]) -> TaskType:
    if denial["action"] in TASK_OF_ACTION:
        row = rows(TABLE, "carcs", "code")[denial["carc"].split("-")[-1]]
        same = row["action"] == denial["action"]
        if not same or row["default_task"] is None:
            return TASK_OF_ACTION[denial["action"]]
        return TaskType(row["default_task"])
    row = rows(TABLE, "carcs", "code")[denial["carc"].split("-")[-1]]
    return TaskType(row["default_task"] or TaskType.DENIAL_REVIEW.value)


def is_deactivated(carc: str) -> bool:
    """A code the list no longer has: never mapped silently (R-POST-05)."""
    return carc in table(TABLE)["deactivated_known"]


def marks_crossover(rarcs: Sequence[str]) -> bool:
    """A remark says the claim was sent on to another payer (R-COB-04)."""
    hints = rows("rarc_hints", "rarcs", "code")
    return any(hints.get(r, {}).get("marks_crossover") for r in rarcs)
