"""One part of our health: how it is, in words, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from policy.people import Door


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    LATE = "late"
    STOPPED = "stopped"
    LOOK = "look"


@dataclass(frozen=True)
class Line:
    """One part: how it is, in words, and what to do."""

    part: str
    state: State
    words: str
    fix: str = ""
    href: str = ""
    door: Door = Door.SIGNED_IN
