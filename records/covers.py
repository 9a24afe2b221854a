"""Patients' plans, by the practice's number of the patient (``coverages.csv``)."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from records.tables import cover
from vault.fields import FieldCipher


@dataclass(frozen=True)
class Cover:
    """One plan of a patient; ``place`` 1 pays first. An empty day is open."""

    id: str
    patient_ref_index: str
    place: int
    payer_id: str
    member_id: str
    group_no: str
    eff_from: date | None
    eff_to: date | None

    def holds_on(self, day: date | None) -> bool:
        """Whether it covers what is done on this day; without a day, that is open."""
        if day is None:
            return self.eff_from is None and self.eff_to is None
        return (self.eff_from or day) <= day <= (self.eff_to or day)

    def meets(self, other: "Cover") -> bool:
        """Whether both cover some day."""
        first = max(self.eff_from or date.min, other.eff_from or date.min)
        return first <= min(self.eff_to or date.max, other.eff_to or date.max)


def of_patient(conn: Connection, cipher: FieldCipher, ref_index: str) -> list[Cover]:
    """The plans of a patient, the first to pay first."""
    query = select(cover).where(cover.c.patient_ref_index == ref_index)
    query = query.order_by(cover.c.place, cover.c.eff_from, cover.c.id)
    return [_open(cipher, row) for row in conn.execute(query).mappings()]


def put(conn: Connection, cipher: FieldCipher, new: Cover, **source: Any) -> None:
    """Keep a plan, in place of what was kept of it; ``source``: file and row."""
    said = json.dumps({"member_id": new.member_id, "group_no": new.group_no})
    conn.execute(delete(cover).where(cover.c.id == new.id))
    conn.execute(
        insert(cover).values(
            id=new.id,
            patient_ref_index=new.patient_ref_index,
            place=new.place,
            payer_id=new.payer_id,
            content_enc=cipher.encrypt(said, row_key=f"cover:{new.id}"),
            eff_from=new.eff_from,
            eff_to=new.eff_to,
            **source,
        )
    )


def _open(cipher: FieldCipher, row: RowMapping) -> Cover:
    said = json.loads(cipher.decrypt(row["content_enc"], row_key=f"cover:{row['id']}"))
    plain = ("id", "patient_ref_index", "place", "payer_id", "eff_from", "eff_to")
    return Cover(**{name: row[name] for name in plain}, **said)
