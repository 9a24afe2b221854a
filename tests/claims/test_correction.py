"""Each correctable field changes what it names and nothing else."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from claims.claim import Claim
from claims.correction import CORRECTABLE, CorrectionRefused, apply_correction
from claims.money import usd
from tests.claims.making import make_claim, make_line, make_person, make_provider

NPI = "1003000126"


def dependent_claim() -> Claim:
    """Every provider named, a dependent patient, two lines, two diagnoses."""
    return make_claim(
        patient=make_person(first="LEO", member_id=""),
        rendering=make_provider(),
        referring=make_provider(first="REF"),
        supervising=make_provider(first="SUP"),
        facility=make_provider(last_or_organization="CLINIC"),
        diagnoses=("M170", "I10"),
        lines=(
            make_line(1, pointers=(1, 2)),
            make_line(
                2, code="20610", rendering=make_provider(), ordering=make_provider()
            ),
        ),
    )


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Paths of the leaves that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            yield from differences(old.get(key), new.get(key), f"{path}.{key}")
    elif isinstance(old, list | tuple) and old and isinstance(old[0], dict):
        assert len(old) == len(new)
        for place, (one, other) in enumerate(zip(old, new, strict=True), start=1):
            yield from differences(one, other, f"{path}[{place}]")
    elif old != new:
        yield path.lstrip(".")


def changed(old: Claim, new: Claim) -> set[str]:
    return set(differences(old.model_dump(), new.model_dump()))


# field, as a person types it; new value; the only leaf that may change
CASES = {
    "2310A NM109": (NPI, "referring.npi"),
    "2310B NM109": (NPI, "rendering.npi"),
    "2310C NM109": (NPI, "facility.npi"),
    "2310D NM109": (NPI, "supervising.npi"),
    "2010AA NM109": (NPI, "billing.npi"),
    "2010AA N403": ("62501-0002", "billing.address.zip"),
    "2010AA REF EI": ("000000002", "billing.tax_id"),
    "2000A PRV03": ("208D00000X", "billing.taxonomy"),
    "2010BA NM109": ("NL999999", "subscriber.person.member_id"),
    "2010BA NM103": ("OKOYO", "subscriber.person.last"),
    "2010BA NM104": ("BRAN", "subscriber.person.first"),
    "2010BA DMG02": ("1981-05-17", "subscriber.person.birth_date"),
    "2010BA DMG03": ("f", "subscriber.person.sex"),
    "2010CA DMG02": ("20150517", "patient.birth_date"),
    "2010CA DMG03": ("U", "patient.sex"),
    "2010BB NM109": ("99002", "payer.edi_id"),
    "2000B SBR02": ("19", "subscriber.relationship"),
    "2000C PAT01": ("g8", "subscriber.relationship"),
    "2000B SBR03": ("G-2", "subscriber.group_number"),
    "2300 HI": ("M17.1, I10", "diagnoses"),
    "2300 REF G1": ("A123", "prior_auth"),
    "2300 REF 9F": ("R123", "referral"),
    "2300 REF F8": ("ICN7", "payer_icn"),
    "2300 CLM05-1": ("22", "place_of_service"),
    "2300 CLM05-3": ("7", "frequency"),
    "2400 SV101-2": ("99214", "lines[2].code"),
    "2400 SV101-3": ("25:LT", "lines[2].modifiers"),
    "2400 SV104": ("2", "lines[2].units"),
    "2400 SV107": ("2:1", "lines[2].pointers"),
    "2400 DTP472": ("2026-03-10", "lines[2].service_from"),
    "2420A NM109": (NPI, "lines[2].rendering.npi"),
    "2420E NM109": (NPI, "lines[2].ordering.npi"),
}
WITH_TOTAL = {"2300 CLM02", "2400 SV102"}


def test_every_correctable_field_has_a_case_here() -> None:
    assert CASES.keys() | WITH_TOTAL == CORRECTABLE.keys()


@pytest.mark.parametrize("field", CASES)
def test_a_field_changes_what_it_names_and_nothing_else(field: str) -> None:
    value, leaf = CASES[field]
    old = dependent_claim()
    typed = re.sub(r"^(2400|2420[AE]) ", r"\1/2 ", field)

    assert changed(old, apply_correction(old, typed, value)) == {leaf}


def test_the_total_follows_a_corrected_charge() -> None:
    old = dependent_claim()
    new = apply_correction(old, "2400/2 SV102", "90.00")

    assert changed(old, new) == {"lines[2].charge", "charge"}
    assert new.charge == new.line_total == usd("240.00")


def test_a_wrong_total_can_be_corrected_to_the_sum_of_the_lines() -> None:
    old = make_claim(charge=usd("151.00"))
    new = apply_correction(old, "2300 CLM02", "150")

    assert changed(old, new) == {"charge"}
    assert new.charge == new.line_total


def test_a_total_that_is_not_the_sum_of_the_lines_is_refused() -> None:
    with pytest.raises(CorrectionRefused, match=r"add up to 150\.00"):
        apply_correction(make_claim(), "2300 CLM02", "150.01")


def test_the_patients_fields_are_the_subscribers_when_they_are_one_person() -> None:
    old = make_claim()
    new = apply_correction(old, "2010CA DMG02", "1980-05-18")
    assert changed(old, new) == {"subscriber.person.birth_date"}


def test_first_diagnoses_give_lines_without_a_pointer_the_first_one() -> None:
    old = make_claim(diagnoses=(), lines=(make_line(1, pointers=()), make_line(2)))
    new = apply_correction(old, "2300 HI", "m17.0")

    assert new.diagnoses == ("M170",)
    assert [line.pointers for line in new.lines] == [(1,), (1,)]


def test_one_diagnosis_is_corrected_by_its_place() -> None:
    old = make_claim(diagnoses=("M170", "I10", "E119"))
    assert apply_correction(old, "2300 HI02", "I11.9").diagnoses == (
        "M170",
        "I119",
        "E119",
    )
    assert apply_correction(old, "HI01 2300", "M179").diagnoses[0] == "M179"


def test_a_diagnosis_beyond_the_next_free_place_is_refused() -> None:
    old = make_claim(diagnoses=("M170",))
    assert apply_correction(old, "2300 HI02", "I10").diagnoses == ("M170", "I10")
    with pytest.raises(CorrectionRefused, match="has 1 diagnoses"):
        apply_correction(old, "2300 HI03", "I10")


def test_twelve_diagnoses_are_a_claim_and_thirteen_are_not() -> None:
    twelve = ",".join(f"M17{n}" for n in range(9)) + ",I10,I11,I12"
    assert len(apply_correction(make_claim(), "2300 HI", twelve).diagnoses) == 12
    with pytest.raises(CorrectionRefused, match="1 to 12"):
        apply_correction(make_claim(), "2300 HI", twelve + ",I13")


def test_a_provider_who_was_not_named_is_added_with_the_npi() -> None:
    new = apply_correction(make_claim(), "2310A NM109", NPI)
    assert new.referring is not None
    assert new.referring.npi == NPI


@pytest.mark.parametrize(
    "typed",
    [
        "2310A NM109",
        "2310a nm109",
        "NM109 2310A",
        "2310A/NM109",
        "2310A.NM109",
        " 2310A   NM109 ",
    ],
)
def test_loop_and_element_come_in_either_order(typed: str) -> None:
    new = apply_correction(dependent_claim(), typed, NPI)
    assert new.referring is not None
    assert new.referring.npi == NPI


@pytest.mark.parametrize(
    "typed",
    ["2400/2 SV104", "2400 2 SV104", "2400#2 SV104", "2400.2 SV104", "SV104 2400/2"],
)
def test_a_line_is_named_by_its_number(typed: str) -> None:
    new = apply_correction(dependent_claim(), typed, "3")
    assert [line.units for line in new.lines] == [Decimal(1), Decimal(3)]


@pytest.mark.parametrize("typed", ["REF*G1", "REF G1", "2300 REF*G1", "2300/REF*G1"])
def test_a_remark_codes_own_words_name_the_field(typed: str) -> None:
    assert apply_correction(make_claim(), typed, "A1").prior_auth == "A1"


@pytest.mark.parametrize("typed", ["2400/1 DTP*472", "2400/1 DTP 472", "2400/1 DTP472"])
def test_the_date_segment_may_be_written_with_its_qualifier(typed: str) -> None:
    new = apply_correction(make_claim(), typed, "2026-03-02")
    assert new.service_from == date(2026, 3, 2)


def test_the_only_line_needs_no_number() -> None:
    assert apply_correction(make_claim(), "SV104", "2").lines[0].units == 2


def test_one_of_several_lines_needs_its_number() -> None:
    with pytest.raises(CorrectionRefused, match="Name the line"):
        apply_correction(dependent_claim(), "2400 SV104", "2")


def test_a_procedure_code_may_bring_its_modifiers() -> None:
    line = apply_correction(make_claim(), "2400/1 SV101-2", "99214:25").lines[0]
    assert (line.code, line.modifiers) == ("99214", ("25",))


REFUSED = {
    "an element that is in several loops": ("DMG02", "1980-01-01"),
    "a field that is not corrected here": ("2010AA NM103", "OTHER"),
    "no field": ("", "1"),
    "a line that is not there": ("2400/9 SV104", "1"),
    "nine digits for an NPI": ("2310A NM109", "123456789"),
    "digits of another script": ("2310A NM109", "١٢٣٤٥٦٧٨٩٠"),
    "a five-digit ZIP": ("2010AA N403", "62501"),
    "no member number": ("2010BA NM109", "  "),
    "a sex of two letters": ("2010BA DMG03", "MF"),
    "a date of another order": ("2010BA DMG02", "17/05/1980"),
    "a day that does not exist": ("2010BA DMG02", "2026-02-30"),
    "no diagnosis": ("2300 HI", " , "),
    "a frequency of 6": ("2300 CLM05-3", "6"),
    "a charge in words": ("2400/1 SV102", "ninety"),
    "a charge with half a cent": ("2400/1 SV102", "90.005"),
    "no units": ("2400/1 SV104", "0"),
    "units that are no number": ("2400/1 SV104", "NaN"),
    "units without end": ("2400/1 SV104", "Infinity"),
    "five modifiers": ("2400/1 SV101-3", "25:59:LT:RT:76"),
    "a modifier of three characters": ("2400/1 SV101-3", "255"),
    "five pointers": ("2400/1 SV107", "1:1:1:1:1"),
    "a pointer that is no number": ("2400/1 SV107", "A"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_correction_that_does_not_fit_is_refused(why: str) -> None:
    field, value = REFUSED[why]
    with pytest.raises(CorrectionRefused, match="Nothing was changed"):
        apply_correction(make_claim(), field, value)


def test_a_refusal_never_repeats_the_value() -> None:
    with pytest.raises(CorrectionRefused) as refused:
        apply_correction(make_claim(), "2010BA DMG02", "born on 17 May")
    assert "17 May" not in str(refused.value)
