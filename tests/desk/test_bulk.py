"""Acts on many tasks: seen before they are done, each task by itself, undone."""

from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from desk import bulk, bulk_run
from records import bulk as kept
from records import tasks
from records.tables import event, task
from tests.desk.conftest import Site, post, token_of
from tests.desk.test_views import put

LIST = "/tasks?type=DENIAL_REVIEW&size=100"


def send(client: TestClient, path: str, **form: Any) -> Any:
    """Post a form of the queue; several tasks may have one name."""
    data = {"csrf": token_of(client.get("/password")), **form}
    return client.post(path, data=data)


def choose(client: TestClient, do: str, chosen: list[str], **form: Any) -> str:
    """Ask for an act; the address where it is shown first."""
    answer = send(client, "/tasks/bulk", do=do, task=chosen, back=LIST, **form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def done(client: TestClient, place: str, act: str = "do") -> str:
    """Press a button of the act's page; the page it leads to."""
    answer = post(client, f"{place}/{act}")
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def holder(site: Site, task_id: str) -> str | None:
    with site.office.reading() as conn:
        found: str | None = tasks.get(conn, task_id)["assignee"]
        return found


def take(site: Site, name: str, task_id: str) -> None:
    assert post(site.signed_in(name), f"/tasks/{task_id}/claim").status_code == 303


def test_nothing_is_done_before_it_was_shown_and_confirmed(site: Site) -> None:
    free, other, taken = put(site, 1), put(site, 2), put(site, 3)
    take(site, "coder", taken)
    supervisor = site.signed_in("supervisor")
    chosen = [free, other, taken]
    place = choose(supervisor, "assign", chosen, assignee="clerk")
    shown = supervisor.get(place).text

    assert "Give 3 tasks to Dana Ruiz?" in shown
    assert "<dt>Will be given to Dana Ruiz</dt><dd>2</dd>" in shown
    assert "Mika Beck has it" in shown
    assert "tick “Also those" in shown
    assert [holder(site, one) for one in chosen] == [None, None, "coder"]

    result = done(supervisor, place)
    assert "2 tasks given to Dana Ruiz" in result
    assert "Mika Beck has it" in result
    assert [holder(site, one) for one in chosen] == ["clerk", "clerk", "coder"]


def test_what_another_has_is_given_away_only_when_that_is_asked_for(site: Site) -> None:
    first, second = put(site, 1), put(site, 2)
    take(site, "coder", first)
    supervisor = site.signed_in("supervisor")
    form = {"assignee": "clerk", "held": "yes"}
    done(supervisor, choose(supervisor, "assign", [first, second], **form))

    assert (holder(site, first), holder(site, second)) == ("clerk", "clerk")


def test_a_task_is_left_out_when_it_changes_between_the_look_and_the_act(
    site: Site,
) -> None:
    first, second = put(site, 1), put(site, 2)
    clerk = site.signed_in("clerk")
    place = choose(clerk, "claim", [first, second])
    take(site, "coder", second)

    assert "Mika Beck has it" in done(clerk, place)
    assert (holder(site, first), holder(site, second)) == ("clerk", "coder")


def test_nobody_takes_or_is_given_what_they_may_not_decide(site: Site) -> None:
    paper = [put(site, n, type="ERA_MISSING", role="poster") for n in (1, 2)]
    clerk, supervisor = site.signed_in("clerk"), site.signed_in("supervisor")
    mine = clerk.get(choose(clerk, "claim", paper)).text
    given = choose(supervisor, "assign", paper, assignee="clerk")

    assert "None of them can be taken" in mine
    assert "You may not decide this kind of task" in mine
    assert "Dana Ruiz may not decide this kind of task" in supervisor.get(given).text
    assert "None" not in done(supervisor, given)
    assert holder(site, paper[0]) is None


def test_pressing_twice_does_it_once(site: Site) -> None:
    chosen = [put(site, 1), put(site, 2)]
    clerk = site.signed_in("clerk")
    place = choose(clerk, "claim", chosen)
    done(clerk, place)
    done(clerk, place)

    with site.office.reading() as conn:
        claimed = conn.execute(event.select().where(event.c.kind == "task claimed"))
        found = claimed.mappings().all()
    assert len(found) == 2
    assert {row["actor"] for row in found} == {"clerk"}
    assert {row["data"]["bulk"] for row in found} == {place.rpartition("/")[2]}


def test_an_act_that_was_cut_off_goes_on_where_it_stopped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [put(site, n) for n in range(3)]
    clerk = site.signed_in("clerk")
    place = choose(clerk, "claim", chosen)
    monkeypatch.setattr(bulk_run, "CHUNK", 2)
    monkeypatch.setattr(kept, "to_do", _once(kept.to_do))
    cut = post(clerk, f"{place}/do")
    monkeypatch.undo()

    assert cut.status_code == 500
    assert "1 task is still to do" in clerk.get(place).text
    assert "3 tasks taken" in done(clerk, place)
    assert {holder(site, one) for one in chosen} == {"clerk"}


def _once(real: Any) -> Any:
    """Works the first time, then the machine stops."""
    calls: list[int] = []

    def to_do(*given: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("the machine stops")
        return real(*given)

    return to_do


def test_a_snooze_skips_a_task_that_would_miss_its_legal_deadline(site: Site) -> None:
    today = site.desk.now().date()
    free, bound = put(site, 1), put(site, 2, legal_deadline=today)
    clerk = site.signed_in("clerk")
    until = today.replace(year=today.year + 1)
    form = {"until": until.isoformat(), "reason": "the patient calls back"}
    place = choose(clerk, "snooze", [free, bound], **form)
    result = done(clerk, place)

    assert "its legal deadline" in result
    assert f'href="{LIST.replace("&", "&amp;")}"' in result
    with site.office.reading() as conn:
        assert tasks.get(conn, free)["snooze_reason"] == form["reason"]
        assert tasks.get(conn, bound)["snoozed_until"] is None


def test_nobody_puts_to_sleep_what_another_has_or_what_they_may_not_decide(
    site: Site,
) -> None:
    held, paper = put(site, 1), put(site, 2, type="ERA_MISSING", role="poster")
    take(site, "supervisor", held)
    clerk, until = site.signed_in("clerk"), site.desk.now().date() + timedelta(days=3)
    form = {"until": until.isoformat(), "reason": "later"}
    page = clerk.get(choose(clerk, "snooze", [held, paper], **form)).text

    assert "Ask them to give it back" in page
    assert "You may not decide this kind of task" in page
    for one in (held, paper):
        assert send(clerk, f"/tasks/{one}/snooze", **form).status_code == 403
        with site.office.reading() as conn:
            assert tasks.get(conn, one)["snoozed_until"] is None


def test_an_undo_brings_back_what_was_before(site: Site) -> None:
    today = site.desk.now().date()
    chosen = [put(site, 1), put(site, 2)]
    clerk = site.signed_in("clerk")
    with site.office.reading() as conn:
        before = [dict(tasks.get(conn, one)) for one in chosen]
    until = (today + timedelta(9)).isoformat()
    for do, form in (
        ("claim", {}),
        ("snooze", {"until": until, "reason": "a call is promised"}),
    ):
        place = choose(clerk, do, chosen, **form)
        done(clerk, place)
        assert "Undone for 2 of 2 tasks" in done(clerk, place, "undo")
        with site.office.reading() as conn:
            assert [dict(tasks.get(conn, one)) for one in chosen] == before


def test_an_undo_leaves_what_changed_since_and_says_so(site: Site) -> None:
    same, moved, ended = put(site, 1), put(site, 2), put(site, 3)
    supervisor = site.signed_in("supervisor")
    form = {"assignee": "clerk"}
    place = choose(supervisor, "assign", [same, moved, ended], **form)
    done(supervisor, place)
    post(supervisor, f"/tasks/{moved}/assign", {"assignee": "coder"})
    why = site.office.because(site.desk.now(), "R-TSK-04")
    with site.office.writing() as conn:
        conn.execute(
            task.update()
            .where(task.c.id == ended)
            .values(status="overtaken", closed_on=why.today)
        )
    undone = done(supervisor, place, "undo")

    assert "Undone for 1 of 3 tasks" in undone
    assert "Mika Beck has taken or been given it since" in undone
    assert "It has ended" in undone
    assert [holder(site, one) for one in (same, moved)] == [None, "coder"]


def test_the_time_to_undo_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [put(site, 1), put(site, 2)]
    clerk = site.signed_in("clerk")
    place = choose(clerk, "claim", chosen)
    monkeypatch.setattr(bulk_run, "UNDO", timedelta(0))
    done(clerk, place)

    assert post(clerk, f"{place}/undo").status_code == 400
    assert "The time to undo this is over" in clerk.get(place).text
    assert holder(site, chosen[0]) == "clerk"


def test_all_of_the_list_is_what_matched_when_it_was_chosen(site: Site) -> None:
    mine = [put(site, n) for n in range(3)]
    other = put(site, 4, type="REJECT_FIX")
    clerk = site.signed_in("clerk")
    form = {"which": "all", "do": "claim", "back": "/tasks?type=DENIAL_REVIEW"}
    place = send(clerk, "/tasks/bulk", **form).headers["location"]
    late = put(site, 5)
    done(clerk, place)

    assert {holder(site, one) for one in mine} == {"clerk"}
    assert holder(site, other) is None
    assert holder(site, late) is None


def test_a_list_beyond_the_most_of_one_act_is_refused_in_one_sentence(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        put(site, n)
    monkeypatch.setattr(bulk, "MOST", 2)
    form = {"which": "all", "do": "claim", "back": "/tasks?state=waiting"}
    answer = send(site.signed_in("clerk"), "/tasks/bulk", **form)

    assert answer.status_code == 400
    assert "more than 2 tasks, the most that one act takes" in answer.text


def test_the_rows_of_a_page_are_those_it_showed(site: Site) -> None:
    shown, other = put(site, 1), put(site, 2)
    clerk = site.signed_in("clerk")
    form = {"which": "page", "do": "claim", "row": [shown], "back": LIST}
    done(clerk, send(clerk, "/tasks/bulk", **form).headers["location"])

    assert (holder(site, shown), holder(site, other)) == ("clerk", None)


def test_one_ticked_task_is_done_at_once_and_said_on_the_list(site: Site) -> None:
    free, taken = put(site, 1), put(site, 2)
    take(site, "coder", taken)
    clerk = site.signed_in("clerk")

    assert choose(clerk, "claim", [free]) == LIST
    assert "is taken." in clerk.get(LIST).text
    assert choose(clerk, "claim", [taken]) == LIST
    assert "is not taken: Mika Beck has it." in clerk.get(LIST).text


def test_what_was_left_out_can_be_tried_again(site: Site) -> None:
    free, taken = put(site, 1), put(site, 2)
    take(site, "coder", taken)
    clerk = site.signed_in("clerk")
    place = choose(clerk, "claim", [free, taken])
    done(clerk, place)
    post(site.signed_in("coder"), f"/tasks/{taken}/release")
    again = post(clerk, f"{place}/again").headers["location"]

    assert "Take 1 task?" in clerk.get(again).text
    assert "1 task taken" in done(clerk, again)
    assert holder(site, taken) == "clerk"


def test_an_act_belongs_to_who_asked_and_is_seen_by_supervisors_once_done(
    site: Site,
) -> None:
    chosen = [put(site, 1), put(site, 2)]
    clerk, coder = site.signed_in("clerk"), site.signed_in("coder")
    supervisor = site.signed_in("supervisor")
    place = choose(clerk, "claim", chosen)
    before = [one.get(place).status_code for one in (clerk, coder, supervisor)]
    stolen = post(supervisor, f"{place}/do").status_code
    done(clerk, place)
    after = [one.get(place).status_code for one in (clerk, coder, supervisor)]

    assert before == [200, 404, 404]
    assert stolen == 404
    assert after == [200, 404, 200]
    assert place in supervisor.get("/bulk").text
    assert place in clerk.get("/bulk").text
    assert place not in coder.get("/bulk").text


def test_only_a_supervisor_gives_tasks_to_others(site: Site) -> None:
    data = {"do": "assign", "assignee": "coder", "task": put(site, 1)}
    assert post(site.signed_in("clerk"), "/tasks/bulk", data).status_code == 403


@pytest.mark.parametrize(
    "form",
    [
        {"do": "claim"},
        {"do": "claim", "task": "none"},
        {"do": "claim", "which": "page"},
        {"do": "dance", "task": "1"},
        {"do": "snooze", "task": "1", "reason": "x"},
        {"do": "snooze", "task": "1", "until": str(date(2099, 1, 1))},
    ],
)
def test_an_act_that_is_not_complete_changes_nothing(
    site: Site, form: dict[str, str]
) -> None:
    answer = post(site.signed_in("clerk"), "/tasks/bulk", form)

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
