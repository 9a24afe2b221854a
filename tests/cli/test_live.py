"""The command line on the real server with a real worker, and planted faults."""

import asyncio
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from activities import steps
from activities.office import Office
from claims.calendar import local_date
from claims.messages import claim_workflow_id
from records import claims, files, news, tasks
from records.claims import ClaimRow
from records.tasks import NewTask

from .conftest import Desk, connected, wait_for


def find(office: Office, number: str) -> ClaimRow:
    """A claim by the practice's number."""
    with office.reading() as conn:
        row = claims.find(conn, number)
    assert row is not None
    return row


def all_looked(office: Office) -> bool:
    """Whether every claim's workflow has taken its first step."""
    with office.reading() as conn:
        return all(r.next_what != "CHECK_ELIGIBILITY" for r in claims.every(conn))


def end(office: Office, row: ClaimRow) -> None:
    """Take a claim's workflow away behind everybody's back."""
    handle = office.temporal.get_workflow_handle(claim_workflow_id(row.id))
    asyncio.run(handle.terminate("planted by a test"))


def plant(office: Office) -> dict[str, str]:
    """Break each promise once; what ``check`` must name, and in which words."""
    now = datetime.now(UTC)
    why = office.because(now, "R-TSK-01")
    late, nameless = find(office, "HP260002"), find(office, "HP260003")
    queued = find(office, "HP260004")
    yesterday = local_date(now, office.zone) - timedelta(days=1)
    with office.writing() as conn:
        tasks.open_task(
            conn,
            NewTask(
                key="planted",
                type="EFT_UNMATCHED",
                workflow_id="remit-that-never-was",
                role="poster",
                due_on=yesterday,
                rule="R-ERA-09",
                why="planted",
            ),
            why,
        )
        files.register(
            conn,
            sha256="a" * 64,
            direction="in",
            partner="office",
            name="lost.835",
            kind="835",
            size=1,
            today=yesterday,
            at=now,
        )
        step = steps.by_claim(office, late, "STATUS_FIRST", yesterday, "x", "y")
        claims.set_step(conn, late, late.state, step, why, "planted")
        step = steps.by_claim(
            office, nameless, "STATUS_FIRST", date.max - timedelta(400), "x", "y"
        )
        state = type(nameless.state).ACCEPTED
        claims.set_step(conn, nameless, state, step, office.because(now), "planted")
        step = steps.by_outbox(office, queued, why)
        claims.set_step(conn, queued, type(queued.state).READY, step, why, "planted")
        news.add(
            conn,
            workflow_id=claim_workflow_id(late.id),
            kind="status",
            ref="planted",
            today=yesterday,
        )
        number = tasks.listing(conn, task_type="EFT_UNMATCHED")[0]["number"]
    return {
        f"claim {late.pcn}": "its date has passed",
        f"claim {queued.pcn}": f"the schedule submit-{queued.payer_id} does not exist",
        f"task {number}": "its workflow (remit-that-never-was) is missing",
        f"file {'a' * 12} (835)": "neither posted, routed nor quarantined",
        f"news planted/{claim_workflow_id(late.id)}": "was never told",
    }


def test_start_check_and_history(live: Desk, charges: Path) -> None:
    """One server for the whole story: starting it is what takes the time."""
    office = connected(live)
    started = live("start", "claim", str(charges))
    again = live("start", "claim", str(charges))
    wait_for(lambda: all_looked(office))

    assert (started.code, again.code) == (0, 0)
    assert started.out.count("started") == 50
    assert again.out.count("already running") == 50

    clean = live("check", "--json")
    assert json.loads(clean.out)["findings"] == []
    assert clean.code == 0
    assert json.loads(clean.out)["checked"]["open claims"] == 50

    _history_is_told_and_logged(live, office)
    _retry_brings_a_lost_workflow_back(live, office)
    _a_proof_has_every_run(live)
    _a_decision_is_applied(live, office)
    _planted_faults_are_named(live, office)


def _history_is_told_and_logged(live: Desk, office: Office) -> None:
    from records.audit import accesses

    told = live("history", "HP260001", "--as", "audrey")
    assert told.code == 0
    assert "Following the claim began" in told.out
    assert "Looked at coverage: the claim is INTAKE" in told.out
    assert "Waiting for the plan's answer about coverage (271) until" in told.out
    assert "routine events are hidden" in told.err
    assert live("history", "HP260001", "--as", "cleo").code == 7
    assert live("history", "HP260001").code == 7
    with office.reading() as conn:
        [read] = accesses(conn, find(office, "HP260001").id)
    assert (read["actor"], read["what"]) == ("audrey", "workflow history")


def _retry_brings_a_lost_workflow_back(live: Desk, office: Office) -> None:
    row = find(office, "HP260001")
    end(office, row)
    lost = live("check", "--json")
    [found] = json.loads(lost.out)["findings"]
    assert lost.code == 10
    assert (found["promise"], found["about"]) == (1, f"claim {row.pcn}")
    assert "terminated" in found["words"]
    assert f"act {row.pcn} retry" in found["fix"]

    back = live("act", "HP260001", "retry", "--reason", "lost", "--as", "olga")
    assert back.code == 0
    assert "was not running and was started" in back.out
    assert live("check").code == 0

    runs = live("history", "HP260001", "--as", "audrey", "--json").out.splitlines()
    told = [json.loads(line) for line in runs]
    assert {t["run"] for t in told} == {1, 2}
    assert "SOMEBODY ENDED THE WORKFLOW" in {t["words"] for t in told}
    assert any(t["words"].startswith("A person asked to retry") for t in told)
    assert any(t["words"].startswith("The person was told: Looking") for t in told)


def _a_proof_has_every_run(live: Desk) -> None:
    out = live.folder / "proof.zip"
    order = ("audit", "export", "HP260001", "--out", str(out), "--reason", "audit")
    made = live(*order, "--as", "audrey")
    checked = live("audit", "verify", str(out))

    assert (made.code, checked.code) == (0, 0)
    for said in (made, checked):
        assert "events in 2 runs · no gaps" in said.out
    with zipfile.ZipFile(out) as archive:
        page = archive.read("index.html").decode()
    assert "A person asked to retry" in page
    assert "run 2 · event 1" in page


def _a_decision_is_applied(live: Desk, office: Office) -> None:
    """The unknown payer's claim is held by an edit; a coder's fix is refused or run."""
    with office.reading() as conn:
        [task] = tasks.listing(conn, task_type="SCRUB_FIX")
    number = str(task["number"])
    fix = ("--set", "field=2010BB NM109", "--set", "new_value=NOPE")
    order = ("task", "decide", number, "--decision", "fixed", *fix)
    assert live(*order, "--as", "olga").code == 7
    done = live(*order, "--version", "1", "--as", "cody")
    assert done.code == 0
    assert "applied. Edits ran again: still held" in done.out
    assert live(*order, "--version", "1", "--as", "cody").code == 5
    broken = live(
        *("task", "decide", str(task["number"] + 1), "--decision", "fixed"),
        *("--set", "field=nonsense", "--set", "new_value=1", "--as", "cody"),
    )
    assert broken.code == 6
    assert "open again" in broken.err


def _planted_faults_are_named(live: Desk, office: Office) -> None:
    wanted = plant(office)
    said = live("check", "--json")
    found = {f["about"]: f["words"] for f in json.loads(said.out)["findings"]}

    assert said.code == 10
    for about, words in wanted.items():
        assert words in found.pop(about)
    # A state without a rule is named by the number of its event.
    [(about, words)] = found.items()
    assert about.startswith("event ")
    assert "names no rule" in words
    assert "1. No claim is forgotten      4 exceptions" in live("check").out


def test_doctor_finds_server_worker_and_missing_schedules(live: Desk) -> None:
    office = connected(live)
    from cli.doctor import _worker

    wait_for(lambda: asyncio.run(_worker(office))[1])
    said = live("doctor", "--json")
    parts = {}
    for line in said.out.splitlines():
        one = json.loads(line)
        parts[one["part"]] = (one["ok"], one["words"])

    assert said.code == 3
    assert parts["server"][0]
    assert "server.json" in parts["server"][1]
    assert parts["worker"][0]
    assert parts["codec"][0]
    assert not parts["schedules"][0]
    assert "--ensure-schedules" in parts["schedules"][1]
