"""What the payer decided about each line, and until when it can be answered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from activities.appeal import UNDERPAYMENT
from activities.office import Office
from claims.money import ZERO, from_cents, usd
from claims.task import TaskType
from desk.words import day, reason_code
from payers.profile import PayerProfile
from policy import appeal as rules
from policy.remittance import remark_words
from records import accounts, claims, remittances
from records.claims import ClaimRow
from records.db import Connection, RowMapping

_T = TaskType
OF_LINES = frozenset(
    {
        *(_T.DENIAL_REVIEW, _T.CORRECT_CLAIM, _T.PAYER_REQUEST_DOCS, _T.COB_UPDATE),
        *(_T.APPEAL_PREPARE, _T.APPEAL_FOLLOW_UP, _T.APPEAL_DECISION),
        *(_T.UNDERPAYMENT_REVIEW, _T.REMIT_REVIEW, _T.WRITE_OFF_APPROVE),
    }
)
"""Task types that are about lines of a remittance."""
SHORT = "short"


class Reason(NamedTuple):
    """One adjustment of a line, in our words; None: the amount is not on file."""

    words: str
    amount: Decimal | None


@dataclass(frozen=True)
class DecidedLine:
    """One line as the payer decided it; None: the payer did not say."""

    number: int
    code: str
    charge: Decimal
    allowed: Decimal | None
    paid: Decimal | None
    expected: Decimal | None
    reasons: tuple[Reason, ...]
    remarks: tuple[str, ...]
    amount: Decimal


class Deadline(NamedTuple):
    """One date to keep, or why there is none."""

    what: str
    day: date | None
    words: str


@dataclass(frozen=True)
class Denial:
    """The lines a task is about; ``total`` is the sum of their amounts."""

    lines: tuple[DecidedLine, ...]
    deadlines: tuple[Deadline, ...]
    what: str

    @property
    def total(self) -> Decimal:
        """What was denied, or is short, together."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def charge(self) -> Decimal:
        """What was billed for these lines."""
        return sum((line.charge for line in self.lines), ZERO)


def denial_of(
    conn: Connection, office: Office, row: RowMapping, claim: ClaimRow | None
) -> Denial | None:
    """The lines of a task's claim; None for a task that is about none."""
    if claim is None or row["type"] not in OF_LINES:
        return None
    if not (found := _lines_of(conn, row, claim)):
        return None
    stated = _stated(remittances.of_claim(conn, claim.id))
    short = row["type"] == _T.UNDERPAYMENT_REVIEW
    lines = tuple(_line(one, stated, short=short) for one in found)
    profile = office.payer(claim.payer_id, claim.service_from)
    dates = _deadlines(conn, profile, claim, found) if profile and not short else ()
    words = {_T.UNDERPAYMENT_REVIEW: "Short", _T.REMIT_REVIEW: "Held"}
    return Denial(lines, tuple(dates), words.get(TaskType(row["type"]), "Denied"))


def _lines_of(
    conn: Connection, row: RowMapping, claim: ClaimRow
) -> list[Mapping[str, Any]]:
    """As they were when the task was opened; else as they are now."""
    kept = row["evidence"].get("lines", [])
    if kept and isinstance(kept[0], Mapping):
        return [one for one in kept if one.get("amount")]
    return [
        {
            "line": n["number"],
            "code": n["code"],
            "charge": str(from_cents(n["charge_cents"])),
            **n["denial"],
        }
        for n in claims.lines(conn, claim.id)
        if n["denial"] and (not kept or n["number"] in kept)
    ]


def _stated(remits: Iterable[RowMapping]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """What each remittance said of each line; the newest counts."""
    return {
        (one["trace"], line["number"]): line
        for one in remits
        for line in one["detail"].get("lines", [])
        if line.get("number") is not None
    }


def _line(
    one: Mapping[str, Any],
    stated: Mapping[tuple[str, int], Mapping[str, Any]],
    *,
    short: bool,
) -> DecidedLine:
    said = stated.get((one.get("trace", ""), one["line"]), {})
    treated = said.get("treated", [])
    reasons = [Reason(_reason(t["code"]), usd(t["amount"])) for t in treated]
    return DecidedLine(
        number=one["line"],
        code=one["code"],
        charge=usd(one["charge"]),
        allowed=_money(said.get("allowed")),
        paid=_money(said.get("paid")),
        expected=_money(one.get("expected")),
        reasons=tuple(reasons or [Reason(_reason(str(one.get("carc", ""))), None)]),
        remarks=tuple(remark_words(code) for code in one.get("rarcs", ())),
        amount=usd(one["shortfall" if short else "amount"]),
    )


def _money(text: str | None) -> Decimal | None:
    return None if text is None else usd(text)


def _reason(code: str) -> str:
    group, _, carc = code.rpartition("-")
    return reason_code(group, carc)


# --- until when ----------------------------------------------------------------------


def _deadlines(
    conn: Connection,
    profile: PayerProfile,
    claim: ClaimRow,
    lines: Iterable[Mapping[str, Any]],
) -> Iterator[Deadline]:
    """Of the first notice: nothing about these lines is late before it is."""
    notices = [d for one in lines if (d := one.get("notice_on"))]
    if notices:
        notice = date.fromisoformat(min(notices))
        yield _appeal_by(conn, profile, claim, lines, notice)
        yield _correct_by(profile, notice)
    if claim.accepted_on:
        yield Deadline("Filed on time", claim.accepted_on, "the payer accepted it then")


def _appeal_by(
    conn: Connection,
    profile: PayerProfile,
    claim: ClaimRow,
    lines: Iterable[Mapping[str, Any]],
    notice: date,
) -> Deadline:
    made = accounts.appeals_of(conn, claim.id)
    running = [a for a in made if a["status"] in ("preparing", "sent")]
    if running:
        last = running[-1]
        words = f"level {last['level']} is {STATUS[last['status']]}"
        return Deadline("Appeal by", last["legal_deadline"], words)
    level = 1 + len([a for a in made if a["template"] != UNDERPAYMENT])
    allowed = rules.may_appeal(
        profile,
        level=level,
        notice_on=notice,
        today=notice,
        carcs=[str(one.get("carc", "")) for one in lines],
        rarcs=[code for one in lines for code in one.get("rarcs", ())],
    )
    if allowed.action == "barred":
        return Deadline("Appeal", None, f"Not possible: {allowed.reason}")
    last_day = rules.legal_deadline(profile, level=level, notice_on=notice)
    days = (last_day - notice).days
    words = f"level {level}, {days} days from the notice of {day(notice)}"
    return Deadline("Appeal by", last_day, words)


STATUS = {"preparing": "being prepared", "sent": "sent"}


def _correct_by(profile: PayerProfile, notice: date) -> Deadline:
    can = profile.capabilities
    if not can.frequency_7:
        words = "This payer takes no replacement: send a new claim"
        return Deadline("Corrected claim", None, words)
    if can.correct_within_days is None:
        return Deadline("Corrected claim", None, "No limit is on file for this payer")
    last = notice + timedelta(can.correct_within_days)
    words = f"{can.correct_within_days} days from the notice of {day(notice)}"
    return Deadline("Corrected claim by", last, words)
