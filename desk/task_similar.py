"""Similar cases in words: what was decided, what the payer answered, after how long."""

from collections.abc import Iterable
from dataclasses import dataclass

from activities.story import STAGES
from claims.claim import ClaimState
from desk.task_form import decision_words
from records.similar import Similar


@dataclass(frozen=True)
class Case:
    """One decided task; ``days`` from the decision to the payer's first answer."""

    task: Similar
    decision: str
    outcome: str
    tone: str
    days: int | None


def cases(kind: str, found: Iterable[Similar]) -> list[Case]:
    """The rows of the table, of tasks of one type."""
    return [
        Case(one, decision_words(kind, one.decision), *_outcome(one)) for one in found
    ]


def _outcome(one: Similar) -> tuple[str, str, int | None]:
    if one.answered_on is not None:
        days = (one.answered_on - one.closed_on).days
        return (
            ("Paid", "green", days) if one.paid_cents > 0 else ("Not paid", "red", days)
        )
    if one.state is None:
        return "No claim", "", None
    return STAGES[ClaimState(one.state)], "", None
