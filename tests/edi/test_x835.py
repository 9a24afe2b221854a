"""835: what we count equals the oracle, and what cannot be trusted is never among the
remittances."""

from collections import Counter
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.adjustment import Adjustment
from claims.money import ZERO
from claims.remittance import Remittance, imbalances
from edi.errors import EdiError, EdiWarning, UnwritableError
from edi.x835 import (
    RemittanceFile,
    each_remittance,
    read_remittances,
    write_remittances,
)
from tests.edi.conftest import Sample
from tests.edi.make import ENVELOPE, SLOW, remittances
from tests.edi.samples import each

SAME_CONTENT = ("b4", "b5", "b9", "b10", "b11")


def _everything(content: bytes) -> list[Remittance]:
    """Whole sets and cut-off ones: the oracle counts both."""
    found = read_remittances(content, partial=True)
    return [*found.remittances, *found.incomplete]


def _figures(found: list[Remittance]) -> dict[str, Any]:
    claims = [claim for one in found for claim in one.claims]
    plb = [p for one in found for p in one.provider_adjustments]
    adjustments = [a for c in claims for a in c.adjustments]
    adjustments += [a for c in claims for line in c.lines for a in line.adjustments]
    return {
        "st": len(found),
        "clp": len(claims),
        "svc": sum(len(claim.lines) for claim in claims),
        "sum_clp03": str(sum((c.charge for c in claims), ZERO)),
        "sum_clp04": str(sum((c.paid for c in claims), ZERO)),
        "sum_clp05": str(sum((c.patient_responsibility for c in claims), ZERO)),
        "clp02": Counter(claim.status for claim in claims),
        "plb_sum": str(sum((p.amount for p in plb), ZERO)),
        "cas": sorted({a.code for a in adjustments}),
    }


@each("835")
def test_counts_and_dollars_equal_the_oracle(sample: Sample) -> None:
    found = _figures(_everything(sample.content))

    assert found == {name: sample.oracle[name] for name in found}


@each("835")
def test_payments_and_traces_equal_the_oracle(sample: Sample) -> None:
    found = _everything(sample.content)
    paid, traces = [str(one.paid) for one in found], [one.trace for one in found]
    oracle = sample.oracle
    if isinstance(oracle["bpr02"], str):  # the oracle sums where there are many
        total = str(sum((one.paid for one in found), ZERO))
        assert total == oracle["bpr02_sum"]
        assert oracle["bpr02"] == f"{len(paid)} values"
        assert oracle["trn02"] == f"{len(traces)} values"
    else:
        assert (paid, traces) == (oracle["bpr02"], oracle["trn02"])


@each("835")
def test_provider_adjustments_equal_the_oracle(sample: Sample) -> None:
    found = Counter(
        p.code for one in _everything(sample.content) for p in one.provider_adjustments
    )

    assert found == sample.oracle["plb_codes"]


@each("835")
def test_remark_codes_of_lines_equal_the_oracle(sample: Sample) -> None:
    found = {
        rarc
        for one in _everything(sample.content)
        for claim in one.claims
        for line in claim.lines
        for rarc in line.rarcs
    }
    wanted = {code[3:] for code in sample.oracle.get("lq", []) if code[:3] == "HE:"}

    assert found == wanted


@each("835")
def test_what_does_not_balance_equals_the_oracle(sample: Sample) -> None:
    off = [i for one in _everything(sample.content) for i in imbalances(one)]
    levels = Counter(i.level for i in off)

    assert levels["claim"] == sample.oracle.get("unbalanced_claims", 0)
    assert levels["transaction"] == sample.oracle.get("unbalanced_st", 0)


@each("835")
def test_only_the_cut_off_file_has_no_whole_remittance(sample: Sample) -> None:
    found = read_remittances(sample.content, partial=True)
    cut = sample.path.name.startswith("b8")

    assert len(found.remittances) == (0 if cut else sample.oracle["st"])
    assert [e.code for e in found.errors] == (["SE"] if cut else [])


def test_a_trace_number_used_twice_is_named_at_the_second(
    ours: dict[str, bytes],
) -> None:
    found = read_remittances(ours["b1"] + ours["b5"])

    assert len(found.remittances) == 2
    assert [(w.code, w.segment) for w in found.warnings] == [("TRN02", 73 + 5)]


def test_a_stream_gives_one_set_at_a_time(ours: dict[str, bytes]) -> None:
    warnings: list[EdiWarning] = []
    stream = each_remittance(BytesIO(ours["b8"] + b"\n" + ours["b1"]), warnings)
    cut, good = next(stream), next(stream)

    assert (cut.problem is None, good.problem) == (False, None)
    assert good.remittance is not None
    assert good.remittance.paid == Decimal(250)
    assert list(stream) == []
    assert {w.code for w in warnings} == {"SE", "GE", "IEA"}


def test_a_cut_off_file_is_refused(ours: dict[str, bytes]) -> None:
    with pytest.raises(EdiError, match="ends inside this set"):
        read_remittances(ours["b8"])


@pytest.mark.parametrize("name", SAME_CONTENT)
def test_the_same_content_hashes_alike_in_any_wrapping(
    ours: dict[str, bytes], name: str
) -> None:
    one, other = (read_remittances(ours[n]).remittances[0] for n in ("b1", name))

    assert one.content_hash == other.content_hash


@pytest.mark.parametrize("name", ["b2", "b3", "b6", "b7", "b12", "b13"])
def test_other_content_hashes_otherwise(ours: dict[str, bytes], name: str) -> None:
    one, other = (read_remittances(ours[n]).remittances[0] for n in ("b1", name))

    assert one.content_hash != other.content_hash


def test_a_reversal_is_negative_and_keeps_its_place(ours: dict[str, bytes]) -> None:
    reversal, corrected = read_remittances(ours["b2"]).remittances[0].claims

    assert (reversal.status, corrected.status) == ("22", "1")
    assert reversal.pcn == corrected.pcn
    assert reversal.paid == Decimal("-100.00")
    assert reversal.position < corrected.position


def test_a_recoupment_names_the_claim_it_takes_from(ours: dict[str, bytes]) -> None:
    (plb,) = read_remittances(ours["b3"]).remittances[0].provider_adjustments

    assert (plb.code, plb.reference, plb.amount) == (
        "WO", "EXP2026000001", Decimal("30.00"),
    )  # fmt: skip


def test_a_forwarded_claim_names_the_next_payer(ours: dict[str, bytes]) -> None:
    claims = read_remittances(ours["b12"]).remittances[0].claims
    forwarded = {claim.status for claim in claims if claim.crossover_payer}

    assert forwarded == {"19", "20", "21"}


def _changed(content: bytes, old: bytes, new: bytes) -> RemittanceFile:
    assert old in content
    return read_remittances(content.replace(old, new, 1), partial=True)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b"BPR*I*250*", b"BPR*I*2x0*", "BPR02"),
        (b"BPR*I*250*", b"BPR*I**", "BPR02"),
        (b"BPR*", b"BPX*", "BPR"),
        (b"TRN*", b"TRX*", "TRN"),
        (b"CLP*SYN-0001*1*150*150*", b"CLP*SYN-0001*1*150*150.005*", "CLP04"),
        (b"SVC*HC:99213*150*150*", b"SVC*HC:99213*150*1e2*", "SVC03"),
        (b"CAS*CO*45*", b"CAS*CO*45*x", "CAS03"),
    ],
)
def test_a_set_with_an_amount_that_cannot_be_read_is_no_remittance(
    ours: dict[str, bytes], old: bytes, new: bytes, field: str
) -> None:
    found = _changed(ours["b1"], old, new)

    assert found.remittances == ()
    assert [e.code for e in found.errors] == [field]


def test_a_set_whose_control_number_is_used_twice_is_no_remittance(
    ours: dict[str, bytes],
) -> None:
    """R-BAD-03: which of the two the sender means cannot be known."""
    one, other = ours["b1"], ours["b3"]
    found = read_remittances(one[: one.index(b"GE*")] + other[other.index(b"ST*835") :])

    assert [one.trace for one in found.remittances] == ["EXEFT0000001"]
    assert [e.code for e in found.errors] == ["ST02"]


def test_a_bad_set_leaves_the_good_one(ours: dict[str, bytes]) -> None:
    bad = ours["b1"].replace(b"BPR*I*250*", b"BPR*I*two*")
    found = read_remittances(bad + ours["b3"])

    assert [one.trace for one in found.remittances] == ["EXEFT0000003"]
    assert [e.code for e in found.errors] == ["BPR02"]


def test_an_absent_allowed_amount_is_unknown_and_not_zero(
    ours: dict[str, bytes],
) -> None:
    claims = read_remittances(ours["b12"]).remittances[0].claims

    assert all(claim.interest is None for claim in claims)


def _bare(one: Remittance) -> Remittance:
    """Without positions and numbers that the writer gives out."""
    claims = tuple(
        claim.model_copy(
            update={
                "position": 1,
                "lines": tuple(
                    line.model_copy(update={"position": 1}) for line in claim.lines
                ),
            }
        )
        for claim in one.claims
    )
    plb = tuple(p.model_copy(update={"position": 1}) for p in one.provider_adjustments)
    return one.model_copy(
        update={
            "position": 1,
            "control_number": "",
            "content_hash": "",
            "claims": claims,
            "provider_adjustments": plb,
        }
    )


@settings(max_examples=40, suppress_health_check=SLOW)
@given(st.lists(remittances(), min_size=1, max_size=2))
def test_what_is_written_is_read_back(generated: list[Remittance]) -> None:
    found = read_remittances(write_remittances(generated, ENVELOPE))

    assert not found.errors
    # Two that were drawn may have the same trace number.
    assert {w.code for w in found.warnings} <= {"TRN02"}
    assert [_bare(r) for r in found.remittances] == [_bare(r) for r in generated]


@pytest.mark.long
@pytest.mark.timeout(1200)
@settings(max_examples=1500, suppress_health_check=SLOW)
@given(st.lists(remittances(), min_size=1, max_size=2))
def test_what_is_written_is_read_back_long(generated: list[Remittance]) -> None:
    found = read_remittances(write_remittances(generated, ENVELOPE))

    assert [_bare(r) for r in found.remittances] == [_bare(r) for r in generated]


@each("835")
def test_every_published_remittance_keeps_its_money_when_written_again(
    sample: Sample,
) -> None:
    # No whole set; the same set 156 times; a separator inside a PLB reason.
    if sample.path.name.startswith(("b8", "835_156", "835_wrong_component")):
        return
    found = read_remittances(sample.content).remittances
    again = read_remittances(write_remittances(found, ENVELOPE)).remittances

    assert _figures(list(again)) == _figures(list(found))


@pytest.mark.parametrize(
    "changes",
    [
        {"trace": "A*B"},
        {"originator": "1~2"},
        {"payer_edi_id": "1:2"},
        {"payer_name": "李明"},
        {"payee_npi": "1^2"},
    ],
)
def test_what_cannot_be_written_is_refused_whole(
    ours: dict[str, bytes], changes: dict[str, Any]
) -> None:
    one = read_remittances(ours["b1"]).remittances[0].model_copy(update=changes)

    with pytest.raises(UnwritableError, match=r"Nothing\s+was written") as caught:
        write_remittances([one], ENVELOPE)

    assert not any(str(value) in str(caught.value) for value in changes.values())


def test_delimiters_in_a_name_become_spaces(ours: dict[str, bytes]) -> None:
    one = read_remittances(ours["b1"]).remittances[0]
    named = one.model_copy(update={"payer_name": "Plan*of~the: état"})
    (again,) = read_remittances(write_remittances([named], ENVELOPE)).remittances

    assert again.payer_name == "Plan of the etat"


def test_group_cr_is_read_and_never_written(ours: dict[str, bytes]) -> None:
    """R-ERA-02."""
    found = _changed(ours["b1"], b"CAS*CO", b"CAS*CR").remittances[0]
    groups = {a.group for c in found.claims for line in c.lines
              for a in line.adjustments}  # fmt: skip

    assert "CR" in groups
    with pytest.raises(UnwritableError, match="CAS01"):
        write_remittances([found], ENVELOPE)


def test_more_remark_codes_than_moa_carries_are_refused(
    ours: dict[str, bytes],
) -> None:
    one = read_remittances(ours["b1"]).remittances[0]
    claim = one.claims[0].model_copy(update={"rarcs": tuple(f"N{n}" for n in range(6))})

    with pytest.raises(UnwritableError, match="MOA"):
        write_remittances([one.model_copy(update={"claims": (claim,)})], ENVELOPE)


def test_seven_reasons_are_kept_in_order(ours: dict[str, bytes]) -> None:
    one = read_remittances(ours["b1"]).remittances[0]
    reasons = tuple(
        Adjustment(group="CO", carc=str(n), amount=Decimal(n)) for n in range(1, 8)
    )
    claim = one.claims[0].model_copy(update={"adjustments": reasons, "lines": ()})
    written = write_remittances([one.model_copy(update={"claims": (claim,)})], ENVELOPE)

    assert read_remittances(written).remittances[0].claims[0].adjustments == reasons
