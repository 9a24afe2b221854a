"""What desk and command line say of a file: its kind, and its end."""

from records.db import RowMapping

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
    "EOB": "paper remittances (CSV)",
    "UNKNOWN": "unknown kind",
    "UNREAD": "a file that was not read",
}


def kind_words(kind: str) -> str:
    """A file's kind for people; several kinds in one file are joined."""
    return " and ".join(KINDS.get(one, one) for one in kind.split("+"))


def end_words(row: RowMapping) -> str:
    """How a file ended; one of ours is sent, there is no other way for it."""
    if row["direction"] == "out":
        return "sent"
    return str(row["ended"] or "not ended")
