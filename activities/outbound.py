"""What leaves in a batch's file: put in the partner's mailbox once, then registered.

A file's name has the batch's control number, so a repeat after a crash finds the file
instead of sending it again (design rule 8).
"""

import hashlib
from typing import Any

from activities.office import Office
from records import files, submissions
from records.db import Connection, RowMapping
from records.events import Because


def put_out(office: Office, batch: RowMapping, content: bytes) -> tuple[str, bytes]:
    """Upload the batch's interchange unless it is there, and keep it.

    Returns its name and the bytes that are out: those of the first try, if any.
    """
    name = f"{batch['kind']}-{batch['payer_id']}-{batch['isa13']:09d}.edi"
    mailbox = office.open_mailbox(office.partner_of(batch["payer_id"]))
    if mailbox.outbound_exists(name):
        content = mailbox.read_outbound(name)
    else:
        mailbox.put_outbound(name, content)
    office.documents.put(content)
    return name, content


def register_sent(
    conn: Connection,
    office: Office,
    batch: RowMapping,
    content: bytes,
    name: str,
    why: Because,
    **facts: Any,
) -> None:
    """Enter the file that left, once by its bytes, and ``facts`` of its batch."""
    sha = hashlib.sha256(content).hexdigest()
    files.register(
        conn,
        sha256=sha,
        direction="out",
        partner=office.partner_of(batch["payer_id"]),
        name=name,
        kind=batch["kind"],
        size=len(content),
        today=why.today,
        at=why.at,
    )
    submissions.mark_batch(
        conn, batch["id"], file_sha256=sha, file_name=name, sent_on=why.today, **facts
    )
