"""The generated form: fields inside their decision, corrections, what is missing."""

from claims.task import TASKS, TaskType
from desk.evidence import facts, said
from desk.task_form import changes, choices, fields, for_the_task, missing, words
from desk.task_notes import notes_of
from records import tasks
from tests.desk.conftest import Site, post
from tests.desk.test_task import opened

SCRUB = TASKS[TaskType.SCRUB_FIX]


def test_a_field_that_one_decision_needs_stands_inside_it() -> None:
    spec = TASKS[TaskType.ELIG_RESOLVE]
    only = {f.name: f.only for f in fields(spec, {}, "")}
    assert only["member_id"] == "new_coverage_entered"
    assert only["reason"] == only["note"] == ""


def test_a_pair_of_codes_is_asked_for_where_a_service_is_part_of_another() -> None:
    spec = TASKS[TaskType.DENIAL_REVIEW]
    found = {f.name: f for f in fields(spec, {}, "CO-97")}
    assert found["pair"].only == "correct_freq_7"
    assert [v for v, _ in found["modifier_indicator"].options] == ["", "0", "1", "9"]
    other = {f.name for f in fields(spec, {}, "CO-197")}
    assert found.keys() - other == {"pair", "modifier_indicator"}


def test_the_fields_that_failed_wait_for_a_new_value() -> None:
    found = changes(SCRUB, {}, ["2010AA N403", "2310B NM109"])
    assert [(c.field, c.value) for c in found] == [
        ("2010AA N403", ""),
        ("2310B NM109", ""),
        ("", ""),
    ]
    assert changes(TASKS[TaskType.COB_UPDATE], {}, []) == []


def test_corrections_become_the_forms_own_words_and_empty_ones_nothing() -> None:
    entry = {
        "fix_field_1": "2010AA N403",
        "fix_value_1": "606010001",
        "fix_field_2": "2310B NM109",
        "note": "read the card",
    }
    assert for_the_task(entry) == {
        "note": "read the card",
        "change.2010AA N403": "606010001",
    }
    kept = changes(SCRUB, entry, [])
    assert [(c.field, c.value) for c in kept][:2] == [
        ("2010AA N403", "606010001"),
        ("2310B NM109", ""),
    ]


def test_a_correction_typed_on_the_page_is_stored_with_the_decision(site: Site) -> None:
    task, coder = opened(site, TaskType.SCRUB_FIX), site.signed_in("coder")
    given = {
        "version": "1",
        "decision": "fixed",
        "fix_field_1": "2010AA N403",
        "fix_value_1": "606010001",
    }
    assert "fixed" in SCRUB.decisions
    assert post(coder, f"/tasks/{task}", given).status_code == 303
    with site.office.reading() as conn:
        stored = tasks.decisions_of(conn, task)[-1]
        row = tasks.get(conn, task)
    assert stored["decision"] == row["decision"] == "fixed"


def test_what_is_missing_is_linked_from_the_summary_and_said_at_the_field(
    site: Site,
) -> None:
    assert missing(
        TASKS[TaskType.ELIG_RESOLVE], {"decision": "new_coverage_entered"}
    ) == ["member_id"]
    task, clerk = opened(site, TaskType.ELIG_RESOLVE), site.signed_in("clerk")
    given = {"version": "1", "decision": "new_coverage_entered", "note": "kept"}
    page = post(clerk, f"/tasks/{task}", given)
    assert page.status_code == 422
    assert 'href="#f-member_id"' in page.text
    assert 'id="e-member_id"' in page.text
    assert ">kept</textarea>" in page.text


def test_decide_and_get_next_opens_the_next_task(site: Site) -> None:
    first = opened(site, TaskType.DENIAL_REVIEW)
    second = opened(site, TaskType.FILING_DEADLINE)
    clerk = site.signed_in("clerk")
    given = {"version": "1", "decision": "appeal", "do": "next"}
    answer = post(clerk, f"/tasks/{first}", given)
    assert answer.headers["location"] == f"/tasks/{second}"
    assert (
        "Will be applied when processing resumes" in clerk.get(f"/tasks/{second}").text
    )


def test_payer_notes_say_limits_and_routes(site: Site) -> None:
    notes = notes_of(site.office, "P-NORTHLAKE")
    said = {fact.label: fact.value for fact in notes}
    assert said["File within"] == "180 days from the first service date"
    assert "level 1 within" in said["Appeals"]
    assert notes_of(site.office, "P-NOBODY") == notes_of(site.office, None) == []


def test_dates_of_the_evidence_are_written_as_people_do() -> None:
    assert said("2026-01-06") == "6 Jan 2026"
    assert said(["2026-02-30", "20260106"]) == "2026-02-30, 20260106"


def test_evidence_is_said_once_and_in_words() -> None:
    edits = [{"edit": "E-111", "field": "2010BB NM109", "fix": "Correct it."}]
    assert facts({"edits": edits, "edit": "E-111", "fix": "Correct it."}) == []
    known = {"short": "22.20", "status": "P1:20", "sent": "x", "sent_on": "2026-01-14"}
    assert {f.label: f.value for f in facts(known)} == {
        "Sent on": "14 Jan 2026",
        "Short": "$22.20",
        "Status": "P1:20 · pending, in process; accepted for processing",
    }


def test_each_answer_about_money_says_what_it_does_in_the_words_of_its_page() -> None:
    for kind in (
        *(TaskType.PLB_REVIEW, TaskType.RECOUPMENT_REVIEW, TaskType.ERA_UNBALANCED),
        *(TaskType.ERA_CONFLICT, TaskType.ERA_UNMATCHED_CLAIM),
        TaskType.DAILY_CLOSE_EXCEPTION,
    ):
        spec = TASKS[kind]
        for choice in choices(spec, {"amount": "30.00"}):
            assert choice.effect, (kind, choice.decision)
            assert "_" not in choice.effect + choice.label
            assert not choice.effect.startswith("needs ")
            for name in spec.required.get(choice.decision, ()):
                assert words(name).lower() in choice.effect
