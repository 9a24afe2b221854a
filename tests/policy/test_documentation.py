"""R-COD-01: what stands for coder and signed note, and what is missing."""

from typing import Any

import pytest

from policy.documentation import decide_documentation
from tests.claims.making import make_claim


def test_r_cod_01_codes_of_the_practice_system_stand_for_the_coder() -> None:
    decision = decide_documentation(make_claim(), assume_signed=True)
    assert (decision.action, decision.rule) == ("approved", "R-COD-01")
    assert decision.evidence == ("import",)


@pytest.mark.parametrize(
    ("changes", "assume_signed", "missing"),
    [
        ({"diagnoses": ()}, True, ("diagnosis",)),
        ({"lines": ()}, True, ("service lines",)),
        ({}, False, ("signed note",)),
        ({"provider_signature": "N"}, True, ("signed note",)),
        (
            {"diagnoses": (), "lines": (), "provider_signature": ""},
            True,
            ("diagnosis", "service lines", "signed note"),
        ),
    ],
)
def test_r_cod_01_what_is_missing_is_named_all_at_once(
    changes: dict[str, Any], assume_signed: bool, missing: tuple[str, ...]
) -> None:
    decision = decide_documentation(make_claim(**changes), assume_signed=assume_signed)
    assert decision.action == "review"
    assert decision.evidence == missing
    assert decision.reason == f"missing: {', '.join(missing)}"
