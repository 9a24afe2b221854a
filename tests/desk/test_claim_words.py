"""A claim's tabs in words: nobody reads a state's code or the machine's name."""

from datetime import UTC, datetime

from activities.story_items import ENTRIES, Item
from claims.decision import MACHINE
from desk.story_words import story_words, who_words
from ledger.accounts import EFFECT
from records import claims
from tests.desk.conftest import Site


def tab(site: Site, name: str = "") -> str:
    with site.office.reading() as conn:
        row = claims.every(conn)[0]
    return str(site.signed_in("supervisor").get(f"/claims/{row.id}{name}").text)


def test_before_the_charge_posts_the_claims_charge_is_shown_and_marked(
    site: Site,
) -> None:
    page = tab(site)
    assert "not on the ledger yet" in page
    assert '<dd><a class="q" href="/claims/' in page
    assert "Billed</dt>" not in page


def test_documents_name_the_file_a_claim_came_in_with_its_hash(site: Site) -> None:
    with site.office.reading() as conn:
        sha = claims.every(conn)[0].source_file
    page = tab(site, "/documents")
    assert "charges.837" in page
    assert "837P claim" in page
    assert sha is not None
    assert f'title="{sha}"' in page


def test_what_ran_by_itself_is_said_in_words(site: Site) -> None:
    assert who_words(MACHINE, {}) == "By rule"
    assert who_words("clerk", {"clerk": "Dana Ruiz"}) == "Dana Ruiz"
    for name in ("", "/rules", "/access", "/tasks"):
        assert ">machine<" not in tab(site, name)


def test_the_access_tab_says_local_times_and_names(site: Site) -> None:
    tab(site)
    page = tab(site, "/access")
    assert "Priya Nair" in page
    assert "<time datetime=" in page


def test_codes_of_tasks_and_letters_become_their_titles_and_others_stay() -> None:
    item = Item(
        at=datetime(2026, 1, 5, tzinfo=UTC),
        kind="task",
        who=MACHINE,
        words="Task APPEAL_PREPARE opened after STMT_1 and OTHER_CODE "
        "by 2026-03-30 [DENIED -> APPEAL]",
    )
    said = story_words(item, {})
    assert said.startswith("Task “An appeal letter to finish and sign” opened")
    assert "after “First statement” and OTHER_CODE by 30 Mar 2026" in said
    assert said.endswith("(Denied → Appealing)")


def test_a_user_name_in_a_sentence_becomes_the_persons_name() -> None:
    item = Item(
        at=datetime(2026, 1, 5, tzinfo=UTC),
        kind="claim",
        who="demo.boss",
        words="Prepared by clerk, signed by demo.boss. Asked by a clerk.",
    )
    said = story_words(item, {"clerk": "Dana Ruiz", "demo.boss": "Priya Nair"})
    assert said == "Prepared by Dana Ruiz, signed by Priya Nair. Asked by a clerk."


def test_every_posting_of_a_claim_has_words_of_its_own() -> None:
    assert set(ENTRIES) == {kind.value for kind in EFFECT}
    assert len(set(ENTRIES.values())) == len(ENTRIES)
