"""What each decision of a task does, in words: for the desk and the command line."""

from claims.task import TaskSpec, TaskType

_E = TaskType
EFFECTS: dict[tuple[TaskType, str], str] = {
    (_E.ELIG_RESOLVE, "new_coverage_entered"): "store the new plan and ask it again",
    (_E.ELIG_RESOLVE, "same_coverage_confirmed"): "ask the same plan once more",
    (_E.ELIG_RESOLVE, "self_pay"): "bill the patient, no plan is asked",
    (_E.AUTH_OBTAIN, "auth_requested"): "wait for the payer's decision",
    (_E.AUTH_OBTAIN, "not_required"): "go on without a number, as you recorded",
    (_E.AUTH_OBTAIN, "approved"): "put the number on the claim and go on",
    (_E.AUTH_OBTAIN, "refused"): "note it; the payer is asked again",
    (_E.AUTH_OBTAIN, "rescheduled"): "note it; wait for the new date",
    (_E.CODE_REVIEW, "approved"): "store the codes and run the edits",
    (_E.CODE_REVIEW, "query"): "ask the clinician and wait",
    (_E.SCRUB_FIX, "fixed"): "change the field, run every edit again",
    (_E.SCRUB_FIX, "override_warning"): "release a warning (never an error)",
    (_E.SCRUB_FIX, "send_back"): "back to coding",
    (_E.ACK_MISSING, "resent"): "send it again as an original",
    (_E.ACK_MISSING, "found"): "wait for the payer's acceptance",
    (_E.ACK_MISSING, "escalated"): "wait; the clearinghouse looks for it",
    (_E.REJECT_FIX, "fixed"): "change the field, send it as an original",
    (_E.REJECT_FIX, "void"): "take it off the books: no payer has it",
    (_E.REJECT_FIX, "eligibility"): "check the coverage again first",
    (_E.LOST_CLAIM, "resend_as_original"): "send it again as an original",
    (_E.LOST_CLAIM, "resend_as_original_with_proof"): "send again, proof of the first",
    (_E.LOST_CLAIM, "found"): "wait for the payer, look again on next_date",
    (_E.DENIAL_REVIEW, "correct_freq_7"): "send a corrected claim (frequency 7)",
    (_E.DENIAL_REVIEW, "new_claim"): "send it as a new claim",
    (_E.DENIAL_REVIEW, "documents"): "send the documents the payer wants",
    (_E.DENIAL_REVIEW, "appeal"): "draft an appeal letter for a second person to sign",
    (_E.DENIAL_REVIEW, "other_payer"): "find out which plan pays first",
    (_E.DENIAL_REVIEW, "patient"): "move what the payer marked PR to the patient",
    (_E.DENIAL_REVIEW, "write_off"): "ask a supervisor to approve a write-off",
    (_E.CORRECT_CLAIM, "corrected_freq_7"): "change the field, send as frequency 7",
    (_E.CORRECT_CLAIM, "new_claim"): "change the field, send as a new claim",
    (_E.CORRECT_CLAIM, "void"): "take the claim back at the payer (frequency 8)",
    (_E.APPEAL_PREPARE, "sent"): "send the letter",
    (_E.APPEAL_PREPARE, "waived"): "do not appeal",
    (_E.APPEAL_FOLLOW_UP, "wait_until"): "look again on the date the payer named",
    (_E.APPEAL_FOLLOW_UP, "resend"): "send the letter again and wait",
    (_E.APPEAL_DECISION, "next_level"): "appeal at the next level",
    (_E.APPEAL_DECISION, "stop_aic"): "stop: the amount is below the limit",
    (_E.APPEAL_DECISION, "stop"): "stop appealing; the denial is decided anew",
    (_E.APPEAL_DECISION, "accept"): "accept the payer's decision",
    (_E.STATUS_REVIEW, "wait_until"): "look again on that date",
    (_E.STATUS_REVIEW, "call"): "note the call, look again later",
    (_E.STATUS_REVIEW, "no_action"): "keep waiting",
    (_E.FOLLOW_UP_CALL, "in_process"): "note the call, look again on next_date",
    (_E.FOLLOW_UP_CALL, "paid"): "wait for the remittance",
    (_E.FOLLOW_UP_CALL, "denied"): "wait for the remittance with the denial",
    (_E.FOLLOW_UP_CALL, "resend"): "send it again as an original",
    (_E.FOLLOW_UP_CALL, "escalate"): "note it, look again later",
    (
        _E.ERA_UNBALANCED,
        "replacement_requested",
    ): "nothing of it posts; its claims wait for the payer's new one",
    (_E.ERA_CONFLICT, "keep_first"): "the second one is never posted",
    (
        _E.ERA_CONFLICT,
        "keep_second_after_reversal",
    ): "only once the payer has reversed the first one",
    (_E.ERA_UNMATCHED_CLAIM, "linked"): "post it to the claim you name",
    (_E.ERA_UNMATCHED_CLAIM, "not_ours_return"): "keep it apart to be returned",
    (_E.PLB_REVIEW, "adjust"): "book it under the payer's reason that you name",
    (_E.PLB_REVIEW, "line_chosen"): "book it on the claim you name",
    (_E.PLB_REVIEW, "patient"): "the payer took it from the claim: the patient owes it",
    (_E.PLB_REVIEW, "deny_route"): "dispute it; it stays apart until the payer answers",
    (_E.PLB_REVIEW, "payer_reprocesses"): "wait for the payer; it stays apart",
    (
        _E.RECOUPMENT_REVIEW,
        "agree",
    ): "it is of the claim or the reason that you name, else of the payer's claim",
    (
        _E.RECOUPMENT_REVIEW,
        "dispute",
    ): "dispute it; it stays apart until the payer answers",
    (
        _E.DAILY_CLOSE_EXCEPTION,
        "resolved",
    ): "nothing is left of it: that is checked, then this ends",
    (
        _E.DAILY_CLOSE_EXCEPTION,
        "carried_with_reason",
    ): "leave it as it is, with your reason",
    (
        _E.MANUAL_EOB_POST,
        "posted",
    ): "it agrees with the paper: post it (not who keyed it)",
    (_E.MANUAL_EOB_POST, "unreadable"): "it does not agree with the paper: do not post",
    (_E.WRITE_OFF_APPROVE, "approved"): "write it off (not who asked for it)",
    (_E.WRITE_OFF_APPROVE, "refused"): "the denial is decided anew",
    (_E.COLLECTIONS_APPROVE, "place"): "give it to the agency",
    (_E.COLLECTIONS_APPROVE, "hold"): "wait another 30 days",
    (_E.COLLECTIONS_APPROVE, "write_off"): "write it off as bad debt",
}
"""What a decision does, where its own name does not say it."""


def effect_of(spec: TaskSpec, decision: str) -> str:
    """One decision's effect, who else must agree, and what it needs."""
    words = EFFECTS.get((spec.type, decision)) or decision.replace("_", " ")
    if decision in spec.two_person:
        large = " a large amount" if decision in spec.alone_up_to else ""
        words += f"; a second person ({spec.two_person[decision]}) confirms{large}"
    if needed := spec.required.get(decision):
        words += f"; needs {', '.join(needed)}"
    return words
