"""A/R by age and by legal deadline; every figure opens the claims that make it up."""

from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response

from activities.story import payer_name
from desk.route import Page
from desk.visit import DeskError, Visit
from ledger import aging
from ledger.aging import AgeBucket, Clock, DeadlineBucket
from ledger.open_items import PageMarkError, Part
from policy.people import Door

CLOCKS = {
    Clock.SERVICE: "the date of service",
    Clock.FIRST_SENT: "the day it was first sent",
    Clock.LAST_SENT: "the day it was last sent",
    Clock.PATIENT_DUE: "the patient's first statement",
}
AGES = {
    AgeBucket.D0_30: "0–30",  # noqa: RUF001 - a range of days
    AgeBucket.D31_60: "31–60",  # noqa: RUF001
    AgeBucket.D61_90: "61–90",  # noqa: RUF001
    AgeBucket.D91_120: "91–120",  # noqa: RUF001
    AgeBucket.D121_180: "121–180",  # noqa: RUF001
    AgeBucket.D181_UP: "181+",
    AgeBucket.NO_DATE: "No date yet",
}
LEFT = {
    DeadlineBucket.OVERDUE: "Past",
    DeadlineBucket.D0_7: "0–7",  # noqa: RUF001
    DeadlineBucket.D8_15: "8–15",  # noqa: RUF001
    DeadlineBucket.D16_30: "16–30",  # noqa: RUF001
    DeadlineBucket.D31_90: "31–90",  # noqa: RUF001
    DeadlineBucket.LATER: "91+",
    DeadlineBucket.NO_DEADLINE: "None set",
}
PARTS = {
    Part.INSURANCE: "Open with payers",
    Part.PATIENT: "Patients owe",
    Part.CREDIT: "Credits",
}
DEADLINES = "deadline"
"""The report by days left, in place of a clock."""


def show(visit: Visit) -> Response:
    """The report: by age, or by the days left to a legal deadline."""
    day, by = _as_of(visit), _by(visit)
    with visit.desk.office.reading() as conn:
        if by == DEADLINES:
            left = aging.by_deadline(conn, as_of=day)
            rows, ties, ledger = [*left.payers], left.ties, left.ledger_cents
            last = [("All payers", "", left.insurance)]
            grand = left.insurance.cents
        else:
            found = aging.aging(conn, as_of=day, clock=Clock(by))
            rows, ties, ledger = [*found.payers], found.ties, found.ledger_cents
            last = [
                ("All payers", Part.INSURANCE.value, found.insurance),
                ("Patients", Part.PATIENT.value, found.patient),
                ("Credits (taken off)", Part.CREDIT.value, found.credit),
            ]
            grand = found.grand_cents
    office = visit.desk.office
    return visit.page(
        "aging.html.j2",
        day=day,
        by=by,
        clocks=CLOCKS,
        heads=LEFT if by == DEADLINES else AGES,
        rows=[(payer_name(office, r.payer_id or "") or "No payer", r) for r in rows],
        last=last,
        grand=grand,
        ties=ties,
        ledger=ledger,
        link=lambda **of: _link(day, by, **of),
    )


def rows(visit: Visit) -> Response:
    """The claims behind one figure; their sum is the figure, to the cent."""
    day, by, part = _as_of(visit), _by(visit), _part(visit)
    asked = visit.request.query_params
    payer, after = asked.get("payer"), asked.get("after") or None
    try:
        with visit.desk.office.reading() as conn:
            if by == DEADLINES:
                bucket = asked.get("bucket")
                found = aging.deadline_rows(
                    conn,
                    as_of=day,
                    payer_id=payer,
                    bucket=DeadlineBucket(bucket) if bucket else None,
                    after=after,
                )
            else:
                age = asked.get("bucket")
                found = aging.aging_rows(
                    conn,
                    as_of=day,
                    clock=Clock(by),
                    kind=part,
                    payer_id=payer,
                    bucket=AgeBucket(age) if age else None,
                    after=after,
                )
    except (ValueError, PageMarkError):
        raise _unknown() from None
    with visit.desk.office.writing() as conn:
        visit.saw(conn, "aging", claim_ids=[row.claim_id for row in found.rows])
    more = dict(asked) | {"after": found.next_after} if found.next_after else None
    return visit.page(
        "aging_rows.html.j2",
        day=day,
        by=by,
        found=found,
        part=PARTS[part],
        payer=payer_name(visit.desk.office, payer) if payer else "",
        bucket=(LEFT | AGES).get(asked.get("bucket", ""), ""),  # type: ignore[call-overload] # enum members are their words
        clock=CLOCKS.get(by, ""),  # type: ignore[call-overload]
        more=f"/ar/rows?{urlencode(more)}" if more else "",
        back=_link(day, by, path="/ar"),
        payer_name=lambda one: payer_name(visit.desk.office, one),
    )


def _link(day: date, by: str, path: str = "/ar/rows", **of: str | None) -> str:
    query = {"as_of": day.isoformat(), "by": by}
    query |= {name: value for name, value in of.items() if value is not None}
    return f"{path}?{urlencode(query)}"


def _as_of(visit: Visit) -> date:
    asked = visit.asked("as_of")
    if not asked:
        return visit.today
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        raise DeskError(
            "The day in this address is no date. Nothing was worked out. Choose a day."
        ) from None
    if day > visit.today:
        raise DeskError(
            "That day has not come yet. Nothing was worked out. Choose a day up to "
            "today."
        )
    return day


def _by(visit: Visit) -> str:
    by = visit.asked("by") or Clock.SERVICE.value
    if by != DEADLINES and by not in {c.value for c in Clock}:
        raise _unknown()
    return by


def _part(visit: Visit) -> Part:
    try:
        return Part(visit.asked("kind") or Part.INSURANCE.value)
    except ValueError:
        raise _unknown() from None


def _unknown() -> DeskError:
    return DeskError(
        "There is no such figure. Nothing was worked out. Start again from A/R."
    )


ROUTES = (
    Page("GET", "/ar", show, Door.AGING),
    Page("GET", "/ar/rows", rows, Door.AGING),
)
