"""277 and 277CA: the status category decides, the status code only hints (R-ACK-03)."""

import re

from claims.decision import Decision
from policy.tables import rows, table, version

TABLE = "claim_status_actions"
_ENTITY_LOOPS = {
    "85": "2010AA",
    "82": "2310B",
    "DN": "2310A",
    "DQ": "2310D",
    "IL": "2010BA",
    "QC": "2010BA",
    "PR": "2010BB",
}
_ELEMENT = re.compile(r"[A-Z][A-Z0-9]{1,2}\d\d(?:-\d)?|REF\*[A-Z0-9]{2}|DTP\*472|HI\b")
_LOOPS = {
    "CLM": "2300",
    "HI": "2300",
    "REF": "2300",
    "SV1": "2400",
    "DTP": "2400",
    "DMG": "2010BA",
    "SBR": "2000B",
}
_OF_ENTITY = ("NM1", "N3", "N4", "PRV")


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
    row = rows(TABLE, "statuses", "code").get(status)
    return f"{row['meaning']}; {row['hint']}" if row else f"status {status}"


def in_words(status: str) -> str:
    """``P1:20`` in our own words: category, then status code; "" for neither."""
    category, _, code = status.partition(":")
    found = (
        rows(TABLE, "categories", "code").get(category),
        rows(TABLE, "statuses", "code").get(code),
    )
    return "; ".join(str(row["meaning"]) for row in found if row)


def field_of(status: str, entity: str = "") -> str:
    """The field of the 837P that a status code and its entity name, else "".

    Status 562 (an NPI) about entity 82 (the rendering provider) is ``2310B NM109``.
    """
    row = rows(TABLE, "statuses", "code").get(status)
    found = _ELEMENT.search(str(row["hint"])) if row else None
    if found is None:
        return ""
    element = found[0]
    if element.startswith(_OF_ENTITY):
        loop = _ENTITY_LOOPS.get(entity, "")
        return f"{loop} {element}" if loop else ""
    loop = next((v for k, v in _LOOPS.items() if element.startswith(k)), "")
    return f"{loop} {element}".strip()
