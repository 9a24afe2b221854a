"""What a step does and why it failed, in words: by names and types, never by messages.

A message may quote what the step choked on, and that may name a patient.
"""

import re

from temporalio.api.failure.v1 import Failure

_STEPS = {
    "pass_on": "telling claims what came in",
    "post_remittance": "posting a remittance",
    "receive_files": "taking in the files of a mailbox",
    "send_batch": "sending claims to the payer",
    "send_inquiries": "sending questions to the payer",
    "tell_news": "telling claims what was posted",
    "watch_batch": "watching for the payer's answers",
}
_CAUSES = {
    "AccountError": "the partner's server does not let us in: run doctor",
    "CodecError": "a key is missing, or what is sealed was changed",
    "DocumentDamagedError": "a stored file is damaged",
    "DocumentMissingError": "a stored file is missing",
    "FileMissingError": "a file is gone from its mailbox",
    "FileNotFoundError": "a file or folder is missing",
    "FilesLeftError": "some files of the mailbox could not be taken in",
    "GateRefused": "the guide's validator refused the 837P",
    "IntegrityError": "the database refused to store it twice",
    "LedgerIdentityError": "the money would no longer add up",
    "LookupError": "something it needs is not on file",
    "NondeterminismError": "the program was changed under it",
    "OperationalError": "the database did not answer",
    "OutboundConflictError": "another file of that name lies in the mailbox",
    "PermissionError": "a file or folder may not be opened",
    "UnreachableError": "the partner's server does not answer or breaks off",
    "UnknownKeyError": "a key is missing",
    "UnknownPayer": "its payer has no profile",
}
_TYPE = re.compile(r"[A-Za-z]{1,40}")


def cause_of(failure: Failure) -> tuple[str, str]:
    """The step that failed, and why, in words; never its message."""
    step = ""
    while failure.HasField("activity_failure_info") and failure.HasField("cause"):
        step = step_words(failure.activity_failure_info.activity_type.name)
        failure = failure.cause
    if failure.HasField("timeout_failure_info"):
        return step, "no worker finished it in time"
    if failure.HasField("application_failure_info"):
        kind = failure.application_failure_info.type
        known = _TYPE.fullmatch(kind)
        fallback = f"a fault of the program ({kind if known else 'unnamed'})"
        return step, _CAUSES.get(kind, fallback)
    if failure.HasField("terminated_failure_info"):
        return step, "somebody ended it"
    if failure.HasField("canceled_failure_info"):
        return step, "it was cancelled"
    return step, "no cause is on record"


def step_words(name: str) -> str:
    """What an activity does."""
    return _STEPS.get(name, name.replace("_", " "))
