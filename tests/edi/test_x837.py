"""837P: nothing of a file is lost, a bad claim stops no good one, text breaks
nothing."""

import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.adjustment import Adjustment
from claims.claim import Claim
from claims.money import ZERO
from edi.errors import EdiError, UnwritableError
from edi.gate import findings
from edi.segments import read
from edi.x837 import ClaimFile, each_claim_set, read_claims, write_claims
from tests.edi.conftest import Sample
from tests.edi.make import ENVELOPE, SLOW, claims, gathered
from tests.edi.samples import each


def _figures(found: ClaimFile) -> dict[str, Any]:
    """What the oracle counts, over accepted and rejected claims together."""
    good = [c.claim for c in found.claims]
    bad = found.rejects
    lines = [line for claim in good for line in claim.lines]
    charge = sum((c.charge for c in good), ZERO)
    charge += sum((r.charge or ZERO for r in bad), ZERO)
    total = sum((line.charge for line in lines), ZERO)
    return {
        "clm": len(good) + len(bad),
        "sum_clm02": str(charge),
        "clm01_distinct": len({c.pcn for c in good} | {r.pcn for r in bad}),
        "n_sv1": len(lines) + sum(r.lines for r in bad),
        "sum_sv1": str(total + sum((r.line_total for r in bad), ZERO)),
        "freq": Counter([c.frequency for c in good] + [r.frequency for r in bad]),
        "svd": sum(len(line.decisions) for line in lines),
    }


@each("837P")
def test_counts_and_dollars_equal_the_oracle(sample: Sample) -> None:
    found = _figures(read_claims(sample.content))
    oracle = {"svd": 0, **sample.oracle}

    assert found == {name: oracle[name] for name in found}


@each("837P")
def test_who_pays_first_equals_the_oracle(sample: Sample) -> None:
    found = read_claims(sample.content)
    if found.rejects or sample.oracle["clm"] != sample.oracle["hl"]["22"]:
        return  # a reject keeps no SBR; two claims may share one
    good = [c.claim for c in found.claims]
    order = Counter(c.subscriber.sequence for c in good)
    order += Counter(o.subscriber.sequence for c in good for o in c.other_payers)

    assert order == sample.oracle["sbr01"]
    assert sum(c.patient is not None for c in good) == sample.oracle["hl"].get("23", 0)


@each("837P")
def test_only_the_files_made_bad_have_rejects(sample: Sample) -> None:
    rejects = read_claims(sample.content).rejects

    assert bool(rejects) == (sample.path.name[:2] in ("d1", "d4"))


@each("837P")
def test_every_published_claim_can_be_written_again(sample: Sample) -> None:
    before = [c.claim for c in read_claims(sample.content).claims]
    if sample.path.name.startswith("d1"):
        assert not before  # its only claim is bad on purpose
        return
    again = read_claims(write_claims(before, ENVELOPE))

    assert not again.rejects
    assert sorted(map(_key, (c.claim for c in again.claims))) == sorted(
        map(_key, before)
    )


def _key(claim: Claim) -> str:
    return claim.model_dump_json()


@each("837I")
def test_an_institutional_file_is_named_and_refused(sample: Sample) -> None:
    with pytest.raises(EdiError, match="institutional"):
        read_claims(sample.content)


def test_institutional_claims_beside_professional_ones_are_rejected(
    ours: dict[str, bytes],
) -> None:
    """Nothing of a file is lost: read = claims + rejects."""
    other = ours["c4"].replace(b"X222A1~\nBHT", b"X223A2~\nBHT")
    found = read_claims(ours["a1"] + other)

    assert other != ours["c4"]
    assert len(found.claims) == 5
    assert len(found.rejects) == 60
    assert {r.field for r in found.rejects} == {"ST03"}
    assert sum((r.charge or ZERO for r in found.rejects), ZERO) == Decimal(9600)


def test_a_reject_names_segment_field_and_reason_without_patient_data(
    ours: dict[str, bytes],
) -> None:
    found = read_claims(ours["d4"])
    (reject,) = found.rejects

    assert len(found.claims) == 1
    assert (reject.field, reject.reason) == ("DMG02", "DMG02 is not a date")
    assert reject.segment.startswith("DMG at segment ")
    assert reject.charge == Decimal("160.00")


def _changed(content: bytes, old: bytes, new: bytes) -> ClaimFile:
    assert old in content
    return read_claims(content.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b"CLM*SYN-0001*150", b"CLM*SYN-0001*1x0", "CLM02"),
        (b"CLM*SYN-0001*150", b"CLM*SYN-0001*", "CLM02"),
        (b"CLM*SYN-0001*150", b"CLM*SYN-0001*-150", "CLM02"),
        (b"CLM*SYN-0001*150", b"CLM*SYN-0001*150.005", "CLM02"),
        (b"CLM*SYN-0001*", b"CLM**", "CLM01"),
        (b"DTP*472*D8*2026", b"DTP*472*D8*2O26", "DTP*472"),
        (b"DTP*472*D8*2026", b"DTP*471*D8*2026", "DTP*472"),
        (b"SV1*HC", b"SV9*HC", "SV1"),
        (b"*UN*1*", b"*UN*one*", "SV104"),
    ],
)
def test_what_cannot_be_read_rejects_its_claim_alone(
    ours: dict[str, bytes], old: bytes, new: bytes, field: str
) -> None:
    found = _changed(ours["a1"], old, new)

    assert [r.field for r in found.rejects] == [field]
    assert len(found.claims) == 4
    assert found.claims[0].claim.pcn == "SYN-0002"


def test_a_claim_without_lines_or_diagnoses_is_no_reject(
    ours: dict[str, bytes],
) -> None:
    kept = [
        s for s in ours["a1"].split(b"~") if s.strip()[:3] not in (b"HI*", b"SV1")
        and s.strip()[:2] != b"LX" and b"DTP*472" not in s and b"REF*6R" not in s
    ]  # fmt: skip
    found = read_claims(b"~".join(kept))

    assert len(found.claims) == 5
    assert not any(c.claim.lines or c.claim.diagnoses for c in found.claims)


def test_a_cut_off_claim_is_rejected_and_the_others_stay(
    ours: dict[str, bytes],
) -> None:
    whole = ours["a1"]
    found = read_claims(whole[: whole.rindex(b"DTP*472")])

    assert [r.field for r in found.rejects] == ["SE"]
    assert len(found.claims) == 4
    assert {w.code for w in found.warnings} >= {"SE", "GE", "IEA"}


def test_claims_of_a_set_numbered_twice_are_rejected(ours: dict[str, bytes]) -> None:
    """R-BAD-03."""
    one, other = ours["a1"], ours["c2"]
    found = read_claims(one[: one.index(b"GE*")] + other[other.index(b"ST*837") :])

    assert len(found.claims) == 5
    assert [(r.field, r.charge) for r in found.rejects] == [("ST02", Decimal(160))]


def test_what_a_claim_has_no_place_for_is_named_once(ours: dict[str, bytes]) -> None:
    found = _changed(ours["a1"], b"HI*ABK", b"CRC*75*Y*IH~HI*ABK")

    assert [w.code for w in found.warnings if "not taken over" in w.message] == ["CRC"]


def test_a_name_that_stands_where_a_tag_belongs_is_not_named(
    ours: dict[str, bytes],
) -> None:
    """A cut name becomes a segment of its own; warnings must not repeat it."""
    found = _changed(ours["a1"], b"HI*ABK", b"SMITHSON*X~HI*ABK")

    assert any("a segment is not taken over" in w.message for w in found.warnings)
    assert "SMITHSON" not in repr(found.warnings)


def test_an_undeclared_component_separator_is_found(ours: dict[str, bytes]) -> None:
    declared = ours["a1"].replace(b":~", b"\x00").replace(b":", b">")
    found = read_claims(declared.replace(b"\x00", b":~"))

    assert [c.claim for c in found.claims] == [
        c.claim for c in read_claims(ours["a1"]).claims
    ]
    assert "ISA16" in {w.code for w in found.warnings}


@settings(max_examples=40, suppress_health_check=SLOW)
@given(st.lists(claims(), min_size=1, max_size=3))
def test_what_is_written_is_read_back(generated: list[Claim]) -> None:
    found = read_claims(write_claims(generated, ENVELOPE))

    assert not found.rejects
    assert sorted(_key(c.claim) for c in found.claims) == sorted(map(_key, generated))


@pytest.mark.long
@pytest.mark.timeout(1200)
@settings(max_examples=1500, suppress_health_check=SLOW)
@given(st.lists(claims(), min_size=1, max_size=3))
def test_what_is_written_is_read_back_long(generated: list[Claim]) -> None:
    found = read_claims(write_claims(generated, ENVELOPE))

    assert sorted(_key(c.claim) for c in found.claims) == sorted(map(_key, generated))


def _one(ours: dict[str, bytes], **changes: Any) -> Claim:
    claim = read_claims(ours["a1"]).claims[0].claim
    return claim.model_copy(update=changes)


def test_claims_of_one_billing_provider_share_a_level(ours: dict[str, bytes]) -> None:
    before = [c.claim for c in read_claims(ours["a1"]).claims]
    second = before[1].model_copy(
        update={"billing": before[1].billing.model_copy(update={"npi": "1999999984"})}
    )
    written = write_claims([before[0], second, before[2]], ENVELOPE)
    (one,) = read(written)[0][0].sets
    levels = [s.get(3) for s in one.segments if s.tag == "HL"]

    assert levels.count("20") == 2
    assert [c.claim.pcn for c in read_claims(written).claims] == [
        "SYN-0001",
        "SYN-0003",
        "SYN-0002",
    ]


def test_the_envelope_counts_right(ours: dict[str, bytes]) -> None:
    interchanges, warnings = read(write_claims([_one(ours)], ENVELOPE))

    assert warnings == ()
    assert interchanges[0].header.isa13 == "000001001"
    assert interchanges[0].sets[0].gs06 == "2001"


def test_delimiters_in_a_name_become_spaces_and_accents_go(
    ours: dict[str, bytes],
) -> None:
    claim = _one(ours, note="Left*right~ a:b\u2019s caf\u00e9 \u2013 na\u00efve\nline")
    (again,) = read_claims(write_claims([claim], ENVELOPE)).claims

    assert again.claim.note == "Left right a b's cafe - naive line"


@pytest.mark.parametrize(
    "changes",
    [
        {"pcn": "A*B"},
        {"pcn": "A~ISA"},
        {"payer_icn": "1:2"},
        {"prior_auth": "\u0661\u0662"},
        {"note": "\u674e\u660e"},
        {"diagnoses": tuple(f"J{n:02d}" for n in range(13))},
    ],
)
def test_what_cannot_be_written_is_refused_whole(
    ours: dict[str, bytes], changes: dict[str, Any]
) -> None:
    with pytest.raises(UnwritableError, match=r"Nothing\s+was written") as caught:
        write_claims([_one(ours, **changes)], ENVELOPE)

    values = [v for v in changes.values() if isinstance(v, str)]
    assert not any(value in str(caught.value) for value in values)


def test_more_lines_than_the_guide_allows_are_refused(ours: dict[str, bytes]) -> None:
    claim = read_claims(ours["c3"]).claims[0].claim
    more = claim.model_copy(update={"lines": (*claim.lines, claim.lines[0])})

    assert len(read_claims(write_claims([claim], ENVELOPE)).claims[0].claim.lines) == 50
    with pytest.raises(UnwritableError, match="51 are more than the 50"):
        write_claims([more], ENVELOPE)


def test_group_cr_is_read_and_never_written(ours: dict[str, bytes]) -> None:
    found = _changed(ours["c5"], b"CAS*PR", b"CAS*CR").claims[0].claim
    groups = {a.group for line in found.lines for d in line.decisions
              for a in d.adjustments}  # fmt: skip

    assert "CR" in groups
    with pytest.raises(UnwritableError, match="CAS01"):
        write_claims([found], ENVELOPE)


def test_seven_reasons_of_one_group_take_two_segments(ours: dict[str, bytes]) -> None:
    claim = read_claims(ours["c5"]).claims[0].claim
    reasons = tuple(
        Adjustment(group="CO", carc=str(n), amount=Decimal(n)) for n in range(1, 8)
    )
    other = claim.other_payers[0].model_copy(update={"adjustments": reasons})
    written = write_claims(
        [claim.model_copy(update={"other_payers": (other,)})], ENVELOPE
    )

    assert b"~CAS*CO*7*7~" in written
    assert read_claims(written).claims[0].claim.other_payers[0].adjustments == reasons


def test_groups_that_alternate_are_gathered_and_nothing_is_lost(
    ours: dict[str, bytes],
) -> None:
    claim = read_claims(ours["c5"]).claims[0].claim
    mixed = tuple(
        Adjustment(group=group, carc=carc, amount=Decimal(1))
        for carc in ("1", "2", "3", "45")
        for group in ("CO", "PR")
    )
    other = claim.other_payers[0].model_copy(update={"adjustments": mixed})
    written = write_claims(
        [claim.model_copy(update={"other_payers": (other,)})], ENVELOPE
    )
    found = read_claims(written).claims[0].claim.other_payers[0].adjustments

    assert found == gathered(list(mixed))
    assert findings(written) == ()


def test_more_reasons_than_five_segments_carry_are_refused(
    ours: dict[str, bytes],
) -> None:
    claim = read_claims(ours["c5"]).claims[0].claim
    many = (Adjustment(group="CO", carc="45", amount=Decimal(1)),) * 31
    other = claim.other_payers[0].model_copy(update={"adjustments": many})

    with pytest.raises(UnwritableError, match="CAS: 6 are more than the 5"):
        write_claims([claim.model_copy(update={"other_payers": (other,)})], ENVELOPE)


def test_amounts_are_written_without_exponent(ours: dict[str, bytes]) -> None:
    written = write_claims([_one(ours, charge=Decimal("1E+3"))], ENVELOPE)

    assert b"*1000*" in written


@pytest.mark.parametrize(
    "changes",
    [{"isa13": 0}, {"isa13": 10**9}, {"gs06": 0}, {"sender_id": "X" * 16},
     {"receiver_id": "A*B"}, {"sender_id": ""}],
)  # fmt: skip
def test_an_envelope_that_does_not_fit_is_refused(
    ours: dict[str, bytes], changes: dict[str, Any]
) -> None:
    with pytest.raises(UnwritableError):
        write_claims([_one(ours)], replace(ENVELOPE, **changes))


def test_a_claim_number_used_twice_is_named_at_the_second(
    ours: dict[str, bytes],
) -> None:
    again = ours["a1"].replace(b"CLM*SYN-0003*", b"CLM*SYN-0001*")
    found = read_claims(again)

    assert again != ours["a1"]
    assert len(found.claims) == 5
    assert [(w.code, w.segment) for w in found.warnings if w.code == "CLM01"] == [
        ("CLM01", found.claims[2].position)
    ]


def test_a_claim_below_a_level_that_names_another_subscriber_is_refused(
    ours: dict[str, bytes],
) -> None:
    """Read in the file's order it would be billed to the wrong member."""
    moved = ours["a1"].replace(b"HL*5*4*23*", b"HL*5*2*23*")
    found = read_claims(moved)

    assert len(found.claims) == 4
    assert [(r.segment[:2], r.field, r.lines) for r in found.rejects] == [
        ("HL", "HL02", 1)
    ]


def test_levels_may_begin_again_with_the_same_numbers(ours: dict[str, bytes]) -> None:
    head, levels, end = re.split(rb"(HL\*1\*.*)(?=SE\*)", ours["a1"], flags=re.S)
    found = read_claims(head + levels + levels + end)

    assert len(found.claims) == 10
    assert not found.rejects


def test_every_claim_of_an_institutional_set_has_its_lines_and_dollars(
    ours: dict[str, bytes],
) -> None:
    lines = (
        ours["c4"]
        .replace(b"X222A1~\nBHT", b"X223A2~\nBHT")
        .replace(b"SV1*HC:", b"SV2*0300*HC:")
    )
    (found,) = each_claim_set(BytesIO(lines), [])

    assert not found.professional
    assert len(found.rejects) == 60
    assert all(r.line_total == r.charge and r.lines == 1 for r in found.rejects)
