"""TA1, 999, 277CA, 271 and 277 of the running simulator."""

from collections.abc import Callable
from datetime import date

import pytest

from edi.acks import read_acknowledgments
from edi.x270 import read_eligibility_answers
from edi.x276 import read_status_answers
from tests.simulator.driver import Simulator, data

Start = Callable[..., Simulator]

TUESDAY, WEDNESDAY = date(2026, 3, 3), date(2026, 3, 4)
DOOR = """
members:
  TST-REJECTED: {front_door: {answer: reject, status: "A3:33"}}
  TST-SILENT: {front_door: {answer: silence}}
"""


def test_the_999_comes_next_morning_and_the_277ca_the_morning_after(
    simulate: Start,
) -> None:
    house = simulate(DOOR)
    house.send(data("837p-four-claims.edi"))

    assert house.morning(TUESDAY) == 1
    (answer,) = read_acknowledgments(house.inbound("999")[0].read_bytes()).files
    assert (answer.gs06, answer.code) == ("1", "A")
    assert not house.inbound("277CA")
    assert house.morning(WEDNESDAY) == 1
    assert {pcn: s.category for pcn, s in house.statuses().items()} == {
        "T-0001": "A2",
        "T-0002": "A2",
        "T-0003": "A3",
    }
    assert house.statuses()["T-0003"].status == "33"
    assert house.statuses()["T-0001"].payer_icn
    assert not house.statuses()["T-0003"].payer_icn


def test_answers_fall_on_business_days(simulate: Start) -> None:
    house = simulate()
    friday = date(2026, 1, 16)  # Monday the 19th is a federal holiday
    house.send(data("837p-one-claim.edi"), day=friday)

    assert [house.morning(date(2026, 1, d)) for d in (17, 18, 19)] == [0, 0, 0]
    assert house.morning(date(2026, 1, 20)) == 1
    assert house.morning(date(2026, 1, 21)) == 1


def test_what_is_overdue_comes_with_the_next_morning(simulate: Start) -> None:
    house = simulate()
    house.send(data("837p-one-claim.edi"))

    assert house.morning(date(2026, 3, 9)) == 2
    assert house.morning(date(2026, 3, 9)) == 0


def test_each_partner_is_answered_in_its_own_mailbox(simulate: Start) -> None:
    house = simulate()
    house.send(data("837p-riverbend.edi"), partner="P-RIVERBEND")
    house.until(WEDNESDAY)

    assert house.statuses("P-RIVERBEND")["T-0006"].category == "A2"
    assert not house.inbound()


def test_a_file_is_read_once_and_stays(simulate: Start) -> None:
    house = simulate()
    house.send(data("837p-one-claim.edi"))
    outbound = house.root / "clearinghouse" / "outbound"
    (outbound / ".draft.edi.tmp").write_bytes(b"half")

    assert house.collect(TUESDAY) == 0
    assert (outbound / "001.edi").exists()


def test_nothing_half_written_is_left(simulate: Start) -> None:
    house = simulate(DOOR)
    house.send(data("837p-four-claims.edi"))
    house.until(date(2026, 4, 15))

    names = [p.name for p in house.root.rglob("inbound/*")]
    assert len(names) > 5
    assert not [n for n in names if n.startswith(".") or n.endswith(".tmp")]


def test_a_rejected_claim_is_accepted_when_sent_again(simulate: Start) -> None:
    house = simulate(DOOR)
    house.send(data("837p-four-claims.edi"))
    again = data("837p-four-claims.edi").replace(b"000000001*0*T", b"000000002*0*T")
    house.send(again.replace(b"IEA*1*000000001", b"IEA*1*000000002"), day=WEDNESDAY)
    house.until(date(2026, 3, 6))

    assert {s.category for s in house.statuses().values()} == {"A2"}
    assert len(house.statuses()) == 4, "the silent claim was heard the second time"


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"XX*1900000021", b"XX*1900000022", "562"),
        (b"XX*1900000039", b"XX*1900000038", "562"),
        (b"CLM*T-0005*165*", b"CLM*T-0005*166*", "178"),
        (b"N3*40 HARBOR ROAD~\nN4*LAKEPORT*IL*625010001", None, "500"),
    ],
)
def test_it_checks_numbers_and_sums_itself(
    simulate: Start, old: bytes, new: bytes | None, status: str
) -> None:
    content = data("837p-one-claim.edi")
    assert old in content
    house = simulate()
    house.send(content.replace(old, old[:-4] if new is None else new))
    house.until(WEDNESDAY)

    found = house.statuses()["T-0005"]
    assert (found.category, found.status) == ("A7", status)


def test_a_repeated_interchange_gets_a_ta1(simulate: Start) -> None:
    house = simulate()
    house.send(data("837p-one-claim.edi"))
    house.send(data("837p-one-claim.edi"))
    house.until(WEDNESDAY)

    (ta1,) = read_acknowledgments(house.inbound("TA1")[0].read_bytes()).interchanges
    assert (ta1.isa13, ta1.code, ta1.note) == ("000000003", "R", "025")
    assert len(house.inbound("999")) == 1, "the copy went no further"


def test_a_broken_interchange_gets_a_ta1_only(simulate: Start) -> None:
    house = simulate()
    content = data("837p-one-claim.edi")
    house.send(content.replace(b"IEA*1*000000003", b"IEA*1*000000009"))
    house.until(WEDNESDAY)

    (ta1,) = read_acknowledgments(house.inbound("TA1")[0].read_bytes()).interchanges
    assert (ta1.code, ta1.note) == ("R", "001")
    assert len(house.inbound()) == 1


def test_a_set_the_guide_refuses_is_rejected_by_the_999(simulate: Start) -> None:
    house = simulate()
    house.send(data("837p-one-claim.edi").replace(b"D8*19700517", b"D8*19701301"))
    house.until(date(2026, 4, 15))

    (answer,) = read_acknowledgments(house.inbound("999")[0].read_bytes()).files
    assert (answer.code, answer.sets[0].code) == ("R", "R")
    assert "DMG" in answer.errors[0]
    assert len(house.inbound()) == 1, "a refused set is never a claim"


def test_bytes_that_are_no_x12_are_read_past(simulate: Start) -> None:
    house = simulate()
    house.send(b"good morning")
    house.send(data("837p-one-claim.edi"))
    house.until(WEDNESDAY)

    assert house.statuses()["T-0005"].category == "A2"


def test_eligibility_is_answered_by_fate(simulate: Start) -> None:
    house = simulate(
        """
members:
  TST-PAID: {coverage: {deductible: "500.00", deductible_remaining: "120.00"}}
  TST-INACTIVE: {coverage: {answer: inactive}}
  TST-UNMATCHED: {coverage: {answer: unmatched, aaa: "72"}}
  TST-SILENT: {coverage: {answer: silence}}
"""
    )
    house.send(data("270-four-members.edi"))
    assert house.morning(date(2026, 3, 2)) == 1

    found = read_eligibility_answers(house.inbound("271")[0].read_bytes()).answers
    by_member = {a.member_id: a for a in found}
    assert set(by_member) == {"TST-PAID", "TST-INACTIVE", "TST-UNMATCHED"}
    paid = by_member["TST-PAID"]
    assert (paid.active, paid.trace) == (True, "Q-TST-PAID")
    amounts = {(b.code, b.period): str(b.amount) for b in paid.benefits if b.amount}
    assert amounts == {("C", "23"): "500.00", ("C", "29"): "120.00"}
    assert by_member["TST-INACTIVE"].active is False
    assert by_member["TST-UNMATCHED"].aaa == ("72",)


def test_status_is_scripted_first_and_then_the_truth(simulate: Start) -> None:
    house = simulate(
        """
members:
  TST-PAID: {status: ["P3:297"], verdicts: [{after: 14}]}
  TST-DENIED: {verdicts: [{after: 14, deny: [{carc: "29"}]}]}
  TST-SILENT: {front_door: {answer: silence}}
"""
    )
    house.send(data("837p-four-claims.edi"))
    said = []
    for number, day in enumerate((3, 4, 17), start=41):
        inquiry = data("276-three-claims.edi").replace(b"000000021", b"%09d" % number)
        house.morning(date(2026, 3, day))
        house.send(inquiry, day=date(2026, 3, day))
        house.until(date(2026, 3, day + 1), first=date(2026, 3, day))
        newest = house.inbound("277-")[-1].read_bytes()
        found = read_status_answers(newest).statuses
        said.append({s.pcn: f"{s.category}:{s.status}" for s in found})

    assert said[0] == {"T-0001": "P3:297", "T-0002": "P1:20", "T-0004": "A4:35"}
    assert said[1] == {"T-0001": "P1:20", "T-0002": "P1:20", "T-0004": "A4:35"}
    assert said[2] == {"T-0001": "F1:65", "T-0002": "F2:104", "T-0004": "A4:35"}
