"""One route of the desk: path, method, function, and the door that must be open.

A page without a door cannot be written down. ``desk/pages.py`` has the whole table; the
authorization matrix of the tests is made from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from desk.visit import Visit
from policy.people import Door

Handler = Callable[[Visit], Any]


@dataclass(frozen=True)
class Page:
    """One route. ``back`` is the page a POST belongs to, for after a sign-in.

    ``machine``: the handler checks origin, session and door itself and answers JSON.
    """

    method: str
    path: str
    handler: Handler
    door: Door
    back: str = "/"
    machine: bool = False

    @property
    def name(self) -> str:
        """``GET /tasks/{task}``."""
        return f"{self.method} {self.path}"

    def back_of(self, parts: Mapping[str, Any]) -> str:
        """``back`` with the parts of the path filled in."""
        return self.back.format(**parts)
