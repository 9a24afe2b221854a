"""What the events of a claim speak of without naming it by id.

An event is a sentence with a day; tasks, letters and files have ids. Where more than
one fits, none is named: a wrong link is worse than none.
"""

import re
from datetime import date

from activities.inquiry import SENT
from claims.task import TASKS
from records import story as stored
from records.claims import ClaimRow
from records.db import Connection, RowMapping

_TYPE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")


class Known:
    """The claim's tasks, letters, questions and payments.

    ``about`` says which of them an event is about, as ``story_items.Item`` has it.
    """

    def __init__(self, conn: Connection, row: ClaimRow) -> None:
        """Read them once for a whole page of events."""
        self.tasks = stored.tasks_of(conn, row.id)
        self.letters = stored.letters_of(conn, row.id)
        self.questions = stored.questions_of(conn, row.id)
        self.payments = stored.payments_of(conn, row.id)

    def about(self, event: RowMapping) -> str:
        """What the event is about, "" where that is not certain."""
        data, day = event["data"], event["business_date"]
        if event["kind"].startswith("task"):
            return self._task(event["words"], day)
        if event["kind"] == "letter":
            return self._letter(event["words"], day)
        if event["kind"] == "sent":
            return self._question(event["words"], day)
        for paid in self.payments:
            if paid["trace"] == data.get("trace"):
                return clp_of(paid)
        return f"file:{data['file']}" if data.get("file") else ""

    def _task(self, words: str, day: date) -> str:
        named = next((w for w in _TYPE.findall(words) if w in TASKS), "")
        of_type = [
            t for t in self.tasks if t["type"] == named and t["created_on"] <= day
        ]
        newest = [t for t in of_type if t["created_on"] == of_type[-1]["created_on"]]
        return f"task:{newest[0]['id']}" if len(newest) == 1 else ""

    def _letter(self, words: str, day: date) -> str:
        found = [
            one["id"]
            for one in self.letters
            if one["dated"] == day and f" {one['template']} " in words
        ]
        return f"letter:{found[0]}" if len(found) == 1 else ""

    def _question(self, words: str, day: date) -> str:
        found = [
            one["sent_sha256"]
            for one in self.questions
            if SENT[one["kind"]] == words and one["sent_on"] == day
        ]
        return f"file:{found[0]}" if found and found[0] else ""


def clp_of(paid: RowMapping) -> str:
    """The segment of a remittance about the claim; "" for one keyed from paper."""
    if paid["keyed_by"]:
        return ""
    return f"file:{paid['file_sha256']}:{paid['position']}"
