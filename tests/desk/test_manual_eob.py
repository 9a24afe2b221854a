"""Paper remittances in the desk: for posters only, and who keyed one is on its page."""

import pytest

from activities import eob
from activities.intake import bring_in
from activities.remittance import RemittanceActivities
from records import remittances, tasks
from records.db import RowMapping
from tests.desk.conftest import Site
from tests.desk.test_start import send

EOB = (
    b"payer_id,trace_no,pay_date,pay_amount,claim_ref,dos_from,code,billed,paid\n"
    b"P-NORTHLAKE,CHK-1,2026-01-20,2500.01,NOBODY,2026-01-05,99213,2500.01,2500.01\n"
)


def registered(site: Site) -> list[RowMapping]:
    with site.office.reading() as conn:
        return remittances.listing(conn)


def keyed(site: Site) -> str:
    """A check one cent above the limit, keyed by the poster; its id."""
    now = site.desk.now()
    why = site.office.because(now, "R-BAD-01", "poster")
    bring_in(site.office, "eob.csv", EOB, why)
    (row,) = registered(site)
    RemittanceActivities(site.office).post_remittance(row["id"], now)
    return str(row["id"])


def test_a_remittance_that_waits_for_a_second_person_says_who_keyed_it(
    site: Site,
) -> None:
    remittance = keyed(site)
    with site.office.reading() as conn:
        (task,) = tasks.waiting(conn, types=[eob.TASK.value])
    page = site.signed_in("supervisor").get(f"/remits/{remittance}").text

    assert "keyed from paper by poster" in page
    assert "waits for a second person" in page
    assert f'<a href="/tasks/{task["id"]}">Decide it: task {task["number"]}</a>' in page
    assert "row 2" in page
    assert "segment" not in page
    assert "adds up" in page


def test_its_task_shows_the_check_and_both_decisions(site: Site) -> None:
    keyed(site)
    with site.office.reading() as conn:
        (task,) = tasks.waiting(conn, types=[eob.TASK.value])
    page = site.signed_in("supervisor").get(f"/tasks/{task['id']}").text

    assert "CHK-1" in page
    assert "2500.01" in page or "2,500.01" in page
    for decision in ("posted", "unreadable"):
        assert f'value="{decision}"' in page


@pytest.mark.parametrize("who", ["clerk", "ops"])
def test_who_is_no_poster_is_told_so_before_anything_is_taken(
    site: Site, who: str
) -> None:
    client, answer = send(site, "eob.csv", EOB, who)
    place = answer.headers.get("location")
    page = client.get(place) if place else answer

    assert page.status_code == 403
    assert "named poster" in page.text
    assert registered(site) == []


def test_a_poster_sees_the_counts_first(site: Site) -> None:
    client, answer = send(site, "eob.csv", EOB, "poster")
    page = client.get(answer.headers["location"])

    assert page.status_code == 200
    assert "Paper remittances (CSV)" in page.text
    assert registered(site) == []
