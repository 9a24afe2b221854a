"""277 and 277CA: the status category decides, the status code only hints (R-ACK-03)."""

from claims.decision import Decision
from policy.tables import rows, table, version

TABLE = "claim_status_actions"


def decide(category: str, *, seen_in: str) -> Decision:
    """What a status category asks for; one not allowed in ``seen_in`` is reviewed."""
    row = rows(TABLE, "categories", "code").get(category)
    if row is None or seen_in not in map(str, row["seen_in"]):
        unknown = table(TABLE)["unknown_category"]
        return Decision(
            action=unknown["action"],
            rule="R-ACK-03",
            reason=f"status category {category} is not expected in a {seen_in}",
            table=version(TABLE),
            evidence=(category,),
        )
    rule = "R-ACK-03" if seen_in == "277CA" else "R-FUP-01"
    return Decision(
        action=row["action"],
        rule=rule,
        reason=f"the payer says: {row['meaning']}",
        table=version(TABLE),
        evidence=(category,),
    )


def hint(status: str) -> str:
    """Our own words for a status code, and where to look; the code when unknown."""
    part = next(
        (
            k
            for k in table(TABLE)
            if k not in ("version", "categories", "unknown_category")
        ),
        "",
    )
    row = rows(TABLE, part, "code").get(status) if part else None
    return f"{row['meaning']}; {row['hint']}" if row else f"status {status}"
