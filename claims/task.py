"""Human tasks: types, roles, forms and allowed decisions (rulebook §15).

A form is what the person types; what they are shown is the task's evidence. Every value
can be given as text (``--set k=v``). Field changes of a claim are given either as
``field`` and ``new_value``, or as ``change.<field>`` for several at once.
"""

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Role(StrEnum):
    """Who a task is for (roles.yaml)."""

    CLERK = "clerk"
    CODER = "coder"
    POSTER = "poster"
    SUPERVISOR = "supervisor"


class TaskType(StrEnum):
    """Every type of rulebook §15."""

    ELIG_RESOLVE = "ELIG_RESOLVE"
    AUTH_OBTAIN = "AUTH_OBTAIN"
    AUTH_FOLLOW_UP = "AUTH_FOLLOW_UP"
    GFE_SEND = "GFE_SEND"
    DOC_QUERY = "DOC_QUERY"
    CODE_REVIEW = "CODE_REVIEW"
    SCRUB_FIX = "SCRUB_FIX"
    ACK_MISSING = "ACK_MISSING"
    REJECT_FIX = "REJECT_FIX"
    LOST_CLAIM = "LOST_CLAIM"
    STATUS_REVIEW = "STATUS_REVIEW"
    PAYER_REQUEST_DOCS = "PAYER_REQUEST_DOCS"
    PATIENT_INFO_REQUEST = "PATIENT_INFO_REQUEST"
    FOLLOW_UP_CALL = "FOLLOW_UP_CALL"
    ERA_MISSING = "ERA_MISSING"
    EFT_UNMATCHED = "EFT_UNMATCHED"
    ERA_UNBALANCED = "ERA_UNBALANCED"
    ERA_CONFLICT = "ERA_CONFLICT"
    ERA_UNMATCHED_CLAIM = "ERA_UNMATCHED_CLAIM"
    REMIT_REVIEW = "REMIT_REVIEW"
    PLB_REVIEW = "PLB_REVIEW"
    MANUAL_EOB_POST = "MANUAL_EOB_POST"
    DENIAL_REVIEW = "DENIAL_REVIEW"
    CORRECT_CLAIM = "CORRECT_CLAIM"
    APPEAL_PREPARE = "APPEAL_PREPARE"
    APPEAL_FOLLOW_UP = "APPEAL_FOLLOW_UP"
    APPEAL_DECISION = "APPEAL_DECISION"
    COB_UPDATE = "COB_UPDATE"
    SECONDARY_REVIEW = "SECONDARY_REVIEW"
    UNDERPAYMENT_REVIEW = "UNDERPAYMENT_REVIEW"
    WRITE_OFF_APPROVE = "WRITE_OFF_APPROVE"
    REFUND_APPROVE = "REFUND_APPROVE"
    CREDIT_REVIEW = "CREDIT_REVIEW"
    RECOUPMENT_REVIEW = "RECOUPMENT_REVIEW"
    PATIENT_ADDRESS_FIX = "PATIENT_ADDRESS_FIX"
    PATIENT_QUESTION = "PATIENT_QUESTION"
    PATIENT_DISPUTE = "PATIENT_DISPUTE"
    HARDSHIP_REVIEW = "HARDSHIP_REVIEW"
    PLAN_SETUP = "PLAN_SETUP"
    PLAN_DEFAULT = "PLAN_DEFAULT"
    COLLECTIONS_APPROVE = "COLLECTIONS_APPROVE"
    FILING_DEADLINE = "FILING_DEADLINE"
    DAILY_CLOSE_EXCEPTION = "DAILY_CLOSE_EXCEPTION"
    ENROLLMENT_FIX = "ENROLLMENT_FIX"
    PAYER_RULE_UPDATE = "PAYER_RULE_UPDATE"


class DecisionRefused(Exception):  # noqa: N818 - the word clerks read
    """A decision that may not be carried out, in one sentence; nothing was stored."""


class Form(BaseModel):
    """Fields every form has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(
        "", description="why, in your words; name no patient", max_length=500
    )
    note: str = Field("", description="for the story of the claim", max_length=2000)


class ChangeForm(Form):
    """Correct fields of the claim."""

    field: str = Field("", description="X12 field, e.g. 2310A NM109")
    new_value: str = Field("", description="what it should say")
    changes: dict[str, str] = Field(default_factory=dict, description="several fields")


class CoverageForm(Form):
    """What the patient's card says."""

    new_payer: str = Field("", description="our id of the plan")
    member_id: str = Field("", description="member number on the card")


class CobForm(Form):
    """Which plan pays first, as the patient and the plans say."""

    answer_from_patient: str = Field("", description="what the patient said")
    order: str = Field("", description="our ids of the plans, first one first")
    member_id: str = Field("", description="member number at the first plan")


class AuthorizationForm(Form):
    """The payer's answer about an authorization."""

    auth_number: str = Field("", description="number for REF*G1", max_length=50)
    units: int | None = Field(None, gt=0)
    valid_from: date | None = None
    valid_to: date | None = None
    reference: str = Field("", description="request reference")
    urgency: str = Field("", description="standard or expedited")


class CodingForm(Form):
    """What was missing from documentation or coding."""

    diagnoses: str = Field("", description="ICD-10-CM codes, comma separated")
    passages: str = Field("", description="where the note supports them")


class CallForm(Form):
    """A contact with the payer (R-FUP-03)."""

    who: str = Field("", description="who answered")
    reference: str = Field("", description="their reference number")
    answer: str = Field("", description="what they said")
    next_date: date | None = Field(None, description="when we look again")
    wait_until: date | None = None


class LostClaimForm(CallForm):
    """What was found out about a claim the payer may not have."""

    trace: str = Field("", description="the clearinghouse's reference of the file")


class DocumentForm(Form):
    """Documents sent or not."""

    documents: str = Field("", description="what was sent")
    sent_by: str = Field("", description="portal, fax, mail")
    next_date: date | None = None


class DenialForm(ChangeForm):
    """How a denied claim goes on."""

    evidence: str = Field("", description="what shows the payer is wrong")
    template: str = Field("", description="letter template; default by denial code")
    pair: str = Field("", description="NCCI pair on the date of service: 20610/99213")
    modifier_indicator: Literal["", "0", "1", "9"] = Field(
        "",
        description="of the pair: 0, no modifier may be used; 1, one may, if the note "
        "supports it; 9, the pair no longer counts",
    )
    note_supports_separate_EM: bool = Field(  # noqa: N815 - E/M is the coders' word
        False, description="the note shows a separate visit or service"
    )


class AppealForm(Form):
    """An appeal letter's last look."""

    enclosures: str = Field("", description="what is enclosed")
    route: str = Field("", description="portal, fax, mail")
    next_date: date | None = None
    wait_until: date | None = None


class AppealLetterForm(AppealForm):
    """What an appeal letter says, and which letter the second person has read."""

    argument: str = Field(
        "",
        description="why the decision is wrong, one paragraph on each line; "
        "empty: as our records say",
        max_length=4000,
    )
    letter: str = Field("", description="hash of the letter you read", max_length=64)


class MoneyForm(Form):
    """An amount and whom it concerns."""

    owner: str = Field("", description="patient or payer")
    line: int | None = Field(None, gt=0)
    amount: str = ""


class RemitReviewForm(MoneyForm):
    """What the payer said about an amount, and why it is given up or moved."""

    payer_answer: str = Field("", description="what the payer said")
    reason_code: str = Field("", description="our reason code")


class PayerRuleForm(Form):
    """A rule that would have kept a denial from happening."""

    rule: str = Field("", description="what this payer wants to see", max_length=200)


class ProviderLevelForm(Form):
    """Where an amount goes that a payer took or gave beside its claims."""

    claim_ref: str = Field("", description="our claim number, if it is of a claim")
    plb_reason: str = Field(
        "",
        description="reason of the payers' list: L6 interest, FB carried balance, …",
        pattern="^([0-9A-Z]{2})?$",
    )
    next_date: date | None = Field(None, description="when we look again")


class RemittanceForm(Form):
    """What a poster found out about a remittance."""

    claim_ref: str = Field("", description="our claim number")
    replacement: str = Field("", description="trace of the replacement")


@dataclass(frozen=True)
class TaskSpec:
    """One task type: for whom, by when, which decisions, which form."""

    type: TaskType
    role: Role
    sla_business_days: int
    title: str
    decisions: tuple[str, ...]
    form: builtins.type[Form] = Form
    two_person: Mapping[str, Role] = field(default_factory=dict)
    # Of ``money_limits``: up to this one person decides alone (roles.yaml).
    alone_up_to: Mapping[str, str] = field(default_factory=dict)
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # R-DSP-01: over holidays twenty business days are more than thirty days.
    max_calendar_days: int | None = None


def _spec(
    kind: TaskType, role: Role, days: int, title: str, decisions: str, **more: Any
) -> TaskSpec:
    return TaskSpec(kind, role, days, title, tuple(decisions.split()), **more)


_T, _R = TaskType, Role
_S = {"sent": Role.SUPERVISOR}
_CALL = ("who", "reference", "answer")
_PLACED = ("adjust", "line_chosen")
_BY_HAND = "manual_eob_post"
_SPECS = (
    _spec(_T.ELIG_RESOLVE, _R.CLERK, 1, "which plan covers the visit",
          "new_coverage_entered same_coverage_confirmed self_pay", form=CoverageForm,
          required={"new_coverage_entered": ("member_id",)}),
    _spec(_T.AUTH_OBTAIN, _R.CLERK, 2, "an authorization to obtain",
          "auth_requested not_required approved refused rescheduled",
          form=AuthorizationForm,
          required={"approved": ("auth_number",), "not_required": ("reason",)}),
    _spec(_T.AUTH_FOLLOW_UP, _R.CLERK, 1, "an authorization the payer has not answered",
          "auth_requested not_required approved refused rescheduled",
          form=AuthorizationForm, required={"approved": ("auth_number",)}),
    _spec(_T.GFE_SEND, _R.CLERK, 1, "a good faith estimate to send",
          "sent not_applicable"),
    _spec(_T.DOC_QUERY, _R.CODER, 3, "a question to the clinician",
          "answered withdrawn"),
    _spec(_T.CODE_REVIEW, _R.CODER, 2, "codes and documentation to approve",
          "approved query", form=CodingForm),
    _spec(_T.SCRUB_FIX, _R.CODER, 2, "edits to fix before sending",
          "fixed override_warning send_back", form=ChangeForm),
    _spec(_T.ACK_MISSING, _R.CLERK, 1, "a file without a receipt",
          "resent found escalated"),
    _spec(_T.REJECT_FIX, _R.CLERK, 2, "a rejected claim to fix",
          "fixed void eligibility", form=ChangeForm),
    _spec(_T.LOST_CLAIM, _R.CLERK, 2, "a claim the payer may not have",
          "resend_as_original resend_as_original_with_proof found",
          form=LostClaimForm),
    _spec(_T.STATUS_REVIEW, _R.CLERK, 5, "an unusual status",
          "wait_until call no_action", form=CallForm,
          required={"wait_until": ("wait_until",)}),
    _spec(_T.PAYER_REQUEST_DOCS, _R.CLERK, 5, "documents the payer asks for",
          "sent not_available dispute_request", form=DocumentForm),
    _spec(_T.PATIENT_INFO_REQUEST, _R.CLERK, 5, "information wanted from the patient",
          "sent not_available dispute_request", form=DocumentForm),
    _spec(_T.FOLLOW_UP_CALL, _R.CLERK, 20, "a call to the payer",
          "in_process paid denied resend escalate", form=CallForm,
          required={"in_process": (*_CALL, "next_date"), "paid": _CALL,
                    "denied": _CALL, "resend": _CALL, "escalate": _CALL}),
    _spec(_T.ERA_MISSING, _R.POSTER, 4, "a remittance that has not come",
          "resend_requested in_process_next_call manual_post", form=CallForm),
    _spec(_T.EFT_UNMATCHED, _R.POSTER, 4, "a deposit without a remittance",
          "linked_to_era trace_opened other_account", form=RemittanceForm),
    _spec(_T.ERA_UNBALANCED, _R.POSTER, 1, "a remittance that does not add up",
          "replacement_requested", form=RemittanceForm),
    _spec(_T.ERA_CONFLICT, _R.POSTER, 1, "two remittances with one trace number",
          "keep_first keep_second_after_reversal", form=RemittanceForm),
    _spec(_T.ERA_UNMATCHED_CLAIM, _R.POSTER, 4, "a payment for a claim we do not know",
          "linked not_ours_return", form=RemittanceForm,
          required={"linked": ("claim_ref",)}),
    _spec(_T.REMIT_REVIEW, _R.POSTER, 4, "an amount the tables cannot place",
          "adjust deny_route patient payer_reprocesses line_chosen",
          form=RemitReviewForm, two_person={"patient": Role.SUPERVISOR}),
    _spec(_T.PLB_REVIEW, _R.POSTER, 4, "a provider-level adjustment to place",
          "adjust deny_route patient payer_reprocesses line_chosen",
          form=ProviderLevelForm,
          two_person=dict.fromkeys(("patient", *_PLACED), Role.SUPERVISOR),
          alone_up_to=dict.fromkeys(_PLACED, _BY_HAND),
          required={"patient": ("claim_ref",), "line_chosen": ("claim_ref",)}),
    _spec(_T.MANUAL_EOB_POST, _R.POSTER, 4, "a keyed paper remittance to confirm",
          "posted unreadable", required={"unreadable": ("reason",)}),
    _spec(_T.DENIAL_REVIEW, _R.CLERK, 10, "a denied claim",
          "correct_freq_7 new_claim documents appeal other_payer patient write_off",
          form=DenialForm, required={"write_off": ("reason",)}),
    _spec(_T.CORRECT_CLAIM, _R.CLERK, 10, "a claim to correct and send again",
          "corrected_freq_7 new_claim void", form=ChangeForm),
    _spec(_T.APPEAL_PREPARE, _R.CLERK, 10, "an appeal letter to finish and sign",
          "sent waived", form=AppealLetterForm, two_person=_S,
          required={"waived": ("reason",)}),
    _spec(_T.APPEAL_FOLLOW_UP, _R.CLERK, 5, "an appeal without an answer",
          "wait_until resend", form=AppealForm),
    _spec(_T.APPEAL_DECISION, _R.CLERK, 5, "a lost appeal",
          "next_level stop_aic stop accept", form=AppealForm),
    _spec(_T.COB_UPDATE, _R.CLERK, 5, "which plan pays first",
          "new_order same_order no_answer", form=CobForm,
          required={"new_order": ("order", "member_id")}),
    _spec(_T.SECONDARY_REVIEW, _R.CLERK, 5, "a second plan to bill",
          "bill_secondary wait patient"),
    _spec(_T.UNDERPAYMENT_REVIEW, _R.CLERK, 10, "a payment below the contract",
          "dispute accept fix_table"),
    _spec(_T.WRITE_OFF_APPROVE, _R.SUPERVISOR, 5, "a write-off to approve",
          "approved refused"),
    _spec(_T.REFUND_APPROVE, _R.SUPERVISOR, 5, "a refund to approve",
          "approved refused"),
    _spec(_T.CREDIT_REVIEW, _R.POSTER, 10, "money that is not ours",
          "refund move move_then_refund not_a_credit", form=MoneyForm),
    _spec(_T.RECOUPMENT_REVIEW, _R.POSTER, 5, "money a payer takes back",
          "agree dispute", form=ProviderLevelForm,
          two_person={"agree": Role.SUPERVISOR}, alone_up_to={"agree": _BY_HAND}),
    _spec(_T.PATIENT_ADDRESS_FIX, _R.CLERK, 5, "returned mail",
          "address_confirmed unreachable"),
    _spec(_T.PATIENT_QUESTION, _R.CLERK, 2, "a patient's question",
          "answered made_dispute"),
    _spec(_T.PATIENT_DISPUTE, _R.CLERK, 20, "a patient's dispute",
          "corrected upheld plan", max_calendar_days=30),
    _spec(_T.HARDSHIP_REVIEW, _R.CLERK, 10, "a request for help with the bill",
          "approved refused", two_person={"approved": Role.SUPERVISOR}),
    _spec(_T.PLAN_SETUP, _R.CLERK, 2, "a payment plan to set up", "agreed"),
    _spec(_T.PLAN_DEFAULT, _R.CLERK, 5, "a payment plan in default",
          "resume_dunning new_plan hardship"),
    _spec(_T.COLLECTIONS_APPROVE, _R.SUPERVISOR, 10, "whether collections may start",
          "place hold write_off"),
    _spec(_T.FILING_DEADLINE, _R.CLERK, 1, "a filing limit that comes near",
          "submitted accepted waived_with_reason",
          two_person={"waived_with_reason": Role.SUPERVISOR},
          required={"waived_with_reason": ("reason",)}),
    _spec(_T.DAILY_CLOSE_EXCEPTION, _R.POSTER, 1, "a day that does not close",
          "resolved carried_with_reason",
          required={"carried_with_reason": ("reason",)}),
    _spec(_T.ENROLLMENT_FIX, _R.CLERK, 10, "a provider enrollment to fix", "fixed"),
    _spec(_T.PAYER_RULE_UPDATE, _R.SUPERVISOR, 10, "a payer rule to add",
          "rule_added no_rule", form=PayerRuleForm,
          required={"rule_added": ("rule",)}),
)  # fmt: skip
WITHOUT_WORKFLOW = frozenset({TaskType.DAILY_CLOSE_EXCEPTION})
"""Of no claim: SQL alone carries them out, with the decision."""
TASKS: Mapping[TaskType, TaskSpec] = {spec.type: spec for spec in _SPECS}


def validate_decision(
    task_type: TaskType, decision: str, form: Mapping[str, str]
) -> Form:
    """Read a person's form for one decision.

    Raises:
        DecisionRefused: a decision this task does not have, an unknown or missing
            field, or a value of the wrong kind; the sentence names the field.
    """
    spec = TASKS[task_type]
    if decision not in spec.decisions:
        raise DecisionRefused(
            f"{task_type} has no decision {decision!r}. Nothing was stored. "
            f"Choose one of: {', '.join(spec.decisions)}."
        )
    try:
        given = spec.form.model_validate(_nested(spec.form, form))
    except ValidationError as error:
        raise DecisionRefused(_sentence(spec, error)) from None
    missing = [n for n in spec.required.get(decision, ()) if not getattr(given, n)]
    if missing:
        raise DecisionRefused(
            f"{decision} needs {', '.join(missing)}. Nothing was stored. "
            f"Add --set {missing[0]}=…"
        )
    return given


def _nested(form: type[Form], given: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key.startswith("change.") and "changes" in form.model_fields:
            values.setdefault("changes", {})[key.removeprefix("change.")] = value
        else:
            values[key] = value
    return values


def _sentence(spec: TaskSpec, error: ValidationError) -> str:
    parts = []
    for found in error.errors():
        name = str(found["loc"][0]) if found["loc"] else "form"
        kind = "unknown field" if found["type"] == "extra_forbidden" else found["msg"]
        parts.append(f"{name}: {kind}")
    fields = ", ".join(spec.form.model_fields)
    return f"{'; '.join(parts)}. Nothing was stored. This form has: {fields}."
