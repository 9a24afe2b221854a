"""AAA03 of a 271: what each reject reason asks, of the patient or of us (R-ELG-04).

Every reason is a question that the patient can answer. Two kinds need more than that:
the plan could not answer now, so it is asked once more by the machine; or what we sent
of ourselves is wrong, so the clerk is told what to have mended first. Our own words for
the reasons of 005010X279A1, loops 2000A to 2110D.
"""

from typing import NamedTuple


class Reject(NamedTuple):
    """One reject reason: the question, whether to ask again, what of ours to mend."""

    question: str
    again: bool = False
    mend: str = ""


_CARD = "Which plan and which number are printed on the card?"
_NAME = "The name differs. How is the name spelled on the card?"
_SEX = "The sex recorded at the plan differs. What does the plan have on file?"
_DAY = "The plan did not accept the date. On which day was the visit?"
_PLAN = "The plan does not know our provider. Which plan is printed on the card?"
_ENROLL = "Have the billing NPI enrolled with this plan for coverage questions."
_PROVIDER = "Look at the practice's name, NPI and address in practice.yaml."
_OURS = "Have support look at the 270 we sent: the plan refuses its form."

REASONS: dict[str, Reject] = {
    "04": Reject("Is the visit one of several on the card's plan?", mend=_OURS),
    "15": Reject("Is anything on the card missing in our record?", mend=_OURS),
    "33": Reject("Is anything on the card other than in our record?", mend=_OURS),
    "35": Reject("We may be outside the plan's network. " + _CARD),
    "41": Reject(_PLAN, mend=_ENROLL),
    "42": Reject(
        "The plan could not answer. Is the member number on the card still the same?",
        again=True,
    ),
    "43": Reject(_PLAN, mend=_PROVIDER),
    "44": Reject(_PLAN, mend=_PROVIDER),
    "45": Reject(_PLAN, mend=_PROVIDER),
    "46": Reject(_PLAN, mend=_PROVIDER),
    "47": Reject(_PLAN, mend=_PROVIDER),
    "48": Reject("Who referred the patient, and when?"),
    "49": Reject("Who is the patient's primary care provider at the plan?"),
    "50": Reject(_PLAN, mend=_ENROLL),
    "51": Reject(_PLAN, mend=_ENROLL),
    "52": Reject(_DAY, mend="See since when our provider is enrolled with this plan."),
    "53": Reject("For which service was the visit?", mend=_OURS),
    "54": Reject("For which service was the visit?", mend=_OURS),
    "55": Reject("For which service was the visit?", mend=_OURS),
    "56": Reject(_DAY),
    "57": Reject(_DAY),
    "58": Reject(
        "The birth date is missing or wrong. What is the patient's birth date?"
    ),
    "60": Reject(
        "The birth date lies after the visit. What is the patient's birth date?"
    ),
    "61": Reject("The plan has the patient as deceased. Who is on the card?"),
    "62": Reject(
        "The plan cannot look that far back. Was the plan in force on that day?"
    ),
    "63": Reject("The plan does not answer for a day to come. When is the visit?"),
    "64": Reject("The member number is missing or wrong. What number is on the card?"),
    "65": Reject(_NAME),
    "66": Reject(_SEX),
    "67": Reject(
        "The plan does not find the patient. What number and name are on the card?"
    ),
    "68": Reject("The plan finds several patients. What number is on the card?"),
    "69": Reject("The age does not fit. What is the patient's birth date?"),
    "70": Reject(_SEX),
    "71": Reject("The birth date differs. What is the patient's birth date?"),
    "72": Reject("The member number is not found. What number is on the card?"),
    "73": Reject(_NAME),
    "74": Reject(_SEX),
    "75": Reject(
        "The member is not found at this plan. Is this still the patient's plan?"
    ),
    "76": Reject("The plan finds the member twice. What number is on the card?"),
    "77": Reject(
        "The plan finds the card's holder and not the patient. How is the patient "
        "spelled there, and what is the birth date?"
    ),
    "78": Reject("The member is not in that group. What group is on the card?"),
    "79": Reject(_PLAN, mend=_ENROLL),
    "80": Reject(
        "The plan did not answer in time. Is the number on the card still the same?",
        again=True,
    ),
    "97": Reject(_PLAN, mend=_PROVIDER),
    "98": Reject("For which service was the visit?"),
    "T4": Reject(_CARD, mend="Look at the name and EDI id in the payer's profile."),
}
OTHER = Reject("The plan did not accept the question. Is the card still valid?")
"""A reason that is not in the guide."""


def reason(code: str) -> Reject:
    """A reject reason by its AAA03."""
    return REASONS.get(code, OTHER)
