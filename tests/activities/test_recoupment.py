"""Provider-level amounts: placed at once, or by a person's answer (R-PLB, R-REF-05)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.claims import ClaimActivities
from activities.imports import import_claims
from activities.office import Office
from activities.plain_posting import our_line
from activities.remittance import RemittanceActivities
from activities.tasks import Outcome, decide
from claims.claim import ClaimState
from claims.messages import Look, remittance_workflow_id
from claims.remittance import ProviderAdjustment, RemittanceClaim
from claims.task import DecisionRefused, TaskType
from ledger.accounts import EntryType
from ledger.balances import (
    Balances,
    balances,
    identity_breaches,
    payer_cash,
    practice_entries,
    recoupment_due,
    trial_balance,
)
from policy import plb
from policy.remittance import expected_allowed
from records import claims, news, remittances, tasks, users
from records.db import RowMapping
from records.events import Because
from records.users import User
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import (
    a_line,
    a_set,
    accept,
    adjusted,
    claim_of,
    decided,
    post_set,
)
from tests.edi.conftest import OURS

PAYER = "P-NORTHLAKE"
OTHER = "SYN-0002"
TAKEN, GIVEN = EntryType.PLB_SUSPENSE_TAKEN, EntryType.PLB_SUSPENSE_GIVEN


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """The five claims of a1, billed to a payer that we know; the people who decide."""
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, NOON.date(), "R-BAD-01"))
    with opened.writing() as conn:
        for row in claims.every(conn):
            claims.change_payer(
                conn, row.id, payer_id=PAYER, member_index=row.member_index
            )
        for name, role in (("tess", "poster"), ("sol", "supervisor")):
            users.put_user(conn, User(name=name, display_name=name, roles=(role,)))
    yield opened
    opened.db.close()


@pytest.fixture
def why() -> Because:
    """The machine posts at noon."""
    return Because(NOON, NOON.date(), "R-ERA-05")


def taken(amount: str, reference: str | None, code: str = "WO", at: int = 40) -> Any:
    """One PLB; positive lowers the payment."""
    return ProviderAdjustment(
        position=at,
        provider_id="1900000013",
        fiscal_period=date(2026, 12, 31),
        code=code,
        reference=reference,
        amount=Decimal(amount),
    )


class Books:
    """One office in which sets are posted and tasks answered."""

    def __init__(self, office: Office, why: Because, more: int = 0) -> None:
        self.office = office
        self.why = why
        self.sets = 0
        with office.writing() as conn:
            for number, reference in enumerate(("SYN-0001", OTHER), 1):
                row = accept(conn, office, claim_of(conn, reference), why)
                self.pay(conn, row, number, more)

    def pay(self, conn: Any, row: claims.ClaimRow, number: int, more: int = 0) -> None:
        """All lines are paid by the contract, and the first one this much more."""
        lines = []
        for ours in map(our_line, claims.lines(conn, row.id)):
            profile = self.office.payer(PAYER)
            price = expected_allowed(profile, ours, ours.units) or ours.charge - 5
            price, more = price + more, 0
            off = adjusted("CO", "45", ours.charge - price)
            lines.append(a_line(conn, row, ours.number, price, adjustments=off))
        paid = sum((n.paid for n in lines), Decimal(0))
        said = decided(row, paid, payer_icn=f"ICN{number}77", lines=tuple(lines))
        self.post(conn, said)

    def post(self, conn: Any, *found: RemittanceClaim, plb: Any = ()) -> str:
        self.sets += 1
        paid = sum((c.paid for c in found), Decimal(0))
        paid -= sum((p.amount for p in plb), Decimal(0))
        one = a_set(
            *found, trace=f"T{self.sets}", paid=paid, provider_adjustments=tuple(plb)
        )
        return post_set(conn, self.office, PAYER, one, self.why)

    def receive(self, *plb: Any, found: tuple[RemittanceClaim, ...] = ()) -> str:
        """A set with these provider-level amounts."""
        with self.office.writing() as conn:
            row_id = self.post(conn, *found, plb=plb)
        self.sound()
        return row_id

    def task(self, kind: TaskType) -> RowMapping:
        with self.office.reading() as conn:
            (row,) = tasks.waiting(conn, types=[kind.value])
        return row

    def open(self) -> list[str]:
        with self.office.reading() as conn:
            return sorted(t["type"] for t in tasks.waiting(conn))

    def claim(self, reference: str = "SYN-0001") -> claims.ClaimRow:
        with self.office.reading() as conn:
            return claim_of(conn, reference)

    def money(self, reference: str = "SYN-0001") -> Balances:
        with self.office.reading() as conn:
            row = claim_of(conn, reference)
            return balances(conn, [row.id])[row.id]

    def practice(self) -> dict[str, Decimal]:
        """What stands in the practice's own entries, undone ones left out."""
        found: dict[str, Decimal] = {}
        with self.office.reading() as conn:
            for e in practice_entries(conn):
                amount = Decimal(e["direction"] * e["amount_cents"]) / 100
                found[e["entry_type"]] = found.get(e["entry_type"], Decimal(0)) + amount
        return {kind: amount for kind, amount in found.items() if amount}

    def due(self) -> Decimal:
        with self.office.reading() as conn:
            return recoupment_due(conn)

    async def give(
        self, row: RowMapping, decision: str, by: str = "tess", **form: str
    ) -> Outcome:
        why = replace(self.why, actor=by)
        return await decide(
            self.office,
            row["id"],
            version=row["version"],
            decision=decision,
            form=form,
            why=why,
        )

    async def answer(self, row: RowMapping, decision: str, **form: str) -> Any:
        """Decided by one person, and carried out as the workflow does."""
        assert (await self.give(row, decision, **form)).status == "saved"
        return self.apply()

    def apply(self) -> Any:
        with self.office.reading() as conn:
            stored = tasks.undelivered(conn)[-1]["id"]
        result = ClaimActivities(self.office).apply_decision(stored, NOON)
        again = ClaimActivities(self.office).apply_decision(stored, NOON)
        assert again.applied == result.applied
        self.sound()
        return result

    def sound(self) -> None:
        """Every claim adds up, the books balance, and the payer's cash is explained."""
        with self.office.reading() as conn:
            assert identity_breaches(conn) == []
            assert sum(trial_balance(conn).values()) == 0
            paid = sum(r["paid_cents"] for r in remittances.listing(conn))
            cash = payer_cash(conn, PAYER)
            explained = cash.claims_net + cash.interest + cash.other
            assert explained == Decimal(paid) / 100


@pytest.fixture
def books(office: Office, why: Because) -> Books:
    return Books(office, why)


# --- the claim that a reference names ------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "claims_"),
    [
        ("ICN177", {"a"}),
        (" ICN177 ", {"a"}),
        ("ICN177 HARDING", {"a"}),
        ("HARDING ICN177", {"a"}),
        ("ICN177-20260420", {"a"}),
        ("ICN177MBR00012", {"a"}),
        ("ICN1779", {"b"}),
        ("ICN1779X", {"b"}),
        ("S19-1", {"a"}),
        ("PT S19-1/ICN177", {"a"}),
        ("ICN177 ICN1779", {"a", "b"}),
        ("ICN17", set()),
        ("20260420", set()),
    ],
)
def test_a_reference_names_a_claim_as_payers_write_it(
    reference: str, claims_: set[str]
) -> None:
    known = {"ICN177": "a", "ICN1779": "b", "S19-1": "a", "S19": "c"}
    numbers = plb.numbers_in(reference)

    found = [(number, known[number]) for number in numbers if number in known]

    assert plb.named(reference, found) == claims_


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("WO", "overpayment recovery"),
        ("72", "our refund acknowledged"),
        ("FB", "balance carried"),
        ("ZZ", ""),
    ],
)
def test_a_code_has_words_of_ours_for_either_sign(code: str, words: str) -> None:
    assert plb.meaning(code) == words


def test_no_reference_names_nothing() -> None:
    assert plb.numbers_in("  ") == set()
    assert plb.named("", []) == set()


# --- announced, then taken -----------------------------------------------------------


@pytest.mark.parametrize("by", ["ICN177 HARDING", "pcn", "ICN177"])
def test_what_was_announced_is_taken_from_its_claim_under_any_of_its_numbers(
    books: Books, by: str
) -> None:
    before, state = books.money(), books.claim().state
    books.receive(taken("-25.00", "ICN177"))
    (announced,) = books.open()
    assert (announced, books.due()) == ("RECOUPMENT_REVIEW", Decimal(25))

    reference = books.claim().pcn + " 0420" if by == "pcn" else by
    other = RemittanceClaim(
        position=9, pcn="OTHER", status="1", charge=Decimal(100), paid=Decimal(100)
    )
    books.receive(taken("25.00", reference), found=(other,))

    assert books.due() == 0
    assert books.open() == ["ERA_UNMATCHED_CLAIM"]
    assert (books.money(), books.claim().state) == (before, state)
    assert "PLB_SUSPENSE_TAKEN" not in books.practice()
    with books.office.reading() as conn:
        told = [n["ref"] for n in news.untold(conn) if books.claim().id in n["id"]]
        (last,) = [r["id"] for r in remittances.listing(conn) if r["trace"] == "T4"]
    assert told.count(f"remit:{last}") == 1


@pytest.mark.parametrize("code", ["WO", "WU"])
async def test_what_was_announced_of_a_claim_that_a_person_names_is_taken_from_it(
    books: Books, code: str
) -> None:
    before = books.money()
    books.receive(taken("-25.00", "ZZZ99", code))
    (kind,) = books.open()
    decision = "agree" if kind == "RECOUPMENT_REVIEW" else "line_chosen"

    await books.answer(books.task(TaskType(kind)), decision, claim_ref="SYN-0001")
    assert books.due() == Decimal(25)
    books.receive(taken("25.00", "ICN177"))

    assert (books.due(), books.open()) == (Decimal(0), [])
    assert books.money() == before


def test_announced_and_taken_in_one_payment_nets_to_nothing(books: Books) -> None:
    books.receive(taken("25.00", "ICN177"), taken("-25.00", "ICN177", at=41))

    assert books.due() == 0
    assert "PLB_SUSPENSE_TAKEN" not in books.practice()


def test_our_refund_acknowledged_nets_to_nothing(books: Books) -> None:
    books.receive(taken("25.00", "ICN177"), taken("-25.00", "ICN177", "72", at=41))

    assert (books.due(), books.open()) == (Decimal(0), [])


async def test_what_was_taken_already_stays_with_its_claim_when_the_rest_is_moved(
    books: Books,
) -> None:
    books.receive(taken("-25.00", "ICN177"))
    books.receive(taken("10.00", "ICN177"))

    await books.answer(books.task(TaskType.RECOUPMENT_REVIEW), "agree", claim_ref=OTHER)
    books.receive(taken("15.00", "ICN277"))

    assert (books.due(), books.open()) == (Decimal(0), [])
    books.receive(taken("0.01", "ICN277"))
    assert books.practice()[TAKEN.value] == Decimal("0.01")


async def test_what_was_taken_already_is_not_booked_anew(books: Books) -> None:
    books.receive(taken("-25.00", "NOTE", "WU"))
    books.receive(taken("10.00", "NOTE", "WU"))

    await books.answer(books.task(TaskType.PLB_REVIEW), "adjust", plb_reason="L6")

    assert books.due() == 0
    assert books.practice()["INTEREST_RECEIVED"] == Decimal(15)

    books.receive(taken("-5.00", "MORE", "WU"))
    books.receive(taken("5.00", "MORE", "WU"))
    result = await books.answer(
        books.task(TaskType.PLB_REVIEW), "adjust", plb_reason="L6"
    )
    assert not result.applied
    assert "has come since" in result.words


# --- taken without an announcement ---------------------------------------------------


def test_an_unannounced_takeback_holds_its_claim_until_a_person_answers(
    books: Books,
) -> None:
    books.receive(taken("20.00", "ICN177 X"))

    row, task = books.claim(), books.task(TaskType.RECOUPMENT_REVIEW)
    assert books.practice() == {TAKEN.value: Decimal(20)}
    assert task["claim_id"] == row.id
    assert (row.state, row.next_owner_id) == (ClaimState.REMIT_HOLD, task["id"])
    assert row.next_due == task["due_on"] > NOON.date()
    said = "the payer took back $20.00 and had not announced it (WO)"
    assert (task["why"], task["evidence"]["payment"]) == (said, "T3")


async def test_agreed_it_is_taken_from_the_claim_and_what_is_open_asks(
    books: Books,
) -> None:
    before = books.money()
    books.receive(taken("20.00", "ICN177"))

    result = await books.answer(books.task(TaskType.RECOUPMENT_REVIEW), "agree")

    after = books.money()
    assert result.applied
    assert books.practice() == {}
    assert after.paid_payer == before.paid_payer - 20
    assert after.insurer_open == before.insurer_open + 20
    review = books.task(TaskType.REMIT_REVIEW)
    assert review["evidence"]["taken_back"] == "20.00"
    assert books.claim().state is ClaimState.REMIT_HOLD
    with books.office.reading() as conn:
        made = [e for e in claims_entries(conn, books.claim().id) if e["actor"] != "-"]
    assert made[-1]["actor"] == "tess"
    assert made[-1]["rule"] == "R-PLB-02"
    assert made[-1]["source"] == f"task {task_number(books)}"


def claims_entries(conn: Any, claim_id: str) -> list[RowMapping]:
    from ledger.balances import entries_of

    return entries_of(conn, claim_id)


def task_number(books: Books) -> int:
    with books.office.reading() as conn:
        rows = tasks.listing(conn, task_type="RECOUPMENT_REVIEW", include_closed=True)
    return int(rows[-1]["number"])


async def test_what_was_paid_above_the_contract_leaves_nothing_open(
    office: Office, why: Because
) -> None:
    books = Books(office, why, more=15)
    books.receive(taken("15.00", "ICN177"))
    assert books.claim().state is ClaimState.REMIT_HOLD

    await books.answer(books.task(TaskType.RECOUPMENT_REVIEW), "agree")

    assert books.claim().state is ClaimState.CLOSED
    assert books.money().insurer_open == 0
    assert books.open() == []


async def test_the_contract_of_a_line_that_is_open_takes_nothing_off_another(
    office: Office, why: Because, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books(office, why)
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn, "SYN-0004"), why)
        one, two = map(our_line, claims.lines(conn, row.id))
        off = adjusted("CO", "45", Decimal(30))
        lines = (
            a_line(conn, row, one.number, one.charge - 30, adjustments=off),
            a_line(
                conn, row, two.number, Decimal(0),
                adjustments=adjusted("CO", "197", two.charge),
            ),
        )  # fmt: skip
        books.post(conn, decided(row, one.charge - 30, payer_icn="ICN477", lines=lines))
    prices = {one.number: one.charge - 30, two.number: two.charge - 10}
    monkeypatch.setattr(
        "policy.remittance.expected_allowed", lambda _, line, __: prices[line.number]
    )
    before = books.money("SYN-0004")
    books.receive(taken("8.00", "ICN477"))

    await books.answer(books.task(TaskType.RECOUPMENT_REVIEW), "agree")

    after = books.money("SYN-0004")
    assert (before.insurer_open, after.adjusted) == (two.charge, before.adjusted)
    assert after.insurer_open == two.charge + 8


async def test_what_it_leaves_open_can_be_given_up_or_moved(books: Books) -> None:
    books.receive(taken("20.00", "ICN177"))
    await books.answer(books.task(TaskType.RECOUPMENT_REVIEW), "agree")

    await books.answer(books.task(TaskType.REMIT_REVIEW), "adjust", reason="agreed")

    money = books.money()
    assert (money.insurer_open, money.written_off) == (Decimal(0), Decimal(20))
    assert books.claim().state is ClaimState.CLOSED
    assert books.open() == []


async def test_a_claim_named_by_nothing_is_named_by_a_person(books: Books) -> None:
    before = books.money(OTHER)
    books.receive(taken("20.00", "ZZZ99"))
    task = books.task(TaskType.RECOUPMENT_REVIEW)
    assert task["claim_id"] is None

    for form in ({}, {"claim_ref": "no such"}):
        with_form = await books.answer(task, "agree", **form)
        assert not with_form.applied
        assert books.practice() == {TAKEN.value: Decimal(20)}
        task = books.task(TaskType.RECOUPMENT_REVIEW)

    await books.answer(task, "agree", claim_ref=OTHER)

    assert books.practice() == {}
    assert books.money(OTHER).paid_payer == before.paid_payer - 20


async def test_a_reference_to_two_claims_is_asked(books: Books) -> None:
    books.receive(taken("20.00", "ICN177 ICN277"))

    task = books.task(TaskType.RECOUPMENT_REVIEW)

    assert task["claim_id"] is None
    assert task["evidence"]["may_be_claims"] == 2


async def test_more_than_the_payer_paid_is_never_taken_from_a_claim(
    books: Books,
) -> None:
    much = books.money().paid_payer + 1
    books.receive(taken(str(much), "ICN177"))

    result = await books.answer(books.task(TaskType.RECOUPMENT_REVIEW), "agree")

    assert not result.applied
    assert "less than" in result.words
    assert books.practice() == {TAKEN.value: much}


async def test_part_announced_part_not_is_taken_in_two_entries(books: Books) -> None:
    before = books.money()
    books.receive(taken("-5.00", "ICN177"))
    books.receive(taken("20.00", "ICN177"))
    with books.office.reading() as conn:
        rows = tasks.waiting(conn, types=["RECOUPMENT_REVIEW"])
    task = next(t for t in rows if t["evidence"]["taken"] == "now")

    await books.answer(task, "agree")

    assert books.due() == 0
    assert books.money().paid_payer == before.paid_payer - 15


async def test_a_dispute_leaves_it_apart_and_is_asked_again_on_a_day(
    books: Books,
) -> None:
    books.receive(taken("20.00", "ICN177"))
    day = NOON.date() + timedelta(21)

    await books.answer(
        books.task(TaskType.RECOUPMENT_REVIEW), "dispute", next_date=str(day)
    )

    again = books.task(TaskType.RECOUPMENT_REVIEW)
    assert (again["due_on"], again["evidence"]["disputed"]) == (day, str(NOON.date()))
    assert books.practice() == {TAKEN.value: Decimal(20)}
    assert books.claim().next_due == day
    await books.answer(again, "agree")
    assert books.practice() == {}


async def test_a_new_remittance_does_not_take_the_question_away(books: Books) -> None:
    books.receive(taken("20.00", "ICN177"))
    row = books.claim()

    books.receive(found=(decided(row, Decimal(0), status="22", payer_icn="ICN177"),))

    assert "RECOUPMENT_REVIEW" in books.open()


async def test_above_what_one_person_may_post_a_supervisor_confirms(
    books: Books, office: Office, why: Because
) -> None:
    books.receive(taken("2500.01", "ZZZ99", "CS"))
    task = books.task(TaskType.PLB_REVIEW)

    first = await books.give(task, "adjust", plb_reason="L6")
    assert first.status == "prepared"
    prepared = books.task(TaskType.PLB_REVIEW)
    second = await books.give(prepared, "adjust", by="sol", plb_reason="L6")
    assert second.status == "saved"
    assert books.practice() == {TAKEN.value: Decimal("2500.01")}
    books.apply()

    assert books.practice() == {"INTEREST_REVERSED": Decimal("2500.01")}


@pytest.mark.parametrize(
    "other", [{"plb_reason": "L3"}, {"plb_reason": "L6", "claim_ref": OTHER}]
)
async def test_a_second_person_confirms_no_other_place_than_was_prepared(
    books: Books, other: dict[str, str]
) -> None:
    books.receive(taken("2500.01", "ZZZ99", "CS"))
    await books.give(books.task(TaskType.PLB_REVIEW), "adjust", plb_reason="L6")
    prepared = books.task(TaskType.PLB_REVIEW)

    with pytest.raises(DecisionRefused, match="tess prepared"):
        await books.give(prepared, "adjust", by="sol", **other)

    await books.give(prepared, "adjust", by="sol")  # as it was prepared
    books.apply()
    assert books.practice() == {"INTEREST_REVERSED": Decimal("2500.01")}


# --- PLB_REVIEW ----------------------------------------------------------------------


@pytest.mark.parametrize("code", ["ZZ", "CS", "72", "BN", "CT"])
def test_what_the_table_cannot_place_asks(books: Books, code: str) -> None:
    books.receive(taken("12.00", "NOTE", code))

    assert books.open() == ["PLB_REVIEW"]
    assert books.practice() == {TAKEN.value: Decimal(12)}


@pytest.mark.parametrize(
    ("amount", "reason", "kind"),
    [
        ("12.00", "L6", "INTEREST_REVERSED"),
        ("-12.00", "L6", "INTEREST_RECEIVED"),
        ("12.00", "L3", "PLB_FEE"),
        ("12.00", "E3", "WITHHOLD_KEPT"),
        ("-12.00", "BN", "PLB_BONUS"),
        ("12.00", "FB", "FORWARD_BALANCE_IN"),
    ],
)
async def test_it_is_undone_and_booked_under_the_reason_that_is_named(
    books: Books, amount: str, reason: str, kind: str
) -> None:
    books.receive(taken(amount, "NOTE", "CS"))

    result = await books.answer(
        books.task(TaskType.PLB_REVIEW), "adjust", plb_reason=reason
    )

    assert result.applied
    assert books.practice() == {kind: Decimal(12)}
    assert books.open() == []


@pytest.mark.parametrize("reason", ["", "CS", "ZZ", "WO"])
async def test_a_reason_that_books_nothing_is_refused(
    books: Books, reason: str
) -> None:
    books.receive(taken("12.00", "NOTE", "CS"))

    result = await books.answer(
        books.task(TaskType.PLB_REVIEW), "adjust", plb_reason=reason
    )

    assert not result.applied
    assert "Nothing was posted" in result.words
    assert books.practice() == {TAKEN.value: Decimal(12)}


async def test_what_the_table_placed_stands_or_is_booked_anew(books: Books) -> None:
    books.receive(taken("12.00", "NOTE", "50"))
    await books.answer(books.task(TaskType.PLB_REVIEW), "adjust")
    assert books.practice() == {"PLB_FEE": Decimal(12)}

    books.receive(taken("7.00", "NOTE", "L3"))
    await books.answer(books.task(TaskType.PLB_REVIEW), "adjust", plb_reason="L6")
    with books.office.reading() as conn:
        accounts = trial_balance(conn)
    assert accounts[f"payer_fees:{PAYER}"] == 12
    assert accounts[f"interest:{PAYER}"] == 7


async def test_it_may_be_of_a_claim(books: Books) -> None:
    before = books.money()
    books.receive(taken("12.00", "NOTE", "CS"))

    await books.answer(
        books.task(TaskType.PLB_REVIEW), "line_chosen", claim_ref="SYN-0001"
    )

    assert books.practice() == {}
    assert books.money().paid_payer == before.paid_payer - 12


async def test_money_given_for_a_claim_needs_something_open_there(
    books: Books,
) -> None:
    books.receive(taken("-12.00", "NOTE", "CS"))
    result = await books.answer(
        books.task(TaskType.PLB_REVIEW), "line_chosen", claim_ref="SYN-0001"
    )
    assert not result.applied

    books.receive(taken("12.00", "ICN177"))
    await books.answer(books.task(TaskType.RECOUPMENT_REVIEW), "agree")
    await books.answer(
        books.task(TaskType.PLB_REVIEW), "line_chosen", claim_ref="SYN-0001"
    )

    assert books.practice() == {}
    assert books.money().insurer_open == 0
    assert books.claim().state is ClaimState.CLOSED


async def test_as_the_patients_share_it_takes_two_people(books: Books) -> None:
    books.receive(taken("12.00", "NOTE", "CS"))
    form = {"claim_ref": "SYN-0001"}
    await books.give(books.task(TaskType.PLB_REVIEW), "patient", **form)
    await books.give(books.task(TaskType.PLB_REVIEW), "patient", by="sol", **form)

    books.apply()

    assert books.practice() == {}
    assert books.money().patient_due == 12
    assert books.claim().state is ClaimState.PATIENT_BALANCE


@pytest.mark.parametrize("decision", ["deny_route", "payer_reprocesses"])
async def test_until_the_payer_answers_it_stays_apart(
    books: Books, decision: str
) -> None:
    row_id = books.receive(taken("12.00", "NOTE", "CS"))

    await books.answer(books.task(TaskType.PLB_REVIEW), decision)

    again = books.task(TaskType.PLB_REVIEW)
    assert again["workflow_id"] == remittance_workflow_id(row_id)
    assert again["due_on"] > NOON.date() + timedelta(28)
    assert books.practice() == {TAKEN.value: Decimal(12)}


async def test_a_claim_that_no_payer_has_decided_is_never_held_for_it(
    books: Books,
) -> None:
    row = books.claim("SYN-0003")
    books.receive(taken("12.00", row.pcn))

    task = books.task(TaskType.RECOUPMENT_REVIEW)

    assert (task["claim_id"], task["evidence"]["claim"]) == (None, "SYN-0003")
    assert books.claim("SYN-0003").state is row.state
    result = await books.answer(task, "agree", claim_ref="SYN-0003")
    assert not result.applied
    assert "No payer has decided" in result.words


async def test_a_claim_of_another_payer_is_refused(books: Books) -> None:
    with books.office.writing() as conn:
        row = claim_of(conn, "SYN-0003")
        claims.change_payer(
            conn, row.id, payer_id="P-RIVERBEND", member_index=row.member_index
        )
        claims.note(conn, row.id, first_remit_on=NOON.date())
    books.receive(taken("12.00", "NOTE", "CS"))

    result = await books.answer(
        books.task(TaskType.PLB_REVIEW), "line_chosen", claim_ref="SYN-0003"
    )

    assert not result.applied
    assert "never with this payer" in result.words


async def test_a_day_that_has_passed_is_no_day_to_ask_again(books: Books) -> None:
    books.receive(taken("12.00", "NOTE", "CS"))
    task = books.task(TaskType.PLB_REVIEW)

    result = await books.answer(task, "deny_route", next_date=str(NOON.date()))

    assert not result.applied
    with pytest.raises(DecisionRefused, match="plb_reason"):
        await books.give(
            books.task(TaskType.PLB_REVIEW), "adjust", plb_reason="late charge"
        )


async def test_a_claim_and_a_reason_are_not_one_answer(books: Books) -> None:
    books.receive(taken("12.00", "NOTE", "CS"))
    task = books.task(TaskType.PLB_REVIEW)

    result = await books.answer(task, "adjust", plb_reason="L6", claim_ref=OTHER)

    assert not result.applied
    assert "one of the two" in result.words
    assert books.task(TaskType.PLB_REVIEW)["id"] == task["id"]


# --- carried forward -----------------------------------------------------------------


def look(books: Books, row_id: str, days: int) -> Look:
    """The set's workflow looks, so many days after it was posted."""
    remittances_ = RemittanceActivities(books.office)
    return remittances_.post_remittance(row_id, NOON + timedelta(days))


async def test_a_balance_that_does_not_come_back_is_asked_about(books: Books) -> None:
    out = books.receive(taken("-30.00", None, "FB"))
    seen = look(books, out, 0)
    assert (seen.done, seen.what) == (False, "FORWARD_BALANCE")
    assert seen.at is not None
    assert seen.at.date() >= NOON.date() + timedelta(60)
    assert books.open() == []

    books.receive(taken("10.00", None, "FB"))
    late = look(books, out, 63)

    task = books.task(TaskType.PLB_REVIEW)
    assert (late.what, task["evidence"]["still_out"]) == ("PLB_REVIEW", "20.00")
    await books.answer(task, "payer_reprocesses")
    assert look(books, out, 64).what == "PLB_REVIEW"


async def test_only_what_did_not_come_back_is_booked_under_another_reason(
    books: Books,
) -> None:
    out = books.receive(taken("-30.00", None, "FB"))
    books.receive(taken("10.00", None, "FB"))
    look(books, out, 63)
    task = books.task(TaskType.PLB_REVIEW)
    books.receive(taken("5.00", None, "FB"))  # while the question was open

    await books.answer(task, "adjust", plb_reason="L6")

    assert books.practice() == {
        "FORWARD_BALANCE_OUT": Decimal(15),
        "FORWARD_BALANCE_IN": Decimal(15),
        "INTEREST_RECEIVED": Decimal(15),
    }
    assert look(books, out, 64).done


async def test_each_balance_of_a_set_is_asked_about(books: Books) -> None:
    plb_ = (taken("-30.00", None, "FB"), taken("-20.00", None, "FB", at=41))
    out = books.receive(*plb_)
    look(books, out, 63)

    for left in ("30.00", "20.00"):
        with books.office.reading() as conn:
            waiting = tasks.waiting(conn, types=["PLB_REVIEW"])
        (task,) = [t for t in waiting if t["evidence"]["still_out"] == left]
        await books.answer(task, "adjust", plb_reason="L6")

    assert books.practice() == {"INTEREST_RECEIVED": Decimal(50)}
    assert look(books, out, 64).done


def test_a_long_reference_is_read_as_far_as_it_may_go() -> None:
    assert len(plb.numbers_in("A1 " * 40_000)) < 2_000


def test_a_balance_that_came_back_is_done(books: Books) -> None:
    out = books.receive(taken("-30.00", None, "FB"))
    second = books.receive(taken("-5.00", None, "FB"))
    books.receive(taken("30.00", None, "FB"))

    assert look(books, out, 0).done
    assert not look(books, second, 0).done
    assert look(books, out, 63).done
    assert books.open() == []


def test_a_balance_that_nothing_carried_out_is_asked_about(books: Books) -> None:
    books.receive(taken("-30.00", None, "FB"))
    books.receive(taken("30.01", None, "FB"))

    assert books.open() == ["PLB_REVIEW"]
    assert books.practice()["FORWARD_BALANCE_IN"] == Decimal("30.01")
