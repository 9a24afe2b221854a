"""What each amount of an 835 line becomes, and what a denial asks for (R-DEN, R-POST).

The table's rows themselves are data; these tests hold the rules around them.
"""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.money import ZERO, usd
from claims.remittance import RemittanceLine
from claims.task import TaskType
from payers.profile import PayerProfile
from policy.remittance import (
    CONTRACT_ONLY,
    ORDER,
    LineOutcome,
    Treated,
    denial_decision,
    expected_allowed,
    fix_field,
    is_deactivated,
    marks_crossover,
    outcome,
    override,
    treat,
    words_of,
)
from policy.tables import rows, table
from tests.policy.making import cas, decided, payer

CARCS = rows("carc_actions", "carcs", "code")
HINTS = rows("rarc_hints", "rarcs", "code")
NORTHLAKE = payer("P-NORTHLAKE")
NO_FEES = payer("P-EASTGATE")


def treated(code: str, *rarcs: str) -> Treated:
    return treat(cas(code, "10.00"), rarcs)


def result(
    line: RemittanceLine,
    profile: PayerProfile | None = NORTHLAKE,
    *,
    units: str = "1",
    primary: bool = True,
    claim_rarcs: tuple[str, ...] = (),
) -> LineOutcome:
    return outcome(
        line,
        profile=profile,
        units=Decimal(units),
        primary=primary,
        claim_rarcs=claim_rarcs,
    )


# --- R-DEN-01: RARC override, then (group, CARC), then CARC, then hold ---------------


def test_r_den_01_without_a_remark_the_reason_code_decides() -> None:
    found = treated("CO-50")
    assert (found.treatment, found.action, found.rule) == (
        "denied",
        "appeal",
        "R-DEN-01",
    )


def test_r_den_01_a_remark_overrides_the_reason_code() -> None:
    assert treated("CO-50", "M127").action == "send_documents"
    assert treated("CO-97", "N519").action == "correct_and_resubmit"


def test_r_den_01_a_remark_without_an_action_or_unknown_changes_nothing() -> None:
    assert treated("CO-50", "N115").action == "appeal"
    assert treated("CO-50", "N9999").action == "appeal"


@pytest.mark.parametrize(("stricter", "weaker"), list(pairwise(ORDER)))
def test_r_den_01_of_two_remarks_the_most_restrictive_wins(
    stricter: str, weaker: str
) -> None:
    def remark(action: str) -> str:
        return next(
            c
            for c, h in HINTS.items()
            if h["action_override"] == action and c != "MA130"
        )

    first, second = remark(stricter), remark(weaker)
    assert override([first, second]) == override([second, first])
    assert override([first, second]) == (stricter, "R-DEN-01")
    assert override([second]) == (weaker, "R-DEN-01")


def test_r_den_01_the_order_is_the_rulebooks() -> None:
    assert ORDER == (
        "submit_new_claim",
        "correct_and_resubmit",
        "send_documents",
        "appeal",
    )


def test_r_den_01_a_listed_action_wins_over_one_outside_the_order() -> None:
    assert override(["N418", "M25"]) == ("appeal", "R-DEN-01")
    assert override(["N418"]) == ("bill_other_payer", "R-DEN-01")


@given(st.lists(st.sampled_from(sorted(HINTS)), max_size=5))
def test_r_den_01_the_order_of_remarks_never_matters(rarcs: list[str]) -> None:
    assert override(rarcs) == override(sorted(rarcs, reverse=True))


def test_r_den_05_unprocessable_asks_for_a_new_claim_over_everything() -> None:
    found = treated("CO-16", "N286", "MA130")
    assert (found.action, found.rule) == ("submit_new_claim", "R-DEN-05")


def test_r_den_03_16_needs_a_remark_that_says_something() -> None:
    assert treated("CO-16").treatment == "held"
    assert treated("CO-16").rule == "R-DEN-03"
    assert treated("CO-16", "MA01").treatment == "held"
    assert treated("CO-16", "MA01", "N286").treatment == "denied"
    assert treated("CO-16", "N9999").treatment == "denied"


def test_r_den_03_another_reason_needs_no_remark() -> None:
    assert treated("CO-4").treatment == "denied"


def test_r_den_03_the_remark_names_the_field_to_fix() -> None:
    assert fix_field(["N286"]) == "2310A NM109"
    assert fix_field(["MA130", "N286"]) == "2310A NM109"
    assert fix_field(["N115", "M51"]) == "SV101"
    assert fix_field(["N115"]) == "LCD number"
    assert fix_field(["MA01", "N9999"]) == ""


@pytest.mark.parametrize("carc", ["226", "250", "251", "252"])
def test_r_den_04_a_wish_for_documents_is_no_appeal(carc: str) -> None:
    found = treated(f"CO-{carc}")
    denial = result(decided("150.00", (f"CO-{carc}", "150.00"))).denial
    assert denial is not None
    assert found.action == "send_documents"
    assert denial_decision([denial])[1] is TaskType.PAYER_REQUEST_DOCS


# --- groups: R-ERA-02, R-POST-04, R-POST-05 ------------------------------------------


@pytest.mark.parametrize("carc", sorted(CARCS))
@pytest.mark.parametrize("group", ["CO", "PI", "OA", "CR"])
def test_r_post_04_only_pr_money_ever_goes_to_the_patient(
    carc: str, group: str
) -> None:
    assert treated(f"{group}-{carc}", "N286").treatment != "patient"


@pytest.mark.parametrize(
    "carc", sorted(c for c, row in CARCS.items() if "PR" in row["groups"])
)
def test_r_post_04_pr_goes_to_the_patient_only_where_the_table_says_so(
    carc: str,
) -> None:
    billable = CARCS[carc].get("pr_action") == "bill_patient_or_next_payer"
    assert treated(f"PR-{carc}").treatment == ("patient" if billable else "held")


def test_r_post_04_a_denial_marked_pr_is_held_for_a_look() -> None:
    found = treated("PR-50")
    assert (found.treatment, found.rule) == ("held", "R-POST-04")


@pytest.mark.parametrize("carc", sorted(CARCS))
def test_r_post_05_a_group_the_reason_does_not_have_is_held(carc: str) -> None:
    for group in {"CO", "PR", "OA", "PI", "CR"} - set(CARCS[carc]["groups"]):
        found = treated(f"{group}-{carc}", "N286")
        assert (found.treatment, found.rule) == ("held", "R-POST-05")


def test_r_post_05_an_unknown_and_a_withdrawn_reason_are_held() -> None:
    unknown, withdrawn = treated("CO-999"), treated("CO-17")
    assert (unknown.treatment, unknown.rule) == ("held", "R-POST-05")
    assert (withdrawn.treatment, withdrawn.rule) == ("held", "R-POST-05")
    assert "not in the table" in unknown.words
    assert "no longer" in withdrawn.words


def test_r_post_05_no_withdrawn_code_is_in_the_table() -> None:
    gone = table("carc_actions")["deactivated_known"]
    assert all(is_deactivated(code) for code in gone)
    assert not set(gone) & set(CARCS)
    assert not is_deactivated("45")


@pytest.mark.parametrize("carc", CONTRACT_ONLY)
def test_r_post_07_what_only_a_contract_can_take_off_is_held(carc: str) -> None:
    assert treated(f"CO-{carc}").treatment == "held"
    assert CARCS[carc]["amt"] == "contractual"


@pytest.mark.parametrize("carc", ["133", "B11"])
def test_a_put_off_decision_is_waited_for(carc: str) -> None:
    line = result(decided("150.00", (f"OA-{carc}", "150.00")))
    assert (line.status, line.open) == ("undecided", usd("150.00"))
    assert line.denial is None


def test_every_row_of_the_table_has_a_treatment_and_a_task() -> None:
    for carc, row in CARCS.items():
        for group in row["groups"]:
            code = f"{group}-{carc}"
            line = result(decided("150.00", (code, "150.00"), rarcs="N286"), NO_FEES)
            if line.status == "denied":
                assert line.denial is not None
                assert denial_decision([line.denial])[0].action == line.denial["action"]


# --- line outcome: R-POST-02, R-POST-07, R-UND-01, R-UND-02 --------------------------


def test_r_post_02_a_paid_line_with_discount_and_share_is_no_denial() -> None:
    line = result(decided("150.00", ("CO-45", "46.00"), ("PR-2", "20.80")))
    assert line.status == "paid"
    assert (line.paid, line.contractual, line.patient, line.open) == (
        usd("83.20"),
        usd("46.00"),
        usd("20.80"),
        ZERO,
    )
    assert line.denial is None


def test_r_den_02_paid_nothing_with_only_discount_and_share_is_processed() -> None:
    line = result(decided("150.00", ("CO-45", "46.00"), ("PR-1", "104.00")))
    assert (line.paid, line.status) == (ZERO, "paid")


def test_a_denied_amount_stays_open_at_the_payer() -> None:
    line = result(decided("150.00", ("CO-50", "150.00")))
    assert (line.status, line.open, line.contractual) == ("denied", usd("150.00"), ZERO)
    assert line.denial == {
        "carc": "CO-50",
        "rarcs": [],
        "action": "appeal",
        "rule": "R-DEN-01",
        "words": "not judged medically necessary",
        "fix_field": "",
        "amount": "150.00",
    }


def test_a_reason_of_nothing_is_not_the_reason_of_the_denial() -> None:
    line = result(decided("150.00", ("CO-4", "0.00"), ("CO-50", "150.00")))
    assert line.denial is not None
    assert line.denial["carc"] == "CO-50"


def test_remarks_of_the_claim_count_for_its_lines() -> None:
    line = result(decided("150.00", ("CO-16", "150.00")), claim_rarcs=("N286",))
    assert line.denial is not None
    assert line.denial["fix_field"] == "2310A NM109"


def test_r_post_05_known_parts_post_and_the_unknown_stays_open() -> None:
    line = result(
        decided("150.00", ("CO-45", "46.00"), ("CO-999", "24.00"), ("PR-3", "20.00"))
    )
    assert (line.status, line.open) == ("held", usd("24.00"))
    assert (line.contractual, line.patient) == (usd("46.00"), usd("20.00"))
    assert line.denial is not None
    assert line.denial["amount"] == "24.00"


def test_held_comes_before_denied() -> None:
    line = result(decided("150.00", ("CO-50", "100.00"), ("CO-999", "50.00")))
    assert line.status == "held"


def test_r_und_02_the_tolerance_is_the_larger_of_amount_and_percent() -> None:
    # 99213 at Northlake: 104.00, so max(1.00, 1 %) = 1.04.
    at_limit = result(decided("150.00", ("CO-45", "47.04")))
    a_cent_more = result(decided("150.00", ("CO-45", "47.05")))

    assert (at_limit.status, at_limit.contractual) == ("paid", usd("47.04"))
    assert (a_cent_more.status, a_cent_more.shortfall) == ("short", usd("1.05"))


def test_r_post_07_the_discount_posts_up_to_the_contract_and_the_rest_stays_open() -> (
    None
):
    line = result(decided("150.00", ("CO-45", "70.00")))

    assert line.expected == usd("104.00")
    assert (line.contractual, line.open) == (usd("46.00"), usd("24.00"))
    assert line.shortfall == usd("24.00")


def test_r_und_01_patient_share_and_denied_money_are_no_shortfall() -> None:
    share = result(decided("150.00", ("CO-45", "46.00"), ("PR-1", "104.00")))
    denied = result(decided("150.00", ("CO-45", "46.00"), ("CO-50", "24.00")))
    assert share.shortfall == ZERO
    assert (denied.status, denied.shortfall) == ("denied", ZERO)


def test_r_und_01_a_secondary_payment_is_not_checked() -> None:
    line = result(decided("150.00", ("CO-45", "120.00")), primary=False)
    assert (line.expected, line.status, line.contractual) == (
        None,
        "paid",
        usd("120.00"),
    )


def test_r_post_07_a_payer_without_fees_posts_as_sent() -> None:
    line = result(decided("150.00", ("CO-45", "149.00")), NO_FEES)
    assert (line.expected, line.contractual, line.open) == (None, usd("149.00"), ZERO)


def test_r_und_01_expected_is_fee_times_units_but_not_above_the_charge() -> None:
    assert expected_allowed(NORTHLAKE, decided("300.00"), Decimal(2)) == usd("208.00")
    assert expected_allowed(NORTHLAKE, decided("90.00"), Decimal(1)) == usd("90.00")
    whole = payer(fees={"lesser_of_charge": False})
    assert expected_allowed(whole, decided("90.00"), Decimal(1)) == usd("104.00")
    assert expected_allowed(None, decided("90.00"), Decimal(1)) is None
    assert expected_allowed(NORTHLAKE, decided("90.00", code="00000"), Decimal(1)) is (
        None
    )


def test_r_mon_01_a_part_of_a_unit_is_rounded_half_up() -> None:
    half = payer(fees={"rates": {"99213": usd("16.49")}})
    assert expected_allowed(half, decided("90.00"), Decimal("0.5")) == usd("8.25")


def test_a_fee_above_the_charge_never_makes_a_negative_discount() -> None:
    whole = payer(fees={"lesser_of_charge": False})
    line = result(decided("90.00", ("CO-45", "10.00")), whole)
    assert line.contractual == ZERO
    assert line.open == usd("10.00")
    assert line.shortfall == usd("24.00")


# --- R-POST-06: sequestration --------------------------------------------------------

MEDICARE = payer("P-MEDB")


def test_r_post_06_the_cut_of_two_percent_is_contractual_and_no_shortfall() -> None:
    # Allowed 92.00, share 18.40, cut 2 % of 73.60 = 1.47.
    line = result(
        decided("150.00", ("CO-45", "58.00"), ("PR-2", "18.40"), ("CO-253", "1.47")),
        MEDICARE,
    )
    assert line.paid == usd("72.13")
    assert (line.contractual, line.patient) == (usd("59.47"), usd("18.40"))
    assert (line.status, line.shortfall, line.open) == ("paid", ZERO, ZERO)


def test_r_post_06_a_shortfall_leaves_the_cut_posted() -> None:
    line = result(
        decided("150.00", ("CO-45", "68.00"), ("PR-2", "18.40"), ("CO-253", "1.47")),
        MEDICARE,
    )
    assert line.shortfall == usd("10.00")
    assert line.contractual == usd("59.47")


def test_r_post_06_the_cut_stays_posted_when_the_fee_is_above_the_charge() -> None:
    whole = payer("P-MEDB", fees={"lesser_of_charge": False})
    line = result(decided("80.00", ("CO-45", "10.00"), ("CO-253", "1.40")), whole)
    assert line.shortfall == usd("22.00")
    assert (line.contractual, line.open) == (usd("1.40"), usd("10.00"))


# --- properties ----------------------------------------------------------------------

codes = st.sampled_from(
    sorted(f"{g}-{c}" for c, row in CARCS.items() for g in row["groups"])
)
parts = st.lists(
    st.tuples(codes, st.integers(0, 20_000).map(lambda n: str(usd(n) / 100))),
    max_size=4,
)


@given(parts, st.integers(0, 20_000), st.sampled_from([NORTHLAKE, MEDICARE, NO_FEES]))
def test_every_cent_of_a_line_ends_in_one_place(
    reasons: list[tuple[str, str]], paid: int, profile: PayerProfile
) -> None:
    charge = sum((usd(a) for _, a in reasons), usd(paid) / 100)
    line = result(decided(str(charge), *reasons, rarcs="N286"), profile)
    info = sum((t.amount for t in line.treated if t.treatment == "info"), ZERO)

    total = line.paid + line.contractual + line.patient + line.open + info
    assert total == charge
    assert min(line.paid, line.contractual, line.patient, line.open) >= ZERO
    assert line.shortfall <= (line.expected or ZERO)
    if line.shortfall:
        assert line.open >= line.shortfall - info


# --- R-DEN-10: one decision and one task ---------------------------------------------


def denied(code: str, rarcs: str = "") -> dict[str, object]:
    found = result(decided("150.00", (code, "150.00"), rarcs=rarcs)).denial
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "rarcs", "task"),
    [
        ("CO-16", "N286", TaskType.CORRECT_CLAIM),
        ("CO-16", "MA130 N286", TaskType.CORRECT_CLAIM),
        ("CO-50", "", TaskType.DENIAL_REVIEW),
        ("CO-197", "", TaskType.DENIAL_REVIEW),
        ("CO-97", "", TaskType.DENIAL_REVIEW),
        ("CO-29", "", TaskType.DENIAL_REVIEW),
        ("OA-18", "", TaskType.DENIAL_REVIEW),
        ("CO-22", "", TaskType.COB_UPDATE),
        ("CO-27", "", TaskType.ELIG_RESOLVE),
        ("CO-252", "", TaskType.PAYER_REQUEST_DOCS),
        ("CO-50", "M127", TaskType.PAYER_REQUEST_DOCS),
        ("CO-50", "N418", TaskType.COB_UPDATE),
        ("CO-97", "N519", TaskType.DENIAL_REVIEW),
    ],
)
def test_r_den_10_a_denial_becomes_the_task_of_its_action(
    code: str, rarcs: str, task: TaskType
) -> None:
    assert denial_decision([denied(code, rarcs)])[1] is task


def test_r_den_10_lines_that_ask_for_different_things_are_one_review() -> None:
    decision, task = denial_decision([denied("CO-16", "N286"), denied("CO-252", "")])
    assert task is TaskType.DENIAL_REVIEW
    assert decision.evidence == ("CO-16", "CO-252", "N286")
    assert decision.table == "carc_actions/1"


def test_r_den_10_two_lines_that_ask_for_the_same_keep_its_task() -> None:
    decision, task = denial_decision([denied("CO-252"), denied("CO-251")])
    assert task is TaskType.PAYER_REQUEST_DOCS
    assert "document incomplete" in decision.reason


# --- words and marks -----------------------------------------------------------------


def test_words_are_ours_and_short() -> None:
    assert words_of("CO-45") == "charge above the allowed amount"
    assert words_of("1") == "plan deductible"
    assert words_of("CO-999") == "a reason we do not know"


def test_r_cob_04_only_some_remarks_say_the_claim_was_sent_on() -> None:
    assert marks_crossover(["N115", "MA18"])
    assert marks_crossover(["MA07"])
    assert not marks_crossover(["N115", "N9999"])
