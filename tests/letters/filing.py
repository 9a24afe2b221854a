"""A small office on SQLite with one claim on file, for facts that come from records."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from activities.office import Office, assemble
from activities.patient import Due
from claims.claim import (
    Address,
    Claim,
    ClaimState,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import cents, usd
from ledger import tables as ledger_tables
from ledger.accounts import BY_PEOPLE, EntryType
from ledger.entries import NewEntry, post
from payers.practice import Practice
from payers.profile import PayerBook
from records import accounts, claims, remittances, users
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from vault.keys import KeyRing

ROOT = Path(__file__).resolve().parents[2]
PAYER = "P-NORTHLAKE"
MEMBER = "NL0002001"
VISIT_DAY = date(2026, 3, 3)
NOTICE = date(2026, 3, 18)
TODAY = date(2026, 3, 19)
WHY = Because(
    datetime(2026, 3, 19, 22, tzinfo=UTC), TODAY, "R-PAT-01", "demo.supervisor"
)
AT = "2026-03-18T14:00:00.000000Z"
HOME = Address(line1="12 Example St", city="Lakeport", state="IL", zip="625010001")
GUARANTOR = Person(
    first="Bram", last="Okoye", address=HOME, member_id=MEMBER,
    birth_date=date(1975, 11, 2),
)  # fmt: skip
FILE = "ab" * 32


def make_line(number: int = 1, **changes: Any) -> ServiceLine:
    values: dict[str, Any] = {
        "number": number,
        "code": "73721",
        "modifiers": ("RT",),
        "charge": "890.00",
        "units": Decimal(1),
        "service_from": VISIT_DAY,
    }
    return ServiceLine(**{**values, **changes})


def make_claim(*lines: ServiceLine, **changes: Any) -> Claim:
    billed = lines or (make_line(),)
    values: dict[str, Any] = {
        "pcn": "HP1",
        "charge": sum((n.charge for n in billed), Decimal("0.00")),
        "place_of_service": "11",
        "billing": Provider(last_or_organization="Harbor Point", npi="1900000013"),
        "rendering": Provider(first="ANA", last_or_organization="LEE"),
        "subscriber": Subscriber(person=GUARANTOR),
        "payer": Payer(name="Northlake", edi_id="99001"),
        "lines": billed,
    }
    return Claim(**{**values, **changes})


@dataclass
class Filed:
    """The office, one open transaction, and what a test puts on file."""

    office: Office
    conn: Connection

    def claim(self, content: Claim | None = None, **columns: Any) -> ClaimRow:
        content = content or make_claim()
        account = accounts.account_of(
            self.conn, self.office.cipher, content.subscriber.person
        )
        values: dict[str, Any] = {
            "id": f"claim-{content.pcn}",
            "pcn": content.pcn,
            "practice_number": "S-1",
            "identity_index": content.pcn,
            "content_hash": content.pcn,
            "account_id": account,
            "payer_id": PAYER,
            "member_index": self.office.cipher.index(MEMBER, kind="member"),
            "billing_npi": content.billing.npi,
            "charge_cents": cents(content.charge),
            "service_from": content.service_from,
            "service_to": content.service_to,
            "opened_on": VISIT_DAY,
            "state": ClaimState.PATIENT_BALANCE.value,
            "state_since": NOTICE,
            "payer_icn": "NORS0211",
        }
        claims.insert_new(
            self.conn,
            self.office.cipher,
            content=content,
            values={**values, **columns},
        )
        self.post(content, (EntryType.CHARGE, str(content.charge)))
        return claims.get(self.conn, f"claim-{content.pcn}")

    def post(self, content: Claim, *parts: tuple[EntryType, str]) -> None:
        entries = [
            NewEntry(
                key=f"{content.pcn}:{kind}:{amount}",
                type=kind,
                amount=usd(amount),
                business_date=NOTICE,
                source="person ana" if kind in BY_PEOPLE else "file segment 1",
                ref="TRN-1",
                rule="R-MON-03",
                claim_id=f"claim-{content.pcn}",
                payer_id=PAYER,
                actor="ana" if kind in BY_PEOPLE else "machine",
            )
            for kind, amount in parts
        ]
        post(self.conn, entries, posted_at=AT)

    def remittance(
        self,
        row: ClaimRow,
        shares: dict[str, str],
        *,
        trace: str = "TRN-1",
        status: str = "1",
        posted_on: date = NOTICE,
    ) -> None:
        """An 835 on file whose PR amounts are ``shares``, by reason code."""
        treated = [
            {"treatment": "patient", "code": f"PR-{code}", "amount": amount}
            for code, amount in shares.items()
        ]
        remittances.insert_new(
            self.conn,
            id=trace,
            payer_id=row.payer_id,
            trace=trace,
            payment_date=posted_on,
            paid_cents=0,
            content_hash=trace,
            file_sha256=FILE,
            st_segment=1,
            status="posted",
            received_on=posted_on,
            posted_on=posted_on,
        )
        kept = {
            "remittance_id": trace,
            "position": 1,
            "claim_id": row.id,
            "clp01_index": row.pcn,
            "status": status,
            "charge_cents": row.charge_cents,
            "paid_cents": 0,
            "patient_cents": 0,
            "payer_icn": row.payer_icn,
            "outcome": "posted",
            "detail": {"lines": [{"number": 1, "treated": treated}]},
        }
        remittances.add_claims(self.conn, [kept])

    def due(self, row: ClaimRow, step: int = 1, template: str = "STMT_1") -> Due:
        return Due(
            row=row,
            owed=usd("1.00"),
            step=step,
            template=template,
            kind="statement",
            day=TODAY,
            cycle_start=TODAY,
            held=False,
        )


@contextmanager
def filed(folder: Path) -> Iterator[Filed]:
    """An office whose database lives in ``folder``; all of it is one transaction."""
    ring = KeyRing.create(folder / "keys.json")
    office = assemble(
        ring,
        database_url=f"sqlite:///{folder / 'office.db'}",
        documents=folder / "documents",
        mailbox=folder / "mailbox",
        practice=Practice.load(ROOT / "payers" / "practice.yaml"),
        payers=PayerBook.load(ROOT / "payers" / "profiles"),
        task_queue="none",
    )
    ledger_tables.METADATA.create_all(office.db.engine)
    try:
        with office.writing() as conn:
            boss = users.User(
                name=WHY.actor, display_name="Sol Reyes", roles=("supervisor",)
            )
            users.put_user(conn, boss)
            yield Filed(office, conn)
    finally:
        office.db.close()
