"""An appeal on a desk without a server: a denied claim, its task, two people."""

import re
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest
from starlette.testclient import TestClient

from activities.claims import ClaimActivities
from activities.opening import open_claim_task
from claims.task import TaskType
from records import tasks
from records.db import RowMapping
from tests.desk.conftest import Site, post
from tests.letters.filing import GUARANTOR, WHY, Filed
from tests.letters.test_facts_on_file import approve, begun, denied

NAMES = (GUARANTOR.first, GUARANTOR.last, GUARANTOR.member_id)


@dataclass
class Appealed:
    """The task of one appeal, and what people do with it."""

    site: Site
    task: str
    claim_id: str
    appeal_id: str

    @property
    def path(self) -> str:
        return f"/tasks/{self.task}"

    @property
    def row(self) -> RowMapping:
        with self.site.office.reading() as conn:
            return tasks.get(conn, self.task)

    def send(self, who: TestClient, **form: str) -> httpx2.Response:
        """Send the task's form at its version of now."""
        version = str(self.row["version"])
        return post(who, self.path, {"version": version, **form})

    def prepare(self, **form: str) -> TestClient:
        """The clerk proposes to send the letter."""
        clerk = self.site.signed_in("clerk")
        answer = self.send(clerk, decision="sent", **form)
        assert answer.status_code == 303, answer.text
        assert self.row["status"] == "prepared"
        return clerk

    def decisions(self) -> list[RowMapping]:
        with self.site.office.reading() as conn:
            return tasks.decisions_of(conn, self.task)

    def apply(self, days: int = 0) -> str:
        """A worker applies the newest decision, so many days later."""
        at = self.site.desk.now() + timedelta(days)
        activities = ClaimActivities(self.site.office)
        return activities.apply_decision(self.decisions()[-1]["id"], at).words


def appealed(site: Site, *, with_approval: bool = True) -> Appealed:
    """Denied for want of an authorization that is on file."""
    with site.office.writing() as conn:
        filed = Filed(site.office, conn)
        row = denied(filed)
        if with_approval:
            approve(filed)
        appeal = begun(filed, row)
        task = open_claim_task(
            conn,
            site.office,
            row,
            TaskType.APPEAL_PREPARE,
            WHY.by_rule("R-APP-03"),
            key="test:appeal",
            words="appeal level 1 must be written and signed",
            evidence={"carc": "CO-197"},
            subject=appeal["id"],
            legal_deadline=appeal["legal_deadline"],
        )
    return Appealed(site, task["id"], row.id, appeal["id"])


def hash_of(page: httpx2.Response) -> str:
    """The hash of the letter that a page shows and carries."""
    shown = re.search(r"/letter\?letter=([0-9a-f]{64})", page.text)
    carried = re.search(r'name="letter" value="([0-9a-f]{64})"', page.text)
    assert shown, page.text
    assert carried, page.text
    assert shown[1] == carried[1]
    return carried[1]


def later(site: Site, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """The desk's clock goes on."""
    then = site.desk.now() + timedelta(days)
    monkeypatch.setattr(site.desk, "now", lambda: then)
