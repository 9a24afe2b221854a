"""Paper remittances: keyed by a named poster, balanced and posted like an 835, once."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from activities import eob
from activities.files import FileActivities, take_in
from activities.imports import import_claims
from activities.intake import Intake, bring_in, look_over
from activities.office import OFFICE_PARTNER, Office
from activities.proof_documents import documents
from activities.reject_file import reject_file
from activities.remittance import RemittanceActivities, resolve_unmatched_file
from activities.tasks import NotPermittedError
from claims.money import cents, from_cents
from claims.task import DecisionRefused, TaskType
from edi.x835 import write_remittances
from ledger.accounts import EntryType
from ledger.balances import balances, entries_of, payer_cash, practice_entries
from policy import manual_eob
from records import claims, files, remittances, tasks, users
from records.claims import ClaimRow
from records.db import RowMapping
from records.events import Because
from records.tables import claim_line
from records.users import User
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import a_set, accept, claim_of, decided
from tests.edi.conftest import OURS
from tests.edi.make import ENVELOPE

TODAY = NOON.date()
PAYER = "P-NORTHLAKE"
HEADER = (
    "payer_id,trace_no,pay_date,pay_amount,claim_ref,payer_claim_no,dos_from,code,"
    "billed,allowed,paid,group1,carc1,amt1,group2,carc2,amt2,rarc1,plb_code,plb_amt,"
    "keyed_by"
)
COLUMNS = HEADER.split(",")
PEOPLE = {
    "pia": "poster",
    "per": "poster",
    "sue": "supervisor",
    "cleo": "clerk",
    "otto": "ops",
}


def by(name: str) -> Because:
    """This person acts at noon."""
    return Because(NOON, TODAY, "R-BAD-01", name)


@pytest.fixture(autouse=True)
def _nothing_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that is about samples says so itself."""
    monkeypatch.setattr(manual_eob, "is_sampled", lambda _id: False)


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """Five claims at a payer that we know, and people of several roles."""
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, TODAY, "R-BAD-01"))
    with opened.writing() as conn:
        for row in claims.every(conn):
            claims.change_payer(
                conn, row.id, payer_id=PAYER, member_index=row.member_index
            )
            accept(conn, opened, row, by("machine"))
        for name, role in PEOPLE.items():
            users.put_user(conn, User(name=name, display_name=name, roles=(role,)))
    yield opened
    opened.db.close()


def ours(office: Office, number: str = "SYN-0001") -> ClaimRow:
    """A claim by the practice's number."""
    with office.reading() as conn:
        return claim_of(conn, number)


def sheet(*rows: dict[str, object]) -> bytes:
    """An eob.csv with these rows."""
    table = [",".join(str(row.get(name, "")) for name in COLUMNS) for row in rows]
    return "\n".join([HEADER, *table, ""]).encode()


Lines = Callable[..., list[dict[str, object]]]


@pytest.fixture
def lines(office: Office) -> Lines:
    """Rows that pay each line of a claim in full but for a contractual part."""

    def made(
        number: str = "SYN-0001", *, trace: str = "CHK-1", off: str = "10.00"
    ) -> list[dict[str, object]]:
        row = ours(office, number)
        with office.reading() as conn:
            found = claims.lines(conn, row.id)
        total = from_cents(row.charge_cents) - len(found) * Decimal(off)
        return [
            {
                "payer_id": PAYER,
                "trace_no": trace,
                "pay_date": "2026-06-12",
                "pay_amount": total,
                "claim_ref": number,
                "payer_claim_no": f"ICN-{number}",
                "dos_from": row.service_from,
                "code": line["code"],
                "billed": from_cents(line["charge_cents"]),
                "paid": from_cents(line["charge_cents"]) - Decimal(off),
                "group1": "CO",
                "carc1": "45",
                "amt1": off,
            }
            for line in found
        ]

    return made


def bring(office: Office, content: bytes, name: str = "pia") -> Intake:
    """This person brings the file in."""
    return bring_in(office, "eob.csv", content, by(name))


def registered(office: Office) -> list[RowMapping]:
    """Remittances on file."""
    with office.reading() as conn:
        return remittances.listing(conn)


def post_all(office: Office) -> None:
    """What the workflows of received sets do first."""
    for row in registered(office):
        RemittanceActivities(office).post_remittance(row["id"], NOON)


def statuses(office: Office) -> list[str]:
    return sorted(row["status"] for row in registered(office))


def open_tasks(office: Office, kind: TaskType) -> list[RowMapping]:
    with office.reading() as conn:
        return tasks.waiting(conn, types=[kind.value])


def decide(office: Office, name: str, decision: str, **form: str) -> str:
    """This person decides the one open MANUAL_EOB_POST, and its workflow looks."""
    (task,) = open_tasks(office, eob.TASK)
    with office.writing() as conn:
        made = tasks.save(
            conn,
            office.cipher,
            row=task,
            version=task["version"],
            chosen=decision,
            form="{}",
            why=by(name),
        )
        assert made is not None
        stored = tasks.stored_decision(conn, made)
        assert tasks.close(conn, stored=stored, evidence={}, why=by(name))
        said = eob.resolve(conn, office, task, decision, form, by(name))
    post_all(office)
    return said


def paid(office: Office, number: str = "SYN-0001") -> Decimal:
    row = ours(office, number)
    with office.reading() as conn:
        return balances(conn, [row.id])[row.id].paid_payer


# --- posting -------------------------------------------------------------------------


def test_a_keyed_check_posts_like_an_835_in_the_name_of_its_poster(
    office: Office, lines: Lines
) -> None:
    rows = lines()
    content = sheet(*rows)
    taken = bring(office, content)
    post_all(office)

    assert taken.ended == "posted"
    assert taken.counts is not None
    assert (taken.counts.read, taken.counts.accepted) == (len(rows), len(rows))
    (row,) = registered(office)
    assert (row["status"], row["keyed_by"], row["trace"]) == ("posted", "pia", "CHK-1")
    with office.reading() as conn:
        entries = entries_of(conn, ours(office).id)
        money = balances(conn, [ours(office).id])[ours(office).id]
        cash = payer_cash(conn, PAYER)
    made = [e for e in entries if e["entry_type"] != EntryType.CHARGE.value]
    sha = hashlib.sha256(content).hexdigest()[:12]
    assert {e["actor"] for e in made} == {"pia"}
    assert {e["source"] for e in made} == {f"{sha} row 2"}
    assert {e["memo"] for e in made} == {"paper EOB keyed by pia"}
    assert money.paid_payer == rows[0]["pay_amount"] == cash.claims_net
    assert money.adjusted == 10 * len(rows)
    assert money.insurer_open == 0


def test_lines_that_are_alike_are_answered_in_their_order(
    office: Office, lines: Lines
) -> None:
    with office.reading() as conn:
        found = [(r, claims.lines(conn, r.id)) for r in claims.every(conn)]
    row, of = max(found, key=lambda pair: len(pair[1]))
    bring(office, sheet(*lines(row.practice_number)))
    post_all(office)

    assert len(of) > 1
    with office.reading() as conn:
        after = claims.lines(conn, row.id)
    assert {line["status"] for line in after} == {"paid"}
    assert len({line["decided_by"] for line in after}) == len(after)


def test_a_claim_is_found_by_the_payers_number_alone(
    office: Office, lines: Lines
) -> None:
    with office.writing() as conn:
        claims.note(conn, claim_of(conn).id, payer_icn="ICN-SYN-0001")
    rows = [row | {"claim_ref": ""} for row in lines()]
    bring(office, sheet(*rows))
    post_all(office)

    assert paid(office) == rows[0]["pay_amount"]


def test_a_claim_we_do_not_know_waits_as_unapplied_cash(
    office: Office, lines: Lines
) -> None:
    rows = [row | {"claim_ref": "NOBODY"} for row in lines()]
    bring(office, sheet(*rows))
    post_all(office)

    (task,) = open_tasks(office, TaskType.ERA_UNMATCHED_CLAIM)
    assert task["evidence"]["clp01"] == "NOBODY"
    assert paid(office) == 0


def test_a_claim_as_a_whole_is_a_row_without_a_code(
    office: Office, lines: Lines
) -> None:
    first = lines()[0]
    charge = from_cents(ours(office).charge_cents)
    whole = first | {"code": "", "billed": charge, "paid": charge - 10}
    bring(office, sheet(whole | {"pay_amount": charge - 10}))
    post_all(office)

    assert statuses(office) == ["posted"]
    assert paid(office) == charge - 10


def test_a_provider_level_row_lowers_the_check_and_no_claim(
    office: Office, lines: Lines
) -> None:
    rows = lines()
    less = Decimal(str(rows[0]["pay_amount"])) - 5
    plb = rows[0] | dict.fromkeys(("code", "group1", "carc1", "amt1"), "")
    plb |= {"billed": 0, "paid": 0, "plb_code": "L6", "plb_amt": "5.00"}
    both = [row | {"pay_amount": less} for row in [*rows, plb]]
    bring(office, sheet(*both))
    post_all(office)

    assert statuses(office) == ["posted"]
    assert paid(office) == less + 5
    with office.reading() as conn:
        (entry,) = practice_entries(conn)
    assert entry["actor"] == "pia"
    assert from_cents(entry["amount_cents"]) == 5


def test_a_reversal_and_its_correction_may_be_keyed_on_one_check(
    office: Office, lines: Lines
) -> None:
    rows = lines()
    bring(office, sheet(*rows))
    post_all(office)
    back = [
        row | {n: -Decimal(str(row[n])) for n in ("billed", "paid", "amt1")}
        for row in rows
    ]
    again = lines(off="15.00")
    less = Decimal(-5 * len(rows))
    fixed = [row | {"trace_no": "CHK-2", "pay_amount": 0} for row in [*back, *again]]
    off = {"plb_code": "WO", "plb_amt": less, "code": "", "billed": 0, "paid": 0}
    none = dict.fromkeys(("group1", "carc1", "amt1"), "")
    bring(office, sheet(*fixed, fixed[0] | off | none))
    post_all(office)

    assert statuses(office) == ["posted", "posted"]
    assert paid(office) == again[0]["pay_amount"]


def test_a_check_that_does_not_add_up_waits_with_the_difference(
    office: Office, lines: Lines
) -> None:
    rows = lines()
    more = Decimal(str(rows[0]["pay_amount"])) + Decimal("7.25")
    bring(office, sheet(*[row | {"pay_amount": more} for row in rows]))
    post_all(office)

    (task,) = open_tasks(office, TaskType.ERA_UNBALANCED)
    assert task["evidence"]["difference"] == "7.25"
    assert task["evidence"]["level"] == "transaction"
    assert statuses(office) == ["suspended"]
    assert paid(office) == 0


def test_a_check_that_was_mended_posts_after_one_that_did_not_add_up(
    office: Office, lines: Lines
) -> None:
    rows = lines()
    bring(office, sheet(*[row | {"pay_amount": 1} for row in rows]))
    post_all(office)
    bring(office, sheet(*rows))
    post_all(office)

    assert statuses(office) == ["posted", "suspended"]
    assert paid(office) == rows[0]["pay_amount"]


def test_a_claims_proof_has_its_own_rows_of_the_check_and_no_others(
    office: Office, lines: Lines
) -> None:
    """Found by the payer's number alone, where the row gives no number of ours."""
    first, other = lines(), lines("SYN-0002")
    total = sum(Decimal(str(row["pay_amount"])) for row in (first[0], other[0]))
    with office.writing() as conn:
        claims.note(conn, claim_of(conn).id, payer_icn="ICN-SYN-0001")
    rows = [row | {"claim_ref": ""} for row in first] + other
    bring(office, sheet(*[row | {"pay_amount": total} for row in rows]))
    post_all(office)

    row = ours(office)
    with office.reading() as conn:
        found = [d for d in documents(conn, office, row) if d.kind == eob.KIND]
    (one,) = found
    assert one.included == "excerpt"
    assert one.content.count(b"ICN-SYN-0001") == len(first)
    assert b"SYN-0002" not in one.content


# --- once ----------------------------------------------------------------------------


def test_the_same_file_twice_posts_once(office: Office, lines: Lines) -> None:
    content = sheet(*lines())
    bring(office, content)
    post_all(office)
    again = bring(office, content, "per")
    post_all(office)

    assert again.known
    assert again.counts is not None
    assert (again.counts.accepted, again.counts.unchanged) == (0, again.counts.read)
    assert statuses(office) == ["posted"]
    assert paid(office) == lines()[0]["pay_amount"]


def test_the_same_check_keyed_in_another_file_and_order_is_unchanged(
    office: Office, lines: Lines
) -> None:
    first, other = lines(), lines("SYN-0002")
    total = sum(Decimal(str(row["pay_amount"])) for row in (first[0], other[0]))
    rows = [row | {"pay_amount": total} for row in [*first, *other]]
    bring(office, sheet(*rows))
    post_all(office)
    again = bring(
        office, sheet(*reversed([r | {"keyed_by": "per"} for r in rows])), "per"
    )
    post_all(office)

    assert again.counts is not None
    assert (again.counts.accepted, again.counts.unchanged) == (0, len(rows))
    assert statuses(office) == ["posted"]


def test_a_check_number_that_has_posted_with_other_content_is_a_conflict(
    office: Office, lines: Lines
) -> None:
    bring(office, sheet(*lines()))
    post_all(office)
    bring(office, sheet(*lines(off="20.00")))
    post_all(office)

    assert len(open_tasks(office, TaskType.ERA_CONFLICT)) == 1
    assert statuses(office) == ["conflict", "posted"]
    assert paid(office) == lines()[0]["pay_amount"]


def test_the_835_of_a_check_that_was_keyed_is_a_conflict(
    office: Office, lines: Lines
) -> None:
    bring(office, sheet(*lines()))
    post_all(office)
    row = ours(office)
    profile = office.payer(PAYER)
    assert profile is not None
    one = a_set(
        decided(row, from_cents(row.charge_cents)),
        trace="CHK-1",
        payer_edi_id=profile.edi.payer_edi_id,
        payee_npi="1234567893",
    )
    content = write_remittances([one], ENVELOPE)
    take_in(office, "clearinghouse", "x.835", content, by("machine"))
    post_all(office)

    assert statuses(office) == ["conflict", "posted"]


def _at_once(*acts: Callable[[], object]) -> None:
    """Run these at the same moment; the first failure is the test's."""
    gate, failures = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised below, in the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_two_workers_that_take_the_same_file_register_it_once(
    office: Office, lines: Lines
) -> None:
    content = sheet(*lines())
    _at_once(*[lambda: bring(office, content)] * 2)
    post_all(office)

    assert statuses(office) == ["posted"]
    assert paid(office) == lines()[0]["pay_amount"]


def test_two_workers_that_post_the_same_check_post_it_once(
    office: Office, lines: Lines
) -> None:
    bring(office, sheet(*lines()))
    (row,) = registered(office)
    post = RemittanceActivities(office).post_remittance
    _at_once(*[lambda: post(row["id"], NOON)] * 2)

    assert statuses(office) == ["posted"]
    assert open_tasks(office, TaskType.ERA_CONFLICT) == []
    assert paid(office) == lines()[0]["pay_amount"]


def test_a_file_whose_worker_died_before_it_ended_is_taken_up_again(
    office: Office, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = sheet(*lines())

    def dies(*_args: object, **_more: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as crash:
        crash.setattr("activities.files.files.end", dies)
        with pytest.raises(OSError, match="disk"):
            bring(office, content)
    assert statuses(office) == ["received"]  # the sweep starts these
    taken = bring(office, content)
    post_all(office)

    assert (taken.ended, taken.known) == ("posted", False)
    assert taken.counts is not None
    assert taken.counts.accepted == len(lines())
    assert statuses(office) == ["posted"]


async def test_what_was_registered_is_started_by_the_next_sweep(
    office: Office, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(office, sheet(*lines()))
    started: list[str] = []

    async def start(_office: Office, remittance_id: str, _at: object) -> None:
        started.append(remittance_id)

    async def nothing(*_args: object) -> int:
        return 0

    monkeypatch.setattr("activities.files.start_remittance", start)
    for name in ("start_claims", "tell", "deliver_waiting", "deliver_acts"):
        monkeypatch.setattr(f"activities.files.{name}", nothing)
    await FileActivities(office).pass_on(NOON)

    assert started == [row["id"] for row in registered(office)]
    assert len(started) == 1


# --- who -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["machine", "cleo", "otto", "nobody"])
def test_only_a_poster_may_key_a_remittance_and_nothing_is_done_for_another(
    office: Office, lines: Lines, name: str
) -> None:
    content = sheet(*lines())
    with pytest.raises(NotPermittedError, match="named poster"):
        bring(office, content, name)
    with pytest.raises(NotPermittedError):
        look_over(office, "eob.csv", content, by(name))

    with office.reading() as conn:
        assert files.listing(conn) == []
    assert registered(office) == []


def test_a_supervisor_may_key_as_well(office: Office, lines: Lines) -> None:
    assert bring(office, sheet(*lines()), "sue").ended == "posted"


def test_one_that_came_by_mailbox_waits_in_quarantine_for_a_poster(
    office: Office, lines: Lines
) -> None:
    content = sheet(*lines())
    said = take_in(office, OFFICE_PARTNER, "eob.csv", content, by("machine"))
    again = take_in(office, OFFICE_PARTNER, "eob.csv", content, by("machine"))
    assert said.startswith("quarantined: ")
    assert again.startswith("the same bytes are known")
    assert registered(office) == []

    taken = bring(office, content)
    post_all(office)
    assert (taken.ended, taken.known) == ("posted", False)
    assert statuses(office) == ["posted"]


def test_keyed_by_another_person_is_left_out(office: Office, lines: Lines) -> None:
    taken = bring(office, sheet(*[row | {"keyed_by": "per"} for row in lines()]))

    assert {reject.field for reject in taken.rejects} == {"keyed_by"}
    assert registered(office) == []


def test_who_brought_the_deposit_in_does_not_key_its_check(
    office: Office, lines: Lines
) -> None:
    amount = lines()[0]["pay_amount"]
    header = "deposit_ref,date,amount,method,trace_no"
    deposit = f"{header}\nD-1,2026-06-12,{amount},check,CHK-1\n"
    bring(office, deposit.encode())
    assert {r.field for r in bring(office, sheet(*lines())).rejects} == {"trace_no"}
    assert registered(office) == []

    bring(office, sheet(*[row | {"rarc1": "N1"} for row in lines()]), "per")
    assert statuses(office) == ["received"]


# --- a second person -----------------------------------------------------------------


@pytest.fixture
def high(office: Office, monkeypatch: pytest.MonkeyPatch, lines: Lines) -> bytes:
    """A check one cent above what one poster may post alone."""
    amount = Decimal(str(lines()[0]["pay_amount"]))
    cent = Decimal("0.01")
    monkeypatch.setattr("policy.manual_eob.alone_up_to", lambda _what: amount - cent)
    return sheet(*lines())


def test_at_the_limit_one_poster_is_enough(
    office: Office, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    amount = Decimal(str(lines()[0]["pay_amount"]))
    monkeypatch.setattr("policy.manual_eob.alone_up_to", lambda _what: amount)
    bring(office, sheet(*lines()))
    post_all(office)

    assert statuses(office) == ["posted"]
    assert open_tasks(office, eob.TASK) == []


def test_the_limit_is_the_one_of_the_table() -> None:
    assert not manual_eob.needs_second(Decimal("2500.00"))
    assert manual_eob.needs_second(Decimal("2500.01"))


@pytest.mark.parametrize("second", ["per", "sue"])
def test_above_the_limit_nothing_posts_until_another_poster_confirms(
    office: Office, high: bytes, second: str
) -> None:
    bring(office, high)
    post_all(office)
    post_all(office)
    assert statuses(office) == ["unapproved"]
    assert paid(office) == 0

    decide(office, second, "posted")
    (row,) = registered(office)
    assert (row["status"], row["approved_by"]) == ("posted", second)
    assert cents(paid(office)) == row["paid_cents"]
    with office.reading() as conn:
        memos = {e["memo"] for e in entries_of(conn, ours(office).id)}
    assert f"paper EOB keyed by pia, confirmed by {second}" in memos


def test_who_keyed_it_cannot_be_the_second_person(office: Office, high: bytes) -> None:
    bring(office, high)
    post_all(office)
    with pytest.raises(DecisionRefused, match="another person"):
        decide(office, "pia", "posted")

    assert statuses(office) == ["unapproved"]
    assert paid(office) == 0


def test_what_the_second_person_cannot_confirm_never_posts(
    office: Office, high: bytes, lines: Lines
) -> None:
    bring(office, high)
    post_all(office)
    decide(office, "per", "unreadable", reason="the amounts are blurred")
    assert statuses(office) == ["rejected"]
    assert paid(office) == 0

    bring(office, sheet(*lines(off="20.00")))  # keyed again as it stands on the paper
    post_all(office)
    assert statuses(office) == ["posted", "rejected"]


def test_what_was_rejected_by_mistake_may_be_keyed_again_and_is_asked_again(
    office: Office, high: bytes
) -> None:
    bring(office, high)
    post_all(office)
    decide(office, "per", "unreadable", reason="the wrong check was looked at")
    bring(office, high + b"\n")  # the same rows in another file
    post_all(office)
    assert statuses(office) == ["rejected", "unapproved"]

    decide(office, "per", "posted")
    assert statuses(office) == ["posted", "rejected"]
    (row,) = [r for r in registered(office) if r["status"] == "posted"]
    assert cents(paid(office)) == row["paid_cents"]
    bring(office, high + b"\n\n")
    post_all(office)
    assert statuses(office) == ["posted", "rejected"]


def test_payments_and_takebacks_of_a_check_do_not_offset_each_other(
    office: Office,
) -> None:
    row = ours(office)
    one = a_set(decided(row, Decimal(2000)), decided(row, Decimal(-2000), position=9))

    assert one.paid == 0
    assert manual_eob.amount_of(one) == 4000


def test_checks_of_one_claim_on_one_day_are_added_up(
    office: Office, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = lines()
    amount = Decimal(str(rows[0]["pay_amount"]))
    monkeypatch.setattr("policy.manual_eob.alone_up_to", lambda _what: amount)
    bring(office, sheet(*rows))
    post_all(office)
    bring(office, sheet(*lines(trace="CHK-2")))
    post_all(office)

    assert statuses(office) == ["posted", "unapproved"]


def test_the_limit_holds_for_money_of_unknown_claims_that_is_linked_later(
    office: Office, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    amount = Decimal(str(lines()[0]["pay_amount"]))
    monkeypatch.setattr("policy.manual_eob.alone_up_to", lambda _what: amount)
    for trace in ("CHK-1", "CHK-2"):
        rows = [row | {"claim_ref": "NOBODY"} for row in lines(trace=trace)]
        bring(office, sheet(*rows))
    post_all(office)
    first, second = open_tasks(office, TaskType.ERA_UNMATCHED_CLAIM)

    def link(task: RowMapping, name: str) -> str:
        form = {"claim_ref": "SYN-0001"}
        with office.writing() as conn:
            return resolve_unmatched_file(conn, office, task, "linked", form, by(name))

    link(first, "pia")
    with pytest.raises(DecisionRefused, match="R-MAN-02"):
        link(second, "pia")
    assert cents(paid(office)) == cents(amount)


def test_two_versions_of_one_check_have_a_task_each(
    office: Office, high: bytes, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy.manual_eob.alone_up_to", lambda _what: Decimal(1))
    bring(office, high)
    bring(office, sheet(*lines(off="20.00")))
    post_all(office)

    assert statuses(office) == ["unapproved", "unapproved"]
    assert len(open_tasks(office, eob.TASK)) == 2


# --- samples -------------------------------------------------------------------------


def test_one_of_ten_is_a_sample() -> None:
    ids = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(2000)]
    chosen = [one for one in ids if int(one[:8], 16) % 10 == 0]

    assert 150 < len(chosen) < 250
    assert manual_eob.SAMPLED_OF == 10


def test_a_sample_posts_and_a_supervisor_looks(
    office: Office, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual_eob, "is_sampled", lambda _id: True)
    bring(office, sheet(*lines()))
    post_all(office)
    assert statuses(office) == ["posted"]
    (task,) = open_tasks(office, eob.TASK)
    assert task["role"] == "supervisor"

    with pytest.raises(DecisionRefused, match="supervisor"):
        decide(office, "per", "posted")
    said = decide(office, "sue", "unreadable", reason="line 1 is 5 dollars less")
    assert "posting stands" in said
    assert statuses(office) == ["posted"]


# --- bad rows ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"pay_date": "12 June"}, "pay_date", "is no date"),
        ({"pay_date": "2026-06-16"}, "pay_date", "lies in the future"),
        ({"dos_from": ""}, "dos_from", "is missing"),
        ({"paid": "1.005"}, "paid", "more than two decimals"),
        ({"allowed": "ten"}, "allowed", "is no amount"),
        ({"amt1": "1e2"}, "amt1", "is no amount"),
        ({"group1": "CR"}, "group1", "none of the words"),
        ({"carc1": ""}, "amt1", "needs group1 and carc1"),
        ({"plb_code": "WO"}, "plb_amt", "needs plb_code"),
        ({"paid": "-1.00"}, "paid", "another sign"),
        ({"claim_ref": "", "payer_claim_no": ""}, "claim_ref", "is missing"),
        ({"pay_amount": "1.00"}, "pay_amount", "differs from the first row"),
        ({"code": "992-13"}, "code", "none of the words"),
    ],
)
def test_a_bad_row_leaves_out_its_check_and_no_other(
    office: Office,
    lines: Lines,
    change: dict[str, object],
    field: str,
    reason: str,
) -> None:
    good, rows = lines("SYN-0002", trace="CHK-2"), lines()
    rows = [*rows, rows[0] | change]
    content = sheet(*good, *rows)
    seen = look_over(office, "eob.csv", content, by("pia"))
    taken = bring(office, content)
    post_all(office)

    bad = next(r for r in taken.rejects if r.position == 1 + len(good) + len(rows))
    assert field in bad.field
    assert reason in bad.reason
    assert [row["trace"] for row in registered(office)] == ["CHK-2"]
    assert paid(office) == 0
    assert paid(office, "SYN-0002") == good[0]["pay_amount"]
    assert taken.counts is not None
    assert taken.counts.accepted == len(good)
    assert taken.counts.rejected == taken.counts.read - len(good)
    assert (seen.counts, seen.rejects) == (taken.counts, taken.rejects)


def test_a_check_of_a_payer_we_do_not_know_is_left_out(
    office: Office, lines: Lines
) -> None:
    rows = [row | {"payer_id": "P-NOBODY"} for row in lines()]
    taken = bring(office, sheet(*rows))

    assert {(r.field, r.reason) for r in taken.rejects} == {
        ("payer_id", "is not known here")
    }
    assert registered(office) == []


def test_rejects_name_no_value_of_the_file(office: Office, lines: Lines) -> None:
    typed = "QUIGLEY"
    rows = [row | {"carc1": typed, "amt1": typed} for row in lines()]
    taken = bring(office, sheet(*rows))

    assert len(taken.rejects) == len(rows)
    assert typed not in repr(taken)


def test_a_file_that_was_mended_may_be_brought_in_again(
    office: Office, lines: Lines
) -> None:
    rows = lines()
    broken = bring(office, sheet(rows[0] | {"paid": "x"}, *rows[1:]))
    assert len(broken.rejects) == len(rows)
    bring(office, sheet(*rows))
    post_all(office)

    assert statuses(office) == ["posted"]


def test_the_reject_file_of_a_check_has_all_of_its_rows_and_no_other(
    office: Office, lines: Lines
) -> None:
    good, rows = lines("SYN-0002", trace="CHK-2"), lines()
    content = sheet(
        *good, rows[0] | {"paid": "x"}, *rows[1:], rows[0] | {"rarc1": "N1"}
    )
    done = bring(office, content)
    aside = reject_file(content, done.kind, done.rejects)

    assert aside.count(b"CHK-1") == len(rows) + 1
    assert b"CHK-2" not in aside
    taken = bring(office, sheet(*rows))
    assert taken.counts is not None
    assert taken.counts.accepted == len(rows)


def test_checking_only_stores_nothing(office: Office, lines: Lines) -> None:
    seen = look_over(office, "eob.csv", sheet(*lines()), by("pia"))

    assert seen.counts is not None
    assert seen.counts.accepted == len(lines())
    assert registered(office) == []
    with office.reading() as conn:
        assert files.listing(conn) == []


# --- one check, and one line, not two ------------------------------------------------


@pytest.mark.parametrize("other", ["0012345", "12345"])
def test_a_check_number_with_zeros_before_it_is_the_same_check(
    office: Office, lines: Lines, other: str
) -> None:
    """The same rows again are a duplicate, however the number is written."""
    first = {"0012345": "12345", "12345": "0012345"}[other]
    bring(office, sheet(*lines(trace=first)))
    post_all(office)
    before = paid(office)

    again = bring(office, sheet(*lines(trace=other)))
    post_all(office)

    assert again.counts is not None
    assert (again.counts.accepted, again.counts.unchanged) == (0, len(lines()))
    assert statuses(office) == ["posted"]
    assert paid(office) == before


def test_other_rows_under_the_same_number_are_a_conflict_that_is_asked_about(
    office: Office, lines: Lines
) -> None:
    bring(office, sheet(*lines(trace="0012345")))
    bring(office, sheet(*lines("SYN-0002", trace="12345")))
    post_all(office)

    assert statuses(office) == ["conflict", "posted"]
    (task,) = open_tasks(office, TaskType.ERA_CONFLICT)
    assert task["evidence"]["trace"] == "12345"
    assert sorted([paid(office) == 0, paid(office, "SYN-0002") == 0]) == [False, True]


def test_one_check_written_in_two_ways_in_a_file_is_left_out_whole(
    office: Office, lines: Lines
) -> None:
    rows = [*lines(trace="0012345"), *lines("SYN-0002", trace="12345")]
    done = bring(office, sheet(*rows))

    assert registered(office) == []
    assert done.counts is not None
    assert done.counts.rejected == len(rows)
    assert "trace_no" in {reject.field for reject in done.rejects}


def test_numbers_with_letters_are_compared_as_they_are(
    office: Office, lines: Lines
) -> None:
    bring(office, sheet(*lines(trace="0A1")))
    bring(office, sheet(*lines("SYN-0002", trace="A1")))
    post_all(office)

    assert statuses(office) == ["posted", "posted"]


def with_two_alike(office: Office) -> tuple[str, list[RowMapping]]:
    """A claim that has lines with one code and two amounts."""
    with office.writing() as conn:
        row = max(claims.every(conn), key=lambda one: len(claims.lines(conn, one.id)))
        for line in claims.lines(conn, row.id):
            conn.execute(
                update(claim_line)
                .where(
                    claim_line.c.claim_id == row.id,
                    claim_line.c.number == line["number"],
                )
                .values(code="99213")
            )
        return row.practice_number, claims.lines(conn, row.id)


def test_a_row_that_could_be_of_several_lines_is_asked_about_and_leaves_its_check_out(
    office: Office, lines: Lines
) -> None:
    number, of = with_two_alike(office)
    rows = lines(number)
    rows[0] |= {"billed": "1.00", "paid": "1.00", "group1": "", "carc1": "", "amt1": ""}

    done = bring(office, sheet(*rows[:1]))

    assert len(of) > 1
    assert registered(office) == []
    (reject,) = done.rejects
    assert reject.field == "billed"
    assert "which has several with this code" in reject.reason


def test_a_row_with_another_amount_is_of_the_one_line_of_its_code_that_is_left(
    office: Office, lines: Lines
) -> None:
    """The other rows have the amounts of the other lines, also after it."""
    number, of = with_two_alike(office)
    rows = lines(number)
    odd = of[0]
    rows[0] |= {"billed": "1.00", "paid": "1.00", "group1": "", "carc1": "", "amt1": ""}
    total = sum((Decimal(str(r["paid"])) for r in rows), Decimal(0))
    content = sheet(*(row | {"pay_amount": total} for row in rows))

    bring(office, content)

    (row,) = registered(office)
    with office.reading() as conn:
        keyed = eob.read_keyed(conn, office, row)
    (said,) = keyed.claims
    assert said.lines[0].line_ref == odd["line_ref"]
    assert len({line.line_ref for line in said.lines}) == len(of)
