"""Authorization: which codes need one, and whether one fits (R-AUT-01, R-AUT-02)."""

from datetime import date
from typing import Any

from claims.claim import Claim
from payers.profile import PayerProfile


def codes_needing(profile: PayerProfile, claim: Claim) -> list[str]:
    """Codes that the profile lists on their date of service; a line that has its own
    number (2400 REF*G1) needs no other."""
    listed = profile.authorization.required_for
    return sorted(
        {
            line.code
            for line in claim.lines
            for rule in listed
            if rule.code == line.code
            and not line.prior_auth
            and rule.from_day <= line.service_from
            and (rule.to_day is None or line.service_from <= rule.to_day)
        }
    )


def fits(authorization: Any, claim: Claim, code: str) -> bool:
    """Whether an approval covers code, units and dates of the claim (R-AUT-02).

    The payers' list (desk.md §8) carries neither provider nor place: those are the
    clerk's to compare.
    """
    if authorization["status"] != "approved" or authorization["code"] != code:
        return False
    first: date = authorization["valid_from"]
    last: date = authorization["valid_to"]
    lines = [line for line in claim.lines if line.code == code]
    units = sum(line.units for line in lines)
    inside = all(
        first <= line.service_from and (line.service_to or line.service_from) <= last
        for line in lines
    )
    return inside and units <= authorization["units"]
