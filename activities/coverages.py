"""``coverages.csv`` taken in: which other plans the practice's patients have.

Counting law: rows read = accepted + unchanged + held + rejected. A row is *held* while
no claim of its patient has come or its payer is not known: it is kept, and used as soon
as a claim comes that it fits. The same plan from the same day on, with another last day
or group, replaces what was kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from activities.coverage_rows import CoverageRow
from activities.covers import spread
from activities.csv_files import Count
from activities.csv_rows import read_rows, together
from activities.office import Office
from records import claims, covers
from records.covers import Cover
from records.db import Connection
from records.events import Because

KIND = "COVERAGES"
_NAMESPACE = UUID("8f0d2f5e-5a0e-4a4b-9c2c-0c5f2d5b7e11")


def take_coverages(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Keep the plans of a file, and put them on the claims that they fit.

    Raises:
        CsvError: it has not the columns of its kind; nothing was stored.
    """
    sheet = _look_over(conn, office, content, why)
    for number, cover in sheet.new.items():
        covers.put(conn, office.cipher, cover, file_sha256=sha, row=number)
    for ref_index in sheet.known:  # unchanged rows too: their payer may be new here
        spread(conn, office, ref_index, why)
    return sheet.count.store(conn, KIND, sha, why)


def look_over(conn: Connection, office: Office, content: bytes, why: Because) -> Count:
    """What taking the file in would do; nothing is stored.

    Raises:
        CsvError: it has not the columns of its kind.
    """
    return _look_over(conn, office, content, why).count


@dataclass
class _Sheet:
    """A file so far: its counts, the plans to keep by row, all plans by patient."""

    count: Count
    new: dict[int, Cover] = field(default_factory=dict)
    known: dict[str, dict[str, Cover]] = field(default_factory=dict)


def _look_over(
    conn: Connection, office: Office, content: bytes, why: Because
) -> _Sheet:
    rows, bad = read_rows(content, CoverageRow, why.today)
    sheet = _Sheet(Count(bad))
    for number, row in rows:
        cover = _cover(office, row)
        patient = cover.patient_ref_index
        if patient not in sheet.known:
            found = covers.of_patient(conn, office.cipher, patient)
            sheet.known[patient] = {one.id: one for one in found}
        kept = sheet.known[patient]
        if wrong := [*_odd(row), *_taken(office, cover, kept)]:
            sheet.count.leave_out(number, *together(wrong))
        elif kept.get(cover.id) == cover:
            sheet.count.take(new=False)
        else:
            kept[cover.id] = sheet.new[number] = cover
            if office.payers.named(row.payer_id) and claims.of_patient(conn, patient):
                sheet.count.take(new=True)
            else:
                sheet.count.held += 1
    return sheet


def _cover(office: Office, row: CoverageRow) -> Cover:
    index = claims.patient_ref_index(office.cipher, row.patient_ref)
    member = office.cipher.index(row.member_id, kind="member")
    payer_id = _payer(office, row.payer_id)
    new = Cover(
        id="",
        patient_ref_index=index or "",
        place=row.coverage_order,
        payer_id=payer_id,
        member_id=row.member_id,
        group_no=row.group_no,
        eff_from=row.eff_from,
        eff_to=row.eff_to,
    )
    plan = f"{index}:{new.place}:{payer_id}:{member}:{new.eff_from}"
    return replace(new, id=str(uuid5(_NAMESPACE, plan)))


def _payer(office: Office, reference: str) -> str:
    profile = office.payers.named(reference)
    return profile.payer_id if profile else reference


def _odd(row: CoverageRow) -> Iterator[tuple[str, str]]:
    if row.eff_from and row.eff_to and row.eff_to < row.eff_from:
        yield "eff_to", "lies before eff_from"
    if not row.is_self:
        yield (
            "subscriber_rel",
            "is not self, and the file cannot name who holds the policy: bring the "
            "claim as an 837P that names both plans",
        )


def _taken(
    office: Office, cover: Cover, kept: dict[str, Cover]
) -> Iterator[tuple[str, str]]:
    for other in kept.values():
        named = _payer(office, other.payer_id)  # kept before the payer was known here
        same = (named, other.member_id) == (cover.payer_id, cover.member_id)
        if not same and other.place == cover.place and other.meets(cover):
            yield "coverage_order", "is another plan's on some of these days"
            return
