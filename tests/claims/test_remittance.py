"""R-ERA-01: an 835 balances at three levels, to the cent."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from claims.adjustment import Adjustment
from claims.claim import ClaimState
from claims.money import ZERO, usd
from claims.remittance import (
    Imbalance,
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
    imbalances,
)
from tests.claims.making import make_claim, make_line, make_person

amounts = st.integers(0, 100_000).map(lambda n: usd(n) / 100).map(usd)
# group and reason, and what they take off
reductions = st.lists(amounts, max_size=4).map(
    lambda found: tuple(Adjustment(group="CO", carc="45", amount=a) for a in found)
)


@st.composite
def balanced(draw: st.DrawFn) -> Remittance:
    """Any 835 whose totals were worked out from its parts."""
    claims = []
    for position in range(1, draw(st.integers(1, 3)) + 1):
        lines = tuple(_line(draw, position * 10 + n) for n in range(1, 3))
        own = draw(reductions)
        charge = sum((line.charge for line in lines), ZERO)
        paid = sum((line.paid for line in lines), ZERO)
        claims.append(
            RemittanceClaim(
                position=position * 10,
                pcn=f"HP{position}",
                status="1",
                charge=charge,
                paid=paid - sum((a.amount for a in own), ZERO),
                adjustments=own,
                lines=lines,
            )
        )
    plb = draw(st.lists(amounts, max_size=2))
    return Remittance(
        position=1,
        control_number="0001",
        handling="I",
        paid=sum((c.paid for c in claims), ZERO) - sum(plb, ZERO),
        trace="T1",
        claims=tuple(claims),
        provider_adjustments=tuple(
            ProviderAdjustment(position=90, provider_id="1", code="WO", amount=a)
            for a in plb
        ),
        content_hash="0f",
    )


def _line(draw: st.DrawFn, position: int) -> RemittanceLine:
    charge, cut = draw(amounts), draw(reductions)
    paid = charge - sum((a.amount for a in cut), ZERO)
    return RemittanceLine(
        position=position, code="99213", charge=charge, paid=paid, adjustments=cut
    )


@given(balanced())
def test_what_adds_up_at_every_level_is_balanced(remittance: Remittance) -> None:
    assert imbalances(remittance) == ()


@given(balanced(), st.integers(1, 500))
def test_a_line_one_cent_off_is_found_on_its_line(
    remittance: Remittance, off: int
) -> None:
    claim = remittance.claims[0]
    line = claim.lines[0]
    wrong = line.model_copy(update={"paid": line.paid + usd(off) / 100})
    changed = claim.model_copy(update={"lines": (wrong, *claim.lines[1:])})
    found = imbalances(
        remittance.model_copy(update={"claims": (changed, *remittance.claims[1:])})
    )

    assert [(i.level, i.position) for i in found] == [("line", line.position)]
    assert found[0].difference == usd(off) / 100


@given(balanced())
def test_a_claim_one_cent_off_is_off_in_the_transaction_too(
    remittance: Remittance,
) -> None:
    claim = remittance.claims[0]
    wrong = claim.model_copy(update={"paid": claim.paid + usd("0.01")})
    found = imbalances(
        remittance.model_copy(update={"claims": (wrong, *remittance.claims[1:])})
    )

    assert [i.level for i in found] == ["claim", "transaction"]
    assert [i.difference for i in found] == [usd("0.01"), usd("-0.01")]


@given(balanced())
def test_a_payment_one_cent_off_is_found_in_the_transaction(
    remittance: Remittance,
) -> None:
    wrong = remittance.model_copy(update={"paid": remittance.paid - usd("0.01")})
    (found,) = imbalances(wrong)

    assert found == Imbalance(
        level="transaction",
        position=1,
        stated=wrong.paid,
        computed=remittance.paid,
    )


def test_an_adjustment_is_named_by_group_and_reason() -> None:
    assert Adjustment(group="CO", carc="45", amount=usd("1")).code == "CO-45"


# --- the claim as values -------------------------------------------------------------


def test_a_claim_lasts_from_its_first_to_its_last_day() -> None:
    claim = make_claim(
        lines=(
            make_line(1, service_from=date(2026, 3, 9), service_to=date(2026, 3, 12)),
            make_line(2, service_from=date(2026, 3, 6)),
        )
    )
    assert claim.service_from == date(2026, 3, 6)
    assert claim.service_to == date(2026, 3, 12)
    assert claim.line_total == usd("300.00")


def test_a_claim_without_lines_has_no_days_and_no_total() -> None:
    claim = make_claim(lines=())
    assert (claim.service_from, claim.service_to) == (None, None)
    assert claim.line_total == ZERO


def test_the_patient_is_the_dependent_when_there_is_one() -> None:
    child = make_person(first="LEO")
    assert make_claim(patient=child).patient_person == child
    assert make_claim().patient_person == make_person()


def test_only_closed_and_voided_claims_are_not_open() -> None:
    assert {s for s in ClaimState if not s.is_open} == {
        ClaimState.CLOSED,
        ClaimState.VOIDED,
    }
