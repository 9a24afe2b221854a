"""Claims that a remittance pays just as expected, and about which nothing else is open.

Most of an 835 is of this kind. These claims are decided by the same rules as every
other one, but read and written together: a few statements for all of them, not thirty
for each. Whatever asks a question, or had one, takes the long way in
``activities/posting.py``; a test posts the same sets both ways and compares every row.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from activities import settle as settling
from activities.line_decisions import Decided, decide_lines, decided_by
from activities.office import Office
from claims.claim import ClaimState
from claims.messages import account_workflow_id, claim_workflow_id
from claims.money import ZERO, from_cents, words
from claims.remittance import RemittanceClaim
from ledger.balances import Balances, balances
from records import claims, news, quiet, submissions
from records.claims import ClaimRow, Move
from records.db import Connection, RowMapping
from records.events import Because

PRIMARY = "1"
AWAITED = (ClaimState.SUBMITTED, ClaimState.ACCEPTED)


class OurLine(NamedTuple):
    """A line from its row, without opening the claim's sealed content."""

    number: int
    line_ref: str
    code: str
    modifiers: tuple[str, ...]
    charge: Decimal
    units: Decimal


class _Taken(NamedTuple):
    """A plain claim, what was said of it, and what of it the patient owes."""

    row: ClaimRow
    found: RemittanceClaim
    share: Decimal


class PlainClaims:
    """The plain claims of one transaction set, found by a few questions for all."""

    def __init__(
        self,
        conn: Connection,
        office: Office,
        found: Iterable[tuple[RemittanceClaim, ClaimRow]],
        payer_id: str,
    ) -> None:
        """Ask what is known of every claim that may be plain."""
        self.conn = conn
        self.office = office
        self.profile = office.payer(payer_id)
        self.taken: dict[str, _Taken] = {}
        self._decided: list[tuple[str, int, str]] = []
        self.money: dict[str, Balances] = {}
        if rows := _once(found, payer_id):  # a set of reversals has none: ask nothing
            self.spoken_of = quiet.spoken_of(conn, rows)
            accounts = {row.account_id for row in rows.values()}
            self.held = quiet.accounts_held(conn, accounts)
            self.lines = claims.lines_of(conn, rows)
            self.money = balances(conn, rows)

    def decide(self, found: RemittanceClaim, row: ClaimRow, trace: str) -> Decided:
        """How each line was decided; nothing when the claim is not plain."""
        if not self._is_quiet(row):
            return []
        ours = [our_line(line) for line in self.lines.get(row.id, ())]
        decided = decide_lines(found, ours, self.profile, primary=True)
        share = sum((result.patient for *_, result in decided), ZERO)
        billed = found.charge == from_cents(row.charge_cents)
        if not billed or not _is_as_expected(found, decided, len(ours), share):
            return []
        self.taken[row.id] = _Taken(row, found, share)
        self._decided += [
            (row.id, number, decided_by(trace, line))
            for number, line, _ in decided
            if number is not None
        ]
        return decided

    def _is_quiet(self, row: ClaimRow) -> bool:
        return (
            row.id in self.money
            and row.id not in self.spoken_of
            and row.account_id not in self.held
            and _is_only_charged(row, self.money[row.id])
        )

    def finish(self, remittance_id: str, trace: str, why: Because) -> None:
        """Lines, submissions, state, next step, event and news of all of them."""
        if not self.taken:
            return
        claims.pay_lines(self.conn, self._decided)
        submissions.decide_first(self.conn, self.taken)
        moves = [self._move(one, trace, why) for one in self.taken.values()]
        claims.set_steps(self.conn, moves, why)
        told = [
            news.New(claim_workflow_id(id_), "remittance", f"remit:{remittance_id}")
            for id_ in self.taken
        ]
        told += [
            news.New(
                account_workflow_id(one.row.account_id),
                "balance",
                settling.balance_ref(one.row),
            )
            for one in self.taken.values()
            if one.share != ZERO
        ]
        news.add_many(self.conn, told, why.today)

    def _move(self, one: _Taken, trace: str, why: Because) -> Move:
        state, step = ClaimState.CLOSED, None
        if one.share != ZERO:
            state = ClaimState.PATIENT_BALANCE
            step = settling.first_statement_step(self.office, one.row, why)
        return Move(
            row=one.row,
            state=state,
            step=step,
            words=posted_words(trace, one.found.paid),
            facts={
                "first_remit_on": why.today,
                "payer_icn": one.found.payer_icn or one.row.payer_icn,
            },
        )


def posted_words(trace: str, paid: Decimal) -> str:
    """What the story of a claim says of a posted remittance."""
    return f"Remittance {trace} posted: paid {words(paid)}"


def _once(
    found: Iterable[tuple[RemittanceClaim, ClaimRow]], payer_id: str
) -> dict[str, ClaimRow]:
    """Claims that wait for this payer's first word, and are decided once in the set."""
    said = list(found)
    times = Counter(row.id for _, row in said)
    return {
        row.id: row
        for one, row in said
        if times[row.id] == 1
        and one.status == PRIMARY
        and row.payer_id == payer_id
        and _awaits_first_word(row)
    }


def _awaits_first_word(row: ClaimRow) -> bool:
    return (
        row.state in AWAITED
        and (row.payer_order, row.other_plans, row.submission_number) == (1, 0, 1)
        and row.first_remit_on is None
        and row.held_for is None
    )


def _is_only_charged(row: ClaimRow, money: Balances) -> bool:
    """Nothing but the charge is posted: the rest is zero by the identity (I2)."""
    charge = from_cents(row.charge_cents)
    return charge == money.charge == money.insurer_open and money.credit == ZERO


def our_line(line: RowMapping) -> OurLine:
    """One row of ``claim_line``."""
    return OurLine(
        number=line["number"],
        line_ref=line["line_ref"],
        code=line["code"],
        modifiers=tuple(filter(None, line["modifiers"].split(":"))),
        charge=from_cents(line["charge_cents"]),
        units=Decimal(line["units"]),
    )


def _is_as_expected(
    found: RemittanceClaim, decided: Decided, lines: int, share: Decimal
) -> bool:
    """Each line is paid once, nothing is asked, and nothing stays open."""
    numbers = {number for number, *_ in decided}
    whole = len(decided) == lines == len(numbers - {None})
    if not whole or found.adjustments or found.paid <= ZERO:
        return False
    contractual = sum((result.contractual for *_, result in decided), ZERO)
    return (
        all(result.status == "paid" for *_, result in decided)
        and min(contractual, share) >= ZERO
        and found.paid + contractual + share == found.charge
    )
