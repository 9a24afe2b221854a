"""An appeal to a payer: nine elements, the kind's own proof, a draft that says so."""

from datetime import date
from typing import Any

import pytest

from claims.money import usd
from letters.check import missing_elements
from letters.facts import (
    LETTER_MUST_HAVE,
    CitationFacts,
    DenialFacts,
    ExhibitFacts,
    PreviousDecisionFacts,
)
from letters.render import APPEAL_TITLES, render
from policy import appeal as rules
from policy.tables import table
from tests.letters.builders import KIND_FACTS, PRACTICE, SHA, make_appeal

EXHIBIT = ExhibitFacts(letter="A", title="approval letter", pages=2, sha256=SHA)
DENIAL = DenialFacts(code="CO-197", words="no approval", notice_date=date(2026, 4, 28))
UNSIGNED = PRACTICE.model_copy(update={"signer_name": ""})


def without(part: ExhibitFacts | DenialFacts, **changes: Any) -> Any:
    return part.model_copy(update=changes)


# One fact taken away at a time, and the element that must be named for it.
LACKING: dict[str, tuple[dict[str, Any], str]] = {
    "patient name": ({"patient_name": " "}, "patient"),
    "member number": ({"member_id": ""}, "patient"),
    "claim number": ({"claim_number": ""}, "claim"),
    "date of service": ({"date_of_service": None}, "claim"),
    "lines": ({"lines": ()}, "claim"),
    "reason code": ({"denial": without(DENIAL, code="")}, "denial_code_and_words"),
    "reason words": ({"denial": without(DENIAL, words="")}, "denial_code_and_words"),
    "notice date": (
        {"denial": without(DENIAL, notice_date=None)},
        "denial_code_and_words",
    ),
    "argument": ({"argument": (), "authorization": None}, "why_it_is_wrong"),
    "evidence": ({"evidence": ()}, "evidence"),
    "stored evidence": ({"evidence": (without(EXHIBIT, sha256=""),)}, "evidence"),
    "citation": ({"citation": None}, "policy_or_contract_citation"),
    "cited document": (
        {"citation": CitationFacts(text="manual 4.2")},
        "policy_or_contract_citation",
    ),
    "amount": ({"request_amount": "0.00"}, "exact_request"),
    "request": ({"request_words": ""}, "exact_request"),
    "exhibit title": ({"evidence": (without(EXHIBIT, title=""),)}, "enclosures"),
    "exhibit pages": ({"evidence": (without(EXHIBIT, pages=0),)}, "enclosures"),
    "exhibit letters apart": ({"evidence": (EXHIBIT, EXHIBIT)}, "enclosures"),
    "signer": ({"practice": UNSIGNED}, "signature"),
    "approval": ({"approved_by": ""}, "signature"),
}


def test_the_nine_elements_are_those_of_the_table() -> None:
    assert tuple(table("appeal_levels")["letter_must_have"]) == LETTER_MUST_HAVE
    assert len(LETTER_MUST_HAVE) == 9
    assert {name for _, name in LACKING.values()} == set(LETTER_MUST_HAVE)


@pytest.mark.parametrize("template", KIND_FACTS)
def test_a_letter_with_all_nine_elements_is_no_draft(template: str) -> None:
    facts = make_appeal(**KIND_FACTS[template])

    assert missing_elements(facts) == []
    assert "Draft" not in render(template, facts).text


@pytest.mark.parametrize(("changes", "name"), LACKING.values(), ids=LACKING)
def test_a_missing_fact_is_named_and_makes_the_letter_a_draft(
    changes: dict[str, Any], name: str
) -> None:
    facts = make_appeal(**changes)
    text = render("APPEAL_197", facts).text

    assert name in missing_elements(facts)
    assert "Draft. Not to be sent. Missing: " in text
    assert name.replace("_", " ") in text


def test_an_empty_draft_lacks_all_but_its_signer_and_still_renders() -> None:
    facts = make_appeal(
        practice=UNSIGNED,
        patient_name="",
        claim_number="",
        lines=(),
        denial=DenialFacts(),
        argument=(),
        authorization=None,
        evidence=(),
        citation=None,
        request_amount="0.00",
        approved_by="",
        payer_address_lines=(),
        payer_unit="",
    )

    assert missing_elements(facts) == list(LETTER_MUST_HAVE)
    assert render("APPEAL_GENERIC", facts).pdf.startswith(b"%PDF")


# --- what each kind shows ------------------------------------------------------------

SHOWS: dict[str, tuple[str, ...]] = {
    "APPEAL_50": (
        "Six weeks of conservative care failed.",
        "B, page 2",
        "clinician of the same specialty",
    ),
    "APPEAL_197": (
        "authorization A-40911 covers 73721 from 7 April 2026 to 6 June 2026",
        "The visit was on 13 April 2026.",
    ),
    "APPEAL_97": ("Codes 20610 and 99214 are an NCCI pair with modifier indicator 1",),
    "APPEAL_29": ("first accepted 17 June 2026, limit 4 July 2026", "NORTS1311"),
    "APPEAL_22": ("Eastfield Mutual is not the plan", "ended on 31 January 2026"),
    "APPEAL_GENERIC": ("The approval letter is enclosed",),
    "UNDERPAYMENT": (
        "Expected $1,240.00, Allowed $1,050.00, Short $190.00",
        "pay $190.00, which was allowed short.",
    ),
}


@pytest.mark.parametrize("template", APPEAL_TITLES)
def test_each_kind_shows_its_own_proof(template: str) -> None:
    text = render(template, make_appeal(**KIND_FACTS[template])).text

    assert [words for words in SHOWS[template] if words not in text] == []


@pytest.mark.parametrize("template", APPEAL_TITLES)
def test_every_appeal_carries_reference_deadline_and_close(template: str) -> None:
    text = render(template, make_appeal(**KIND_FACTS[template])).text
    expected = (
        "NPI 1900000013", "Tax ID 00-0000001", "Mara Quill, (555) 555-0140",
        "Northlake Health, Provider Appeals", "Level 1", "day 6 of 180",
        "limit 25 October 2026", "Patient: Kira Bensaid", "Member no.: NL0011001",
        "Claim, ours / yours: S11-1 / NORTS1111", "28 April 2026", "TRN-S11A",
        "A, approval letter (2 pages);", "B, your notice (1 page).",
        "3 pages of exhibits", "Please answer in writing by 3 July 2026.",
        "We keep our right to the next level.", "Approved by supervisor-1",
    )  # fmt: skip

    assert [words for words in expected if words not in text] == []


def test_the_second_level_names_the_first_and_its_new_evidence() -> None:
    facts = make_appeal(
        level=2,
        level_name="reconsideration",
        previous=PreviousDecisionFacts(
            level=1, decided_on=date(2026, 4, 1), words="upheld"
        ),
        evidence=(EXHIBIT.model_copy(update={"new": True, "title": "response log"}),),
    )
    text = render("APPEAL_50", facts).text

    assert "Level 2 (reconsideration)" in text
    assert "On 1 April 2026 you decided level 1 against us: upheld." in text
    assert "A, new evidence: response log (2 pages)." in text


def test_a_payer_claim_number_that_is_not_known_is_said_to_be_missing() -> None:
    assert (
        "S11-1 / not given"
        in render("APPEAL_197", make_appeal(payer_claim_number="")).text
    )


def test_the_practices_own_number_is_shown_when_it_differs() -> None:
    text = render("APPEAL_197", make_appeal(practice_claim_number="HP-77")).text

    assert "Our own no.: HP-77" in text


def test_more_lines_are_named_together() -> None:
    first = make_appeal().lines[0]
    second = first.model_copy(update={"number": 2, "denied": usd("10.00")})
    text = render("APPEAL_197", make_appeal(lines=(first, second))).text

    assert "denied lines 1 and 2 with CO-197" in text
    assert "reverse the denial of lines 1 and 2" in text


# --- which letter for which code -----------------------------------------------------


@pytest.mark.parametrize(
    ("carc", "template"),
    [
        ("CO-197", "APPEAL_197"), ("CO-50", "APPEAL_50"), ("PI-97", "APPEAL_97"),
        ("CO-29", "APPEAL_29"), ("OA-22", "APPEAL_22"), ("CO-45", "UNDERPAYMENT"),
        ("CO-16", "APPEAL_GENERIC"), ("CO-999", "APPEAL_GENERIC"),
    ],
)  # fmt: skip
def test_the_code_chooses_the_letter(carc: str, template: str) -> None:
    assert rules.template_for(carc) == template


def test_every_code_of_the_table_leads_to_a_letter_that_exists() -> None:
    codes = [
        c for row in table("appeal_levels")["letter_templates"] for c in row["for_carc"]
    ]

    assert {rules.template_for(code) for code in codes} <= set(APPEAL_TITLES)
