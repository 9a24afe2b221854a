"""Import of an 837P: the counting law, the same file again, good beside bad."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import func, select

from activities.files import take_in
from activities.imports import ImportResult, import_claims
from activities.office import Office
from claims.claim import ClaimState
from claims.money import ZERO, from_cents
from edi.errors import EdiError
from ledger import tables as ledger_tables
from records import claims, events, files
from records.events import Because
from tests.activities.conftest import open_office
from tests.edi.conftest import OTHERS, OURS, Sample
from tests.scenarios.world import world

VALID = [
    s
    for s in OURS + OTHERS
    if s.transaction == "837P" and s.path.name[:2] not in ("d1", "d4")
]
SYNTHETIC = {s.path.name.split("_")[0]: s.path for s in OURS}
CLM, TRAILER = b"CLM*SYN-0001*150*", b"SE*98*"
TWICE = "837p_8_subscribers_lt_component.edi"
"""Its last two claims are alike to the byte: the same claim, unchanged."""


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """An office once on SQLite and once on PostgreSQL."""
    opened = open_office(tmp_path, repo_root, database_url)
    yield opened
    opened.db.close()


@pytest.fixture
def bring(office: Office, why: Because) -> Callable[[bytes], ImportResult]:
    """Import bytes."""
    return lambda content: import_claims(office, content, name="x.837", why=why)


def _ours(name: str) -> bytes:
    return SYNTHETIC[name].read_bytes()


def _adds_up(result: ImportResult) -> bool:
    parts = result.accepted + result.unchanged + result.held + result.rejected
    return result.read == parts and result.rejected == len(result.rejects)


def _rows(office: Office) -> int:
    """Rows in all tables, to see that nothing was stored."""
    with office.reading() as conn:
        return sum(
            conn.execute(select(func.count()).select_from(table)).scalar_one()
            for table in ledger_tables.METADATA.tables.values()
        )


def test_the_published_samples_are_here(missing: Callable[[str], NoReturn]) -> None:
    if not OTHERS:
        missing("The published samples (shared/samples/x12) are not here.")
    assert {s.transaction for s in OTHERS} >= {"837P", "835", "999"}


@pytest.mark.parametrize("sample", VALID, ids=lambda s: s.name)
def test_counts_and_dollars_equal_the_oracle(
    tmp_path: Path, repo_root: Path, sqlite_url: str, why: Because, sample: Sample
) -> None:
    office, oracle = open_office(tmp_path, repo_root, sqlite_url), sample.oracle
    result = import_claims(office, sample.content, name="", why=why)

    assert _adds_up(result)
    assert (result.read, str(result.charge)) == (oracle["clm"], oracle["sum_clm02"])
    assert result.rejected == 0
    assert result.unchanged == (1 if sample.name == TWICE else 0)
    with office.reading() as conn:
        rows = [claims.get(conn, one) for one in result.claim_ids]
        billed = sum((from_cents(row.charge_cents) for row in rows), ZERO)
        lines = [n for row in rows for n in claims.lines(conn, row.id)]
    left = Decimal("174.00") * result.unchanged
    assert str(billed + left) == oracle["sum_clm02"]
    assert len(lines) + result.unchanged == oracle["n_sv1"]
    office.db.close()


def test_all_files_into_one_database_twice(
    office: Office, bring: Callable[[bytes], ImportResult]
) -> None:
    first = {s.name: bring(s.content) for s in VALID}
    stored = {one for result in first.values() for one in result.claim_ids}
    again = {s.name: bring(s.content) for s in VALID}

    for sample in VALID:
        result, repeated, oracle = first[sample.name], again[sample.name], sample.oracle
        assert _adds_up(result)
        assert (result.read, str(result.charge)) == (oracle["clm"], oracle["sum_clm02"])
        assert (repeated.accepted, repeated.held) == (0, 0)
        assert repeated.unchanged == result.taken + result.unchanged
        assert repeated.rejects == result.rejects
    with office.reading() as conn:
        assert {row.id for row in claims.every(conn)} == stored


@pytest.mark.parametrize("name", ["a1", "c4", "c5"])
def test_the_same_file_again_is_all_unchanged(
    office: Office, bring: Callable[[bytes], ImportResult], name: str
) -> None:
    first = bring(_ours(name))
    stored = _rows(office)
    again = bring(_ours(name))

    assert first.taken == first.read
    assert (again.taken, again.unchanged, again.rejected) == (0, first.read, 0)
    assert again.charge == first.charge
    assert _rows(office) == stored + 1  # its counts


def test_the_same_claims_in_another_envelope_are_unchanged(
    bring: Callable[[bytes], ImportResult],
) -> None:
    bring(_ours("a1"))
    other = _ours("a1").replace(b"000001001", b"000009999").replace(b"~\n", b"~\r\n")
    again = bring(b"\xef\xbb\xbf" + other)

    assert (again.taken, again.unchanged, again.rejected) == (0, 5, 0)


def test_a_known_claim_with_other_content_is_rejected_and_the_others_go_on(
    office: Office, bring: Callable[[bytes], ImportResult]
) -> None:
    bring(_ours("a1"))
    changed = _ours("a1").replace(CLM, b"CLM*SYN-0001*155*")
    fresh = changed.replace(b"CLM*SYN-0005*", b"CLM*SYN-0009*")
    result = bring(fresh)
    (reject,) = result.rejects

    assert _adds_up(result)
    assert (result.taken, result.unchanged, result.rejected) == (1, 3, 1)
    assert (reject.segment, reject.field) == ("CLM at segment 21", "CLM01")
    assert "other content" in reject.reason
    assert "CLM05-3 = 7" in reject.fix
    with office.reading() as conn:
        known = claims.find(conn, "SYN-0001")
    assert known is not None
    assert from_cents(known.charge_cents) == Decimal(150)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CLM*SYN-0001*", b"CLM*SYN-0101*"),
        (b"*11:B:1*", b"*11:B:7*"),
        (b"*MI*EXM000000101", b"*MI*EXM000000909"),
        (b"DTP*472*D8*20260302", b"DTP*472*D8*20260301"),
        (b"*XX*1234567893", b"*XX*1999999984"),
    ],
    ids=["clm01", "frequency", "member", "first-day", "billing-npi"],
)
def test_each_part_of_a_claims_identity_makes_another_claim(
    bring: Callable[[bytes], ImportResult], old: bytes, new: bytes
) -> None:
    only = _first_claim(_ours("a1"))
    assert old in only
    bring(only)
    other = bring(only.replace(old, new))

    assert (other.taken, other.unchanged, other.rejected) == (1, 0, 0)


def test_a_payers_number_makes_another_claim(
    bring: Callable[[bytes], ImportResult],
) -> None:
    """REF*F8 is part of the identity: a second replacement is another claim."""
    bring(_ours("c1"))
    other = bring(_ours("c1").replace(b"REF*F8*EXP2026000003", b"REF*F8*EXP2026000033"))

    assert (other.taken, other.unchanged, other.rejected) == (1, 0, 0)


def _first_claim(content: bytes) -> bytes:
    """The file with its first claim only; trailers are then wrong, a warning."""
    return content[: content.index(b"HL*3*")] + content[content.index(TRAILER) :]


def test_one_claim_twice_in_a_file_counts_once(
    bring: Callable[[bytes], ImportResult],
) -> None:
    only = _first_claim(_ours("a1"))
    claim = only[only.index(b"HL*2*") : only.index(TRAILER)]
    result = bring(only.replace(TRAILER, claim + TRAILER, 1))

    assert (result.read, result.taken, result.unchanged) == (2, 1, 1)


def test_a_bad_claim_is_rejected_with_place_and_reason_and_good_ones_go_on(
    bring: Callable[[bytes], ImportResult],
) -> None:
    result = bring(_ours("d4"))
    (reject,) = result.rejects

    assert _adds_up(result)
    assert (result.read, result.taken, result.rejected) == (2, 1, 1)
    assert result.charge == Decimal("310.00")
    assert reject.segment.startswith("DMG at segment ")
    assert (reject.field, reject.reason) == ("DMG02", "DMG02 is not a date")
    assert reject.fix


def test_a_file_of_bad_claims_only_is_counted_and_stores_no_claim(
    office: Office, bring: Callable[[bytes], ImportResult]
) -> None:
    result = bring(_ours("d1"))

    assert (result.read, result.taken, result.rejected) == (1, 0, 1)
    with office.reading() as conn:
        assert claims.every(conn) == []


def test_rejects_and_counts_are_stored_and_carry_no_patient_data(
    office: Office, bring: Callable[[bytes], ImportResult]
) -> None:
    content = _ours("a1").replace(b"DMG*D8*19800214", b"DMG*D8*19801301")
    bring(_ours("a1"))
    result = bring(content.replace(b"CLM*SYN-0002*220", b"CLM*SYN-0002*221"))
    with office.reading() as conn:
        run = files.imports(conn)[-1]
    said = json.dumps(run["rejects"]) + repr(result.rejects)

    assert (run["read"], run["accepted"], run["unchanged"], run["rejected"]) == (
        5, 0, 3, 2,
    )  # fmt: skip
    assert {r["field"] for r in run["rejects"]} == {"DMG02", "CLM01"}
    for secret in ("19801301", "MAPLEWOOD", "ODETTE", "THISTLEDOWN", "EXM0000001"):
        assert secret not in said


def test_our_numbers_are_unique_short_and_ours(
    office: Office, bring: Callable[[bytes], ImportResult]
) -> None:
    accepted = [one for name in ("a1", "c1", "c2", "c4", "c5")
                for one in bring(_ours(name)).claim_ids]  # fmt: skip
    with office.reading() as conn:
        rows = [claims.get(conn, one) for one in accepted]
        sent = [claims.content(conn, office.cipher, one) for one in accepted]
    numbers = [row.pcn for row in rows]

    assert len(set(numbers)) == len(accepted) == 68
    assert all(len(pcn) <= 20 and pcn.isalnum() for pcn in numbers)
    assert [claim.pcn for claim in sent] == numbers
    assert not set(numbers) & {row.practice_number for row in rows}
    for claim in sent:
        refs = [line.line_ref for line in claim.lines]
        assert refs == [f"{claim.pcn}-{n}" for n in range(1, len(refs) + 1)]


def test_the_same_claim_has_the_same_number_in_another_office(
    tmp_path: Path, repo_root: Path, sqlite_url: str, why: Because
) -> None:
    """An import that is repeated after a crash gives the numbers it gave before."""
    office = open_office(tmp_path, repo_root, sqlite_url)
    first = import_claims(office, _ours("a1"), name="", why=why, check_only=True)
    again = import_claims(office, _ours("a1"), name="", why=why)
    office.db.close()

    assert first.claim_ids == again.claim_ids


@pytest.mark.parametrize("name", ["a1", "d4"])
def test_a_check_counts_alike_and_stores_nothing(
    office: Office, why: Because, name: str
) -> None:
    before = _rows(office)
    checked = import_claims(office, _ours(name), name="", why=why, check_only=True)

    assert _rows(office) == before
    assert not any(p.is_file() for p in office.documents.root.rglob("*"))
    done = import_claims(office, _ours(name), name="", why=why)
    assert replace(checked, claim_ids=()) == replace(done, claim_ids=())


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7", b"ISA*00*"])
def test_what_is_no_837p_stores_nothing(
    office: Office, why: Because, content: bytes
) -> None:
    before = _rows(office)

    with pytest.raises(EdiError, match="Nothing was read"):
        import_claims(office, content, name="", why=why)
    assert _rows(office) == before


def test_an_unknown_payer_is_held_and_said_so(
    office: Office, bring: Callable[[bytes], ImportResult]
) -> None:
    result = bring(_first_claim(_ours("a1")))
    with office.reading() as conn:
        row = claims.get(conn, result.claim_ids[0])
        words = [e["words"] for e in events.of_claim(conn, row.id)]

    assert (row.payer_id, row.state) == ("UNKNOWN", ClaimState.INTAKE)
    assert any("payer is not known" in w for w in words)


def test_every_accepted_claim_has_a_dated_next_step(
    office: Office, bring: Callable[[bytes], ImportResult], why: Because
) -> None:
    for claim_id in bring(_ours("c4")).claim_ids:
        with office.reading() as conn:
            row = claims.get(conn, claim_id)
        assert row.next_at is not None
        assert row.next_owner == "claim"


def test_a_file_by_mailbox_ends_routed_and_its_copy_changes_nothing(
    office: Office, why: Because
) -> None:
    first = take_in(office, "office", "charges.837", _ours("a1"), why)
    again = take_in(office, "office", "copy.837", _ours("a1"), why)
    with office.reading() as conn:
        (kept,) = files.listing(conn)
        known = len(claims.every(conn))

    assert "0 of 5 claims accepted, 5 held: payer not known" in first
    assert "same bytes" in again
    assert (kept["ended"], kept["copies"], known) == ("routed", 2, 5)
    assert office.documents.get(kept["sha256"]) == _ours("a1")


def test_institutional_claims_in_a_file_are_counted_as_rejected(
    office: Office, why: Because
) -> None:
    other = _ours("c2").replace(b"X222A1~\nBHT", b"X223A2~\nBHT")
    said = take_in(office, "office", "both.837", _ours("a1") + other, why)
    with office.reading() as conn:
        (kept,) = files.listing(conn)
        run = files.imports(conn)[-1]

    assert "0 of 6 claims accepted, 5 held" in said
    assert kept["ended"] == "routed"
    assert (run["read"], run["held"], run["rejected"]) == (6, 5, 1)
    assert run["charge_cents"] == 102_000


def test_a_file_with_a_kind_that_is_not_read_here_changes_nothing(
    office: Office, why: Because
) -> None:
    other = _ours("e1").replace(b"ST*270*", b"ST*820*")
    said = take_in(office, "office", "both.edi", _ours("a1") + other, why)
    with office.reading() as conn:
        (kept,) = files.listing(conn)
        known = claims.every(conn)

    assert "not read here" in said
    assert (kept["ended"], known) == ("quarantined", [])


def test_a_remittance_that_cannot_be_read_is_named_beside_the_good_one(
    office: Office, why: Because
) -> None:
    bad = _ours("b3").replace(b"BPR*I*114*", b"BPR*I*x*")
    said = take_in(office, "clearinghouse", "two.835", _ours("b1") + bad, why)

    assert "EXEFT0000001 received" in said
    assert "A set was not read: BPR02 is not an amount" in said


def test_an_import_into_a_migrated_database(
    tmp_path: Path, repo_root: Path, database_url: str, why: Because
) -> None:
    office = open_office(tmp_path, repo_root, database_url, migrated=True)
    result = import_claims(office, _ours("c4"), name="", why=why)
    office.db.close()

    assert (result.taken, str(result.charge)) == (60, "9600.00")


async def test_a_claim_of_an_unknown_payer_is_held_in_scrub(tmp_path: Path) -> None:
    start = date(2026, 3, 9)
    async with world(tmp_path, start, zone="America/Chicago") as running:
        await running.deliver("office", "charges.837", _first_claim(_ours("a1")))
        for day in range(3):
            await running.go_to(start + timedelta(day), time(23, 0))
        with running.office.reading() as conn:
            (row,) = claims.every(conn)

    assert row.payer_id == "UNKNOWN"
    assert row.state is ClaimState.SCRUB_HOLD
