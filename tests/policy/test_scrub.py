"""Every edit fires with its field and a fix; its neighbour passes (R-SCR-01)."""

import dataclasses
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.claim import Address, Claim, OtherPayer, Payer, Subscriber
from claims.correction import apply_correction
from claims.money import usd
from payers.code_sets import CodeSets
from policy.scrub import EDITS, Finding, ScrubContext, npi_is_valid, scrub
from tests.claims.making import (
    GOOD_NPIS,
    TODAY,
    VISIT,
    make_claim,
    make_line,
    make_person,
    make_provider,
)
from tests.policy.making import payer

NORTHLAKE = payer("P-NORTHLAKE")
CODES = CodeSets.read(
    {
        "icd": [{"code": "M25.579", "valid_to": str(VISIT - timedelta(1))}],
        "mue": [{"cpt": "96372", "max_units": 4, "mai": 3}],
    }
)


def context(**changes: Any) -> ScrubContext:
    return ScrubContext(**{"payer": NORTHLAKE, "today": TODAY, **changes})


def findings(claim: Claim, **changes: Any) -> tuple[Finding, ...]:
    return scrub(claim, context(**changes))


def test_a_clean_claim_has_no_finding() -> None:
    assert findings(make_claim()) == ()


@dataclasses.dataclass(frozen=True)
class Case:
    """A claim that fails one edit in one field, and a neighbour that does not."""

    edit: str
    field: str
    bad: Callable[[], Claim]
    good: Callable[[], Claim]
    known: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What the edit must know besides, for both claims."""
    known_good: dict[str, Any] | None = None
    """For the neighbour only, when the claim is the same."""
    corrected: str | None = None
    """The value that cures it, typed for the very field the finding names."""


def billing(**changes: Any) -> Claim:
    clean = make_claim()
    return make_claim(billing=clean.billing.model_copy(update=changes))


def zipped(code: str) -> Claim:
    return billing(address=Address(line1="40 HARBOR RD", zip=code))


def lines(count: int) -> Claim:
    return make_claim(lines=tuple(make_line(n) for n in range(1, count + 1)))


def diagnosed(count: int) -> Claim:
    return make_claim(diagnoses=tuple(f"M{n:02d}" for n in range(count)))


def others(count: int) -> Claim:
    other = OtherPayer(
        subscriber=Subscriber(person=make_person()),
        payer=Payer(name="OTHER", edi_id="99009"),
    )
    return make_claim(other_payers=(other,) * count)


def one_line(**changes: Any) -> Callable[[], Claim]:
    return lambda: make_claim(lines=(make_line(**changes),))


def claim(**changes: Any) -> Callable[[], Claim]:
    return lambda: make_claim(**changes)


def subscriber(**changes: Any) -> Callable[[], Claim]:
    return lambda: make_claim(person=make_person(**changes))


def dependent(**changes: Any) -> Callable[[], Claim]:
    holder = Subscriber(relationship="19", person=make_person())
    return lambda: make_claim(patient=make_person(**changes), subscriber=holder)


def related(code: str, **changes: Any) -> Callable[[], Claim]:
    return lambda: make_claim(
        subscriber=Subscriber(relationship=code, person=make_person()), **changes
    )


def other_related(code: str) -> Callable[[], Claim]:
    other = OtherPayer(
        subscriber=Subscriber(relationship=code, person=make_person()),
        payer=Payer(name="OTHER", edi_id="99009"),
    )
    return lambda: make_claim(other_payers=(other,))


CHILD = make_person(first="LEO", birth_date=date(2015, 2, 1), member_id="")
NO_REPLACEMENT = payer(capabilities={"frequency_7": False})
NO_VOID = payer(capabilities={"frequency_8": False})
FEW_LINES = payer(capabilities={"max_lines": 6})
BAD_NPI = {"npi": "1234567890"}
SCAN: dict[str, Any] = {"code": "73721"}
LIMIT = VISIT + timedelta(180)

CASES = (
    Case(
        "E-101",
        "2010AA NM109",
        lambda: billing(npi="1999999985"),
        lambda: billing(npi="1999999984"),
        corrected="1999999984",
    ),
    Case(
        "E-101",
        "2310B NM109",
        claim(rendering=make_provider(**BAD_NPI)),
        claim(rendering=make_provider()),
        corrected="1234567893",
    ),
    Case(
        "E-101",
        "2310A NM109",
        claim(referring=make_provider(npi="")),
        claim(referring=make_provider()),
        corrected="1234567893",
    ),
    Case(
        "E-101",
        "2310D NM109",
        claim(supervising=make_provider(**BAD_NPI)),
        claim(supervising=make_provider()),
        corrected="1234567893",
    ),
    Case(
        "E-101",
        "2310C NM109",
        claim(facility=make_provider(**BAD_NPI)),
        claim(facility=make_provider(npi="")),
        corrected="1234567893",
    ),
    Case(
        "E-101",
        "2420A/1 NM109",
        one_line(rendering=make_provider(**BAD_NPI)),
        one_line(rendering=make_provider()),
        corrected="1234567893",
    ),
    Case(
        "E-101",
        "2420E/1 NM109",
        one_line(ordering=make_provider(npi="12345")),
        one_line(ordering=make_provider()),
        corrected="1234567893",
    ),
    Case(
        "E-102",
        "2000A PRV03",
        lambda: billing(taxonomy=""),
        lambda: billing(taxonomy="207Q00000X"),
        corrected="207Q00000X",
    ),
    Case(
        "E-102",
        "2010AA REF*EI",
        lambda: billing(tax_id="00-0000001"),
        lambda: billing(tax_id="000000001"),
        corrected="000000001",
    ),
    Case(
        "E-102",
        "2010AA N403",
        lambda: zipped("62501"),
        lambda: zipped("625010001"),
        corrected="62501-0001",
    ),
    Case(
        "E-103",
        "2300 CLM02",
        claim(charge=usd("150.01")),
        claim(charge=usd("150.00")),
        corrected="150.00",
    ),
    Case("E-104", "2300 HI", lambda: diagnosed(13), lambda: diagnosed(12)),
    Case("E-104", "2400", lambda: lines(51), lambda: lines(50)),
    Case(
        "E-104",
        "2400",
        lambda: lines(7),
        lambda: lines(6),
        known={"payer": FEW_LINES},
    ),
    Case("E-104", "2320", lambda: others(11), lambda: others(10)),
    Case(
        "E-105",
        "2400/1 SV107",
        one_line(pointers=(2,)),
        one_line(pointers=(1,)),
        corrected="1",
    ),
    Case("E-105", "2400/1 SV107", one_line(pointers=()), one_line(), corrected="1"),
    Case("E-105", "2400/1 SV107", one_line(pointers=(0,)), one_line(), corrected="1"),
    Case(
        "E-105",
        "2400/1 SV107",
        one_line(pointers=(1, 1, 1, 1, 1)),
        one_line(pointers=(1, 1, 1, 1)),
        corrected="1",
    ),
    Case(
        "E-106",
        "2300 CLM05-3",
        claim(frequency="6", payer_icn="ICN1"),
        claim(frequency="7", payer_icn="ICN1"),
        corrected="7",
    ),
    Case(
        "E-106",
        "2300 REF*F8",
        claim(frequency="8"),
        claim(frequency="8", payer_icn="ICN1"),
        corrected="ICN1",
    ),
    Case(
        "E-106",
        "2300 CLM05-3",
        claim(frequency="7", payer_icn="ICN1"),
        claim(frequency="8", payer_icn="ICN1"),
        known={"payer": NO_REPLACEMENT},
        corrected="1",
    ),
    Case(
        "E-106",
        "2300 CLM05-3",
        claim(frequency="8", payer_icn="ICN1"),
        claim(frequency="7", payer_icn="ICN1"),
        known={"payer": NO_VOID},
    ),
    Case(
        "E-107",
        "2010BA NM109",
        subscriber(member_id=""),
        subscriber(member_id="NL1"),
        corrected="NL1",
    ),
    Case(
        "E-107",
        "2010BA NM103",
        subscriber(last=""),
        subscriber(last="OKOYE"),
        corrected="OKOYE",
    ),
    Case(
        "E-108",
        "2010BA DMG02",
        subscriber(birth_date=None),
        subscriber(),
        corrected="1980-05-17",
    ),
    Case(
        "E-108", "2010CA DMG03", dependent(sex="X"), dependent(sex="U"), corrected="U"
    ),
    Case(
        "E-108",
        "2010CA DMG02",
        dependent(birth_date=VISIT + timedelta(1)),
        dependent(birth_date=VISIT),
        corrected="2026-03-09",
    ),
    Case(
        "E-109",
        "2400/1 DTP472",
        one_line(service_from=TODAY + timedelta(1)),
        one_line(service_from=TODAY),
        corrected="2026-03-16",
    ),
    Case(
        "E-109",
        "2400/1 DTP472",
        one_line(service_to=VISIT - timedelta(1)),
        one_line(service_to=VISIT),
        corrected="2026-03-08",
    ),
    Case(
        "E-110",
        "2300 REF*G1",
        one_line(**SCAN),
        lambda: make_claim(lines=(make_line(**SCAN),), prior_auth="A1"),
        corrected="A1",
    ),
    Case("E-110", "2300 REF*G1", one_line(**SCAN), one_line(**SCAN, prior_auth="A1")),
    Case(
        "E-110",
        "2300 REF*G1",
        one_line(**SCAN),
        one_line(**SCAN),
        known_good={"authorization_waived": True},
    ),
    Case(
        "E-111",
        "2010BB NM109",
        claim(),
        claim(),
        known={"payer": None},
        known_good={"payer": NORTHLAKE},
    ),
    Case(
        "E-112",
        "2400 SV101",
        claim(),
        claim(),
        known={"duplicates": ("HP260009",)},
        known_good={},
    ),
    Case(
        "E-113",
        "2400 DTP472",
        claim(),
        claim(),
        known={"today": LIMIT + timedelta(1)},
        known_good={"today": LIMIT},
    ),
    Case(
        "E-114",
        "2400/1 SV102",
        one_line(charge=usd("-0.01")),
        one_line(charge=usd("0.00")),
        corrected="150.00",
    ),
    Case(
        "E-114",
        "2400/1 SV104",
        one_line(units=Decimal(0)),
        one_line(units=Decimal("0.5")),
        corrected="1",
    ),
    Case(
        "E-115",
        "2400/1 SV101-2",
        one_line(code="9921"),
        one_line(code="0001F"),
        corrected="99213",
    ),
    Case(
        "E-115",
        "2400/1 SV101-2",
        one_line(code="J35A1"),
        one_line(code="J3301"),
        corrected="J3301",
    ),
    Case(
        "E-115",
        "2400/1 SV101-3",
        one_line(modifiers=("2",)),
        one_line(modifiers=("25", "LT")),
        corrected="25:LT",
    ),
    Case(
        "E-116",
        "2300 HI",
        lambda: make_claim(diagnoses=(), lines=(make_line(pointers=()),)),
        claim(diagnoses=("I10",)),
        corrected="I10",
    ),
    Case(
        "E-116",
        "2300 HI01",
        claim(diagnoses=("M17.0",)),
        claim(diagnoses=("M170",)),
        corrected="M17.0",
    ),
    Case(
        "E-116",
        "2300 HI02",
        claim(diagnoses=("M170", "250")),
        claim(diagnoses=("M170", "U071")),
        corrected="U07.1",
    ),
    Case(
        "E-116",
        "2300 HI11",
        lambda: make_claim(diagnoses=(*diagnosed(10).diagnoses, "1")),
        lambda: diagnosed(11),
        corrected="Z00",
    ),
    Case("E-117", "2400 LX", claim(lines=()), claim()),
    Case(
        "E-118",
        "2300 HI01",
        claim(diagnoses=("M25579",)),
        claim(diagnoses=("M25571",)),
        known={"codes": CODES},
        corrected="M25571",
    ),
    Case(
        "E-118",
        "2300 HI01",
        lambda: make_claim(
            diagnoses=("M25579",),
            lines=(
                make_line(1, service_from=VISIT - timedelta(1)),
                make_line(2, service_from=VISIT),
            ),
        ),
        lambda: make_claim(
            diagnoses=("M25579", "M170"),
            lines=(
                make_line(1, service_from=VISIT - timedelta(1)),
                make_line(2, service_from=VISIT, pointers=(2,)),
            ),
        ),
        known={"codes": CODES},
    ),
    Case(
        "E-119",
        "2400/1 SV104",
        claim(lines=(make_line(code="96372", units=Decimal(5)),)),
        claim(lines=(make_line(code="96372", units=Decimal(4)),)),
        known={"codes": CODES},
        corrected="4",
    ),
    Case(
        "E-120",
        "2000B SBR02",
        related(""),
        related("18"),
        corrected="18",
    ),
    Case("E-120", "2000B SBR02", related("19"), related("19", patient=CHILD)),
    Case(
        "E-120",
        "2000C PAT01",
        related("18", patient=CHILD),
        related("19", patient=CHILD),
        corrected="19",
    ),
    Case("E-120", "2320/1 SBR02", other_related(""), other_related("01")),
    Case(
        "E-121",
        "2010BA NM103",
        subscriber(last="\u0416\u0430\u043d"),
        subscriber(last="Nu\u00f1ez*Ortega:~^"),
        corrected="Zhan",
    ),
    Case(
        "E-121",
        "2010BA NM109",
        subscriber(member_id="NL1*2"),
        subscriber(member_id="NL1-2"),
        corrected="NL12",
    ),
    Case(
        "E-121",
        "2300 REF*G1",
        claim(prior_auth="A~1"),
        claim(prior_auth="A-1"),
        corrected="A1",
    ),
    Case(
        "E-121",
        "2400/1 REF*G1",
        one_line(prior_auth="A:1"),
        one_line(prior_auth="A/1"),
    ),
    Case(
        "W-201",
        "2010BA DMG02",
        subscriber(birth_date=date(1900, 1, 1)),
        subscriber(birth_date=date(1910, 1, 1)),
        corrected="1910-01-01",
    ),
)
_IDS = [f"{c.edit} {c.field} {n}" for n, c in enumerate(CASES)]


def of(case: Case, found: tuple[Finding, ...]) -> list[Finding]:
    return [f for f in found if (f.edit, f.field) == (case.edit, case.field)]


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_an_edit_fires_with_field_reason_and_fix(case: Case) -> None:
    found = of(case, findings(case.bad(), **case.known))
    assert found
    rule, severity, _ = EDITS[case.edit]
    for one in found:
        assert (one.rule, one.severity) == (rule, severity)
        assert one.reason
        assert one.fix.endswith(".")


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_an_edit_does_not_fire_on_its_neighbour(case: Case) -> None:
    known = case.known if case.known_good is None else case.known_good
    assert of(case, findings(case.good(), **known)) == []


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.corrected], ids=lambda c: f"{c.edit} {c.field}"
)
def test_a_finding_is_cured_by_correcting_the_field_it_names(case: Case) -> None:
    assert case.corrected is not None
    (finding, *_) = of(case, findings(case.bad(), **case.known))

    cured = apply_correction(case.bad(), finding.field, case.corrected)

    assert of(case, findings(cured, **case.known)) == []


def test_every_edit_has_a_case_here() -> None:
    assert {case.edit for case in CASES} == set(EDITS)


# --- all at once, errors and warnings ------------------------------------------------


def test_r_scr_01_all_failures_are_listed_at_once_in_the_order_of_the_edits() -> None:
    wrong = make_claim(
        charge=usd("1.00"),
        diagnoses=("250",),
        person=make_person(member_id="", sex=""),
        lines=(make_line(pointers=(3,), units=Decimal(0)),),
    )
    found = [f.edit for f in findings(wrong)]
    assert found == ["E-103", "E-105", "E-107", "E-108", "E-114", "E-116"]


def test_r_scr_01_a_warning_can_be_released_and_an_error_cannot() -> None:
    old = make_claim(person=make_person(birth_date=date(1900, 1, 1)))
    assert [f.edit for f in findings(old)] == ["W-201"]
    assert findings(old, overridden=("W-201",)) == ()

    wrong = make_claim(charge=usd("1.00"))
    assert [f.edit for f in findings(wrong, overridden=("E-103",))] == ["E-103"]


def test_r_fil_06_the_limit_stops_a_first_claim_not_a_replacement() -> None:
    late = {"today": LIMIT + timedelta(1)}
    assert [f.edit for f in findings(make_claim(), **late)] == ["E-113"]
    replacement = make_claim(frequency="7", payer_icn="ICN1")
    assert findings(replacement, **late) == ()


def test_no_finding_carries_a_value_of_the_patient() -> None:
    born = VISIT + timedelta(1)
    wrong = make_claim(
        person=make_person(last="OKOYE", member_id="", birth_date=born, sex="Q")
    )
    said = " ".join(f.reason + f.fix + f.field for f in findings(wrong))
    assert "OKOYE" not in said
    assert str(born) not in said


def test_edits_are_numbered_by_severity() -> None:
    for number, (_, severity, _) in EDITS.items():
        assert number.startswith({"error": "E-1", "warning": "W-2"}[severity])
    assert sum(severity == "error" for _, severity, _ in EDITS.values()) >= 10


# --- NPI -----------------------------------------------------------------------------


@pytest.mark.parametrize("npi", GOOD_NPIS)
def test_r_scr_02_a_valid_npi(npi: str) -> None:
    assert npi_is_valid(npi)


@given(st.sampled_from(GOOD_NPIS), st.integers(0, 9), st.integers(1, 9))
def test_r_scr_02_any_one_wrong_digit_is_found(npi: str, place: int, by: int) -> None:
    wrong = str((int(npi[place]) + by) % 10)
    assert not npi_is_valid(npi[:place] + wrong + npi[place + 1 :])


@pytest.mark.parametrize(
    "npi", ["", "199999998", "19999999840", "199999998A", "١٩٩٩٩٩٩٩٨٤", " 1999999984"]
)
def test_r_scr_02_an_npi_is_ten_plain_digits(npi: str) -> None:
    assert not npi_is_valid(npi)


def test_r_scr_06_units_of_one_day_are_summed_unless_the_limit_is_per_line() -> None:
    lines = tuple(
        make_line(n, code="96372", units=Decimal(3), charge=usd("10.00"))
        for n in (1, 2)
    )
    twice = make_claim(lines=lines, charge=usd("20.00"))
    per_line = CodeSets.read({"mue": [{"cpt": "96372", "max_units": 4, "mai": 1}]})
    assert {f.edit for f in findings(twice, codes=CODES)} == {"E-119"}
    assert findings(twice, codes=per_line) == ()


def test_r_scr_07_a_code_that_is_not_listed_is_not_checked() -> None:
    assert findings(make_claim(), codes=CODES) == findings(make_claim())
