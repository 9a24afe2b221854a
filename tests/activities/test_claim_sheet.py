"""Claims as CSV and JSON: whole claims go on, each other one is named, none is lost."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.claim_rows import ClaimLine
from activities.claim_sheet import ClaimSheet, json_claims, kind_of, read_sheet
from activities.csv_rows import CsvError, text_rows
from activities.files import take_in
from activities.intake import Intake, bring_in, claims_in, look_over
from activities.office import OFFICE_PARTNER, Office
from activities.reject_file import has_rows, reject_file
from claims.claim import Claim
from edi.x837 import read_claims, write_claims
from payers.practice import Practice
from payers.profile import PayerBook
from policy.scrub import ScrubContext, scrub
from records import claims, files
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.edi.make import ENVELOPE

TODAY = NOON.date()
LINE = {
    "claim_ref": "V-1001",
    "line_no": "1",
    "patient_ref": "P-77",
    "patient_last": "ALDERWOOD",
    "patient_first": "QUENTIN",
    "patient_dob": "1980-02-03",
    "patient_sex": "M",
    "patient_addr1": "7 ELM WAY",
    "patient_city": "LAKEPORT",
    "patient_state": "IL",
    "patient_zip": "62501-0001",
    "coverage_order": "1",
    "payer_id": "P-NORTHLAKE",
    "member_id": "NLM900100",
    "subscriber_rel": "self",
    "billing_npi": "1900000013",
    "billing_tin": "00-0000001",
    "rendering_npi": "1900000021",
    "pos": "11",
    "dx1": "J02.9",
    "dx2": "R509",
    "dos_from": "2026-06-01",
    "code": "99213",
    "dx_pointers": "AB",
    "units": "1",
    "charge": "165.00",
}
SECOND = LINE | {
    "line_no": "2", "code": "87880", "mod1": "QW", "dx_pointers": "1", "charge": "38",
}  # fmt: skip
OTHER = LINE | {"claim_ref": "V-1002", "patient_ref": "P-78", "member_id": "NLM900101"}
Make = Callable[..., bytes]


def as_csv(*rows: dict[str, str]) -> bytes:
    names = list(dict.fromkeys(name for row in (LINE, *rows) for name in row))
    table = [",".join(row.get(name, "") for name in names) for row in rows]
    return "\n".join([",".join(names), *table, ""]).encode()


def as_json(*rows: dict[str, str]) -> bytes:
    """Claims with what differs between their rows in ``lines``."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row.get("claim_ref", ""), []).append(row)
    return json.dumps(
        [{"claim_ref": ref, "lines": of} for ref, of in found.items()]
    ).encode()


@pytest.fixture(params=[as_csv, as_json], ids=["csv", "json"])
def make(request: pytest.FixtureRequest) -> Make:
    """The same rows in either kind of file."""
    made: Make = request.param
    return made


@pytest.fixture(scope="module")
def practice(repo_root: Path) -> Practice:
    return Practice.load(repo_root / "payers" / "practice.yaml")


@pytest.fixture(scope="module")
def payers(repo_root: Path) -> PayerBook:
    return PayerBook.load(repo_root / "payers" / "profiles")


Read = Callable[[bytes], ClaimSheet]


@pytest.fixture
def read(practice: Practice, payers: PayerBook) -> Read:
    return lambda content: read_sheet(content, TODAY, practice, payers)


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    opened = open_office(tmp_path, repo_root, database_url)
    yield opened
    opened.db.close()


def by(name: str = "cleo") -> Because:
    return Because(NOON, TODAY, "R-BAD-01", name)


def counts(done: Intake) -> tuple[int, ...]:
    """read, accepted, unchanged, held, rejected."""
    found = done.counts
    assert found is not None
    assert found.read == (
        found.accepted + found.unchanged + found.held + found.rejected
    )
    return found.read, found.accepted, found.unchanged, found.held, found.rejected


# --- reading -------------------------------------------------------------------------


def test_rows_of_one_claim_become_one_claim(make: Make, read: Read) -> None:
    found = read(make(LINE, OTHER, SECOND))

    assert found.rejects == ()
    first, other = (one.claim for one in found.claims)
    assert (first.pcn, other.pcn) == ("V-1001", "V-1002")
    assert first.charge == first.line_total == Decimal("203.00")
    assert first.diagnoses == ("J029", "R509")
    assert [(n.code, n.modifiers, n.pointers) for n in first.lines] == [
        ("99213", (), (1, 2)),
        ("87880", ("QW",), (1,)),
    ]
    assert first.patient is None
    assert first.subscriber.person.address.zip == "625010001"
    assert first.payer.edi_id == "99001"
    assert first.rendering is not None
    assert first.rendering.last_or_organization == "TIDEWELL"


def test_a_dependent_stands_below_who_holds_the_policy(make: Make, read: Read) -> None:
    row = LINE | {
        "subscriber_rel": "child",
        "subscriber_last": "ALDERWOOD",
        "subscriber_first": "RUTH",
        "subscriber_dob": "1955-01-02",
    }
    (one,) = read(make(row)).claims

    assert one.claim.subscriber.relationship == "19"
    assert one.claim.subscriber.person.first == "RUTH"
    assert one.claim.subscriber.person.member_id == "NLM900100"
    assert one.claim.patient is not None
    assert one.claim.patient.first == "QUENTIN"


def test_a_good_row_passes_every_edit(
    make: Make, read: Read, payers: PayerBook
) -> None:
    (one,) = read(make(LINE, SECOND)).claims
    context = ScrubContext(payer=payers.get("P-NORTHLAKE"), today=TODAY)

    assert scrub(one.claim, context) == ()


def test_columns_are_those_of_the_specification(shared_dir: Path) -> None:
    text = (shared_dir / "desk.md").read_text()
    listed = text.split("`claims.csv` (one row per service line): ")[1]
    listed = listed.split(" (* required")[0].replace(" (1/7/8)", "")
    listed = listed.replace(" (if 7/8)", "")
    wanted: dict[str, bool] = {}
    for cell in listed.split(", "):
        name, required = cell.removesuffix("*"), cell.endswith("*")
        if "…" in name:
            stem, last = name.rstrip("0123456789").split("…")[1], name.split("…")[1]
            first = name.split("…")[0].rstrip("*")
            stem = first.rstrip("1")
            count = int(last.removeprefix(stem))
            wanted |= {f"{stem}{n}": first + "*" in cell and n == 1
                       for n in range(1, count + 1)}  # fmt: skip
        else:
            wanted[name] = required
    ours = {n: f.is_required() for n, f in ClaimLine.model_fields.items()}
    assert ours == wanted


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"patient_dob": "3 May 1980"}, "patient_dob", "is no date"),
        ({"patient_dob": "2027-01-01"}, "patient_dob", "lies in the future"),
        ({"dos_from": str(TODAY + timedelta(1))}, "dos_from", "lies in the future"),
        ({"dos_to": "2026-05-31"}, "dos_to", "lies before"),
        ({"charge": "1.005"}, "charge", "more than two decimals"),
        ({"charge": "-5"}, "charge", "not of the right kind"),
        ({"units": "0"}, "units", "more than zero"),
        ({"dx1": ""}, "dx1", "is missing"),
        ({"member_id": ""}, "member_id", "is missing"),
        ({"dx_pointers": "AZ"}, "dx_pointers", "none of the words"),
        ({"subscriber_rel": "child"}, "subscriber_last", "does not hold the policy"),
        ({"coverage_order": "2"}, "coverage_order", "only the first plan"),
        ({"frequency": "7"}, "payer_claim_no", "is missing"),
        ({"billing_npi": "1900000099"}, "billing_npi", "not known here"),
        ({"billing_tin": "123456789"}, "billing_tin", "not the practice's"),
        ({"rendering_npi": "1900000099"}, "rendering_npi", "not known here"),
    ],
)
def test_a_claim_that_cannot_be_read_is_named_and_the_others_go_on(
    make: Make, read: Read, change: dict[str, str], field: str, reason: str
) -> None:
    found = read(make(OTHER, LINE | change))

    assert [one.claim.pcn for one in found.claims] == ["V-1002"]
    (reject,) = found.rejects
    assert field in reject.field
    assert reason in reject.reason
    assert reject.pcn == "V-1001"
    assert reject.position == 2 + (make is as_csv)


def test_one_bad_row_leaves_out_its_whole_claim_once(make: Make, read: Read) -> None:
    found = read(make(LINE, SECOND | {"units": "x", "pos": "1"}, OTHER))

    assert [one.claim.pcn for one in found.claims] == ["V-1002"]
    (reject,) = found.rejects
    assert reject.charge == Decimal("203.00")
    assert "units" in reject.field


def test_rows_of_a_claim_that_disagree_are_left_out(make: Make, read: Read) -> None:
    found = read(make(LINE, SECOND | {"member_id": "OTHER1"}, LINE))

    (reject,) = found.rejects
    assert found.claims == ()
    assert "member_id" in reject.field
    assert "line_no" in reject.field


def test_a_row_without_a_claim_number_is_a_reject_of_its_own(
    make: Make, read: Read
) -> None:
    found = read(make(LINE, SECOND | {"claim_ref": ""}))

    assert [one.claim.pcn for one in found.claims] == ["V-1001"]
    (reject,) = found.rejects
    assert reject.pcn == ""
    assert "claim_ref" in reject.field


def test_rejects_repeat_no_value(make: Make, read: Read) -> None:
    typed = "QUIGLEY"
    row = LINE | dict.fromkeys(("patient_dob", "charge", "dx1", "patient_sex"), typed)

    assert typed not in repr(read(make(row)).rejects)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({**LINE, "colour": "red"}, "no column"),
        ({**LINE, "pos": True}, "neither text nor number"),
        ({**LINE, "pos": ["11"]}, "neither text nor number"),
        ("a text", "no column"),
    ],
)
def test_what_is_no_row_in_json_is_named_by_its_place(
    read: Read, line: object, reason: str
) -> None:
    found = read(json.dumps([{"lines": [LINE]}, {"lines": [line]}]).encode())

    assert len(found.claims) + len(found.rejects) in (1, 2)
    (reject,) = found.rejects
    assert reject.segment == "claim 2 line 1"
    assert reason in reject.reason


def test_numbers_in_json_are_exact(read: Read) -> None:
    text = as_json(LINE).replace(b'"165.00"', b"165.10").replace(b'"1"', b"1")
    (one,) = read(text).claims

    assert one.claim.charge == Decimal("165.10")


def test_what_all_lines_share_may_stand_beside_them(read: Read) -> None:
    shared = {k: v for k, v in LINE.items() if k not in ("line_no", "code", "charge")}
    lines = [{"line_no": 1, "code": "99213", "charge": 165},
             {"line_no": 2, "code": "87880", "charge": 38}]  # fmt: skip
    (one,) = read(json.dumps({"claims": [shared | {"lines": lines}]}).encode()).claims

    assert one.claim.charge == 203


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"[1]", b'[{"a": 1}]', b'{"claims": 3}', b"[" * 100_000,
     b'[{"lines": 3}]', b"\xff[", b"ISA*00*"],
)  # fmt: skip
def test_other_files_are_no_claims(content: bytes) -> None:
    assert json_claims(content) is None
    assert kind_of(content) is None


@settings(max_examples=150)
@given(
    st.dictionaries(st.sampled_from(list(ClaimLine.model_fields)), st.text(max_size=9))
)
def test_any_text_in_any_column_is_a_claim_or_a_reject(change: dict[str, str]) -> None:
    root = Path(__file__).resolve().parents[2] / "payers"
    practice = Practice.load(root / "practice.yaml")
    found = read_sheet(as_json(LINE | change), TODAY, practice, PayerBook([]))

    assert len(found.claims) + len(found.rejects) == 1


# --- taking in -----------------------------------------------------------------------


def test_claims_are_counted_like_those_of_an_837p(office: Office, make: Make) -> None:
    unknown = OTHER | {"claim_ref": "V-1003", "payer_id": "77777"}
    bad = OTHER | {"claim_ref": "V-1004", "charge": "x"}
    content = make(LINE, SECOND, OTHER, unknown, bad)
    seen = look_over(office, "claims", content, by())
    assert counts(seen) == (4, 2, 0, 1, 1)
    with office.reading() as conn:
        assert claims.every(conn) == []

    done = bring_in(office, "claims", content, by())
    assert counts(done) == (4, 2, 0, 1, 1)
    assert done.counts is not None
    assert done.counts.charge == 203 + 165 + 165
    assert done.ended == "routed"
    assert (seen.counts, seen.rejects) == (done.counts, done.rejects)
    with office.reading() as conn:
        assert len(claims.every(conn)) == 3
    assert len(claims_in(office, content)) == 3
    assert counts(bring_in(office, "claims", content, by())) == (4, 0, 3, 0, 1)


def test_the_same_claims_in_another_file_are_unchanged(office: Office) -> None:
    bring_in(office, "claims.csv", as_csv(LINE, SECOND), by())
    again = bring_in(office, "claims.json", as_json(SECOND, LINE, OTHER), by())

    assert counts(again) == (2, 1, 1, 0, 0)


def test_a_known_claim_with_other_content_is_rejected(
    office: Office, make: Make
) -> None:
    bring_in(office, "claims", make(LINE), by())
    done = bring_in(office, "claims", make(LINE | {"charge": "170.00"}), by())

    assert counts(done) == (1, 0, 0, 0, 1)
    assert done.rejects[0].field == "claim_ref"


def test_a_claim_left_out_may_be_mended_and_brought_in_again(
    office: Office, make: Make
) -> None:
    broken = bring_in(office, "claims", make(LINE | {"units": "x"}, OTHER), by())
    assert counts(broken) == (2, 1, 0, 0, 1)
    mended = bring_in(office, "claims", make(LINE, OTHER), by())

    assert counts(mended) == (2, 1, 1, 0, 0)


def test_our_own_columns_of_a_reject_file_are_passed_over(office: Office) -> None:
    row = LINE | {"_row": "7", "_reason": "units is no amount"}
    done = bring_in(office, "claims.csv", as_csv(row), by())

    assert counts(done) == (1, 1, 0, 0, 0)


def test_claims_come_by_mailbox_as_well(office: Office, make: Make) -> None:
    said = take_in(office, OFFICE_PARTNER, "claims", make(LINE, OTHER), by("machine"))

    assert said == "2 of 2 claims accepted"
    with office.reading() as conn:
        (row,) = files.listing(conn)
    assert row["ended"] == "routed"


def test_a_claims_file_with_a_strange_column_is_no_kind_of_ours(
    office: Office,
) -> None:
    done = bring_in(office, "claims.csv", as_csv(LINE | {"colour": "red"}), by())

    assert done.ended == "quarantined"


def test_a_sheet_that_repeats_a_column_is_quarantined(office: Office) -> None:
    content = as_csv(LINE).replace(b"charge\n", b"charge,charge\n")
    with pytest.raises(CsvError, match="twice"):
        read_sheet(content, TODAY, office.practice, office.payers)


def test_what_was_read_can_be_written_and_read_as_an_837p(
    read: Read, make: Make
) -> None:
    (one,) = read(make(LINE, SECOND)).claims
    (back,) = read_claims(write_claims([one.claim], ENVELOPE)).claims

    kept: set[str] = {"pcn", "charge", "diagnoses", "place_of_service", "payer"}
    assert back.claim.model_dump(include=kept) == one.claim.model_dump(include=kept)
    assert isinstance(back.claim, Claim)


# --- reject files --------------------------------------------------------------------


def test_a_reject_file_has_whole_claims_and_comes_in_again_when_corrected(
    office: Office, make: Make
) -> None:
    content = make(LINE, OTHER, SECOND | {"units": "x"})
    done = bring_in(office, "claims", content, by())
    assert counts(done) == (2, 1, 0, 0, 1)

    aside = reject_file(content, done.kind, done.rejects)
    assert b"V-1002" not in aside
    assert aside.count(b"V-1001") >= 2
    assert b"is no amount in dollars and cents" in aside
    again = bring_in(office, "aside", aside, by())
    assert counts(again) == (1, 0, 0, 0, 1)

    corrected = aside.replace(b",x,", b",1,").replace(b'"units": "x"', b'"units": "1"')
    assert counts(bring_in(office, "aside", corrected, by())) == (1, 1, 0, 0, 0)
    with office.reading() as conn:
        assert sorted(r.charge_cents for r in claims.every(conn)) == [16500, 20300]


def test_a_reject_file_of_a_reject_file_has_our_columns_once(office: Office) -> None:
    content = as_csv(LINE | {"units": "x"})
    for _ in range(2):
        done = bring_in(office, "aside", content, by())
        content = reject_file(content, done.kind, done.rejects)

    header, row = content.decode().splitlines()
    assert header.endswith("charge,_row,_field,_value_masked,_code,_reason,_fix")
    assert header.count("_row") == 1
    assert ",2,units,x,amount," in row


@pytest.mark.parametrize("mark", "=+-@")
def test_a_reject_file_starts_no_formula_and_gives_the_cell_back(
    office: Office, mark: str
) -> None:
    city = f"{mark}HYPERLINK(1)"
    content = as_csv(LINE | {"patient_city": city, "units": "x"})
    done = bring_in(office, "claims", content, by())
    aside = reject_file(content, done.kind, done.rejects)
    (row,) = csv.DictReader(io.StringIO(aside.decode()))

    assert row["patient_city"] == f"'{city}"
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    header, cells = text_rows(aside)
    assert cells[header.index("patient_city")] == city


def test_a_known_claim_is_named_in_json_by_its_place(office: Office) -> None:
    bring_in(office, "claims", as_json(LINE, OTHER), by())
    content = as_json(OTHER, LINE | {"charge": "170.00"})
    done = bring_in(office, "claims", content, by())
    assert [r.segment for r in done.rejects] == ["claim 2 line 1"]
    (left_out,) = json.loads(reject_file(content, done.kind, done.rejects))
    assert left_out["claim_ref"] == "V-1001"


def test_an_837p_has_no_reject_file() -> None:
    assert not has_rows("837P")
    with pytest.raises(CsvError):
        reject_file(b"ISA*", "837P", [])
