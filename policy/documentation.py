"""Documentation and coding: may the claim leave CODING (R-COD-01)."""

from claims.claim import Claim
from claims.decision import Decision


def decide_documentation(claim: Claim, *, assume_signed: bool) -> Decision:
    """approved, or review with what is missing.

    Codes of the practice system count as approved by it; ``assume_signed`` answers for
    the note until notes are imported.
    """
    missing = []
    if not claim.diagnoses:
        missing.append("diagnosis")
    if not claim.lines:
        missing.append("service lines")
    if not assume_signed or claim.provider_signature != "Y":
        missing.append("signed note")
    if missing:
        return Decision(
            action="review",
            rule="R-COD-01",
            reason=f"missing: {', '.join(missing)}",
            evidence=tuple(missing),
        )
    return Decision(
        action="approved",
        rule="R-COD-01",
        reason="codes of the practice system stand for coder and signed note",
        evidence=("import",),
    )
