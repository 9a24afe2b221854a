"""Drafts of a task's form: saved as one types, and when a session ends by itself."""

from collections.abc import Iterable

from starlette.datastructures import FormData

from desk.visit import Visit
from records import drafts, tasks
from records.tasks import TaskMissingError

NOT_TYPED = ("csrf", "version", "draft", "opened", "do", "next", "letter")
"""Fields of the page, not of the person."""
DECIDE = "POST /tasks/{task}"
DRAFT = "POST /tasks/{task}/draft"


def typed(form: FormData, fields: Iterable[str] = ()) -> dict[str, str]:
    """What the person filled in, lines ended as they counted them; empty fields are
    left out."""
    wanted = set(fields)
    return {
        name: value.strip().replace("\r\n", "\n")
        for name, value in form.multi_items()
        if isinstance(value, str)
        and value.strip()
        and name not in NOT_TYPED
        and (not wanted or name in wanted)
    }


def number(text: str) -> int:
    """A version that a page sent along; -1 for what is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def rescue(visit: Visit, page: str) -> str | None:
    """Keep what an idle person's task form carried; the page to come back to."""
    if page not in (DECIDE, DRAFT) or visit.session is None:
        return None
    reference, form = visit.path("task"), typed(visit.form)
    office = visit.desk.office
    try:
        with office.writing() as conn:
            row = tasks.get(conn, reference)
            if form:
                drafts.keep_aside(
                    conn,
                    office.cipher,
                    task_id=row["id"],
                    author=visit.user.name,
                    form=form,
                    at=visit.now,
                )
    except TaskMissingError:
        return None
    return f"/tasks/{row['id']}"
