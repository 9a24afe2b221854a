"""270 and 271: coverage asked and answered. Reading and writing are a module each."""

from edi.x270_read import (
    AskedEligibility,
    Benefit,
    EligibilityAnswer,
    EligibilityFile,
    read_eligibility_answers,
    read_eligibility_inquiries,
)
from edi.x270_write import (
    VERSION,
    CoverageAnswer,
    EligibilityInquiry,
    write_eligibility_answers,
    write_eligibility_inquiries,
)

__all__ = [
    "VERSION",
    "AskedEligibility",
    "Benefit",
    "CoverageAnswer",
    "EligibilityAnswer",
    "EligibilityFile",
    "EligibilityInquiry",
    "read_eligibility_answers",
    "read_eligibility_inquiries",
    "write_eligibility_answers",
    "write_eligibility_inquiries",
]
