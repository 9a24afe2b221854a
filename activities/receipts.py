"""Answer what came to a mailbox: a 999 for its groups, a TA1 where one was asked for.

The answer lies in the partner's own mailbox, once for each interchange however often
the file is looked at: it is a batch of ours, staged and released like any other. The
999 says what became of the file's sets here, not of its claims: those are answered by
the payer. A file that a person uploads is answered on the screen.
"""

import hashlib
import re

from activities.imports import CHANGED
from activities.office import Office
from activities.outbound import put_into, register_sent
from edi.errors import EdiError
from edi.interchange import FileKind
from edi.receipts import Receipt, Refused, receipts, write_receipt
from edi.segments import OutboundEnvelope
from exchange.mailbox import Mailbox
from records import files, submissions
from records.db import RowMapping
from records.events import Because
from records.files import End

TAKEN = frozenset(
    {
        *(FileKind.X837P, FileKind.X835, FileKind.X277CA, FileKind.X277),
        *(FileKind.X271, FileKind.X999, FileKind.TA1),
    }
)
"""Transactions that something is done with here; a test compares it with the routes."""
RULE = "R-ACK-01"
_PLACE = re.compile(r"(\w+) at segment (\d+)")


def acknowledge(
    office: Office, mailbox: Mailbox, partner: str, content: bytes, why: Because
) -> int:
    """Put the answers to a file that was taken in into its mailbox; how many it has.

    What is no X12, or names nobody who could be answered, has none.
    """
    sha = hashlib.sha256(content).hexdigest()
    try:
        found = receipts(content, _refused(office, sha))
    except EdiError:
        return 0
    count = 0
    for place, one in enumerate(found):
        if one.kind is not None:
            batch_id = f"receipt-{sha[:40]}-{place}"
            count += _answer(office, mailbox, partner, batch_id, one, why)
    return count


def _refused(office: Office, sha: str) -> Refused:
    """What of the file was not used, as it stands on the list of files."""
    with office.reading() as conn:
        file, run = files.get(conn, sha), files.import_of(conn, sha)
    return Refused(
        whole=file is not None and file["ended"] == End.QUARANTINED,
        kinds=frozenset(FileKind) - TAKEN,
        claims=_unread_claims(run) if run else {},
    )


def _unread_claims(run: RowMapping) -> dict[int, tuple[str, int]]:
    """Claims that could not be read; one that is known here otherwise was read."""
    unread = [r for r in run["rejects"] if r["reason"] != CHANGED]
    return {r["position"]: _place(r["segment"], r["position"]) for r in unread}


def _place(words: str, position: int) -> tuple[str, int]:
    """``SV1 at segment 30`` as its parts."""
    found = _PLACE.fullmatch(words)
    return (found[1], int(found[2])) if found else ("CLM", position)


def _answer(
    office: Office,
    mailbox: Mailbox,
    partner: str,
    batch_id: str,
    one: Receipt,
    why: Because,
) -> bool:
    with office.writing() as conn:
        batch = submissions.open_batch(
            conn,
            batch_id=batch_id,
            kind=str(one.kind),
            payer_id=partner,
            partner=partner,
            today=why.today,
        )
    if batch["ended_on"] is not None:
        return True
    envelope = OutboundEnvelope(
        sender_id=one.receiver,
        receiver_id=one.sender,
        isa13=batch["isa13"],
        gs06=batch["gs06"],
        st02=f"{batch['isa13']:09d}",
        created=why.at,
        usage="T" if one.head.get(15).strip() == "T" else "P",
    )
    try:
        written = write_receipt(one, envelope)
    except EdiError:
        with office.writing() as conn:
            submissions.mark_batch(conn, batch_id, ended_on=why.today)
        return False
    name, written = put_into(office, mailbox, batch, written)
    with office.writing() as conn:
        register_sent(
            *(conn, office, batch, written, name, why.by_rule(RULE)),
            partner=partner,
            ended_on=why.today,
        )
    return True
