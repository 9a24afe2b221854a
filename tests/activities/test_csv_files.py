"""CSV files: good rows go on, bad ones are named without values, again is unchanged."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities import csv_files
from activities.csv_files import CsvError, check_rows, detect
from activities.files import ROUTES, take_in
from activities.imports import import_claims
from activities.office import Office
from claims.money import from_cents
from ledger.accounts import EntryType
from ledger.balances import balances, entries_of
from records import accounts, claims, files, inquiries, remittances
from records.claims import ClaimRow
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.edi.conftest import OURS

TODAY = NOON.date()
TOMORROW = TODAY + timedelta(1)
Take = Callable[..., str]

DEPOSITS = "deposit_ref,date,amount,method,trace_no,originator,payer_name,account_last4"
PAYMENTS = "receipt_ref,patient_ref,date,amount,method,claim_ref,plan_ref,note"
AUTHORIZATIONS = (
    "auth_no,payer_id,member_id,code,units,valid_from,valid_to,status,decided_on"
)
APPEALS = "claim_ref,level,outcome,notice_date,received_on,document"
GOOD = {
    "DEPOSITS": (DEPOSITS, f"DEP-1,{TODAY},120.50,ach,TRN1,1999,PLAN,1234"),
    "PAYMENTS": (PAYMENTS, f"R-1,,{TODAY},25.00,card,SYN-0001,,"),
    "AUTHORIZATIONS": (
        AUTHORIZATIONS,
        f"A-1,P-NORTHLAKE,EXM1,97110,12,2026-01-01,2026-12-31,approved,{TODAY}",
    ),
    "APPEAL_DECISIONS": (APPEALS, f"SYN-0001,1,overturned,{TODAY},{TODAY},N-1"),
}


def _csv(header: str, *rows: str) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """An office with the five claims of a1, once on SQLite, once on PostgreSQL."""
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, TODAY, "R-BAD-01"))
    yield opened
    opened.db.close()


@pytest.fixture
def take(office: Office, why: Because) -> Take:
    """Take a CSV file by its kind; what became of it, in words."""

    def take_file(content: bytes, why: Because = why) -> str:
        kind = detect(content)
        assert kind is not None
        sha = hashlib.sha256(content).hexdigest()
        with office.writing() as conn:
            return ROUTES[kind](conn, office, "office", content, sha, why)

    return take_file


def _claim(office: Office) -> ClaimRow:
    with office.reading() as conn:
        found = claims.find(conn, "SYN-0001")
    assert found is not None
    return found


def _send_appeal(office: Office) -> str:
    """An appeal of SYN-0001 that waits for the payer's answer."""
    with office.writing() as conn:
        return accounts.add_appeal(
            conn,
            claim_id=_claim(office).id,
            level=1,
            lines=[1],
            carc="50",
            template="appeal",
            notice_on=TODAY - timedelta(40),
            legal_deadline=TODAY + timedelta(60),
            work_by=TODAY + timedelta(30),
            status="sent",
            sent_on=TODAY - timedelta(30),
            expected_on=TODAY + timedelta(30),
        )


# --- detection and reading -----------------------------------------------------------


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda b: b,
        lambda b: b"\xef\xbb\xbf" + b,
        lambda b: b.replace(b"\n", b"\r\n"),
        lambda b: b.replace(b",", b", "),
        lambda b: b + b"\n,,,,\n\n",
        lambda b: b.rstrip(b"\n"),
    ],
    ids=["plain", "bom", "crlf", "spaces", "blank-lines", "no-last-break"],
)
def test_a_good_row_is_read_in_any_wrapping(
    kind: str, wrap: Callable[[bytes], bytes]
) -> None:
    content = wrap(_csv(*GOOD[kind]))

    assert detect(content) == kind
    assert check_rows(content, kind, TODAY) == (1, [])


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"ISA*00*", b"a,b,c\n1,2,3\n", b"\xff\xfe\x00", b"deposit_ref,date\n",
     b"deposit_ref,date,amount,method,secret\n"],
)  # fmt: skip
def test_other_files_are_no_csv_of_ours(content: bytes) -> None:
    assert detect(content) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"deposit_ref,date,amount\nD,2026-01-01,1.00\n", "missing: method"),
        (_csv(DEPOSITS + ",colour", "D,,,,,,,,"), "columns that its kind does not"),
        (_csv(DEPOSITS + ",date", "D,,,,,,,,"), "there twice"),
        (b"", "columns are missing"),
        (_csv(DEPOSITS).replace(b"date", b"d\xffte"), "not UTF-8"),
        (_csv(DEPOSITS, 'D-1,2026-01-01,"5.00,ach,,,,'), "quotes or lines"),
        (_csv(DEPOSITS, "D" * 200_000 + ",,,,,,,"), "quotes or lines"),
    ],
    ids=["missing", "unknown", "twice", "empty", "latin-1", "open-quote", "too-long"],
)
def test_a_file_that_cannot_be_trusted_as_a_whole_is_refused(
    content: bytes, words: str
) -> None:
    with pytest.raises(CsvError, match=words):
        check_rows(content, "DEPOSITS", TODAY)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("amount", "1e2", "is no amount in dollars and cents"),
        ("amount", "25.0000001", "has more than two decimals"),
        ("amount", "25.005", "has more than two decimals"),
        ("amount", "$25.00", "is no amount in dollars and cents"),
        ("amount", '"1,000.00"', "is no amount in dollars and cents"),
        ("amount", "1_000", "is no amount in dollars and cents"),
        ("amount", "NaN", "is no amount in dollars and cents"),
        ("amount", "٢٥", "is no amount in dollars and cents"),
        ("amount", "9999999999.00", "is no amount in dollars and cents"),
        ("amount", "-25.00", "must be more than zero"),
        ("amount", "0.00", "must be more than zero"),
        ("amount", "", "is missing"),
        ("date", str(TOMORROW), "lies in the future"),
        ("date", "06/15/2026", "is no date (YYYY-MM-DD)"),
        ("date", "20260615", "is no date (YYYY-MM-DD)"),
        ("date", "2026-02-30", "is no date (YYYY-MM-DD)"),
        ("date", "1781481600", "is no date (YYYY-MM-DD)"),
        ("date", "", "is missing"),
        ("receipt_ref", "", "is missing"),
        ("receipt_ref", "R" * 65, "is too long"),
        ("receipt_ref", "R\x00", "holds a line break or control character"),
        ("note", '"one\ntwo"', "holds a line break or control character"),
        ("method", "m" * 17, "is too long"),
    ],
)
def test_a_bad_cell_is_named_by_row_column_and_reason_without_its_value(
    column: str, value: str, reason: str
) -> None:
    names, cells = PAYMENTS.split(","), GOOD["PAYMENTS"][1].split(",")
    cells[names.index(column)] = value
    good, (bad,) = check_rows(
        _csv(PAYMENTS, GOOD["PAYMENTS"][1], ",".join(cells)), "PAYMENTS", TODAY
    )

    assert good == 1
    assert (bad.number, bad.column, bad.reason) == (3, column, reason)
    assert str(bad) == f"row 3: {column} {reason}"


@pytest.mark.parametrize(
    ("kind", "column", "value", "reason"),
    [
        ("DEPOSITS", "date", str(TOMORROW), "lies in the future"),
        ("DEPOSITS", "amount", "0.00", "must not be zero"),
        ("DEPOSITS", "account_last4", "123456789", "is too long"),
        ("PAYMENTS", "amount", "-1.00", "must be more than zero"),
        ("AUTHORIZATIONS", "decided_on", str(TOMORROW), "lies in the future"),
        ("AUTHORIZATIONS", "units", "1.5", "is no whole number"),
        ("AUTHORIZATIONS", "units", "-1", "is no whole number"),
        ("AUTHORIZATIONS", "code", "9" * 11, "is too long"),
        ("APPEAL_DECISIONS", "notice_date", str(TOMORROW), "lies in the future"),
        ("APPEAL_DECISIONS", "received_on", str(TOMORROW), "lies in the future"),
        ("APPEAL_DECISIONS", "outcome", "won", "is none of the words allowed"),
        ("APPEAL_DECISIONS", "level", "first", "is no whole number"),
    ],
)
def test_every_kind_refuses_its_bad_cells(
    kind: str, column: str, value: str, reason: str
) -> None:
    good, (bad,) = check_rows(_with(kind, column, value), kind, TODAY)

    assert (good, bad.column, bad.reason) == (0, column, reason)


def test_an_authorization_may_end_in_the_future() -> None:
    header, row = GOOD["AUTHORIZATIONS"]

    assert "2026-12-31" in row
    assert check_rows(_csv(header, row), "AUTHORIZATIONS", TODAY) == (1, [])


@pytest.mark.parametrize("row", ["R-2,,2026-06-01,5.00", "R-2,,2026-06-01,5.00,c,,,,"])
def test_a_row_with_another_number_of_cells_is_bad(row: str) -> None:
    good, (bad,) = check_rows(_csv(PAYMENTS, row), "PAYMENTS", TODAY)

    assert (good, bad.column) == (0, "row")


def test_several_bad_cells_are_one_bad_row() -> None:
    _, (bad,) = check_rows(_csv(PAYMENTS, "R,,x,y,card,,,"), "PAYMENTS", TODAY)

    assert bad.column == "date, amount"


@settings(max_examples=200)
@given(st.sampled_from(sorted(GOOD)), st.binary(max_size=200))
def test_any_bytes_below_a_header_are_rows_or_refused(kind: str, rest: bytes) -> None:
    content = GOOD[kind][0].encode() + b"\n" + rest
    try:
        good, bad = check_rows(content, kind, TODAY)
    except CsvError:
        return

    assert good + len(bad) <= content.count(b"\n") + content.count(b"\r")


# --- taking --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["DEPOSITS", "PAYMENTS", "AUTHORIZATIONS"])
def test_good_rows_go_on_beside_bad_ones_and_again_are_unchanged(
    office: Office, take: Take, kind: str
) -> None:
    header, row = GOOD[kind]
    content = _csv(header, row, "?" * 3 + "," * header.count(","))
    first, again = take(content), take(content)
    with office.reading() as conn:
        runs = files.imports(conn)[1:]

    assert " 1 " in f" {first}"
    assert "left out: row 3: " in first
    assert "0 " in again
    assert sorted(
        (r["read"], r["accepted"], r["unchanged"], r["rejected"]) for r in runs
    ) == [(2, 0, 1, 1), (2, 1, 0, 1)]
    assert all(len(r["rejects"]) == r["rejected"] for r in runs)


def test_a_patients_payment_is_posted_once(office: Office, take: Take) -> None:
    content = _csv(*GOOD["PAYMENTS"])
    take(content)
    take(content + b"\n")
    claim = _claim(office)
    with office.reading() as conn:
        posted = [
            (e["entry_type"], from_cents(e["amount_cents"]))
            for e in entries_of(conn, claim.id)
        ]
        money = balances(conn, [claim.id])[claim.id]

    assert posted == [(EntryType.PATIENT_PREPAYMENT.value, Decimal("25.00"))]
    assert money.paid_patient == Decimal("25.00")


def _with(kind: str, column: str, value: str) -> bytes:
    """The good row of a kind with one other cell."""
    header, row = GOOD[kind]
    cells = row.split(",")
    cells[header.split(",").index(column)] = value
    return _csv(header, ",".join(cells))


def test_a_known_receipt_with_other_content_is_a_conflict(
    office: Office, take: Take
) -> None:
    take(_csv(*GOOD["PAYMENTS"]))
    said = {
        take(_with("PAYMENTS", "amount", "26.00")),
        take(_with("PAYMENTS", "date", str(TODAY - timedelta(1)))),
        take(_with("PAYMENTS", "method", "check")),
        take(_with("PAYMENTS", "claim_ref", "SYN-0002")),
    }
    with office.reading() as conn:
        kept = remittances.payment(conn, "R-1")

    assert said == {
        "0 payments taken, 0 unchanged, left out: row 2: receipt_ref is known here "
        "with other content"
    }
    assert kept is not None
    assert (kept["amount_cents"], kept["method"]) == (2500, "card")


def test_two_rows_of_one_file_with_one_receipt_conflict(take: Take) -> None:
    _, row = GOOD["PAYMENTS"]
    said = take(_csv(PAYMENTS, row, row.replace("25.00", "30.00"), row))

    assert said.startswith("1 payments taken, 1 unchanged")
    assert "row 3: receipt_ref" in said


def test_a_payment_of_an_unknown_claim_is_named_and_posts_nothing(
    office: Office, take: Take
) -> None:
    _, row = GOOD["PAYMENTS"]
    said = take(_csv(PAYMENTS, row.replace("SYN-0001", "SECRET-9")))
    with office.reading() as conn:
        kept = remittances.payment(conn, "R-1")

    assert "row 2: claim_ref is not known here" in said
    assert "SECRET" not in said
    assert kept is None


def test_a_known_deposit_with_other_content_is_a_conflict(
    office: Office, take: Take
) -> None:
    take(_csv(*GOOD["DEPOSITS"]))
    said = {
        take(_with("DEPOSITS", "amount", "1.00")),
        take(_with("DEPOSITS", "date", "2026-06-01")),
        take(_with("DEPOSITS", "trace_no", "TRN2")),
        take(_with("DEPOSITS", "method", "eft")),
        take(_with("DEPOSITS", "payer_name", "OTHER")),
    }
    with office.reading() as conn:
        (kept,) = remittances.deposits(conn)

    assert said == {
        "0 deposits taken, 0 unchanged, left out: row 2: deposit_ref is known here "
        "with other content"
    }
    assert (kept["amount_cents"], kept["trace"]) == (12050, "TRN1")


def test_a_newer_decision_replaces_an_authorization_and_an_older_does_not(
    office: Office, take: Take
) -> None:
    """R-BAD-04."""
    header, row = GOOD["AUTHORIZATIONS"]
    older = row.replace("approved", "pending").replace(
        str(TODAY), str(TODAY - timedelta(3))
    )
    take(_csv(header, older))
    newer = take(_csv(header, row))
    again = take(_csv(header, older, row))
    with office.reading() as conn:
        member = office.cipher.index("EXM1", kind="member")
        (kept,) = inquiries.authorizations(
            conn, payer_id="P-NORTHLAKE", member_index=member
        )

    assert newer.startswith("1 authorizations taken")
    assert again.startswith("0 authorizations taken, 2 unchanged")
    assert (kept["status"], kept["units"]) == ("approved", 12)


def test_an_authorization_that_ends_before_it_begins_is_left_out(take: Take) -> None:
    header, row = GOOD["AUTHORIZATIONS"]
    said = take(_csv(header, row.replace("2026-12-31", "2025-12-31")))

    assert "row 2: valid_to lies before valid_from" in said


def test_an_appeals_answer_is_taken_once_and_another_is_a_conflict(
    office: Office, take: Take
) -> None:
    appeal_id = _send_appeal(office)
    header, row = GOOD["APPEAL_DECISIONS"]
    first = take(_csv(header, row))
    again = take(_csv(header, row, "SYN-0002" + row.removeprefix("SYN-0001")))
    other = take(_csv(header, row.replace("overturned", "upheld")))
    with office.reading() as conn:
        appeal = accounts.get_appeal(conn, appeal_id)

    assert first == "1 appeal decisions taken, 0 unchanged"
    assert again == (
        "0 appeal decisions taken, 1 unchanged, left out: row 3: level names no appeal "
        "that was sent"
    )
    assert "row 2: outcome is known here with other content" in other
    assert appeal is not None
    assert appeal["outcome"] == "overturned"


def test_an_answer_for_an_unknown_claim_is_named(take: Take) -> None:
    header, row = GOOD["APPEAL_DECISIONS"]

    assert "row 2: claim_ref is not known here" in take(
        _csv(header, row.replace("SYN-0001", "NOBODY"))
    )


@pytest.mark.parametrize(
    ("kind", "ended"),
    [("DEPOSITS", "posted"), ("PAYMENTS", "posted"), ("AUTHORIZATIONS", "routed")],
)
def test_a_file_by_mailbox_ends_and_its_copy_changes_nothing(
    office: Office, why: Because, kind: str, ended: str
) -> None:
    content = _csv(*GOOD[kind])
    first = take_in(office, "office", "x.csv", content, why)
    again = take_in(office, "office", "y.csv", content, why)
    with office.reading() as conn:
        (kept,) = files.listing(conn)

    assert "1 " in first
    assert "same bytes" in again
    assert (kept["kind"], kept["ended"], kept["copies"]) == (kind, ended, 2)


def test_a_file_with_broken_quotes_is_quarantined_with_its_reason(
    office: Office, why: Because
) -> None:
    content = _csv(DEPOSITS, 'D-1,2026-01-01,"5.00,ach,,,,')
    said = take_in(office, "office", "x.csv", content, why)
    with office.reading() as conn:
        (kept,) = files.listing(conn)
        assert remittances.deposits(conn) == []

    assert kept["ended"] == "quarantined"
    assert "quotes" in said


def test_every_kind_has_its_way_in() -> None:
    assert set(csv_files.KINDS) <= set(ROUTES)


def test_a_deposit_keeps_its_account_and_may_be_below_zero(
    office: Office, take: Take
) -> None:
    content = _csv(DEPOSITS, f"D-9,{TODAY},-12.50,ach,,,,4021")
    take(content)

    with office.reading() as conn:
        (kept,) = remittances.deposits(conn)
    assert (kept["amount_cents"], kept["account_last4"]) == (-1250, "4021")
    said = take(content.replace(b"4021", b"9999"))
    assert "is known here with other content" in said
