"""Facts of letters as the activities take them from records and the ledger."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.appeal_letter import appeal_facts, clinician_of
from activities.letters import keep_letter
from activities.patient import hold_without_address
from activities.statement_letter import statement_facts
from claims.claim import Address, Provider, Subscriber
from claims.money import usd
from ledger.accounts import EntryType
from letters.check import missing_elements, sums_add_up
from letters.facts import AppealFacts, StatementFacts
from letters.render import LetterError, render
from records import accounts, claims, inquiries, submissions
from records.claims import ClaimRow
from records.db import RowMapping
from tests.letters.builders import make_statement, make_visit
from tests.letters.filing import (
    FILE,
    GUARANTOR,
    MEMBER,
    NOTICE,
    PAYER,
    TODAY,
    VISIT_DAY,
    WHY,
    Filed,
    filed,
    make_claim,
    make_line,
)

E = EntryType


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Filed]:
    with filed(tmp_path) as found:
        yield found


# --- statements ----------------------------------------------------------------------

OFFICE_VISIT = make_claim(
    make_line(1, code="99214", charge="240.00"),
    make_line(2, code="20610", charge="180.00"),
)


def s02(desk: Filed) -> ClaimRow:
    """Scenario S02 as posted: 100.00 deductible, 24.00 is 20 %."""
    row = desk.claim(OFFICE_VISIT)
    desk.post(
        OFFICE_VISIT,
        (E.PAYER_PAYMENT, "96.00"),
        (E.CONTRACTUAL_ADJ, "200.00"),
        (E.TRANSFER_TO_PATIENT, "124.00"),
    )
    desk.remittance(row, {"1": "100.00", "2": "24.00"})
    return row


def bill(desk: Filed, *rows: ClaimRow, **due: Any) -> StatementFacts:
    dues = [desk.due(row, **due) for row in rows]
    account = rows[0].account_id
    return statement_facts(desk.conn, desk.office, account, dues, dues[0], WHY)


def told(desk: Filed, *, percent: str = "20") -> None:
    """A 271 on file: 1,500.00 a year, 100.00 of it left, this coinsurance."""
    benefits = [
        {"code": "C", "period": "23", "amount": "1500.00", "percent": None},
        {"code": "C", "period": "29", "amount": "100.00", "percent": None},
        {"code": "A", "period": "", "amount": None, "percent": percent},
    ]
    inquiries.record_answer(
        desk.conn,
        payer_id=PAYER,
        member_index=desk.office.cipher.index(MEMBER, kind="member"),
        answered_on=VISIT_DAY,
        active=True,
        answer={"benefits": benefits},
        file_sha256=FILE,
        segment=1,
        trace="",
    )


def test_a_statement_takes_its_amounts_from_the_ledger(desk: Filed) -> None:
    facts = bill(desk, s02(desk))
    (visit,) = facts.visits

    assert facts.total_due == visit.you_owe == usd("124.00")
    assert (visit.charge, visit.plan_discount) == (usd("420.00"), usd("200.00"))
    assert (visit.plan_paid, visit.you_paid) == (usd("96.00"), usd("0.00"))
    assert visit.clinician == "Ana Lee"
    assert facts.guarantor.address_lines == ("12 Example St", "Lakeport, IL 62501-0001")
    assert sums_add_up(facts) == []


def test_the_reasons_are_the_plans_own_with_its_year_and_percent(desk: Filed) -> None:
    row = s02(desk)
    told(desk)
    deductible, share = bill(desk, row).visits[0].reasons

    assert (deductible.kind, deductible.amount) == ("deductible", usd("100.00"))
    assert deductible.deductible_total == usd("1500.00")
    assert deductible.deductible_met_before == usd("1400.00")
    assert (share.kind, share.percent) == ("coinsurance", Decimal(20))


def test_a_percent_that_is_not_what_the_visit_came_to_is_left_out(desk: Filed) -> None:
    row = s02(desk)
    told(desk, percent="30")

    assert bill(desk, row).visits[0].reasons[1].percent is None


def test_reasons_that_do_not_explain_the_share_are_left_out(desk: Filed) -> None:
    row = s02(desk)
    desk.post(OFFICE_VISIT, (E.WRITE_OFF_CHARITY, "24.00"))
    facts = bill(desk, row)
    (visit,) = facts.visits

    assert visit.reasons == ()
    assert (visit.our_discount, visit.you_owe) == (usd("24.00"), usd("100.00"))
    assert "We took off $24.00 more." in render("STMT_1", facts).prose


def test_an_unknown_reason_is_said_without_its_code(desk: Filed) -> None:
    content = make_claim(make_line(charge="100.00"))
    row = desk.claim(content)
    desk.post(content, (E.PAYER_PAYMENT, "40.00"), (E.TRANSFER_TO_PATIENT, "60.00"))
    desk.remittance(row, {"3": "20.00", "96": "30.00", "142": "10.00"})
    facts = bill(desk, row)
    words = render("STMT_1", facts).prose

    assert [r.kind for r in facts.visits[0].reasons] == [
        "copay",
        "not_covered",
        "other",
    ]
    assert "Your plan says $10.00 is your share." in words
    assert "142" not in words


def test_two_claims_of_a_guarantor_share_one_statement(desk: Filed) -> None:
    second = make_claim(make_line(charge="50.00"), pcn="HP2")
    rows = (s02(desk), desk.claim(second))
    desk.post(second, (E.TRANSFER_TO_PATIENT, "50.00"))
    facts = bill(desk, *rows)

    assert [v.claim_ref for v in facts.visits] == ["HP1", "HP2"]
    assert facts.total_due == usd("174.00")
    assert sums_add_up(facts) == []


def test_visits_with_the_plan_are_dated_once_and_not_summed(desk: Filed) -> None:
    for pcn in ("HP2", "HP3"):
        desk.claim(make_claim(pcn=pcn), state="FOLLOW_UP")
    facts = bill(desk, s02(desk))

    assert facts.still_with_plan == (VISIT_DAY,)
    assert facts.total_due == usd("124.00")


def test_an_offer_takes_the_most_parts_policy_allows(desk: Filed) -> None:
    offer = bill(desk, s02(desk)).plan_offer

    assert offer is not None
    assert (offer.monthly, offer.months, offer.last) == (
        usd("31.00"), 4, usd("31.00"),
    )  # fmt: skip


def test_a_decision_taken_back_is_told_once(desk: Filed) -> None:
    row = s02(desk)
    before = bill(desk, row)
    desk.remittance(row, {"3": "-0.00"}, trace="TRN-2", status="22", posted_on=TODAY)
    after = bill(desk, row)
    _sent(desk, row, TODAY + timedelta(1))
    later = bill(desk, row)

    assert before.what_changed is None
    assert after.what_changed is not None
    assert "on your visit of 3 March 2026." in after.what_changed
    assert later.what_changed is None


def _sent(desk: Filed, row: ClaimRow, day: date) -> None:
    accounts.add_statement(
        desk.conn,
        account_id=row.account_id,
        letter_id="letter-1",
        dated=day,
        amount_cents=100,
        claims=[
            {
                "claim_id": row.id,
                "step": 1,
                "cycle_start": day,
                "template": "STMT_1",
                "amount_cents": 100,
            }
        ],
    )


def test_the_next_letter_names_the_day_of_the_last(desk: Filed) -> None:
    row = s02(desk)
    _sent(desk, row, date(2026, 2, 17))

    assert bill(desk, row, step=2).previous_statement_date == date(2026, 2, 17)


@pytest.mark.parametrize(
    "address",
    [Address(), Address(line1="12 Example St", city="Lakeport", state="IL")],
    ids=["no address", "no ZIP"],
)
def test_nobody_is_billed_without_an_address(desk: Filed, address: Address) -> None:
    person = GUARANTOR.model_copy(update={"address": address, "last": "Nowhere"})
    content = make_claim(subscriber=Subscriber(person=person))
    row = desk.claim(content)
    desk.post(content, (E.TRANSFER_TO_PATIENT, "890.00"))

    with pytest.raises(LetterError, match=r"ZIP code\. No letter was made") as refused:
        bill(desk, row)
    assert "Nowhere" not in str(refused.value)


def test_an_organization_is_no_clinician() -> None:
    group = Provider(last_or_organization="HARBOR POINT", is_organization=True)
    person = Provider(first="Rhoda", last_or_organization="McGill")

    assert clinician_of(make_claim(rendering=group)) == ""
    assert clinician_of(make_claim(rendering=None)) == ""
    assert clinician_of(make_claim(rendering=person)) == "Rhoda McGill"


# --- appeals -------------------------------------------------------------------------


def denied(desk: Filed, *, carc: str = "CO-197", **changes: Any) -> ClaimRow:
    content = make_claim(prior_auth="A-40911", **changes)
    row = desk.claim(content, state="DENIED")
    desk.remittance(row, {})
    for line in content.lines:
        denial = {
            "carc": carc,
            "amount": str(line.charge),
            "rarcs": ["N54"],
            "trace": "TRN-1",
        }
        claims.decide_line(
            desk.conn, row.id, line.number, status="denied", denial=denial,
            decided_by="835",
        )  # fmt: skip
    return row


def approve(desk: Filed, **changes: Any) -> None:
    values = {
        "number": "A-40911",
        "payer_id": PAYER,
        "member_index": desk.office.cipher.index(MEMBER, kind="member"),
        "code": "73721",
        "units": 1,
        "valid_from": VISIT_DAY - timedelta(6),
        "valid_to": VISIT_DAY + timedelta(60),
        "status": "approved",
        "decided_on": VISIT_DAY - timedelta(6),
        "source": f"{'cd' * 32} row 1",
    }
    inquiries.record_authorization(desk.conn, **{**values, **changes})


def begun(
    desk: Filed, row: ClaimRow, template: str = "APPEAL_197", **changes: Any
) -> RowMapping:
    values = {
        "claim_id": row.id,
        "level": 1,
        "lines": [n["number"] for n in claims.lines(desk.conn, row.id)],
        "carc": "CO-197",
        "template": template,
        "notice_on": NOTICE,
        "legal_deadline": NOTICE + timedelta(180),
        "work_by": NOTICE + timedelta(180),
        "status": "preparing",
    }
    appeal_id = accounts.add_appeal(desk.conn, **{**values, **changes})
    found = accounts.get_appeal(desk.conn, appeal_id)
    assert found is not None
    return found


def letter(
    desk: Filed, row: ClaimRow, appeal: RowMapping, *, approver: str = WHY.actor
) -> AppealFacts:
    return appeal_facts(desk.conn, desk.office, row, appeal, WHY, approver=approver)


def test_an_appeal_has_all_nine_elements_from_what_is_on_file(desk: Filed) -> None:
    row = denied(desk)
    approve(desk)
    facts = letter(desk, row, begun(desk, row))

    assert missing_elements(facts) == []
    assert facts.approved_by == "Sol Reyes"
    assert [e.title for e in facts.evidence] == [
        "your notice of denial",
        "approval letter A-40911",
    ]
    assert [e.sha256 for e in facts.evidence] == [FILE, "cd" * 32]


def test_a_draft_lacks_only_its_signature(desk: Filed) -> None:
    row = denied(desk)
    approve(desk)

    assert missing_elements(letter(desk, row, begun(desk, row), approver="")) == [
        "signature"
    ]


def test_the_contracts_amount_is_asked_for(desk: Filed) -> None:
    row = denied(desk)
    facts = letter(desk, row, begun(desk, row))

    assert facts.request_amount == usd("310.00")
    assert facts.request_words == "the allowed amount of line 1"


def test_never_more_is_asked_for_than_the_payer_has_open(desk: Filed) -> None:
    row = denied(desk)
    desk.post(make_claim(), (E.WRITE_OFF_DENIAL, "690.00"))

    assert letter(desk, row, begun(desk, row)).request_amount == usd("200.00")


def test_without_a_contract_price_the_billed_amount_is_asked_for(desk: Filed) -> None:
    lines = (make_line(1, code="99999", charge="75.00"), make_line(2))
    row = denied(desk, charge=usd("965.00"), lines=lines)
    facts = letter(desk, row, begun(desk, row))

    assert facts.request_amount == usd("385.00")
    assert facts.request_words == "the billed amount of lines 1 and 2"


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "denied"},
        {"number": "A-1"},
        {"code": "29881"},
        {"valid_to": VISIT_DAY - timedelta(1)},
        {"valid_from": VISIT_DAY + timedelta(1)},
    ],
    ids=["denied", "another number", "another code", "ended", "begins later"],
)
def test_an_authorization_that_does_not_cover_the_visit_is_not_claimed(
    desk: Filed, changes: dict[str, Any]
) -> None:
    row = denied(desk)
    approve(desk, **changes)
    facts = letter(desk, row, begun(desk, row))

    assert facts.authorization is None
    assert len(facts.evidence) == 1
    assert "approved" not in " ".join(facts.argument)


def test_nothing_is_cited_that_is_not_on_file(desk: Filed) -> None:
    row = denied(desk)
    facts = letter(desk, row, begun(desk, row, "APPEAL_GENERIC"))

    assert facts.citation is None
    assert "policy_or_contract_citation" in missing_elements(facts)


def accepted(desk: Filed, row: ClaimRow, day: date) -> None:
    sent = submissions.queue(
        desk.conn, desk.office.cipher, claim_id=row.id, number=1, payer_id=PAYER,
        content=make_claim(), today=VISIT_DAY,
    )  # fmt: skip
    submissions.mark(
        desk.conn, sent, only_from=["queued"], status="accepted", accepted_on=day,
        proof_file="ef" * 32, payer_icn="NORTS1311",
    )  # fmt: skip


def test_late_filing_is_answered_with_the_first_acceptance(desk: Filed) -> None:
    row = denied(desk, carc="CO-29")
    accepted(desk, row, VISIT_DAY + timedelta(2))
    facts = letter(desk, row, begun(desk, row, "APPEAL_29", carc="CO-29"))

    assert facts.filing is not None
    assert facts.filing.first_accepted == VISIT_DAY + timedelta(2)
    assert facts.filing.limit == VISIT_DAY + timedelta(180)
    assert "NORTS1311" in facts.filing.proof
    assert facts.evidence[-1].sha256 == "ef" * 32


@pytest.mark.parametrize("day", [None, VISIT_DAY + timedelta(181)])
def test_without_proof_in_time_late_filing_has_no_argument(
    desk: Filed, day: date | None
) -> None:
    row = denied(desk, carc="CO-29")
    if day is not None:
        accepted(desk, row, day)
    facts = letter(desk, row, begun(desk, row, "APPEAL_29", carc="CO-29"))

    assert facts.filing is None
    assert "why_it_is_wrong" in missing_elements(facts)


def test_an_underpayment_asks_for_what_is_missing_line_by_line(desk: Filed) -> None:
    content = make_claim(make_line(code="29881", charge="3000.00"))
    row = desk.claim(content, state="UNDERPAID")
    desk.post(
        content,
        (E.PAYER_PAYMENT, "840.00"),
        (E.CONTRACTUAL_ADJ, "1760.00"),
        (E.TRANSFER_TO_PATIENT, "210.00"),
    )
    denial = {"carc": "CO-45", "expected": "1240.00", "shortfall": "190.00"}
    claims.decide_line(
        desk.conn, row.id, 1, status="short", denial=denial, decided_by="835"
    )
    appeal = begun(desk, row, "UNDERPAYMENT", carc="CO-45")
    facts = letter(desk, row, appeal)
    text = render("UNDERPAYMENT", facts).text

    assert facts.request_amount == usd("190.00")
    assert "Expected $1,240.00, Allowed $1,050.00, Short $190.00" in text
    assert "fee schedule NLMH-2026 of our contract, in force since 1 Jan" in text


def test_the_second_level_brings_the_first_decision(desk: Filed) -> None:
    row = denied(desk)
    begun(
        desk, row, decided_on=TODAY, outcome="upheld", status="upheld",
        decision_file="12" * 32,
    )  # fmt: skip
    facts = letter(desk, row, begun(desk, row, level=2))

    assert facts.previous is not None
    assert (facts.previous.level, facts.previous.decided_on) == (1, TODAY)
    assert facts.evidence[-1].title == "your decision of level 1"


# --- keeping -------------------------------------------------------------------------


def keep(desk: Filed, facts: StatementFacts, template: str = "STMT_1") -> str:
    return keep_letter(
        desk.conn, desk.office, facts,
        template=template, key="k", row=None, recipient="patient", why=WHY,
    )  # fmt: skip


def stored(desk: Filed) -> list[Path]:
    root = desk.office.documents.root
    return [file for file in root.rglob("*") if file.is_file()] if root.exists() else []


def test_a_kept_letter_can_be_read_back_with_the_facts_it_was_made_from(
    desk: Filed,
) -> None:
    facts = make_statement()
    made = render("STMT_1", facts)
    row = accounts.get_letter(desk.conn, keep(desk, facts))
    documents = desk.office.documents

    assert row is not None
    assert documents.get(row["html_sha256"]) == made.html
    assert documents.get(row["pdf_sha256"]) == made.pdf
    assert hashlib.sha256(made.pdf).hexdigest() == row["pdf_sha256"]
    kept = StatementFacts.model_validate_json(documents.get(row["facts_sha256"]))
    assert render("STMT_1", kept).pdf == made.pdf


def test_a_letter_is_kept_once_by_its_key(desk: Filed) -> None:
    assert keep(desk, make_statement()) == keep(desk, make_statement())
    assert len(accounts.letters(desk.conn)) == 1


@pytest.mark.parametrize(
    ("facts", "template"),
    [
        (make_statement(make_visit(plan_paid="1.00")), "STMT_1"),
        (make_statement(), "STMT_NONE"),
        (
            make_statement(
                what_changed="Notwithstanding prior adjudicatory determinations "
                "concerning reimbursement, participating organizations reconsidered "
                "applicability of contractual obligations regarding beneficiary "
                "responsibilities, necessitating recalculation of previously "
                "communicated institutional expectations " * 4
            ),
            "STMT_1",
        ),
    ],
    ids=["does not add up", "no such template", "too hard to read"],
)
def test_a_letter_that_cannot_be_made_leaves_nothing_behind(
    desk: Filed, facts: StatementFacts, template: str
) -> None:
    with pytest.raises(LetterError, match=r"No letter was made"):
        keep(desk, facts, template)

    assert accounts.letters(desk.conn) == []
    assert stored(desk) == []


def test_an_account_without_a_zip_is_held_once_and_not_billed(desk: Filed) -> None:
    person = GUARANTOR.model_copy(update={"address": Address(city="Lakeport")})
    row = desk.claim(make_claim(subscriber=Subscriber(person=person)))
    for _ in range(2):
        hold_without_address(desk.conn, desk.office, row.account_id, WHY)

    held = accounts.holds(desk.conn, None, row.account_id)
    assert [h["kind"] for h in held] == ["HOLD_BAD_ADDRESS"]


def test_an_account_with_an_address_is_not_held(desk: Filed) -> None:
    row = desk.claim()
    hold_without_address(desk.conn, desk.office, row.account_id, WHY)

    assert accounts.holds(desk.conn, None, row.account_id) == []
