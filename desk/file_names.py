"""What a file is called on a page: a partner's name for it may name a patient.

As at the command line, only who sees every patient reads it; others know a file by its
kind, its sender, its date and the first of its hash.
"""

from desk.patients import may_see
from desk.visit import Visit
from records.db import Connection, RowMapping


def called(visit: Visit, file: RowMapping) -> str:
    """Its name for who may read it, and of a file of ours; else its hash's first."""
    if file["direction"] == "out" or may_see(visit, ()):
        return str(file["name"])
    return f"File {file['sha256'][:12]}"


def log_names(visit: Visit, conn: Connection, what: str) -> None:
    """Log that names of files were read, where they were; not again when a page looks
    again by itself."""
    if may_see(visit, ()) and "X-Background" not in visit.request.headers:
        visit.saw(conn, "names of files", subject=what)
