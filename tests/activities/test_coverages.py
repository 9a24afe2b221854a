"""``coverages.csv``: a patient's other plans, counted, kept and put on claims."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.csv_rows import as_text, detect
from activities.intake import Intake, bring_in, look_over
from activities.office import Office
from activities.reject_file import reject_file
from claims.claim import Claim
from edi.gate import findings
from edi.x837 import read_claims
from edi.x837_write import write_claims
from policy.scrub import ScrubContext, scrub
from records import claims, covers, files
from records.events import Because
from records.tables import cover
from tests.activities.conftest import NOON, open_office
from tests.activities.test_claim_sheet import LINE, as_csv
from tests.edi.make import ENVELOPE

TODAY = NOON.date()
COLUMNS = [
    "patient_ref",
    "coverage_order",
    "payer_id",
    "member_id",
    "group_no",
    "subscriber_rel",
    "eff_from",
    "eff_to",
]
PLAN = {
    "patient_ref": "P-77",
    "coverage_order": "2",
    "payer_id": "P-EASTGATE",
    "member_id": "EGT500100",
    "group_no": "G-1",
    "subscriber_rel": "self",
    "eff_from": "2026-01-01",
    "eff_to": "2026-12-31",
}


def sheet(*rows: dict[str, str]) -> bytes:
    table = [",".join(row.get(name, "") for name in COLUMNS) for row in rows]
    return "\n".join([",".join(COLUMNS), *table, ""]).encode()


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    opened = open_office(tmp_path, repo_root, database_url)
    yield opened
    opened.db.close()


def by(name: str = "cleo") -> Because:
    return Because(NOON, TODAY, "R-BAD-01", name)


def bring(office: Office, content: bytes) -> Intake:
    return bring_in(office, "coverages.csv", content, by())


def counts(done: Intake) -> tuple[int, ...]:
    """read, accepted, unchanged, held, rejected."""
    found = done.counts
    assert found is not None
    said = (found.accepted, found.unchanged, found.held, found.rejected)
    assert found.read == sum(said)
    return found.read, *said


def content(office: Office) -> Claim:
    with office.reading() as conn:
        (row,) = claims.every(conn)
        return claims.content(conn, office.cipher, row.id)


def plans(office: Office) -> list[tuple[str, str, str]]:
    """The claim's other plans: payer, member number, place."""
    return [
        (o.payer.name, o.subscriber.person.member_id, o.subscriber.sequence)
        for o in content(office).other_payers
    ]


# --- onto claims ---------------------------------------------------------------------


def test_a_plan_is_put_on_the_claims_that_are_here(office: Office) -> None:
    bring(office, as_csv(LINE))
    done = bring(office, sheet(PLAN))

    assert done.ended == "routed"
    assert counts(done) == (1, 1, 0, 0, 0)
    name = office.payers.named("P-EASTGATE")
    assert name is not None
    assert plans(office) == [(name.name, "EGT500100", "S")]
    (other,) = content(office).other_payers
    assert other.subscriber.group_number == "G-1"
    assert other.subscriber.person.last == content(office).patient_person.last
    assert other.paid is None


def test_a_plan_that_came_first_waits_for_its_patients_claim(office: Office) -> None:
    done = bring(office, sheet(PLAN))
    assert counts(done) == (1, 0, 0, 1, 0)

    bring(office, as_csv(LINE))

    assert [member for _, member, _ in plans(office)] == ["EGT500100"]


def test_the_claim_with_its_plans_can_be_sent(office: Office) -> None:
    """No edit and no finding of the guide's validator more than before."""
    bring(office, as_csv(LINE))
    bring(office, sheet(PLAN, PLAN | {"coverage_order": "3", "payer_id": "P-MEDB"}))
    one = content(office)
    context = ScrubContext(payer=office.payer("P-NORTHLAKE"), today=TODAY)

    sent = write_claims([one], ENVELOPE)

    assert scrub(one, context) == ()
    assert findings(sent) == ()
    (back,) = read_claims(sent).claims
    assert [o.subscriber.sequence for o in back.claim.other_payers] == ["S", "T"]


def test_three_plans_follow_each_other_in_their_order(office: Office) -> None:
    third = PLAN | {"coverage_order": "3", "payer_id": "P-RIVERBEND"}
    first = PLAN | {"coverage_order": "1", "payer_id": "P-NORTHLAKE"}
    bring(office, as_csv(LINE))
    done = bring(office, sheet(third, PLAN, first))

    assert counts(done) == (3, 3, 0, 0, 0)
    east, river = (office.payers.named(p) for p in ("P-EASTGATE", "P-RIVERBEND"))
    assert east is not None
    assert river is not None
    assert [(name, place) for name, _, place in plans(office)] == [
        (east.name, "S"),
        (river.name, "T"),
    ]


@pytest.mark.parametrize("by_edi_id", [False, True])
def test_a_plan_held_for_its_payer_is_put_on_once_the_payer_is_known(
    office: Office, monkeypatch: pytest.MonkeyPatch, by_edi_id: bool
) -> None:
    east = office.payers.named("P-EASTGATE")
    assert east is not None
    row = PLAN | {"payer_id": east.edi.payer_edi_id} if by_edi_id else PLAN
    bring(office, as_csv(LINE))
    with monkeypatch.context() as patch:
        patch.setattr(type(office.payers), "named", lambda *_: None)
        assert counts(bring(office, sheet(row))) == (1, 0, 0, 1, 0)

    done = bring(office, sheet(row) + b"\n")

    assert done.counts is not None
    assert done.counts.rejected == 0
    assert [name for name, _, _ in plans(office)] == [east.name]


@pytest.mark.parametrize(
    "change",
    [
        {"eff_to": "2026-05-31"},
        {"eff_from": "2026-06-02"},
        {"patient_ref": "P-78"},
        {"coverage_order": "1"},
        {"payer_id": "P-NORTHLAKE"},
        {"payer_id": "99999"},
    ],
    ids=["over", "to-come", "another-patient", "first", "the-same-plan", "unknown"],
)
def test_a_plan_that_does_not_fit_the_claim_is_not_put_on_it(
    office: Office, change: dict[str, str]
) -> None:
    bring(office, as_csv(LINE))
    bring(office, sheet(PLAN | change))

    assert plans(office) == []


def test_a_claim_that_the_first_plan_has_decided_stays_as_it_is(
    office: Office,
) -> None:
    bring(office, as_csv(LINE))
    with office.writing() as conn:
        (row,) = claims.every(conn)
        claims.note(conn, row.id, first_remit_on=TODAY)

    bring(office, sheet(PLAN))

    assert plans(office) == []


def test_the_same_claim_again_is_unchanged_whatever_plans_it_has(
    office: Office,
) -> None:
    bring(office, as_csv(LINE))
    bring(office, sheet(PLAN))

    again = bring(office, as_csv(LINE) + b"\n")

    assert counts(again) == (1, 0, 1, 0, 0)


# --- counting law --------------------------------------------------------------------


def test_the_same_row_again_is_unchanged_and_puts_nothing_twice(
    office: Office,
) -> None:
    bring(office, as_csv(LINE))
    bring(office, sheet(PLAN))
    other = PLAN | {"payer_id": "P-RIVERBEND", "coverage_order": "3"}
    done = bring(office, sheet(PLAN, other, PLAN))

    assert counts(done) == (3, 1, 2, 0, 0)
    assert len(plans(office)) == 2


def test_another_last_day_replaces_what_was_kept(office: Office) -> None:
    bring(office, sheet(PLAN))
    done = bring(office, sheet(PLAN | {"eff_to": "2026-03-31"}))
    bring(office, as_csv(LINE))

    assert counts(done) == (1, 0, 0, 1, 0)
    assert plans(office) == []


def test_a_plan_with_a_gap_has_two_rows(office: Office) -> None:
    spring = PLAN | {"eff_to": "2026-03-31"}
    summer = PLAN | {"eff_from": "2026-06-01"}
    bring(office, sheet(spring, summer))
    again = bring(office, sheet(summer, spring))
    bring(office, as_csv(LINE))

    assert counts(again) == (2, 0, 2, 0, 0)
    assert len(plans(office)) == 1


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"patient_ref": ""}, "patient_ref", "is missing"),
        ({"coverage_order": "0"}, "coverage_order", "more than zero"),
        ({"coverage_order": "two"}, "coverage_order", "no whole number"),
        ({"member_id": ""}, "member_id", "is missing"),
        ({"subscriber_rel": "cousin"}, "subscriber_rel", "none of the words"),
        ({"subscriber_rel": "child"}, "subscriber_rel", "who holds the policy"),
        ({"eff_from": "1 May 2026"}, "eff_from", "is no date"),
        ({"eff_to": "2025-12-31"}, "eff_to", "lies before eff_from"),
    ],
)
def test_a_bad_row_is_named_without_its_value_and_the_others_go_on(
    office: Office, change: dict[str, str], field: str, reason: str
) -> None:
    bring(office, as_csv(LINE))
    done = bring(office, sheet(PLAN | {"patient_ref": "P-9"}, PLAN | change))

    assert counts(done) == (2, 0, 0, 1, 1)
    (reject,) = done.rejects
    assert (reject.position, reject.field) == (3, field)
    assert reason in reject.reason
    assert "EGT500100" not in repr(done.rejects)


def test_two_plans_in_one_place_on_one_day_are_refused(office: Office) -> None:
    other = PLAN | {"payer_id": "P-RIVERBEND", "eff_from": "2026-12-31", "eff_to": ""}
    after = other | {"eff_from": "2027-01-01"}
    done = bring(office, sheet(PLAN, other, after))

    assert counts(done) == (3, 0, 0, 2, 1)
    assert done.rejects[0].field == "coverage_order"


def test_looking_counts_the_same_and_stores_nothing(office: Office) -> None:
    bring(office, as_csv(LINE))
    found = sheet(PLAN, PLAN, PLAN | {"patient_ref": "P-8"}, PLAN | {"member_id": ""})

    seen = look_over(office, "coverages.csv", found, by())
    with office.reading() as conn:
        assert conn.execute(cover.select()).all() == []
        assert [f["kind"] for f in files.listing(conn)] == ["CLAIMS"]
    done = bring(office, found)

    assert counts(seen) == counts(done) == (4, 1, 1, 1, 1)
    assert seen.rejects == done.rejects


def test_a_reject_file_starts_no_formula_and_comes_in_again_once_it_is_corrected(
    office: Office,
) -> None:
    bring(office, as_csv(LINE))
    bad = PLAN | {"group_no": "=HYPERLINK(1)", "eff_to": "2025-12-31"}
    first = sheet(bad)
    done = bring(office, first)

    aside = reject_file(first, done.kind, done.rejects)
    (row,) = csv.DictReader(aside.decode().splitlines())
    corrected = aside.replace(b"2025-12-31", b"2026-12-31")

    assert row["group_no"] == as_text("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert counts(bring(office, corrected)) == (1, 1, 0, 0, 0)
    (other,) = content(office).other_payers
    assert other.subscriber.group_number == "=HYPERLINK(1)"


def test_what_it_names_of_a_patient_lies_sealed(office: Office) -> None:
    bring(office, sheet(PLAN))
    with office.reading() as conn:
        (row,) = conn.execute(cover.select()).mappings()
        index = row["patient_ref_index"]
        (kept,) = covers.of_patient(conn, office.cipher, index)

    assert b"EGT500100" not in row["content_enc"]
    assert "P-77" not in repr(dict(row))
    assert (kept.member_id, kept.group_no) == ("EGT500100", "G-1")


def test_the_kind_is_known_by_its_columns_and_a_claim_is_no_coverage() -> None:
    assert detect(sheet(PLAN)) == "COVERAGES"
    assert detect(as_csv(LINE)) == "CLAIMS"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "patient_ref": st.sampled_from(["P-77", "P-78", ""]),
                "coverage_order": st.sampled_from(["1", "2", "x"]),
                "payer_id": st.sampled_from(["P-EASTGATE", "99999"]),
                "member_id": st.sampled_from(["A", "B"]),
                "subscriber_rel": st.sampled_from(["self", "child"]),
                "eff_from": st.sampled_from(["", "2026-01-01", "2026-09-01"]),
                "eff_to": st.sampled_from(["", "2026-06-30"]),
            }
        ),
        max_size=6,
    )
)
def test_every_row_is_counted_once_whatever_is_in_it(
    office: Office, rows: list[dict[str, str]]
) -> None:
    content = sheet(*rows)
    seen = look_over(office, "coverages.csv", content, by())
    read, *said = counts(seen)

    assert read == len(rows) == sum(said)


def test_a_claim_of_an_837p_is_found_by_its_patients_number_too(
    office: Office,
) -> None:
    """REF*EA is what claims.csv calls patient_ref."""
    bring(office, as_csv(LINE))
    outside = content(office).model_copy(update={"pcn": "OTHER-1"})
    bring(office, sheet(PLAN))
    bring(office, write_claims([outside], ENVELOPE))

    with office.reading() as conn:
        found = [claims.content(conn, office.cipher, r.id) for r in claims.every(conn)]
    assert [len(one.other_payers) for one in found] == [1, 1]
