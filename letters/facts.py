"""What a letter may say: every name, date and amount, frozen (R-PAT-03, R-APP-03).

A letter is made from these facts and its template alone, so that the same facts give
the same bytes for ever. Whoever sends a letter archives the facts beside it. Patients
and payers are people and firms outside; nothing here is an id of our database except
the opaque references that are printed on purpose.
"""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from claims.money import ZERO, Usd

LETTER_MUST_HAVE = (
    "patient",
    "claim",
    "denial_code_and_words",
    "why_it_is_wrong",
    "evidence",
    "policy_or_contract_citation",
    "exact_request",
    "enclosures",
    "signature",
)
"""The nine elements of an appeal: ``letter_must_have`` of ``appeal_levels.yaml``."""

Lines = tuple[str, ...]


class _Facts(BaseModel):
    # An error names the field and never its value: that is a person's.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PracticeFacts(_Facts):
    """The sender."""

    name: str = Field(min_length=1)
    npi: str
    tax_id: str
    address_lines: Lines = Field(min_length=1, max_length=4)
    phone: str = Field(min_length=1)
    hours: str = Field(description="as words: Monday to Friday, 8 a.m. to 5 p.m.")
    signer_name: str = ""
    signer_title: str = ""
    pay_url: str | None = Field(None, description="printed without a scheme")


class PersonFacts(_Facts):
    """Who gets a patient letter: the guarantor. Stands in the envelope's window."""

    name: str = Field(min_length=1)
    address_lines: Lines = Field(min_length=1, max_length=4)


class ReasonFacts(_Facts):
    """One part of what the plan calls the patient's share; an 835 PR amount in
    words."""

    kind: Literal["deductible", "coinsurance", "copay", "not_covered", "other"]
    amount: Usd = Field(gt=0)
    percent: Decimal | None = Field(None, gt=0, le=100, description="20 is 20 %")
    deductible_total: Usd | None = Field(None, description="the plan year's deductible")
    deductible_met_before: Usd | None = Field(None, description="met before this visit")
    plan_year_start: str | None = Field(None, description="as words: January 1")
    plan: str = Field("your plan", description="or: your second plan")
    words: str | None = Field(None, description="one plain sentence, kind other only")


class PlanPaidFacts(_Facts):
    """One plan's payment, when more than one plan pays (R-COB)."""

    plan: str = Field(min_length=1, description="Medicare, your second plan")
    paid: Usd


class EarlierVisitFacts(_Facts):
    """The last similar visit, when its share was lower (R-PAT-08)."""

    date_of_service: date
    you_owed: Usd


class VisitFacts(_Facts):
    """One claim on a statement. All amounts are positive dollars.

    ``charge - plan_discount - our_discount - plan_paid - you_paid = you_owe``
    (R-PAT-03); what the practice itself took off is never called the plan's.
    """

    claim_ref: str
    date_of_service: date
    patient_name: str
    clinician: str = ""
    service_words: str = Field(min_length=1, description="office visit, video visit")
    charge: Usd
    plan_discount: Usd
    our_discount: Usd = Field(ZERO, description="written off by the practice")
    plan_paid: Usd
    you_paid: Usd
    you_owe: Usd
    reasons: tuple[ReasonFacts, ...] = ()
    plans: tuple[PlanPaidFacts, ...] = Field(
        (), description="only for two plans or more"
    )
    earlier: EarlierVisitFacts | None = None


class PlanOfferFacts(_Facts):
    """Paying in parts: ``months`` payments, of which the last may differ (R-PLN-03)."""

    monthly: Usd = Field(gt=0)
    months: int = Field(ge=2)
    last: Usd = Field(gt=0)


class StatementFacts(_Facts):
    """A patient statement: one account, the visits that are at their step."""

    practice: PracticeFacts
    account_number: str = Field(min_length=1, description="public reference, opaque")
    statement_date: date
    due_date: date
    step: int = Field(1, ge=1, le=4)
    guarantor: PersonFacts
    visits: tuple[VisitFacts, ...] = Field(min_length=1)
    still_with_plan: tuple[date, ...] = Field((), description="visits not in this bill")
    total_due: Usd = Field(gt=0)
    plan_offer: PlanOfferFacts | None = None
    previous_statement_date: date | None = None
    pay_code: str = Field(min_length=1, description="opaque token")
    what_changed: str | None = Field(None, description="for a corrected statement")


class ServiceLineFacts(_Facts):
    """One billed line in an appeal, dollars."""

    number: int = Field(gt=0)
    code: str
    modifiers: Lines = ()
    charge: Usd
    denied: Usd = ZERO
    allowed: Usd | None = Field(
        None, description="what the payer allowed (UNDERPAYMENT)"
    )
    expected: Usd | None = Field(None, description="contract price (UNDERPAYMENT)")


class DenialFacts(_Facts):
    """The payer's decision as it stated it; ``words`` are our paraphrase."""

    code: str = Field("", description="group and reason: CO-197")
    words: str = ""
    rarcs: Lines = ()
    notice_date: date | None = None
    remit_trace: str = ""


class ExhibitFacts(_Facts):
    """One enclosure; ``sha256`` names the stored bytes."""

    letter: str = ""
    title: str = ""
    pages: int = Field(0, ge=0)
    sha256: str = ""
    new: bool = Field(False, description="was not before the earlier level")


class CitationFacts(_Facts):
    """A policy, contract or law; ``document_id`` names our stored copy."""

    text: str = ""
    document_id: str = ""


class AuthorizationFacts(_Facts):
    """The approval on file (APPEAL_197)."""

    number: str
    codes: Lines
    valid_from: date
    valid_to: date | None = None


class CriterionFacts(_Facts):
    """One criterion of the payer's policy beside the note that meets it (APPEAL_50)."""

    criterion: str
    met_by: str
    source: str = Field("", description="exhibit B, page 2")


class CodePairFacts(_Facts):
    """An NCCI pair on the date of service (APPEAL_97)."""

    column_one: str
    column_two: str
    indicator: Literal["0", "1", "9"]
    distinct_by: str = Field(
        description="separate site, session or clinician, in words"
    )


class FilingFacts(_Facts):
    """When the claim was first accepted, and the limit (APPEAL_29)."""

    first_accepted: date
    limit: date
    proof: str = Field(description="277CA A2:20, payer claim number NORTS1311")


class OtherCoverageFacts(_Facts):
    """The plan said to pay first (APPEAL_22)."""

    payer: str
    words: str = Field(description="what the enclosed notice or letter shows")
    ended_on: date | None = None


class PreviousDecisionFacts(_Facts):
    """The level before this one."""

    level: int = Field(gt=0)
    decided_on: date
    words: str = ""


class NoticeFacts(_Facts):
    """A short letter to the guarantor about one visit; it asks for no money."""

    practice: PracticeFacts
    letter_date: date
    guarantor: PersonFacts
    account_number: str
    claim_number: str
    practice_claim_number: str = ""
    patient_name: str
    date_of_service: date | None = None
    you_paid: Usd = ZERO
    your_share: Usd = ZERO
    returned: Usd = ZERO
    returned_to: str = Field("", description="your card, or a check in the mail")


class AppealFacts(_Facts):
    """An appeal or dispute to a payer. Missing facts are allowed in a draft.

    ``letters.check.missing_elements`` says what is missing; such a letter calls itself
    a draft and may not be sent (R-APP-03).
    """

    practice: PracticeFacts
    payer_name: str
    payer_unit: str = ""
    payer_address_lines: Lines = ()
    letter_date: date
    level: int = Field(1, ge=1)
    level_name: str = Field("", description="redetermination")
    route: str = Field("", description="portal, copy by mail")
    legal_deadline: date | None = None
    patient_name: str = ""
    member_id: str = ""
    claim_number: str = Field("", description="ours, CLM01")
    practice_claim_number: str = Field("", description="if it differs from CLM01")
    payer_claim_number: str = Field("", description="the payer's ICN, 835 CLP07")
    date_of_service: date | None = None
    clinician: str = ""
    lines: tuple[ServiceLineFacts, ...] = ()
    denial: DenialFacts = DenialFacts()
    request_amount: Usd = ZERO
    request_words: str = Field("", description="the allowed amount of line 1")
    argument: Lines = Field((), description="one paragraph each")
    evidence: tuple[ExhibitFacts, ...] = ()
    citation: CitationFacts | None = None
    authorization: AuthorizationFacts | None = None
    criteria: tuple[CriterionFacts, ...] = ()
    code_pair: CodePairFacts | None = None
    filing: FilingFacts | None = None
    other_coverage: OtherCoverageFacts | None = None
    previous: PreviousDecisionFacts | None = None
    reply_by: date | None = None
    signer: str = Field("", description="empty: the practice's signer")
    approved_by: str = Field(
        "", description="the supervisor who approved; empty: nobody"
    )

    @property
    def signed_by(self) -> str:
        """Who signs; empty when nobody is named."""
        return self.signer or self.practice.signer_name
