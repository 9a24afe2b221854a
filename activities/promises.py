"""Prove the three promises on the live system, both ways (``starter.py check``).

1. Every open claim's workflow runs, and its dated next step has an owner with a timer
   at or before that date, or an open task with a role and a due date; every task has a
   workflow that waits for it; no workflow is stuck, none runs for a closed claim.
2. Money adds up: each claim's identity, the practice's totals, the trial balance.
3. Every change of state names its rule and its actor; every file has an end.

A system at work is never at rest, so what looks wrong is looked at once more after a
moment: only what stays wrong is reported.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from pydantic import BaseModel, ConfigDict

from activities import close_overdue, day_close
from activities.office import Office
from activities.running import WorkflowView, running_ids, views
from activities.schedules import schedule_views, view_of
from claims.calendar import DAY_END, at, local_date
from claims.messages import (
    appeal_workflow_id,
    claim_workflow_id,
    remittance_workflow_id,
)
from claims.money import ZERO
from claims.task import WITHOUT_WORKFLOW
from ledger.balances import Balances, balances, identity_breaches, totals, trial_balance
from records import acts, audit, claims, news, tasks, users
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.files import UNREAD

TICKER_KINDS = ("demo", "test")
SLACK = timedelta(seconds=5)
SECOND_LOOK_SECONDS = 1.0
OUTBOX = "SEND"
STUCK = "its workflow task keeps failing, so it stands still"
SEE_LOG = "See the worker's log, correct the cause and start the worker again."


class Finding(BaseModel):
    """One thing that breaks a promise: about what, in words, and the fix."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    promise: int
    about: str
    words: str
    fix: str


class Report(BaseModel):
    """What was checked and what was found wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    practice_date: date
    checked: dict[str, int]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Nothing breaks a promise."""
        return not self.findings


@dataclass
class _Facts:
    """One snapshot of SQL."""

    now: datetime
    kind: str
    open_claims: list[ClaimRow]
    closed: dict[str, ClaimRow]
    waiting: dict[str, RowMapping]
    appeals: list[RowMapping]
    to_post: list[RowMapping]
    ended_batches: set[str]
    counts: dict[str, int]
    found: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def check(
    office: Office, now: Callable[[], datetime], *, ticker_runs: bool = False
) -> Report:
    """Check everything; what is wrong is looked at a second time.

    ``now`` gives practice time; ``ticker_runs``: the demo's ticker is at work.
    """
    look = partial(_look, office, now, ticker_runs=ticker_runs)
    first = await look()
    if first.is_clean:
        return first
    await asyncio.sleep(SECOND_LOOK_SECONDS)
    second = await look()
    seen = {(f.promise, f.about) for f in first.findings}
    still = tuple(f for f in second.findings if (f.promise, f.about) in seen)
    return second.model_copy(update={"findings": still})


async def _look(
    office: Office, now: Callable[[], datetime], *, ticker_runs: bool
) -> Report:
    facts = await asyncio.to_thread(_read, office, now())
    running = await running_ids(office.temporal)
    wanted = _workflows(facts) | set(running or [])
    seen = await views(office.temporal, wanted)
    schedules = await _schedules(office, facts)
    judge = _Judge(office, facts, seen, schedules, ticker_runs)
    findings = [*judge.all(), *facts.found]
    notes = tuple(facts.notes)
    if running is None:
        notes = (*notes, "This server keeps no list of workflows.")
    checked = {
        "claims": len(facts.open_claims) + len(facts.closed),
        "open claims": len(facts.open_claims),
        "open tasks": len(facts.waiting),
        "workflows": len(seen),
        **facts.counts,
    }
    return Report(
        practice_date=local_date(facts.now, office.zone),
        checked=checked,
        findings=tuple(findings),
        notes=notes,
    )


# --- what SQL says -------------------------------------------------------------------


def _read(office: Office, now: datetime) -> _Facts:
    with office.reading() as conn:
        rows = claims.every(conn)
        money = balances(conn, [r.id for r in rows])
        facts = _Facts(
            now=now,
            kind=users.fact(conn, "kind") or "production",
            open_claims=[r for r in rows if r.state.is_open],
            closed={r.id: r for r in rows if not r.state.is_open},
            waiting={t["id"]: t for t in tasks.waiting(conn)},
            appeals=audit.running_appeals(conn),
            to_post=audit.remittances_to_post(conn),
            ended_batches=audit.ended_batches(conn),
            counts=audit.counts(conn),
        )
        facts.found += _money(conn, facts, rows, money)
        facts.found += _records(conn)
        facts.found += _closes(conn, office)
        if days := close_overdue.overdue(conn, local_date(now, office.zone)):
            fix = f"Close {days[0]} first: close-day {days[0]}"
            facts.notes.append(f"{close_overdue.words(days)}. {fix}")
    return facts


def _money(
    conn: Connection,
    facts: _Facts,
    rows: list[ClaimRow],
    money: dict[str, Balances],
) -> Iterator[Finding]:
    names = {r.id: f"claim {r.pcn}" for r in rows}
    fix = "Post nothing more to it; find the posting in: show CLAIM"
    for breach in identity_breaches(conn):
        words = f"its money is off by {breach.difference}: {breach.why}"
        yield _finding(2, names.get(breach.claim_id, "a claim"), words, fix)
    if not totals(conn).adds_up():
        words = "the totals of all claims do not add up to what was billed"
        yield _finding(2, "the ledger", words, "Call support; post nothing more.")
    if off := sum(trial_balance(conn).values(), ZERO):
        words = f"debits and credits of all accounts differ by {off}"
        yield _finding(2, "the trial balance", words, "Call support.")
    for row in facts.closed.values():
        left = money[row.id]
        if (left.insurer_open, left.patient_due, left.credit) != (ZERO, ZERO, ZERO):
            words = "it is closed, but its balance is not zero"
            fix = f"Look at: show {row.pcn}"
            yield _finding(2, f"claim {row.pcn}", words, fix)


def _closes(conn: Connection, office: Office) -> Iterator[Finding]:
    for name, words in day_close.broken(conn, office):
        yield _finding(2, name, words, "Restore the database; tell an auditor.")


def _records(conn: Connection) -> Iterator[Finding]:
    sweep = "Start a worker (python worker.py); the next sweep does it."
    for row in audit.files_without_end(conn):
        words = f"received {row['received_on']}, neither posted, routed nor quarantined"
        fix = "Import it again: what is known stays unchanged."
        if row["kind"] == UNREAD:
            words = f"in {row['partner']}'s mailbox since {row['received_on']}: "
            words += str(row["reason"])
            fix = "Mend its rights, or have the partner send it again."
        yield _finding(3, f"file {row['sha256'][:12]} ({row['kind']})", words, fix)
    for event in audit.unexplained_states(conn):
        words = f"its change to {event['new_state']} names no rule or no actor"
        yield _finding(3, f"event {event['id']}", words, "Report it as a bug.")
    for pcn in audit.unstated_claims(conn):
        words = "no event explains the state it is in"
        yield _finding(3, f"claim {pcn}", words, "Report it as a bug.")
    for row in news.untold(conn):
        words = f"{row['kind']} news for {row['workflow_id']} was never told"
        yield _finding(1, f"news {row['id']}", words, sweep)
    for decision in tasks.undelivered(conn):
        words = f"decided {decision['decision']}, not yet taken by its workflow"
        yield _finding(1, f"decision {decision['id'][:8]}", words, sweep)
    for act_id, verb, _claim in acts.unanswered(conn):
        words = f"a person asked to {verb} a claim; its workflow has not answered"
        yield _finding(1, f"request {act_id[:8]}", words, sweep)


def _finding(promise: int, about: str, words: str, fix: str) -> Finding:
    return Finding(promise=promise, about=about, words=words, fix=fix)


# --- what the server must have -------------------------------------------------------


def _workflows(facts: _Facts) -> set[str]:
    """Every workflow that SQL says must run."""
    wanted = {claim_workflow_id(r.id) for r in facts.open_claims}
    wanted |= {
        str(r.next_owner_id)
        for r in facts.open_claims
        if r.next_owner in ("appeal", "account", "batch") and r.next_what != OUTBOX
    }
    wanted |= {
        str(t["workflow_id"])
        for t in facts.waiting.values()
        if t["type"] not in WITHOUT_WORKFLOW
    }
    wanted |= {appeal_workflow_id(a["id"]) for a in facts.appeals}
    return wanted | {remittance_workflow_id(r["id"]) for r in facts.to_post}


async def _schedules(office: Office, facts: _Facts) -> dict[str, str]:
    """What is wrong with the schedule of each outbox in use; "" when it will run."""
    outboxes = {
        str(r.next_owner_id) for r in facts.open_claims if r.next_what == OUTBOX
    }
    if facts.kind in TICKER_KINDS:
        return {}
    return {name: (await view_of(office, name)).trouble for name in sorted(outboxes)}


async def sweep_troubles(office: Office) -> tuple[int, list[str]]:
    """How many daily sweeps are planned, and what is wrong with some, in words."""
    seen = await schedule_views(office)
    return len(seen), [f"{v.schedule_id} {v.trouble}" for v in seen if v.trouble]


@dataclass
class _Judge:
    """Compares one snapshot of SQL with what the server runs."""

    office: Office
    facts: _Facts
    seen: dict[str, WorkflowView]
    schedules: dict[str, str]
    ticker_runs: bool

    def all(self) -> Iterator[Finding]:
        """Everything that breaks the first promise."""
        for row in self.facts.open_claims:
            yield from self._claim(row)
        for task in self.facts.waiting.values():
            yield from self._task(task)
        for appeal in self.facts.appeals:
            workflow_id = appeal_workflow_id(appeal["id"])
            yield from self._must_run(workflow_id, f"appeal {appeal['id'][:8]}")
        for remit in self.facts.to_post:
            name = f"remittance {remit['trace']}"
            yield from self._must_run(remittance_workflow_id(remit["id"]), name)
        for view in self.seen.values():
            yield from self._workflow(view)

    def _must_run(self, workflow_id: str, about: str) -> Iterator[Finding]:
        if not self._view(workflow_id).runs:
            words = f"its workflow is {self._view(workflow_id).status}"
            fix = "Start a worker; the next sweep starts it again."
            yield _finding(1, about, words, fix)

    def _view(self, workflow_id: str) -> WorkflowView:
        return self.seen.get(workflow_id) or WorkflowView(workflow_id)

    def _claim(self, row: ClaimRow) -> Iterator[Finding]:
        about = f"claim {row.pcn}"
        own = self._view(claim_workflow_id(row.id))
        if not own.runs:
            words = f"its workflow is {own.status}, so nothing will wake it"
            fix = f"Start it: act {row.pcn} retry --reason 'no workflow'"
            yield _finding(1, about, words, fix)
            return
        if own.task_failed:
            yield _finding(1, about, STUCK, SEE_LOG)
            return
        if not (row.next_what and row.next_due and row.next_at and row.next_owner):
            words = f"{row.state} has no dated next step"
            yield _finding(1, about, words, f"Look at: show {row.pcn}")
            return
        if words := self._step(row, own, row.next_due, row.next_at):
            fix = "Look again now: act CLAIM retry --reason 'check'"
            yield _finding(1, about, f"{row.next_what}: {words}", fix)

    def _step(self, row: ClaimRow, own: WorkflowView, due: date, then: datetime) -> str:
        """What is wrong with the claim's next step, "" when nothing is."""
        if row.next_owner == "task":
            return self._by_task(row)
        if due < local_date(self.facts.now, self.office.zone) and not row.held_for:
            return f"its date has passed ({due}) and nothing happened"
        if row.next_owner == "claim":
            return self._timer(own, then, "its workflow")
        if row.next_what == OUTBOX:
            return self._by_outbox(row)
        if row.next_owner in ("batch", "appeal", "account"):
            owner = self._view(str(row.next_owner_id))
            end_of_day = at(due, DAY_END, self.office.zone)
            name = f"its owner {owner.workflow_id}"
            return self._timer(owner, max(then, end_of_day), name)
        return f"{row.next_owner} is no owner of a step"

    def _by_task(self, row: ClaimRow) -> str:
        task = self.facts.waiting.get(str(row.next_owner_id))
        if task is None:
            return "the task it waits for is not open"
        if not task["role"] or task["due_on"] is None:
            return f"task {task['number']} has no role or no due date"
        return ""

    def _by_outbox(self, row: ClaimRow) -> str:
        if self.facts.kind in TICKER_KINDS:
            running = self.ticker_runs or self.facts.kind == "test"
            return "" if running else "the demo's ticker does not run (make demo)"
        trouble = self.schedules.get(str(row.next_owner_id), "")
        return f"the schedule {row.next_owner_id} {trouble}" if trouble else ""

    def _timer(self, owner: WorkflowView, latest: datetime, name: str) -> str:
        if not owner.runs:
            return f"{name} is {owner.status}"
        clock = self.office.clock()
        instant = clock.instant(latest) if clock else latest
        if owner.waits_until(instant + SLACK):
            return ""
        if owner.task_waits:
            return f"{name} has work that no worker has taken up"
        day = local_date(latest, self.office.zone)
        return f"{name} has no timer at or before {day}"

    def _task(self, task: RowMapping) -> Iterator[Finding]:
        view = self._view(str(task["workflow_id"]))
        if view.runs or task["type"] in WITHOUT_WORKFLOW:
            return
        words = f"{task['type']} waits, but its workflow ({view.workflow_id}) is "
        fix = f"Look at: task show {task['number']}"
        yield _finding(1, f"task {task['number']}", words + view.status, fix)

    def _workflow(self, view: WorkflowView) -> Iterator[Finding]:
        if not view.runs:
            return
        kind, _, row_id = view.workflow_id.partition("-")
        if view.task_failed and kind != "claim":
            yield _finding(1, view.workflow_id, STUCK, SEE_LOG)
        closed = self.facts.closed.get(row_id) if kind == "claim" else None
        if closed is not None:
            words = "its workflow still runs although the claim is closed"
            yield _finding(1, f"claim {closed.pcn}", words, SEE_LOG)
        elif kind == "claim" and not self._is_known(row_id):
            words = "a workflow runs for a claim that has no row"
            yield _finding(1, view.workflow_id, words, "Restore the database.")
        if view.workflow_id in self.facts.ended_batches:
            words = "its workflow still runs although every claim is answered"
            yield _finding(1, view.workflow_id, words, SEE_LOG)

    def _is_known(self, claim_id: str) -> bool:
        return any(row.id == claim_id for row in self.facts.open_claims)
