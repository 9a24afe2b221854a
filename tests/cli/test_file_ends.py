"""``files``: each file with its end and reason, newest first, without a name."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from activities.files import take_in
from edi.x837 import read_claims
from records import audit, files, remittances
from records.events import Because
from tests.activities.conftest import NOON
from tests.cli.conftest import Desk
from tests.payer import PAID, Outside, Patient

NAME = "QUILL_MARA_1980.edi"


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """After the charges of the samples: routed twice, quarantined, in work, sent."""
    office = desk.office()

    def why(minutes: int) -> Because:
        at = NOON + timedelta(days=900, minutes=minutes)
        return Because(at, at.date(), "R-BAD-01")

    coverage = Outside().coverage([Patient(1)])
    take_in(office, "clearinghouse", NAME, coverage, why(1))
    take_in(office, "clearinghouse", "copy", coverage, why(2))
    take_in(office, "clearinghouse", "odd.edi", b"ISA*00*cut off", why(3))
    with office.writing() as conn:
        for number, way in enumerate(("in", "out")):
            files.register(
                conn,
                sha256=f"{number}" * 64,
                direction=way,
                partner="clearinghouse",
                name=f"837P-P-NORTHLAKE-00000000{number}.edi",
                kind="837P",
                size=500,
                today=why(4).today,
                at=why(4 + number).at,
            )
    return desk


def test_each_file_has_its_end_newest_first(busy: Desk) -> None:
    said = busy("--json", "files")

    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["ended"] for row in rows] == [
        *("sent", "not ended", "quarantined", "routed"),
        *(row["ended"] for row in rows[4:]),
    ]
    assert [row["at"] for row in rows] == sorted((r["at"] for r in rows), reverse=True)
    assert rows[2]["reason"]
    assert rows[3]["copies"] == 2


def test_a_person_reads_kind_partner_end_and_reason(busy: Desk) -> None:
    said = busy("files")
    words = " ".join(said.out.split())

    assert said.code == 0
    assert "from clearinghouse routed Eligibility answer (271)" in words
    assert "to clearinghouse sent Professional claims (837P)" in words
    assert "837P-P-NORTHLAKE-000000001.edi" in words
    assert "from clearinghouse quarantined Unknown kind" in words
    assert "came 2 times" in words
    assert "1 quarantined · 1 not ended · 1 sent" in said.err
    assert max(map(len, said.out.splitlines())) <= 100


def test_a_partners_name_of_a_file_is_not_shown(busy: Desk) -> None:
    for said in (busy("files"), busy("--json", "files")):
        assert "QUILL" not in said.out + said.err
        assert "837P-P-NORTHLAKE-000000000" not in said.out


def test_who_may_see_patients_sees_names_and_that_is_logged(busy: Desk) -> None:
    said = busy("files", "--show-phi", "--reason", "asking the sender", "--as", "sam")

    assert NAME in said.out
    office = busy.office()
    with office.reading() as conn:
        (entry,) = [a for a in audit.accesses(conn) if a["what"] == "names of files"]
    assert (entry["actor"], entry["reason"]) == ("sam", "asking the sender")


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (
            ["--as", "olga", "--reason", "curious"],
            7,
            "may not see partners' file names",
        ),
        (["--as", "sam"], 2, "need --reason"),
        (["--reason", "curious"], 7, "who you are"),
    ],
)
def test_names_are_refused_with_a_sentence(
    busy: Desk, given: list[str], code: int, words: str
) -> None:
    said = busy("files", "--show-phi", *given)

    assert said.code == code
    assert words.lower() in said.err.lower()
    assert said.out == ""


@pytest.mark.parametrize(
    ("ended", "count"),
    [("quarantined", 1), ("none", 1), ("sent", 1), ("routed", 2), ("posted", 0)],
)
def test_one_end_can_be_asked_for(busy: Desk, ended: str, count: int) -> None:
    said = busy("--json", "files", "--ended", ended)

    assert len(said.out.splitlines()) == count
    if not count:
        assert "No file is posted" in busy("files", "--ended", ended).out


def test_the_newest_n(busy: Desk, tmp_path: Path) -> None:
    said = busy("--json", "files", "--limit", "1")

    assert json.loads(said.out)["ended"] == "sent"
    assert "1 of 5 files" in said.err


def test_a_payment_that_waits_is_not_told_as_money_in_the_ledger(
    desk: Desk, repo_root: Path
) -> None:
    office = desk.office()
    why = Because(NOON, NOON.date(), "R-BAD-01")
    outside = Outside()
    charged = [
        found.claim for found in read_claims(outside.charges([Patient(1)])).claims
    ]
    era = outside.remittance(charged, lambda _: PAID, trace="T-1", paid_on=NOON.date())
    take_in(office, "clearinghouse", "era.edi", era, why)

    words = " ".join(desk("files").out.split())
    told = json.loads(desk("--json", "files", "--ended", "waiting").out)
    with office.writing() as conn:
        (row,) = remittances.listing(conn)
        remittances.mark(conn, row["id"], status="posted", posted_on=why.today)
    after = json.loads(desk("--json", "files", "--ended", "posted").out)

    assert "not posted yet Remittance (835)" in words
    assert [told["ended"], after["ended"]] == ["not posted yet", "posted"]
    assert (told["payments_not_posted"], after["payments_not_posted"]) == (1, 0)
