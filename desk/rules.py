"""The rules in our own words: all of them, and the one that a row of a story names."""

from itertools import groupby

from starlette.responses import Response

from desk.route import Page
from desk.visit import MissingError, Visit
from policy.people import Door
from policy.rule_words import RULE_WORDS
from policy.step_rules import STEP_RULE_WORDS, text_of

FAMILIES = {
    "ACK": "Receipts of what we sent",
    "APP": "Appeals",
    "AUT": "Authorizations",
    "BAD": "Bad and late data",
    "CLO": "Closing a claim",
    "COB": "More than one plan",
    "COD": "Coding and notes",
    "COR": "Corrections",
    "DAY": "Closing a day",
    "DEN": "Denials",
    "DSP": "Collections",
    "ELG": "Coverage",
    "ERA": "Remittances and deposits",
    "FIL": "Filing on time",
    "FUP": "Asking the payer",
    "IDM": "Doing things once",
    "LEG": "When a patient may be billed",
    "MAN": "Paper remittances, keyed by hand",
    "MON": "Money",
    "PAT": "Statements",
    "PLB": "Provider-level adjustments",
    "PLN": "Payment plans",
    "POST": "Posting",
    "REF": "Credit and refunds",
    "REV": "Reversals",
    "SCR": "Checks before sending",
    "SEC": "Safety of patient data",
    "STA": "States of a claim",
    "SUB": "Sending",
    "TSK": "Tasks",
    "UND": "Underpayments",
    "WOF": "Write-offs",
}
"""What the middle letters of a rule's number stand for."""


def family(number: str) -> str:
    """What a rule is about."""
    return FAMILIES.get(number.split("-")[1], "Other rules")


def rules_page(visit: Visit) -> Response:
    """Every rule that the program follows, by what it is about."""
    known = sorted({**RULE_WORDS, **STEP_RULE_WORDS}.items())
    groups = [(f, list(same)) for f, same in groupby(known, lambda r: family(r[0]))]
    return visit.page("rules.html.j2", groups=groups, count=len(known))


def rule_page(visit: Visit) -> Response:
    """One rule: its number, what it is about, and what it says.

    Raises:
        MissingError: no rule has this number.
    """
    number = visit.path("number").upper()
    words = text_of(number)
    if words is None:
        raise MissingError(
            "No rule has this number. Nothing is shown. The list of rules is in Help."
        )
    return visit.page("rule.html.j2", number=number, family=family(number), words=words)


ROUTES = (
    Page("GET", "/rules", rules_page, Door.SIGNED_IN),
    Page("GET", "/rules/{number}", rule_page, Door.SIGNED_IN),
)
