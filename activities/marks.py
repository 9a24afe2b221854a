"""Return a two-person proposal to who prepared it, with what to change (R-TSK-05)."""

from activities.office import Office
from activities.steps import say_who_is_asked
from activities.tasks import ChangedError, NotPermittedError
from claims.task import TASKS, DecisionRefused, TaskType
from policy.tasks import may_decide
from records import marks, tasks, users
from records.db import Connection, RowMapping
from records.events import Because

LONGEST = 2000


def give_back(
    office: Office, reference: str, *, version: int, words: str, why: Because
) -> RowMapping:
    """Drop the proposal and open the task again for its preparer; the task before.

    No workflow takes part: none has heard of a proposal.

    Raises:
        TaskMissingError, DecisionRefused, NotPermittedError, ChangedError: one clear
            sentence each; nothing was done.
    """
    with office.writing() as conn:
        row = tasks.get(conn, reference)
        if row["status"] != "prepared" or row["version"] != version:
            raise _changed(row)
        _check_person(conn, row, why.actor)
        if not words.strip() or len(words) > LONGEST:
            raise DecisionRefused(
                f"Say what to change, in at most {LONGEST} characters. "
                "Nothing was returned."
            )
        done = marks.send_back(
            conn, office.cipher, row=row, version=version, words=words, why=why
        )
        if not done:
            raise _changed(row)
        say_who_is_asked(conn, row["id"])
    return row


def _changed(row: RowMapping) -> ChangedError:
    return ChangedError(
        f"Not returned: task {row['number']} changed while you read it. See it again.",
        row["version"],
    )


def _check_person(conn: Connection, row: RowMapping, actor: str) -> None:
    user = users.get_user(conn, actor)
    kind = TaskType(row["type"])
    if user is None or user.name == row["prepared_by"]:
        raise NotPermittedError(
            "You prepared this, so another person must return it (R-TSK-05). "
            "Nothing was returned."
        )
    if not may_decide(user.roles, kind, row["decision"], second=True):
        raise NotPermittedError(
            f"{user.name} may not return this task; that is for a "
            f"{TASKS[kind].two_person[row['decision']]}. Nothing was returned."
        )
