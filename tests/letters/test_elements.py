"""The checklist of an appeal ticks what the letter has and says where it stands."""

from typing import Any

import pytest

from letters.elements import elements, lacking_for_approval
from letters.facts import LETTER_MUST_HAVE
from letters.render import render
from tests.letters.builders import KIND_FACTS, make_appeal
from tests.letters.test_appeals import LACKING

HEADINGS = ("What you decided", "Why this is wrong", "What we ask", "Enclosed")


@pytest.mark.parametrize("template", KIND_FACTS)
def test_a_whole_letter_has_each_element_where_the_list_says(template: str) -> None:
    facts = make_appeal(**KIND_FACTS[template])
    found = elements(facts)
    text = render(template, facts).text
    assert [e.name for e in found] == list(LETTER_MUST_HAVE)
    assert all(e.present for e in found)
    named = [h for h in HEADINGS if any(h in e.where for e in found)]
    assert named == list(HEADINGS)
    assert all(heading in text for heading in named)
    assert lacking_for_approval(facts) == []


@pytest.mark.parametrize(("changes", "name"), LACKING.values(), ids=LACKING)
def test_a_missing_element_has_no_tick_and_says_what_to_do(
    changes: dict[str, Any], name: str
) -> None:
    facts = make_appeal(**changes)
    by_name = {e.name: e for e in elements(facts)}
    assert not by_name[name].present
    assert by_name[name].where.endswith(".")


def test_only_the_approval_itself_may_be_missing_before_it() -> None:
    assert lacking_for_approval(make_appeal(approved_by="")) == []
    unsigned, _ = LACKING["signer"]
    assert lacking_for_approval(make_appeal(**unsigned)) == ["Signature"]
