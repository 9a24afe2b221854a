"""What leaves in a batch's file: put in the partner's mailbox once, then registered.

Staged as a draft, noted in SQL, then released by one rename: whichever step a crash
follows, the repeat goes on from there (design rule 8). A file that is no longer in the
mailbox proves nothing: the partner may have collected it.
"""

import hashlib
from typing import Any

from activities.office import Office
from exchange.mailbox import Mailbox
from records import files, submissions
from records.db import Connection, RowMapping
from records.events import Because


def put_out(office: Office, batch: RowMapping, content: bytes) -> tuple[str, bytes]:
    """Upload the batch's interchange unless it was, and keep it.

    Returns its name and the bytes that are out: those of the first try, if any.
    """
    with office.mailbox(office.partner_of(batch["payer_id"])) as mailbox:
        return put_into(office, mailbox, batch, content)


def put_into(
    office: Office, mailbox: Mailbox, batch: RowMapping, content: bytes
) -> tuple[str, bytes]:
    """``put_out`` into a mailbox that is open."""
    name = f"{batch['kind']}-{batch['payer_id']}-{batch['isa13']:09d}.edi"
    # Sent, though nothing notes it: by an older version, or before a backup that
    # was restored. Its bytes are out; only a file that is gone cannot tell.
    if not batch["file_sha256"] and mailbox.outbound_exists(name):
        content = mailbox.read_outbound(name)
        office.documents.put(content)
        return name, content
    if not batch["file_sha256"]:
        batch = _stage(office, mailbox, batch["id"], name, content)
    if batch["file_name"] != name:
        mailbox.release_outbound(batch["file_name"], name)
    return name, office.documents.get(batch["file_sha256"])


def _stage(
    office: Office, mailbox: Mailbox, batch_id: str, name: str, content: bytes
) -> RowMapping:
    """Keep the file, write its draft, note it; the draft of whoever noted first."""
    sha = office.documents.put(content)
    draft = mailbox.stage_outbound(name, content)
    with office.writing() as conn:
        batch = submissions.stage_batch(conn, batch_id, sha256=sha, draft=draft)
    if batch["file_name"] != draft:
        mailbox.discard_outbound(draft)
    return batch


def register_sent(
    conn: Connection,
    office: Office,
    batch: RowMapping,
    content: bytes,
    name: str,
    why: Because,
    partner: str = "",
    **facts: Any,
) -> None:
    """Enter the file that left, once by its bytes, and ``facts`` of its batch;
    ``partner`` when it is not the one who carries its payer's files."""
    sha = hashlib.sha256(content).hexdigest()
    files.register(
        conn,
        sha256=sha,
        direction="out",
        partner=partner or office.partner_of(batch["payer_id"]),
        name=name,
        kind=batch["kind"],
        size=len(content),
        today=why.today,
        at=why.at,
    )
    submissions.mark_batch(
        conn, batch["id"], file_sha256=sha, file_name=name, sent_on=why.today, **facts
    )
