"""Health: everybody reads it, a monitor needs no name, and a pause says so."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import update

from activities import mail_state
from activities.acting import ActingActivities
from activities.files import take_in
from activities.schedules import ScheduleView
from activities.troubles import Found, Trouble
from desk.health import summary
from desk.health_line import Line, State
from desk.health_server import Asked
from desk.words import day
from exchange.mailbox import UnreachableError
from records import accounts, acts, claims, events, files, remittances
from records.tables import claim
from tests.desk.conftest import Site, post

NOON = datetime(2026, 5, 4, 17, tzinfo=UTC)
SWEEPS = [
    ScheduleView("submit-P-NORTHLAKE", last=NOON, next=NOON + timedelta(days=1)),
    ScheduleView("inquire276-P-NORTHLAKE", "is paused", last=NOON),
    ScheduleView("receive-office", "does not exist"),
]


def test_without_a_server_both_pages_say_that_processing_is_paused(site: Site) -> None:
    assert site.browser().get("/healthz").text.startswith("paused: ")
    page = site.signed_in("clerk").get("/health")
    assert page.status_code == 200
    assert "Decisions are saved and applied when it resumes" in page.text
    assert "Files from" in page.text


def test_a_late_next_step_is_listed_and_can_be_retried(site: Site) -> None:
    ops = site.signed_in("ops")
    with site.office.writing() as conn:
        row = claims.every(conn)[0]
        conn.execute(
            update(claim)
            .where(claim.c.id == row.id)
            .values(next_due=site.desk.now().date() - timedelta(days=3))
        )
    page = ops.get("/health").text
    assert "1 claim should have moved on already" in page
    assert row.pcn in page
    assert f'action="/claims/{row.id}/act"' in page
    coder = site.signed_in("coder").get("/health").text
    assert row.pcn in coder
    assert f'action="/claims/{row.id}/act"' not in coder
    once = re.findall(r'name="once" value="([^"]+)"', page)[0]
    form = {"verb": "retry", "why": "late", "once": once}
    sent = post(ops, f"/claims/{row.id}/act", form)
    assert sent.status_code == 303
    answer = ops.get(sent.headers["location"]).text
    assert "Will be applied when processing resumes" in answer


def test_a_second_click_on_retry_is_no_second_request(site: Site) -> None:
    with site.office.reading() as conn:
        row = claims.every(conn)[0]
    ops = site.signed_in("ops")

    def asked() -> int:
        with site.office.reading() as conn:
            return sum(
                e["kind"] == acts.REQUESTED for e in events.of_claim(conn, row.id)
            )

    form = {"verb": "retry", "why": "late", "once": "this copy"}
    for _ in range(2):
        assert post(ops, f"/claims/{row.id}/act", form).status_code == 303
    assert asked() == 1
    with site.office.reading() as conn:
        [(act_id, _, _)] = acts.unanswered(conn)
    ActingActivities(site.office).apply_act(act_id, site.desk.now())
    post(ops, f"/claims/{row.id}/act", form)  # the same copy of the form: once
    assert asked() == 1
    post(ops, f"/claims/{row.id}/act", form | {"once": "the page loaded again"})
    assert asked() == 2


def test_what_waits_is_counted_with_the_oldest(site: Site) -> None:
    with site.office.writing() as conn:
        row = claims.every(conn)[0]
        why = site.office.because(site.desk.now(), "", "ops")
        acts.request(
            conn, "waits", verb="retry", reason="late", claim_id=row.id, why=why
        )
        accounts.add_letter(
            conn,
            key="test",
            template="STMT_1",
            template_version="v",
            claim_id=row.id,
            account_id=row.account_id,
            recipient="patient",
            dated=why.today - timedelta(days=9),
            status="outbox",
            html_sha256="0" * 64,
            pdf_sha256="0" * 64,
            facts_sha256="0" * 64,
        )
    page = site.signed_in("ops").get("/health").text
    assert "1 saved, not yet applied, the oldest of " in page
    oldest = day(why.today - timedelta(days=9))
    assert f"1 letter waits to be mailed, the oldest of {oldest}" in page


def test_late_and_stopped_are_told_apart() -> None:
    lines = [Line("a", State.OK, ""), Line("b", State.LATE, "")]
    assert summary(lines[:1]) == "Everything works."
    assert summary(lines) == "Of 2 parts 1 is late."
    stopped = Line("c", State.STOPPED, "")
    assert summary([*lines, stopped, stopped]) == "Of 4 parts 2 are stopped, 1 is late."


def trouble(workflow_id: str) -> Trouble:
    """A step of this workflow that has failed three times."""
    return Trouble(
        workflow_id, "run", False, "posting a remittance", "7", 3, "a cause", NOON
    )


@pytest.fixture
def answering(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[Trouble]:
    """A server that answers with these troubles; what is taken up goes."""
    with site.office.reading() as conn:
        row = claims.every(conn)[0]
    found = [trouble(f"claim-{row.id}"), trouble("receive-office-2026-05-04T12:00:00Z")]

    async def connect() -> bool:
        return True

    async def ask(*_: object, **__: object) -> Asked:
        return Asked(NOON, SWEEPS, Found(tuple(found), 2, whole=True), "")

    async def of(_client: object, workflow_id: str) -> list[Trouble]:
        return [t for t in found if t.workflow_id == workflow_id]

    async def take_up(_client: object, one: Trouble, _reason: str) -> None:
        found.remove(one)

    monkeypatch.setattr(site.desk, "connect", connect)
    monkeypatch.setattr(site.office, "client", object())
    monkeypatch.setattr("desk.health_server.ask", ask)
    monkeypatch.setattr("desk.health_retry.troubles_of", of)
    monkeypatch.setattr("desk.health_retry.take_up", take_up)
    return found


def fields(page: str) -> dict[str, str]:
    """What the first form for a retry of failed work carries."""
    form = page.partition('action="/health/retry"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_failed_work_is_named_in_words_and_taken_up_once(
    site: Site, answering: list[Trouble]
) -> None:
    ops = site.signed_in("ops")
    page = ops.get("/health").text
    assert "2 keep failing" in page
    assert "Mailbox of the office" in page
    assert "receive-office" not in re.sub(r'value="[^"]*"', "", page)
    sent = fields(page)
    assert post(ops, "/health/retry", sent).status_code == 303
    assert len(answering) == 1
    assert "is taken up again" in ops.get("/health").text
    post(ops, "/health/retry", sent)
    assert "goes on already" in ops.get("/health").text
    assert len(answering) == 1
    claim_id = sent["workflow"].removeprefix("claim-")
    with site.office.reading() as conn:
        told = [e for e in events.of_claim(conn, claim_id) if e["kind"] == "retry"]
    assert [e["actor"] for e in told] == ["ops"]


def test_each_sweep_says_when_it_ran_and_runs_next(
    site: Site, answering: list[Trouble]
) -> None:
    page = site.signed_in("ops").get("/health").text
    table = page.partition('id="sweeps"')[2].partition("</table>")[0]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in table.split("<tr>")[2:]]
    said = [" ".join(row) for row in rows]
    assert said == [
        "Claims to Northlake Mutual Health ok 4 May 2026, 12:00 5 May 2026, 12:00",
        "Status questions to Northlake Mutual Health is paused 4 May 2026, 12:00 never",
        "Mailbox of the office does not exist not yet never",
    ]
    assert answering


def test_who_may_not_retry_is_not_offered_it(
    site: Site, answering: list[Trouble]
) -> None:
    page = site.signed_in("coder").get("/health").text
    assert "Ask operations" in page
    assert "/health/retry" not in page


def test_a_retry_without_a_server_changes_nothing_and_says_so(site: Site) -> None:
    ops = site.signed_in("ops")
    answer = post(ops, "/health/retry", {"workflow": "remit-1"})
    assert answer.status_code == 400
    assert "nothing was taken up again" in answer.text


def test_files_without_an_end_and_in_quarantine_lead_to_their_list(site: Site) -> None:
    why = site.office.because(site.desk.now(), "R-BAD-01", "ops")
    take_in(site.office, "office", "broken.txt", b"nothing we read", why)
    page = site.signed_in("ops").get("/health").text
    assert 'href="/imports?ended=quarantined"' in page
    listed = site.signed_in("ops").get("/imports?ended=quarantined").text
    assert f"File {sha256(b'nothing we read').hexdigest()[:12]}" in listed
    assert "broken.txt" not in listed  # a partner's name for it may name a patient


def test_a_mailbox_that_is_away_says_since_when_and_what_to_do(site: Site) -> None:
    ops = site.signed_in("ops")
    assert "Every one could be reached" in ops.get("/health").text
    since = datetime(2026, 5, 4, 14, 5, tzinfo=UTC)
    error = UnreachableError("sftp.planted.example:22 user harborpoint")
    mail_state.note(site.office.db, "clearinghouse", error, since)

    page = " ".join(ops.get("/health").text.split())

    assert "Mailbox of the clearinghouse" in page
    assert "Cannot be reached since" in page
    assert "its server does not answer or breaks off" in page
    assert "python starter.py doctor" in page
    assert "planted" not in page


def test_money_that_is_not_in_the_ledger_and_files_not_read_have_their_lines(
    site: Site,
) -> None:
    ops = site.signed_in("ops")
    assert "All money that came is in the ledger" in ops.get("/health").text
    why = site.office.because(site.desk.now(), "R-BAD-01")
    with site.office.writing() as conn:
        for sha, kind in (("a" * 64, "835"), ("b" * 64, "UNREAD")):
            files.register(
                conn,
                sha256=sha,
                direction="in",
                partner="clearinghouse",
                name="x",
                kind=kind,
                size=1,
                today=why.today,
                at=why.at,
            )
        files.end(conn, "a" * 64, files.End.POSTED)
        remittances.insert_new(
            conn,
            id="R-1",
            payer_id="P-NORTHLAKE",
            trace="T-1",
            paid_cents=100,
            content_hash="1",
            file_sha256="a" * 64,
            st_segment=1,
            status="received",
            received_on=why.today,
        )

    page = ops.get("/health").text
    listed = ops.get("/imports?ended=waiting").text

    assert "1 file of money is not all in the ledger" in page
    assert "1 in a mailbox, tried again by each sweep" in page
    assert "not posted yet" in listed
    assert "Remittance (835)" in listed or "remittance (835)" in listed
