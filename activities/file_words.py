"""What desk and command line say of a file: its kind, and its end."""

from collections.abc import Iterator
from typing import NamedTuple

from records.db import RowMapping
from records.file_list import NO_SETS, Sets

KINDS = {
    "837P": "professional claims (837P)",
    "837I": "institutional claims (837I)",
    "835": "remittance (835)",
    "277CA": "claim acknowledgment (277CA)",
    "276": "claim status questions (276)",
    "277": "claim status (277)",
    "270": "eligibility questions (270)",
    "271": "eligibility answer (271)",
    "999": "acknowledgment (999)",
    "TA1": "interchange acknowledgment (TA1)",
    "CLAIMS": "claims (CSV)",
    "CLAIMS_JSON": "claims (JSON)",
    "DEPOSITS": "bank deposits (CSV)",
    "PAYMENTS": "patient payments (CSV)",
    "REFUNDS": "refunds (CSV)",
    "AUTHORIZATIONS": "authorizations (CSV)",
    "APPEAL_DECISIONS": "appeal decisions (CSV)",
    "COVERAGES": "patients' plans (CSV)",
    "EOB": "paper remittances (CSV)",
    "UNKNOWN": "unknown kind",
    "UNREAD": "a file that was not read",
}


def kind_words(kind: str) -> str:
    """A file's kind for people; several kinds in one file are joined."""
    return " and ".join(KINDS.get(one, one) for one in kind.split("+"))


class FileEnd(NamedTuple):
    """How a file ended: in one word or two, and what of it is still to come."""

    word: str
    more: str = ""

    def __str__(self) -> str:
        """``posted in part: 1 of 3 payments waits for a person``."""
        return f"{self.word}: {self.more}" if self.more else self.word


def end_of(row: RowMapping, sets: Sets = NO_SETS) -> FileEnd:
    """How a file ended; one of ours is sent, there is no other way for it.

    Money has come to its end when each payment of the file (``sets``) is in the ledger:
    a file of which none is yet is not *posted*, however well it was read.
    """
    if row["direction"] == "out":
        return FileEnd("sent")
    if row["ended"] != "posted" or sets.posted == sets.count:
        return FileEnd(str(row["ended"] or "not ended"))
    if sets.posted:
        return FileEnd("posted in part", ", ".join(_left(sets)))
    if sets.count == sets.coming:
        return FileEnd("not posted yet")
    return FileEnd("not posted", ", ".join(_left(sets)))


def _left(sets: Sets) -> Iterator[str]:
    for count, one, many in (
        (sets.waiting, "waits for a person", "wait for a person"),
        (sets.coming, "is not posted yet", "are not posted yet"),
        (sets.refused, "was refused by a person", "were refused by a person"),
    ):
        if count and sets.count == 1:
            yield one
        elif count:
            yield f"{count} of {sets.count} payments {one if count == 1 else many}"
