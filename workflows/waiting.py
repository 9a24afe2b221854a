"""What every workflow does between steps: wait for news, a decision or a date.

``Inbox`` keeps signals and updates idempotent by id (design, rules of the engine 4-5);
``keep`` is the loop of the workflows that look, wait and look again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from enum import Enum

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.acting import ActingActivities
    from activities.claims import ClaimActivities
    from activities.telling import TellingActivities
    from claims.calendar import PracticeClock, practice_now, until
    from claims.messages import (
        DECIDE_UPDATE,
        NEWS_SIGNAL,
        REFUSED,
        Act,
        Applied,
        Decide,
        Decided,
        Look,
        News,
    )

RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(minutes=1)
)
LOCAL_TIMEOUT = timedelta(seconds=30)
ACTIVITY_TIMEOUT = timedelta(minutes=5)
HEARTBEAT = timedelta(seconds=20)
WITHOUT_DATE = timedelta(days=1)


def refused() -> ApplicationError:
    """What a person's client is told; the stored decision is delivered again later."""
    return ApplicationError(
        "another decision is being carried out", type=REFUSED, non_retryable=True
    )


class Wake(Enum):
    """Why a wait ended."""

    NEWS = "news"
    DECISION = "decision"
    DUE = "due"
    CONTINUE = "continue"


class Inbox:
    """News and decisions of one workflow run, each taken once."""

    def __init__(
        self,
        clock: PracticeClock | None,
        seen: Iterable[str] = (),
        applied: Iterable[str] = (),
    ) -> None:
        """``seen`` and ``applied`` come from the run before (continue-as-new)."""
        self.clock = clock
        self.seen = dict.fromkeys(seen)
        self.applied = dict.fromkeys(applied)
        self.unread: list[str] = []
        self.deciding: Decide | Act | None = None
        self._answers: dict[str, Decided] = {}
        self._overdue: tuple[datetime, str] | None = None

    def now(self) -> datetime:
        """Practice time; activities derive the business date from it."""
        return practice_now(self.clock, workflow.now())

    def take_news(self, news: News) -> None:
        """Signal handler: never blocks, each news row counts once."""
        if news.id not in self.seen:
            self.seen[news.id] = None
            self.unread.append(news.id)

    def read_news(self) -> None:
        """What follows reads SQL, so all news so far is taken into account."""
        self.unread.clear()

    def refuse_second(self, decide: Decide | Act) -> None:
        """Update validator: refuses only what it knows; SQL has the last word."""
        busy = self.deciding is not None and self.deciding.id != decide.id
        if busy and decide.id not in self.applied:
            raise refused()

    async def decide(self, decide: Decide | Act) -> Decided:
        """Update handler: hand the decision to the run and wait for its answer."""
        if decide.id in self.applied:
            return self._answers.get(decide.id) or Decided(
                applied=True, words="This decision was applied before."
            )
        self.refuse_second(decide)
        self.deciding = decide  # before the first await: two may come at once
        await workflow.wait_condition(lambda: decide.id in self._answers)
        return self._answers[decide.id]

    def answer(self, result: Applied) -> None:
        """The decision being carried out is finished."""
        if self.deciding is not None:
            done = Decided(applied=result.applied, words=result.words)
            self._answers[self.deciding.id] = done
            self.applied[self.deciding.id] = None
            self.deciding = None

    @property
    def is_quiet(self) -> bool:
        """Nothing unread, nothing to decide, no handler running."""
        waiting = bool(self.unread) or self.deciding is not None
        return not waiting and workflow.all_handlers_finished()

    def woken(self) -> Wake | None:
        """What there is to do right now."""
        if self.deciding is not None:
            return Wake.DECISION
        return Wake.NEWS if self.unread else None

    async def wait(self, at: datetime | None, summary: str) -> Wake:
        """Wait until something arrives or practice time ``at`` has come."""
        if wake := self.woken():
            return wake
        left = WITHOUT_DATE
        if at is not None:
            left = until(self.clock, at, workflow.now())
        if left <= timedelta(0) and self._is_first_overdue(at, summary):
            return Wake.DUE
        if left <= timedelta(0):  # the look moved nothing: never spin
            left = WITHOUT_DATE
        if workflow.info().is_continue_as_new_suggested():
            await self.settle()  # an answered decision's handler has yet to return
            if wake := self.woken():
                return wake
            if self.is_quiet:
                return Wake.CONTINUE
        try:
            await workflow.wait_condition(
                lambda: self.woken() is not None, timeout=left, timeout_summary=summary
            )
        except TimeoutError:
            return Wake.DUE
        return self.woken() or Wake.DUE

    def _is_first_overdue(self, at: datetime | None, summary: str) -> bool:
        """Whether this date has passed since the last overdue one was looked at."""
        assert at is not None  # noqa: S101 - only a date can be overdue
        known, self._overdue = self._overdue, (at, summary)
        return known != self._overdue

    async def settle(self) -> None:
        """Let handlers that were answered return, before a run ends."""
        await workflow.wait_condition(
            lambda: workflow.all_handlers_finished() or self.deciding is not None
        )


class TakesDecisions:
    """The handlers of a workflow that hears news and carries out decisions."""

    inbox: Inbox

    @workflow.signal(name=NEWS_SIGNAL)
    def news(self, news: News) -> None:
        """Something this workflow must look at is in SQL."""
        self.inbox.take_news(news)

    @workflow.update(name=DECIDE_UPDATE)
    async def decide(self, decide: Decide) -> Decided:
        """A person's stored decision."""
        return await self.inbox.decide(decide)

    @decide.validator
    def refuse_second(self, decide: Decide) -> None:
        """Refuse a second decision while one is carried out."""
        self.inbox.refuse_second(decide)


async def tell(news_ids: tuple[str, ...]) -> None:
    """Pass news rows on to the workflows they are for."""
    if news_ids:
        await workflow.execute_activity_method(
            TellingActivities.tell_news,
            list(news_ids),
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
        )


async def apply_decision(inbox: Inbox) -> Applied:
    """Carry out the decision or act in the inbox and answer the person."""
    asked = inbox.deciding
    assert asked is not None  # noqa: S101 - the caller saw Wake.DECISION
    acting = isinstance(asked, Act)
    result = await workflow.execute_local_activity_method(
        ActingActivities.apply_act if acting else ClaimActivities.apply_decision,
        args=[asked.id, inbox.now()],
        start_to_close_timeout=LOCAL_TIMEOUT,
        retry_policy=RETRY,
    )
    await tell(result.tell)
    inbox.answer(result)
    return result


async def keep(
    inbox: Inbox,
    look: Callable[[], Awaitable[Look]],
    continue_as_new: Callable[[], None] | None = None,
) -> None:
    """Look, pass on news, wait for a date or a wake-up, look again, until done."""
    while True:
        inbox.read_news()
        seen = await look()
        await tell(seen.tell)
        if seen.done:
            await inbox.settle()
            if inbox.is_quiet:
                return
        wake = inbox.woken() if seen.done else await inbox.wait(seen.at, seen.what)
        if wake is Wake.DECISION:
            await apply_decision(inbox)
        elif wake is Wake.CONTINUE and continue_as_new is not None:
            continue_as_new()
        await asyncio.sleep(0)
