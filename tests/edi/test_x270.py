"""270 and 271: whom we ask about, and what a plan says of coverage (R-ELG)."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.errors import EdiError, UnwritableError
from edi.x270 import (
    AskedEligibility,
    CoverageAnswer,
    EligibilityAnswer,
    EligibilityInquiry,
    read_eligibility_answers,
    read_eligibility_inquiries,
    write_eligibility_answers,
    write_eligibility_inquiries,
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


@each("270")
def test_traces_of_a_270_equal_the_oracle(sample: Sample) -> None:
    asked = read_eligibility_inquiries(sample.content)

    assert [one.trace for one in asked] == sample.oracle["trn_270"]
    assert len(asked) == sample.oracle["eq"]


@each("271")
def test_benefits_equal_the_oracle(sample: Sample) -> None:
    answers = read_eligibility_answers(sample.content).answers
    codes = [b.code for one in answers for b in one.benefits]

    assert len(codes) == sample.oracle["eb"]
    assert Counter(codes) == sample.oracle["eb01"]


@each("271")
def test_refusals_equal_the_oracle(sample: Sample) -> None:
    answers = read_eligibility_answers(sample.content).answers
    reasons = [reason for one in answers for reason in one.aaa]

    assert len(reasons) == sample.oracle["aaa"]
    assert Counter(reasons) == sample.oracle["aaa03"]


@each("271")
def test_every_person_asked_about_has_one_answer(sample: Sample) -> None:
    answers = read_eligibility_answers(sample.content).answers
    levels = sample.oracle["hl_271"]
    people = levels.get("22", 0)  # a subscriber above a dependent answers nothing

    assert len(answers) == (people or sample.oracle["aaa"])


def _answers(content: bytes) -> tuple[EligibilityAnswer, ...]:
    return read_eligibility_answers(content).answers


def test_an_active_member_with_deductible_and_shares(ours: dict[str, bytes]) -> None:
    (answer,) = _answers(ours["e2"])

    assert answer.active is True
    assert answer.deductible == Decimal("500.00")
    assert answer.deductible_remaining == Decimal("50.00")
    assert answer.coinsurance_percent == "20"
    assert answer.copay == Decimal("25.00")


def test_an_unknown_member_is_neither_active_nor_inactive(
    ours: dict[str, bytes],
) -> None:
    (answer,) = _answers(ours["e4"])

    assert answer.active is None
    assert answer.aaa == ("75",)


def test_answers_carry_the_trace_of_the_question(ours: dict[str, bytes]) -> None:
    for asked, answered in (("e1", "e2"), ("e3", "e4")):
        (question,) = read_eligibility_inquiries(ours[asked])
        (answer,) = _answers(ours[answered])

        assert answer.trace == question.trace


@pytest.mark.parametrize(
    ("benefits", "active"),
    [
        (b"EB*1**30", True),
        (b"EB*6**30", False),
        (b"EB*6**98~EB*1**30", True),
        (b"EB*1**98~EB*6**30", False),
        (b"EB*1**30~EB*6**30", None),
        (b"EB*1~EB*6**98", True),
        (b"EB*6**98", False),
        (b"EB*C**30****500", None),
        (b"EB*X**30", None),
    ],
)
def test_what_the_plan_says_of_itself_counts_first(
    ours: dict[str, bytes], benefits: bytes, active: bool | None
) -> None:
    """R-ELG-02."""
    head, *_ = ours["e2"].partition(b"EB*")
    tail = ours["e2"][ours["e2"].index(b"SE*") :]
    (answer,) = _answers(head + benefits + b"~" + tail)

    assert answer.active is active


@pytest.mark.parametrize(
    ("elements", "amount", "percent"),
    [
        (b"*0.2", None, "20"),
        (b"*.125", None, "12.5"),
        (b"0.2", None, "20"),  # one element early, as some plans write it
        (b"0.2*0.3", Decimal("0.20"), "30"),
        (b"25", Decimal("25.00"), None),
        (b"*0,2", None, None),
        (b"*x", None, None),
        (b"*-1", None, None),
        (b"*1e9", None, None),
        (b"*\xd9\xa2", None, None),
    ],
)
def test_the_patients_share_is_a_fraction_or_unknown(
    ours: dict[str, bytes], elements: bytes, amount: Decimal | None, percent: str | None
) -> None:
    line = b"EB*A*IND*98****.2****Y~"
    assert line in ours["e2"]
    changed = ours["e2"].replace(line, b"EB*A*IND*98****" + elements + b"~")
    (share,) = (b for b in _answers(changed)[0].benefits if b.code == "A")

    assert (share.amount, share.percent) == (amount, percent)


def test_one_kind_is_not_read_as_the_other(ours: dict[str, bytes]) -> None:
    with pytest.raises(EdiError, match="holds no 271"):
        read_eligibility_answers(ours["e1"])
    with pytest.raises(EdiError, match="holds no 270"):
        read_eligibility_inquiries(ours["e2"])


inquiries = st.builds(
    EligibilityInquiry,
    trace=code(20),
    payer_name=st.just(PAYER["payer_name"]),
    payer_edi_id=st.just(PAYER["payer_edi_id"]),
    provider=providers(),
    subscriber=persons(),
    dependent=maybe | persons(member=False),
    service_date=days,
)


@settings(max_examples=80, suppress_health_check=SLOW)
@given(st.lists(inquiries, min_size=1, max_size=4))
def test_a_270_is_read_back_as_written(generated: list[EligibilityInquiry]) -> None:
    found = read_eligibility_inquiries(write_eligibility_inquiries(generated, ENVELOPE))

    assert list(found) == [
        AskedEligibility(
            trace=one.trace,
            member_id=one.subscriber.member_id,
            payer_edi_id=one.payer_edi_id,
            service_date=one.service_date,
            last_name=(one.dependent or one.subscriber).last,
            first_name=(one.dependent or one.subscriber).first,
        )
        for one in generated
    ]


answers = st.builds(
    CoverageAnswer,
    trace=code(20),
    member_id=code(12, 2),
    last_name=text(30),
    first_name=st.just("") | text(20),
    eb01=st.sampled_from(["1", "6"]),
    plan_begins=days,
    plan_ends=maybe | days,
    service_date=maybe | days,
    deductible=maybe | money,
    deductible_remaining=maybe | money,
    coinsurance_percent=st.none() | st.sampled_from(["0", "5", "20", "100"]),
)


@settings(max_examples=80, suppress_health_check=SLOW)
@given(st.lists(answers, max_size=4))
def test_a_271_is_read_back_as_written(generated: list[CoverageAnswer]) -> None:
    found = read_eligibility_answers(
        write_eligibility_answers(generated, ENVELOPE, **PARTIES)
    )
    read = [
        CoverageAnswer(
            trace=one.trace,
            member_id=one.member_id,
            last_name=one.last_name,
            first_name=one.first_name,
            eb01="1" if one.active else "6",
            plan_begins=one.plan_begins,
            plan_ends=one.plan_ends,
            service_date=one.service_date,
            deductible=one.deductible,
            deductible_remaining=one.deductible_remaining,
            coinsurance_percent=one.coinsurance_percent,
        )
        for one in found.answers
    ]

    assert found.warnings == ()
    assert read == generated


def test_a_refusal_is_read_back_and_says_nothing_else() -> None:
    refusal = CoverageAnswer(
        trace="T1", member_id="M1", aaa="75", deductible=Decimal(500)
    )
    (answer,) = _answers(write_eligibility_answers([refusal], ENVELOPE, **PARTIES))

    assert (answer.trace, answer.aaa, answer.benefits) == ("T1", ("75",), ())


def _asked(trace: str = "T1", last: str = "DOE", payer: str = "P1") -> bytes:
    inquiry = EligibilityInquiry.model_validate(
        {
            "trace": trace,
            "payer_name": "PLAN",
            "payer_edi_id": payer,
            "provider": {"last_or_organization": "CLINIC", "npi": "1999999984"},
            "subscriber": {"last": last, "first": "ANN", "member_id": "M1"},
            "service_date": date(2026, 3, 2),
        }
    )
    return write_eligibility_inquiries([inquiry], ENVELOPE)


@pytest.mark.parametrize("mark", ["*", ":", "~", "^"])
def test_delimiters_are_refused_in_codes_and_replaced_in_names(mark: str) -> None:
    with pytest.raises(UnwritableError) as caught:
        _asked(trace=f"SECRET{mark}")

    assert "SECRET" not in str(caught.value)
    with pytest.raises(UnwritableError):
        _asked(payer=f"P{mark}1")
    assert b"NM1*IL*1*DO E*ANN****MI*M1~" in _asked(last=f"DO{mark}E")


def test_a_270_asks_one_plan() -> None:
    with pytest.raises(UnwritableError, match="one plan"):
        write_eligibility_inquiries([], ENVELOPE)


def _levels(*levels: bytes) -> bytes:
    head = b"ISA*00*  *00*  *ZZ*A*ZZ*B*260601*1200*^*00501*000000001*0*P*:~"
    st = b"GS*HB*A*B*20260601*1200*1*X*005010X279A1~ST*271*0001*005010X279A1~"
    return head + st + b"".join(levels) + b"SE*1*0001~GE*1*1~IEA*1*000000001~"


def test_a_chain_of_levels_that_begins_again_belongs_to_its_own_plan() -> None:
    plan = b"HL*1**20*1~NM1*PR*2*%s*****PI*%s~"
    person = b"HL*2*1*22*0~TRN*2*%s~NM1*IL*1*LAST*****MI*%s~EB*1~"
    refused = b"AAA*N**42*R~"
    content = _levels(
        *(plan % (b"ONE", b"P1"), person % (b"T1", b"M1")),
        *(plan % (b"TWO", b"P2"), refused, person % (b"T2", b"M2")),
    )
    found = read_eligibility_answers(content).answers

    assert [(a.payer_edi_id, a.trace, a.aaa) for a in found] == [
        ("P2", "", ("42",)),
        ("P1", "T1", ()),
        ("P2", "T2", ()),
    ]


def test_a_dependent_takes_nothing_from_a_subscriber_it_does_not_name() -> None:
    subscriber = b"HL*%s*1*22*1~TRN*2*%s~NM1*IL*1*LAST*****MI*%s~"
    dependent = b"HL*9*%s*23*0~NM1*03*1*LAST~EB*1~"
    levels = (subscriber % (b"2", b"T1", b"M1"), subscriber % (b"3", b"T2", b"M2"))

    def member(above: bytes) -> tuple[str, str]:
        found = read_eligibility_answers(_levels(*levels, dependent % above)).answers
        answer = next(a for a in found if a.benefits)
        return answer.trace, answer.member_id

    assert member(b"3") == member(b"") == ("T2", "M2")
    assert member(b"2") == ("", "")
