"""Posting many claims together ends as posting them one by one: the same rows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities import plain_posting
from activities.office import Office
from activities.plain_posting import PlainClaims
from activities.remittance import RemittanceActivities, register_remittances
from benchmarks import posting_data as data
from claims.adjustment import Adjustment
from claims.money import ZERO
from claims.remittance import Remittance, RemittanceClaim
from edi.x835 import read_remittances, write_remittances
from ledger.accounts import EntryType
from ledger.balances import identity_breaches
from ledger.entries import NewEntry, post
from ledger.tables import METADATA
from records import accounts, claims, remittances, tasks
from records.db import Connection, Database, make_engine
from records.instants import to_text
from records.tables import claim, submission
from records.tasks import NewTask
from tests.activities.conftest import open_office

COUNT = 6
WHY = "R-ERA-05"


def change_line(one: RemittanceClaim, *said: tuple[str, str, str]) -> RemittanceClaim:
    """The first line with these adjustments; the sums follow."""
    adjustments = tuple(
        Adjustment(group=g, carc=c, amount=Decimal(amount)) for g, c, amount in said
    )
    first, *rest = one.lines
    paid = first.charge - sum((a.amount for a in adjustments), ZERO)
    lines = (
        first.model_copy(update={"paid": paid, "adjustments": adjustments}),
        *rest,
    )
    shares = [a.amount for n in lines for a in n.adjustments if a.group == "PR"]
    return one.model_copy(
        update={
            "lines": lines,
            "paid": sum((n.paid for n in lines), ZERO),
            "patient_responsibility": sum(shares, ZERO),
        }
    )


def without_last_line(one: RemittanceClaim) -> RemittanceClaim:
    *kept, last = one.lines
    return one.model_copy(
        update={
            "lines": tuple(kept),
            "charge": one.charge - last.charge,
            "paid": one.paid - last.paid,
        }
    )


def of_a_lower_charge(one: RemittanceClaim) -> RemittanceClaim:
    """The payer took the first line for 4.00 less than was billed."""
    first, *rest = one.lines
    less = Decimal("4.00")
    cut = first.adjustments[0].model_copy(
        update={"amount": first.adjustments[0].amount - less}
    )
    lines = (
        first.model_copy(
            update={
                "charge": first.charge - less,
                "adjustments": (cut, *first.adjustments[1:]),
            }
        ),
        *rest,
    )
    return one.model_copy(update={"charge": one.charge - less, "lines": lines})


def reversed_(one: RemittanceClaim) -> RemittanceClaim:
    """The same with the opposite sign."""
    lines = tuple(
        n.model_copy(
            update={
                "charge": -n.charge,
                "paid": -n.paid,
                "adjustments": opposite(n.adjustments),
            }
        )
        for n in one.lines
    )
    return one.model_copy(
        update={
            "status": "22",
            "charge": -one.charge,
            "paid": -one.paid,
            "patient_responsibility": ZERO,
            "adjustments": opposite(one.adjustments),
            "lines": lines,
        }
    )


def opposite(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    return tuple(a.model_copy(update={"amount": -a.amount}) for a in adjustments)


SAID: dict[str, Any] = {
    "paid": lambda one: one,
    "copay": lambda one: change_line(one, ("CO", "45", "40.00"), ("PR", "3", "20.00")),
    "deductible": lambda one: change_line(
        one, ("CO", "45", "40.00"), ("PR", "1", "104.00")
    ),
    "denied": lambda one: change_line(one, ("CO", "197", "144.00")),
    "short": lambda one: change_line(one, ("CO", "45", "90.00")),
    "unknown code": lambda one: change_line(one, ("CO", "999", "10.00")),
    "paid more than contracted": lambda one: change_line(one, ("CO", "45", "30.00")),
    "secondary status": lambda one: one.model_copy(update={"status": "2"}),
    "forwarded by another": lambda one: one.model_copy(update={"status": "19"}),
    "a line is missing": without_last_line,
    "a lower charge": of_a_lower_charge,
    "claim level": lambda one: one.model_copy(
        update={
            "paid": one.paid - 5,
            "adjustments": (Adjustment(group="CO", carc="45", amount=Decimal("5.00")),),
        }
    ),
    "not ours": lambda one: one.model_copy(update={"pcn": f"X{one.pcn}"}),
    "no number of the payer": lambda one: one.model_copy(update={"payer_icn": None}),
}


def a_task(conn: Connection, office: Office, claim_id: str) -> None:
    row = claims.get(conn, claim_id)
    new = NewTask(
        key=f"t:{claim_id}",
        type="PAYER_CALL",
        workflow_id=f"claim-{claim_id}",
        role="clerk",
        due_on=data.TODAY,
        rule="R-FUP-01",
        why="a task of a test",
        claim_id=claim_id,
        account_id=row.account_id,
    )
    tasks.open_task(conn, new, office.because(data.NOW, "R-FUP-01"))


def a_hold(kind: str, *, of_account: bool) -> Any:
    def put(conn: Connection, office: Office, claim_id: str) -> None:
        account_id = claims.get(conn, claim_id).account_id
        scope = {"account_id": account_id} if of_account else {"claim_id": claim_id}
        accounts.set_hold(
            conn, kind=kind, reason="a test", today=data.SENT, actor="dana", **scope
        )

    return put


def money(kind: EntryType, amount: str) -> Any:
    def put(conn: Connection, office: Office, claim_id: str) -> None:
        row = claims.get(conn, claim_id)
        new = NewEntry(
            key=f"before:{claim_id}",
            type=kind,
            amount=Decimal(amount),
            business_date=data.SENT,
            source="person dana",
            ref="before",
            rule="R-MON-03",
            claim_id=claim_id,
            account_id=row.account_id,
            payer_id=row.payer_id,
            actor="dana",
        )
        post(conn, [new], posted_at=to_text(data.NOW))

    return put


def column(table: Any, **values: Any) -> Any:
    def put(conn: Connection, office: Office, claim_id: str) -> None:
        key = table.c.id if table is claim else table.c.claim_id
        conn.execute(table.update().where(key == claim_id).values(**values))

    return put


BEFORE: dict[str, Any] = {
    "nothing": lambda *_: None,
    "a task": a_task,
    "a person's hold": a_hold("CLAIM_HOLD", of_account=False),
    "a hold for money": a_hold("HOLD_INSURANCE_PENDING", of_account=False),
    "a credit hold": a_hold("HOLD_CREDIT", of_account=True),
    "paid ahead": money(EntryType.PATIENT_PREPAYMENT, "5.00"),
    "charge of another amount": money(EntryType.CHARGE, "1.00"),
    "only sent": column(submission, status="sent"),
    "still queued": column(submission, status="queued"),
    "followed up": column(claim, state="FOLLOW_UP"),
    "sent twice": column(claim, submission_number=2),
    "another plan": column(claim, other_plans=1),
    "of another payer": column(claim, payer_id="P-RIVERBEND"),
}


@dataclass(frozen=True)
class Case:
    """What was so before, and what the payer said, of one claim."""

    before: str
    said: str
    twice: bool


CASES = st.lists(
    st.builds(
        Case,
        st.sampled_from(["nothing"] * 6 + list(BEFORE)),
        st.sampled_from(["paid"] * 4 + ["copay"] * 2 + list(SAID)),
        st.sampled_from([False] * 5 + [True]),
    ),
    min_size=1,
    max_size=COUNT,
)


class Posted:
    """Offices in which the same set is posted, one way or the other.

    Each posting begins with a copy of one database, in which the claims were sent.
    """

    def __init__(self, folder: Path, repo_root: Path, url: str = "") -> None:
        self.folder, self.url, self.runs = folder, url, 0
        start = url or f"sqlite:///{folder / 'start.db'}"
        self.office = open_office(folder, repo_root, start)
        self._fill()

    def _fill(self) -> None:
        data.fill(self.office, range(1, COUNT + 1))
        if not self.url:
            self.office.db.close()

    def _anew(self) -> None:
        """The database as it was before any posting."""
        if self.url:
            METADATA.drop_all(self.office.db.engine)
            METADATA.create_all(self.office.db.engine)
            self._fill()
            return
        self.office.db.close()
        self.runs += 1
        copy = self.folder / f"{self.runs}.db"
        shutil.copy(self.folder / "start.db", copy)
        self.office.db = Database(make_engine(f"sqlite:///{copy}"))

    def run(self, cases: list[Case]) -> dict[str, list[dict[str, Any]]]:
        """Post, and give every row of every table."""
        self._anew()
        numbers = range(1, len(cases) + 1)
        with self.office.writing() as conn:
            for number, case in zip(numbers, cases, strict=True):
                BEFORE[case.before](conn, self.office, data.id_of(number))
        content = said(self.office, numbers, cases)
        sha = self.office.documents.put(content)
        why = self.office.because(data.NOW, WHY)
        with self.office.writing() as conn:
            register_remittances(conn, self.office, "test", content, sha, why)
            (one,) = remittances.listing(conn)
        RemittanceActivities(self.office).post_remittance(one["id"], data.NOW)
        with self.office.reading() as conn:
            status = remittances.listing(conn)[0]["status"]
            assert status in ("posted", "suspended")
            assert identity_breaches(conn) == []
        return self.rows()

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        with self.office.reading() as conn:
            return {
                table.name: sorted(
                    (
                        plain(table.name, dict(r))
                        for r in conn.execute(table.select()).mappings()
                    ),
                    key=repr,
                )
                for table in METADATA.sorted_tables
            }


MADE_UP = ("content_enc", "guarantor_enc", "clp01_index", "content_hash", "seq")
"""Sealed anew each time, or the place in the order of posting."""


DRAWN = ("event", "entry", "task", "hold")
"""Tables whose ids are drawn, or numbers in the order of posting."""


def plain(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row without what differs each time."""
    gone = {*MADE_UP, *(("id", "number") if table in DRAWN else ())}
    if table == "entry_line":
        gone.add("entry_id")
    if str(row.get("next_owner")) == "task":
        gone.add("next_owner_id")
    return {k: v for k, v in row.items() if k not in gone}


def said(office: Office, numbers: range, cases: list[Case]) -> bytes:
    """The 835 of these cases, in balance."""
    found = read_remittances(data.remittance_file(office, numbers)).remittances[0]
    decided: list[RemittanceClaim] = []
    for one, case in zip(found.claims, cases, strict=True):
        new = SAID[case.said](one)
        decided.append(new)
        if case.twice:
            decided += [reversed_(new), new.model_copy(update={"payer_icn": "AGAIN"})]
    paid = sum((one.paid for one in decided), ZERO)
    whole: Remittance = found.model_copy(
        update={"claims": tuple(decided), "paid": paid}
    )
    return write_remittances([whole], data.envelope(1))


@pytest.fixture
def both(tmp_path: Path, repo_root: Path) -> Iterator[Posted]:
    """On SQLite."""
    found = Posted(tmp_path, repo_root)
    yield found
    found.office.db.close()


@pytest.fixture
def on_postgres(tmp_path: Path, repo_root: Path, postgres_db: str) -> Iterator[Posted]:
    """The same on PostgreSQL."""
    found = Posted(tmp_path, repo_root, postgres_db)
    yield found
    found.office.db.close()


@contextmanager
def one_by_one() -> Iterator[None]:
    """No claim is plain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainClaims, "decide", lambda *_: [])
        yield


def assert_same(both: Posted, cases: list[Case]) -> None:
    together = both.run(cases)
    with one_by_one():
        singly = both.run(cases)
    for name, rows in singly.items():
        assert together[name] == rows, (name, cases)


@given(CASES)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_together_is_as_one_by_one(both: Posted, cases: list[Case]) -> None:
    assert_same(both, cases)


@pytest.mark.long
@given(CASES)
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_together_is_as_one_by_one_in_many_cases(
    both: Posted, cases: list[Case]
) -> None:
    assert_same(both, cases)


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("said_", ["paid", "copay"])
def test_what_was_open_before_ends_the_same(
    both: Posted, before: str, said_: str
) -> None:
    assert_same(both, [Case(before, said_, twice=False), Case("nothing", said_, False)])


def test_together_is_as_one_by_one_on_postgresql(on_postgres: Posted) -> None:
    what = ["paid", "copay", "denied", "paid", "deductible", "short"]
    cases = [Case("nothing", one, twice=False) for one in what]
    assert_same(on_postgres, cases)


def taken(both: Posted, case: Case) -> bool:
    """Whether the second claim of a set is posted together with others."""
    seen: set[str] = set()
    finish = PlainClaims.finish

    def note(self: PlainClaims, *more: Any) -> None:
        seen.update(self.taken)
        finish(self, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_posting.PlainClaims, "finish", note)
        both.run([Case("nothing", "paid", twice=False), case])
    assert data.id_of(1) in seen
    return data.id_of(2) in seen


@pytest.mark.parametrize("what", ["paid", "copay", "deductible"])
def test_what_asks_nothing_is_posted_together(both: Posted, what: str) -> None:
    assert taken(both, Case("nothing", what, twice=False))


@pytest.mark.parametrize("what", sorted(set(SAID) - {"paid", "copay", "deductible"}))
def test_what_asks_something_is_posted_by_itself(both: Posted, what: str) -> None:
    alone = what not in ("paid more than contracted", "no number of the payer")
    assert taken(both, Case("nothing", what, twice=False)) is not alone


def test_a_claim_paid_for_a_lower_charge_does_not_close(both: Posted) -> None:
    """What the payer says nothing of is still open at the payer."""
    assert_same(both, [Case("nothing", "a lower charge", twice=False)])


def test_two_sets_with_one_trace_that_do_not_add_up_have_a_task_each(
    both: Posted,
) -> None:
    """The second would wait for ever if the first one's task stood for both."""
    both.run([Case("nothing", "paid", twice=False)])
    office = both.office
    why = office.because(data.NOW, WHY)
    (one,) = read_remittances(data.remittance_file(office, range(2, 3))).remittances
    for number in (1, 2):
        off = one.model_copy(update={"paid": one.paid + number})
        content = write_remittances([off], data.envelope(10 + number))
        sha = office.documents.put(content)
        with office.writing() as conn:
            register_remittances(conn, office, "test", content, sha, why)
    with office.reading() as conn:
        received = remittances.listing(conn, status=["received"])
    looks = [
        RemittanceActivities(office).post_remittance(row["id"], data.NOW)
        for row in received
    ]

    assert len(received) == 2
    assert [look.done for look in looks] == [False, False]
    with office.reading() as conn:
        waiting = tasks.waiting(conn, types=["ERA_UNBALANCED"])
    assert {t["workflow_id"] for t in waiting} == {f"remit-{r['id']}" for r in received}
