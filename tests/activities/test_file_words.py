"""How a file ended is true of its money: read is not posted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.file_words import end_of
from activities.files import take_in
from activities.office import Office
from edi.x837 import read_claims
from records import file_list, files, remittances, tasks
from records.events import Because
from records.file_list import NO_SETS, Sets
from records.tasks import NewTask
from tests.activities.conftest import open_office
from tests.payer import PAID, PARTNER, Outside, Patient


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    made = open_office(tmp_path, repo_root, database_url)
    yield made
    made.db.close()


def taken(office: Office, why: Because, traces: list[str]) -> str:
    """The hash of one 835 with a transaction set of each trace."""
    outside = Outside()
    claims = [c.claim for c in read_claims(outside.charges([Patient(1)])).claims]
    content = b"".join(
        outside.remittance(claims, lambda _: PAID, trace=trace, paid_on=why.today)
        for trace in traces
    )
    take_in(office, PARTNER, "era.edi", content, why)
    with office.reading() as conn:
        (row,) = files.listing(conn)
    return str(row["sha256"])


def mark(office: Office, why: Because, status: str, *, asks: bool = False) -> None:
    """The next set that waits to be posted goes this way."""
    with office.writing() as conn:
        row = remittances.listing(conn, status=["received"])[0]
        remittances.mark(conn, row["id"], status=status)
        if asks:
            task = NewTask(
                key=f"test:{row['id']}",
                type="ERA_UNBALANCED",
                workflow_id=f"remit-{row['id']}",
                role="poster",
                due_on=why.today,
                rule="R-ERA-03",
                why="it does not add up",
            )
            tasks.open_task(conn, task, why)


def said(office: Office, sha: str) -> str:
    with office.reading() as conn:
        row = files.get(conn, sha)
        assert row is not None
        end = end_of(row, file_list.sets(conn, [sha]).get(sha, NO_SETS))
        listed = "posted" if end.word == "posted" else "waiting"
        assert [f["sha256"] for f in file_list.newest(conn, listed, limit=9)] == [sha]
        assert file_list.ends(conn) == {listed: 1}
    return str(end)


def test_a_file_of_money_is_posted_when_each_of_its_payments_is(
    office: Office, why: Because
) -> None:
    sha = taken(office, why, ["T-1", "T-2", "T-3"])
    assert said(office, sha) == "not posted yet"

    mark(office, why, "posted")
    assert said(office, sha) == "posted in part: 2 of 3 payments are not posted yet"

    mark(office, why, "suspended", asks=True)
    assert said(office, sha) == (
        "posted in part: 1 of 3 payments waits for a person, "
        "1 of 3 payments is not posted yet"
    )

    mark(office, why, "posted")
    assert said(office, sha) == "posted in part: 1 of 3 payments waits for a person"


def test_one_payment_that_waits_is_not_posted(office: Office, why: Because) -> None:
    sha = taken(office, why, ["T-1"])
    mark(office, why, "suspended", asks=True)

    assert said(office, sha) == "not posted: waits for a person"


def test_one_that_a_person_put_away_no_longer_waits_and_is_not_posted(
    office: Office, why: Because
) -> None:
    sha = taken(office, why, ["T-1"])
    mark(office, why, "suspended")

    assert said(office, sha) == "not posted: was refused by a person"


def test_a_copy_of_a_payment_that_posted_elsewhere_waits_for_nobody(
    office: Office, why: Because
) -> None:
    sha = taken(office, why, ["T-1"])
    mark(office, why, "duplicate")

    assert said(office, sha) == "posted"


@pytest.mark.parametrize("ended", ["routed", "quarantined", None])
def test_other_ends_stay_as_they_are(ended: str | None) -> None:
    row = {"direction": "in", "ended": ended}
    assert end_of(row, Sets(coming=1)).word == (ended or "not ended")  # type: ignore[arg-type]


def test_one_of_ours_is_sent() -> None:
    assert end_of({"direction": "out", "ended": None}).word == "sent"  # type: ignore[arg-type]
