"""Appeal: draft, two signatures, sending, the payer's answer (R-APP)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio import activity

from activities import letters, settle
from activities.appeal_letter import appeal_facts
from activities.appeal_review import prepared_words
from activities.letters import Seal
from activities.office import Office
from activities.opening import open_claim_task
from claims.calendar import deadline, next_business_day
from claims.claim import ClaimState
from claims.messages import Look, NewsKind, appeal_workflow_id
from claims.money import ZERO, usd
from claims.task import DecisionRefused, TaskType
from letters.check import missing_elements
from letters.render import APPEAL_TITLES
from policy import appeal as rules
from records import accounts, claims, news, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

NO_ERA_DAYS = 30
UNDERPAYMENT = "UNDERPAYMENT"


@dataclass
class AppealActivities:
    """What an appeal's workflow looks at."""

    office: Office

    @activity.defn
    def look_at_appeal(self, appeal_id: str, at: datetime) -> Look:
        """Open what is missing, raise what is late, say when to look again."""
        why = self.office.because(self.office.moment(at), "R-APP-02")
        with self.office.writing() as conn:
            appeal = accounts.get_appeal(conn, appeal_id)
            if appeal is None:
                raise LookupError(f"appeal {appeal_id} has no row")
            look = LOOK[appeal["status"]]
            found = look(conn, self.office, appeal, why)
        return found.model_copy(update={"at": self.office.put_off(found.at, at)})


def begin_appeal(
    conn: Connection, office: Office, row: ClaimRow, form: dict[str, str], why: Because
) -> str:
    """Apply the decision to appeal: a row, its deadline, its workflow (R-APP-01).

    Raises:
        DecisionRefused: the rules bar an appeal; the reason is the rule's.
    """
    profile = office.payer(row.payer_id)
    lines = [n for n in claims.lines(conn, row.id) if n["status"] == "denied"]
    first: dict[str, Any] = next((n["denial"] for n in lines if n["denial"]), {}) or {}
    told = form.get("_notice_on") or first.get("notice_on")
    notice = date.fromisoformat(told) if told else why.today
    carc = str(first.get("carc", "CO-45"))
    level = level_of(conn, row.id)
    if profile is None:
        raise DecisionRefused("The payer has no profile. Nothing was started.")
    allowed = rules.may_appeal(
        profile,
        level=level,
        notice_on=notice,
        today=why.today,
        carcs=[carc],
        rarcs=list(first.get("rarcs", [])),
        amount=_disputed(lines),
    )
    if allowed.action != "appeal":
        raise DecisionRefused(f"No appeal: {allowed.reason}. Nothing was started.")
    legal = rules.legal_deadline(profile, level=level, notice_on=notice)
    appeal_id = accounts.add_appeal(
        conn,
        claim_id=row.id,
        level=level,
        lines=[n["number"] for n in lines],
        carc=carc,
        template=_template(form, carc),
        notice_on=notice,
        legal_deadline=legal,
        work_by=rules.work_by(legal),
        status="preparing",
    )
    _open_prepare(conn, office, row, appeal_id, why.by(allowed))
    _start(conn, appeal_id, why)
    words = f"Appeal level {level} is being prepared; legal deadline {legal}"
    step = settle.step_for(conn, office, row, ClaimState.DENIED, why)
    claims.set_step(conn, row, ClaimState.DENIED, step, why.by_rule("R-APP-01"), words)
    return words


def _template(form: dict[str, str], carc: str) -> str:
    """The letter that was chosen, else that of the denial's code.

    Raises:
        DecisionRefused: there is no such letter.
    """
    chosen = form.get("template") or rules.template_for(carc)
    if chosen not in APPEAL_TITLES:
        raise DecisionRefused(
            f"There is no letter {chosen}. Nothing was started. Leave the template "
            f"empty, or choose one of {', '.join(APPEAL_TITLES)}."
        )
    return chosen


def _disputed(lines: list[RowMapping]) -> Decimal | None:
    """What the lines' denials add up to; None when one does not say."""
    total = ZERO
    for line in lines:
        said = "shortfall" if line["status"] == "short" else "amount"
        if said not in (line["denial"] or {}):
            return None
        total += usd(line["denial"][said])
    return total


def _open_prepare(
    conn: Connection, office: Office, row: ClaimRow, appeal_id: str, why: Because
) -> None:
    appeal = accounts.get_appeal(conn, appeal_id)
    assert appeal is not None  # noqa: S101 - just made
    facts = appeal_facts(conn, office, row, appeal, why, approver="")
    evidence = {
        "template": appeal["template"],
        **_level_shown(office, row, appeal["level"]),
        "carc": appeal["carc"],
        "legal_deadline": str(appeal["legal_deadline"]),
        "work_by": str(appeal["work_by"]),
        "missing": missing_elements(facts),
        "exhibits": [f"{e.letter}: {e.title}" for e in facts.evidence],
    }
    open_claim_task(
        conn,
        office,
        row,
        TaskType.APPEAL_PREPARE,
        why.by_rule("R-APP-03"),
        key=f"{row.id}:APPEAL_PREPARE:{appeal_id}",
        words=f"appeal level {appeal['level']} must be written and signed",
        evidence=evidence,
        subject=appeal_id,
        legal_deadline=appeal["legal_deadline"],
        workflow_id=appeal_workflow_id(appeal_id),
    )


def _level_shown(office: Office, row: ClaimRow, level: int) -> dict[str, object]:
    profile = office.payer(row.payer_id)
    return rules.level_shown(profile, level) if profile else {"level": level}


def _preparing(
    conn: Connection, office: Office, appeal: RowMapping, why: Because
) -> Look:
    """Alarms 30 and 10 days before the legal deadline, and when the task is late."""
    row = claims.get(conn, appeal["claim_id"])
    waiting = tasks.waiting(conn, workflow_id=appeal_workflow_id(appeal["id"]))
    if not waiting:
        _open_prepare(conn, office, row, appeal["id"], why)
        waiting = tasks.waiting(conn, workflow_id=appeal_workflow_id(appeal["id"]))
    legal: date = appeal["legal_deadline"]
    if waiting[0]["due_on"] < why.today or legal - timedelta(10) <= why.today:
        tasks.raise_overdue(conn, waiting[0]["id"], why)
    alarms = (
        next_business_day(waiting[0]["due_on"]),
        legal - timedelta(30),
        legal - timedelta(10),
        legal,
        next_business_day(why.today),
    )
    day = min(d for d in alarms if d > why.today)
    return Look(what="APPEAL_PREPARE due", at=deadline(day, office.zone))


def _sent(conn: Connection, office: Office, appeal: RowMapping, why: Because) -> Look:
    """Wait for the decision; past the decide-by date a clerk asks (R-APP-02)."""
    expected: date = appeal["expected_on"]
    if expected <= why.today:
        _open_follow_up(conn, office, appeal, why)
        later = next_business_day(why.today + timedelta(7))
        return Look(what="APPEAL_FOLLOW_UP", at=deadline(later, office.zone))
    return Look(what="appeal decision expected", at=deadline(expected, office.zone))


def _open_follow_up(
    conn: Connection, office: Office, appeal: RowMapping, why: Because
) -> None:
    row = claims.get(conn, appeal["claim_id"])
    open_claim_task(
        conn,
        office,
        row,
        TaskType.APPEAL_FOLLOW_UP,
        why,
        key=f"{row.id}:APPEAL_FOLLOW_UP:{appeal['id']}:{appeal['expected_on']}",
        words="the payer has not decided the appeal in its time",
        evidence={"level": appeal["level"], "sent_on": str(appeal["sent_on"])},
        subject=appeal["id"],
        workflow_id=appeal_workflow_id(appeal["id"]),
    )
    step = settle.step_for(conn, office, row, ClaimState.FOLLOW_UP, why)
    claims.set_step(
        conn, row, row.state, step, why, "The appeal decision is late; a clerk asks"
    )


def _overturned(
    conn: Connection, office: Office, appeal: RowMapping, why: Because
) -> Look:
    """Won: wait for the new 835; after 30 days a clerk calls (R-APP-05)."""
    row = claims.get(conn, appeal["claim_id"])
    if row.state not in (ClaimState.APPEAL, ClaimState.UNDERPAID):
        accounts.mark_appeal(conn, appeal["id"], status="paid")
        return Look(done=True)
    expected: date = appeal["expected_on"]
    if expected > why.today:
        return Look(what="835 after the appeal", at=deadline(expected, office.zone))
    open_claim_task(
        conn,
        office,
        row,
        TaskType.FOLLOW_UP_CALL,
        why.by_rule("R-APP-05"),
        key=f"{row.id}:FOLLOW_UP_CALL:{appeal['id']}",
        words="the appeal was won 30 days ago and no 835 has come",
        evidence={"decided_on": str(appeal["decided_on"])},
    )
    step = settle.step_for(conn, office, row, ClaimState.FOLLOW_UP, why)
    claims.set_step(conn, row, row.state, step, why, "No 835 after the appeal was won")
    accounts.mark_appeal(conn, appeal["id"], status="paid")
    return Look(done=True)


def _upheld(conn: Connection, office: Office, appeal: RowMapping, why: Because) -> Look:
    """Lost: a person decides what next, within five business days (R-APP-04)."""
    waiting = tasks.waiting(conn, workflow_id=appeal_workflow_id(appeal["id"]))
    if not waiting:
        return Look(done=True)
    if waiting[0]["due_on"] < why.today:
        tasks.raise_overdue(conn, waiting[0]["id"], why)
    later = next_business_day(max(why.today, waiting[0]["due_on"]))
    return Look(what="APPEAL_DECISION due", at=deadline(later, office.zone))


def _over(conn: Connection, office: Office, appeal: RowMapping, why: Because) -> Look:
    return Look(done=True)


LOOK = {
    "preparing": _preparing,
    "sent": _sent,
    "overturned": _overturned,
    "upheld": _upheld,
    "waived": _over,
    "overtaken": _over,
    "paid": _over,
    "next_level": _over,
}


def resolve_prepare(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply APPEAL_PREPARE: the second person's *sent* sends the letter (R-APP-03)."""
    appeal = accounts.get_appeal(conn, form["_subject"])
    assert appeal is not None  # noqa: S101 - the task's subject is its appeal
    if decision == "waived":
        return _waive(conn, office, row, appeal, why)
    preparer, _ = tasks.prepared_form(conn, office.cipher, form["_task"])
    if form.get("letter"):
        seal = letters.stored_seal(office, form["letter"])
    else:  # approved before approvals named their letter
        typed = prepared_words(conn, office, form["_task"])
        seal = _sealed(conn, office, row, appeal, why, typed)
    _send(conn, office, row, appeal, why, seal)
    for number in appeal["lines"]:
        _mark_line(conn, row, number, "appealed", f"appeal level {appeal['level']}")
    signers = f"prepared by {preparer}, signed by {why.actor}"
    words = f"Appeal level {appeal['level']} sent, {signers}"
    settle.settle(conn, office, row.id, why.by_rule("R-APP-03"), words)
    return words


def _sealed(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    appeal: RowMapping,
    why: Because,
    typed: dict[str, str],
) -> Seal:
    """Make and store the letter of this moment, signed by who decided.

    Raises:
        DecisionRefused: an element of the letter is missing (R-APP-03).
    """
    facts = appeal_facts(conn, office, row, appeal, why, approver=why.actor, **typed)
    if missing := missing_elements(facts):
        raise DecisionRefused(
            f"Not sent: the letter lacks {', '.join(missing)} (R-APP-03). Nothing was "
            "changed. Add what is missing and decide again."
        )
    made = letters.make(appeal["template"], facts)
    return letters.store(office, made, facts, facts.letter_date)


def _send(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    appeal: RowMapping,
    why: Because,
    seal: Seal,
) -> date:
    """Keep the signed letter; the day by which the payer should have answered."""
    letter_id = letters.keep_sealed(
        conn,
        seal,
        key=f"appeal:{appeal['id']}",
        row=row,
        recipient="payer",
        why=why,
    )
    profile = office.payer(row.payer_id)
    days = rules.decide_within(profile, level=appeal["level"]) if profile else 30
    expected = why.today + timedelta(days)
    accounts.mark_appeal(
        conn,
        appeal["id"],
        status="sent",
        letter_id=letter_id,
        sent_on=why.today,
        expected_on=expected,
    )
    return expected


def dispute(conn: Connection, office: Office, row: ClaimRow, why: Because) -> str:
    """Ask for the rest of the contract's price: a letter, no appeal level (R-UND-03).

    Raises:
        DecisionRefused: an element of the letter is missing; nothing was sent.
    """
    lines = [n for n in claims.lines(conn, row.id) if n["status"] == "short"]
    first: dict[str, Any] = next((n["denial"] for n in lines if n["denial"]), {}) or {}
    told = first.get("notice_on")
    notice = date.fromisoformat(told) if told else why.today
    profile = office.payer(row.payer_id)
    last = rules.legal_deadline(profile, level=1, notice_on=notice) if profile else None
    legal = last or why.today
    appeal_id = accounts.add_appeal(
        conn,
        claim_id=row.id,
        level=1,
        lines=[n["number"] for n in lines],
        carc=str(first.get("carc", "CO-45")),
        template=UNDERPAYMENT,
        notice_on=notice,
        legal_deadline=legal,
        work_by=rules.work_by(legal),
        status="preparing",
    )
    appeal = accounts.get_appeal(conn, appeal_id)
    assert appeal is not None  # noqa: S101 - just made
    seal = _sealed(conn, office, row, appeal, why, {})
    expected = _send(conn, office, row, appeal, why, seal)
    _start(conn, appeal_id, why)
    words = f"Underpayment disputed; the payer's answer is expected by {expected}"
    settle.settle(conn, office, row.id, why, words)
    return words


def _start(conn: Connection, appeal_id: str, why: Because) -> None:
    """The appeal's own workflow begins when this news is told."""
    news.add(
        conn,
        workflow_id=appeal_workflow_id(appeal_id),
        kind=NewsKind.BALANCE.value,
        ref=f"start:{appeal_id}",
        today=why.today,
    )


def level_of(conn: Connection, claim_id: str) -> int:
    """The level an appeal would have now; a dispute about the price is none."""
    made = accounts.appeals_of(conn, claim_id)
    return 1 + len([a for a in made if a["template"] != UNDERPAYMENT])


def _mark_line(
    conn: Connection, row: ClaimRow, number: int, status: str, by: str
) -> None:
    line = next(n for n in claims.lines(conn, row.id) if n["number"] == number)
    claims.decide_line(
        conn, row.id, number, status=status, denial=line["denial"], decided_by=by
    )


def _waive(
    conn: Connection, office: Office, row: ClaimRow, appeal: RowMapping, why: Because
) -> str:
    from activities.denial import open_review

    accounts.mark_appeal(conn, appeal["id"], status="waived")
    open_review(conn, office, row, why.by_rule("R-APP-01"), "the appeal was waived")
    settle.settle(conn, office, row.id, why, "The appeal was waived")
    return "Waived; the denial is open again"


def take_decision(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    *,
    level: int,
    outcome: str,
    notice_on: date,
    sha: str,
    why: Because,
) -> bool:
    """The payer decided an appeal (``appeal_decisions.csv``); False when none is
    out."""
    found = [
        a
        for a in accounts.appeals_of(conn, row.id)
        if a["level"] == level and a["status"] == "sent"
    ]
    if not found:
        return False
    appeal = found[-1]
    accounts.mark_appeal(
        conn,
        appeal["id"],
        status=outcome,
        outcome=outcome,
        decided_on=why.today,
        decision_file=sha,
        expected_on=why.today + timedelta(NO_ERA_DAYS),
    )
    tasks.overtake(
        conn, why, "the payer decided", claim_id=row.id, types=["APPEAL_FOLLOW_UP"]
    )
    if outcome == "upheld":
        _lost(conn, office, row, appeal, notice_on, why)
    words = f"Appeal level {level}: {outcome}"
    settle.settle(conn, office, row.id, why.by_rule("R-APP-05"), words)
    news.add(
        conn,
        workflow_id=appeal_workflow_id(appeal["id"]),
        kind=NewsKind.APPEAL.value,
        ref=f"decision:{appeal['id']}",
        today=why.today,
    )
    settle.tell_claim(conn, row.id, f"decision:{appeal['id']}", "appeal", why.today)
    return True


def _lost(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    appeal: RowMapping,
    notice_on: date,
    why: Because,
) -> None:
    open_claim_task(
        conn,
        office,
        row,
        TaskType.APPEAL_DECISION,
        why.by_rule("R-APP-04"),
        key=f"{row.id}:APPEAL_DECISION:{appeal['id']}",
        words=f"appeal level {appeal['level']} was lost",
        evidence={
            "lost_level": appeal["level"],
            "notice_date": str(notice_on),
            **_next_level(office, row, appeal["level"] + 1, notice_on),
        },
        subject=appeal["id"],
        workflow_id=appeal_workflow_id(appeal["id"]),
    )


def _next_level(
    office: Office, row: ClaimRow, level: int, notice_on: date
) -> dict[str, object]:
    """The level that would come next and its deadline; nothing when there is none."""
    profile = office.payer(row.payer_id)
    if profile is None or level > len(rules.ladder(profile)):
        return {}
    legal = rules.legal_deadline(profile, level=level, notice_on=notice_on)
    return {
        "level": level,
        "legal_deadline": str(legal),
        "work_by": str(rules.work_by(legal)),
    }


def resolve_decision(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply APPEAL_DECISION: the next level, or stop (R-APP-04, R-APP-06)."""
    appeal = accounts.get_appeal(conn, form["_subject"])
    assert appeal is not None  # noqa: S101 - the task's subject is its appeal
    for number in appeal["lines"]:
        _mark_line(conn, row, number, "denied", f"appeal level {appeal['level']} lost")
    accounts.mark_appeal(conn, appeal["id"], status="next_level")
    fresh = claims.get(conn, row.id)
    if decision == "next_level":
        notice = str(tasks.get(conn, form["_task"])["evidence"]["notice_date"])
        given = {**form, "template": appeal["template"], "_notice_on": notice}
        return begin_appeal(conn, office, fresh, given, why)
    from activities.denial import resolve_review

    return resolve_review(conn, office, fresh, "write_off", {"reason": decision}, why)


def resolve_follow_up(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply APPEAL_FOLLOW_UP: the date the payer named, or the default week."""
    named = form.get("wait_until") or form.get("next_date")
    day = date.fromisoformat(named) if named else why.today + timedelta(7)
    day = max(day, next_business_day(why.today))
    accounts.mark_appeal(conn, form["_subject"], expected_on=day)
    words = f"The payer was asked about the appeal: {decision.replace('_', ' ')}"
    settle.settle(conn, office, row.id, why.by_rule("R-FUP-03"), words)
    return f"{words}; next look {day}"


def overtake_appeals(
    conn: Connection, row: ClaimRow, why: Because, *, keep_sent: bool
) -> None:
    """A remittance decided the lines: what was being prepared or awaited is over."""
    for appeal in accounts.appeals_of(conn, row.id):
        preparing = appeal["status"] == "preparing"
        awaited = appeal["status"] in ("sent", "overturned", "upheld") and not keep_sent
        if preparing or awaited:
            accounts.mark_appeal(conn, appeal["id"], status="overtaken")
            news.add(
                conn,
                workflow_id=appeal_workflow_id(appeal["id"]),
                kind=NewsKind.REMITTANCE.value,
                ref=f"overtaken:{appeal['id']}:{why.today}",
                today=why.today,
            )
