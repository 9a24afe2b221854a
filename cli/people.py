"""The demo's scripted people: they decide through the same code as ``task decide``."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from activities.office import Office
from activities.tasks import Outcome, decide
from claims.calendar import add_business_days
from claims.task import DecisionRefused, TaskType
from records import claims, tasks, users
from records.db import RowMapping
from vault.passwords import hashed


class Person(BaseModel):
    """A user of the demo."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    display: str
    roles: tuple[str, ...]


class Answer(BaseModel):
    """What is decided about tasks of one type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: TaskType
    decision: str
    after: int = Field(1, ge=0, description="business days the task stays open")
    claim: str = Field("", description="only this claim, by the practice's number")
    carc: str = Field("", description="only denials with this group and CARC")
    by: str = Field("demo.clerk", description="who decides")
    second: str = Field("", description="who gives the same decision once more")
    wait_days: int = Field(0, description="sets next_date so many calendar days on")
    form: dict[str, str] = Field(default_factory=dict)


class Script(BaseModel):
    """``samples/people.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    password: str = Field(description="of every user; the demo prints it")
    users: tuple[Person, ...]
    decisions: tuple[Answer, ...]

    @classmethod
    def load(cls, path: Path) -> "Script":
        """Read the script."""
        return cls.model_validate(yaml.safe_load(path.read_text()))


def put_users(office: Office, script: Script) -> None:
    """The demo's users with their roles and the one password they share."""
    now = datetime.now(UTC)
    with office.writing() as conn:
        for person in script.users:
            users.put_user(
                conn,
                users.User(
                    name=person.name, display_name=person.display, roles=person.roles
                ),
            )
            users.set_password(conn, person.name, hashed(script.password), now)


@dataclass
class People:
    """Goes through the open tasks of a day and answers those the script names."""

    office: Office
    script: Script
    refused: dict[str, str] = field(default_factory=dict)

    async def work(self, day: date, at: datetime) -> int:
        """Decide what is due today; how many tasks were decided."""
        decided = 0
        for row, answer in self._due(day):
            decided += await self._decide(row, answer, day, at)
        return decided

    def _due(self, day: date) -> list[tuple[RowMapping, Answer]]:
        with self.office.reading() as conn:
            found = []
            for row in tasks.listing(conn):
                claim = claims.get(conn, row["claim_id"]) if row["claim_id"] else None
                number = claim.practice_number if claim else ""
                answer = self._answer(row, number)
                if answer is None or row["status"] == "saved":
                    continue
                if row["id"] in self.refused:
                    continue
                if add_business_days(row["created_on"], answer.after) <= day:
                    found.append((row, answer))
        return found

    def _answer(self, row: RowMapping, number: str) -> Answer | None:
        carc = str(row["evidence"].get("carc", ""))
        fits = (
            a
            for a in self.script.decisions
            if a.task == row["type"]
            and a.claim in ("", number)
            and a.carc in ("", carc)
        )
        return next(fits, None)

    async def _decide(
        self, row: RowMapping, answer: Answer, day: date, at: datetime
    ) -> bool:
        form = dict(answer.form)
        if answer.wait_days:
            form["next_date"] = (day + timedelta(answer.wait_days)).isoformat()
        actor = answer.by if row["status"] == "open" else answer.second
        if not actor:
            return False
        outcome = await self._give(row, answer.decision, form, actor, at)
        if outcome.status == "prepared" and answer.second:
            with self.office.reading() as conn:
                fresh = tasks.get(conn, row["id"])
            second = at + timedelta(minutes=1)
            outcome = await self._give(
                fresh, answer.decision, form, answer.second, second
            )
        if outcome.status == "refused":
            self.refused[row["id"]] = f"{row['type']} {row['number']}: {outcome.words}"
        return outcome.status in ("applied", "saved")

    async def _give(
        self,
        row: RowMapping,
        decision: str,
        form: dict[str, str],
        who: str,
        at: datetime,
    ) -> Outcome:
        try:
            return await decide(
                self.office,
                row["id"],
                version=row["version"],
                decision=decision,
                form=form,
                why=self.office.because(at, actor=who),
            )
        except DecisionRefused as refused:
            return Outcome("refused", str(refused))
