"""277CA, 276 and 277: which claims were accepted, what we ask, what a payer answers."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.errors import EdiError, UnwritableError
from edi.segments import FileKind
from edi.x276 import (
    AskedStatus,
    StatusAnswer,
    StatusInquiry,
    read_status_answers,
    read_status_inquiries,
    write_status_answers,
    write_status_inquiries,
)
from edi.x277ca import (
    REJECTED,
    AnsweredClaim,
    StatusFile,
    read_claim_acknowledgments,
    read_statuses,
    write_277ca,
)
from tests.edi.conftest import Sample
from tests.edi.make import (
    ENVELOPE,
    SLOW,
    code,
    days,
    maybe,
    money,
    persons,
    providers,
    text,
)
from tests.edi.samples import each

PAYER = {"payer_name": "FICTION PAYER", "payer_edi_id": "FICP1"}
PARTIES = {**PAYER, "provider_npi": "1999999984"}


def _read(sample: Sample) -> StatusFile:
    return read_statuses(sample.content, FileKind(sample.transaction))


@each("277CA", "277")
def test_statuses_by_level_equal_the_oracle(sample: Sample) -> None:
    found = _read(sample)
    levels = Counter(f"HL{s.level} {s.category}" for s in found.statuses + found.above)
    # What a payer says of single service lines does not move a claim.
    wanted = {k: n for k, n in sample.oracle["stc_by_level"].items() if "line" not in k}

    assert levels == wanted


@each("277CA", "277")
def test_status_codes_equal_the_oracle(sample: Sample) -> None:
    found = _read(sample)
    codes = {c for s in found.statuses + found.above for c in s.codes}
    # STC01-4 says which code list; the oracle keeps it.
    wanted = {
        ":".join(one.split(":")[:3]).rstrip(":") for one in sample.oracle["stc_codes"]
    }

    assert codes == wanted


@each("277")
def test_every_trace_of_a_277_has_its_answer(sample: Sample) -> None:
    found = _read(sample)

    assert len(found.statuses + found.above) == sample.oracle["trn"]


@each("276")
def test_traces_of_a_276_equal_the_oracle(sample: Sample) -> None:
    asked = read_status_inquiries(sample.content)

    assert [one.trace for one in asked] == sample.oracle["trn_276"]


def test_accepted_claims_bring_the_payers_number(ours: dict[str, bytes]) -> None:
    found = read_claim_acknowledgments(ours["a4"]).statuses
    numbers = {s.pcn: s.payer_icn for s in found if s.action == "WQ"}

    assert len(found) == 5
    assert numbers == {
        "SYN-0001": "EXP2026000001",
        "SYN-0002": "EXP2026000002",
        "SYN-0003": "EXP2026000003",
        "SYN-0004": "EXP2026000004",
    }


def test_a_rejected_claim_says_why(ours: dict[str, bytes]) -> None:
    found = read_claim_acknowledgments(ours["a4"]).statuses
    (rejected,) = (s for s in found if s.action == "U")

    assert (rejected.pcn, rejected.category, rejected.status) == (
        "SYN-0005", "A3", "33",
    )  # fmt: skip
    assert rejected.charge == Decimal("150.00")
    assert rejected.clearinghouse_ref == "CLRSYN0005"


def test_the_status_that_rejects_decides_over_the_first(
    ours: dict[str, bytes],
) -> None:
    accepted_first = ours["a4"].replace(
        b"STC*A3:33*20260309*U*150", b"STC*A1:20*20260309*WQ*150~STC*A3:33*20260309*U*9"
    )
    found = read_claim_acknowledgments(accepted_first).statuses
    (rejected,) = (s for s in found if s.action == "U")

    assert rejected.category == "A3"
    assert rejected.codes == ("A1:20", "A3:33")


def test_a_277_answers_by_trace_and_category(ours: dict[str, bytes]) -> None:
    found = read_status_answers(ours["a6"]).statuses

    assert [(s.trace, s.category, s.level) for s in found] == [
        ("SYN-0002", "P1", "22"),
        ("SYN-0003", "F2", "23"),
    ]


def test_one_kind_is_not_read_as_the_other(ours: dict[str, bytes]) -> None:
    with pytest.raises(EdiError, match="holds no 277CA"):
        read_claim_acknowledgments(ours["a6"])
    with pytest.raises(EdiError, match="holds no 277 "):
        read_status_answers(ours["a4"])
    with pytest.raises(EdiError, match="holds no 276"):
        read_status_inquiries(ours["a4"])


answered_claims = st.builds(
    AnsweredClaim,
    pcn=code(20),
    category=st.sampled_from(["A1", "A2", "A3", "A6", "A7", "A8"]),
    status=st.sampled_from(["19", "20", "33", "562"]),
    charge=money,
    payer_icn=st.just("") | code(20),
    last_name=text(30),
    member_id=st.just("") | code(12, 2),
    service_date=maybe | days,
    entity=st.sampled_from(["", "PR", "85"]),
)


@settings(max_examples=80, suppress_health_check=SLOW)
@given(st.lists(answered_claims, max_size=5))
def test_a_277ca_is_read_back_as_written(generated: list[AnsweredClaim]) -> None:
    found = read_claim_acknowledgments(write_277ca(generated, ENVELOPE, **PARTIES))
    said = [
        (s.pcn, s.category, s.status, s.entity, s.charge, s.payer_icn, s.service_from)
        for s in found.statuses
    ]

    assert found.warnings == ()
    assert said == [
        (g.pcn, g.category, g.status, g.entity, g.charge, g.payer_icn or None,
         g.service_date)
        for g in generated
    ]  # fmt: skip
    assert [s.action == "U" for s in found.statuses] == [
        g.category in REJECTED for g in generated
    ]
    assert [s.category for s in found.above] == ["A1"]


@st.composite
def inquiries(draw: st.DrawFn) -> StatusInquiry:
    dependent = draw(maybe | persons(member=False))
    return StatusInquiry(
        trace=draw(code(20)),
        **PAYER,
        provider=draw(providers()),
        subscriber=draw(persons()),
        dependent=dependent,
        pcn=draw(code(20)),
        payer_icn=draw(st.just("") | code(20)),
        charge=draw(money),
        service_from=draw(days),
        service_to=draw(maybe | days),
    )


@settings(max_examples=80, suppress_health_check=SLOW)
@given(st.lists(inquiries(), min_size=1, max_size=4))
def test_a_276_is_read_back_as_written(generated: list[StatusInquiry]) -> None:
    found = read_status_inquiries(write_status_inquiries(generated, ENVELOPE))
    dollars = [Decimal(one.charge) for one in found]

    assert dollars == [one.charge for one in generated]
    assert [one.model_copy(update={"charge": ""}) for one in found] == [
        AskedStatus(
            trace=one.trace,
            pcn=one.pcn,
            payer_icn=one.payer_icn,
            service_from=one.service_from,
            payer_edi_id=one.payer_edi_id,
        )
        for one in generated
    ]


status_answers = st.builds(
    StatusAnswer,
    trace=code(20),
    pcn=code(20),
    category=st.sampled_from(["P1", "P3", "F0", "F1", "F2", "R4", "D0", "E1"]),
    status=st.sampled_from(["3", "20", "88", "317"]),
    charge=money,
    paid=maybe | money,
    payment_date=maybe | days,
    check_number=st.just("") | code(15),
    payer_icn=st.just("") | code(20),
)


@settings(max_examples=80, suppress_health_check=SLOW)
@given(st.lists(status_answers, max_size=5))
def test_a_277_is_read_back_as_written(generated: list[StatusAnswer]) -> None:
    found = read_status_answers(write_status_answers(generated, ENVELOPE, **PARTIES))
    said = [
        (s.trace, s.pcn, s.category, s.status, s.charge, s.paid, s.payment_date,
         s.check_number, s.payer_icn)
        for s in found.statuses
    ]  # fmt: skip

    assert found.warnings == ()
    assert said == [
        (g.trace, g.pcn, g.category, g.status, g.charge, g.paid or Decimal(0),
         g.payment_date, g.check_number, g.payer_icn or None)
        for g in generated
    ]  # fmt: skip


def _asked(**changes: Any) -> StatusInquiry:
    values: dict[str, Any] = {
        "trace": "T1",
        **PAYER,
        "provider": {"last_or_organization": "CLINIC", "npi": "1999999984"},
        "subscriber": {"last": "DOE", "first": "ANN", "member_id": "M1"},
        "pcn": "C1",
        "charge": "10.00",
        "service_from": date(2026, 3, 2),
    }
    return StatusInquiry.model_validate({**values, **changes})


@pytest.mark.parametrize("name", ["trace", "pcn", "payer_icn", "payer_edi_id"])
@pytest.mark.parametrize("mark", ["*", ":", "~", "^"])
def test_delimiters_in_an_identifier_are_refused(name: str, mark: str) -> None:
    with pytest.raises(UnwritableError) as caught:
        write_status_inquiries([_asked(**{name: f"SECRET{mark}1"})], ENVELOPE)

    assert "SECRET" not in str(caught.value)


def test_delimiters_in_a_name_become_spaces() -> None:
    asked = _asked(subscriber={"last": "DOE~ISA*", "first": "A:N", "member_id": "M1"})

    assert b"NM1*IL*1*DOE ISA*A N****MI*M1~" in write_status_inquiries(
        [asked], ENVELOPE
    )


def test_a_276_asks_one_payer() -> None:
    for asked in ([], [_asked(), _asked(payer_edi_id="OTHER")]):
        with pytest.raises(UnwritableError, match="one payer"):
            write_status_inquiries(asked, ENVELOPE)


def test_another_component_separator_than_declared_is_seen_and_named(
    ours: dict[str, bytes],
) -> None:
    plain = read_claim_acknowledgments(ours["a4"])
    found = read_claim_acknowledgments(
        re.sub(rb"STC\*[^~]*", lambda m: m[0].replace(b":", b">"), ours["a4"])
    )

    assert found.statuses == plain.statuses
    assert [w.code for w in found.warnings] == ["ISA16"]
