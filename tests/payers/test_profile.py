"""Payer profiles and the practice: what is loaded, what is refused."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from claims.calendar import DEADLINE_HOUR, at
from claims.money import usd
from payers.practice import Practice
from payers.profile import PayerBook, PayerProfile, ProfileError
from policy.appeal import ladder
from policy.scrub import npi_is_valid
from policy.tables import rows

FOLDER = Path("payers/profiles")


@pytest.fixture(scope="module")
def book(repo_root: Path) -> PayerBook:
    return PayerBook.load(repo_root / FOLDER)


def _profile(repo_root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        (repo_root / FOLDER / "P-NORTHLAKE.yaml").read_text()
    )
    return loaded


def test_a_payer_is_found_by_our_id_and_by_its_edi_id(book: PayerBook) -> None:
    northlake = book.get("P-NORTHLAKE")
    assert northlake is not None
    assert book.by_edi_id("99001") is northlake
    assert northlake.fees.rates["99213"] == usd("104.00")


def test_an_unknown_payer_is_none_not_a_guess(book: PayerBook) -> None:
    assert book.get("P-NOBODY") is None
    assert book.by_edi_id("00000") is None


def test_every_payer_has_its_own_edi_id(book: PayerBook) -> None:
    profiles = [p for i in book.ids() if (p := book.get(i))]
    assert len({p.edi.payer_edi_id for p in profiles}) == len(profiles)


def test_only_fee_for_service_medicare_is_medicare(book: PayerBook) -> None:
    medicare = [i for i in book.ids() if (p := book.get(i)) and p.is_medicare]
    assert medicare == ["P-MEDB"]


def test_every_profile_names_a_ladder_and_timers_that_exist(book: PayerBook) -> None:
    known = rows("timers", "timers", "id")
    for payer_id in book.ids():
        profile = book.get(payer_id)
        assert profile is not None
        assert set(profile.timers) <= set(known)
        assert not [t for t in profile.timers if known[t]["law"]]
        assert ladder(profile)[0].number == 1


def test_the_example_payers_of_the_plan_are_ours(
    book: PayerBook, shared_dir: Path
) -> None:
    example = shared_dir / "domain" / "tables" / "payer_profile.example.yaml"
    for said in yaml.safe_load(example.read_text())["payers"]:
        assert book.get(said["payer_id"]) == PayerProfile.model_validate(said)


def test_of_two_profiles_the_one_effective_last_wins(repo_root: Path) -> None:
    old = PayerProfile.model_validate(_profile(repo_root))
    new = old.model_copy(update={"effective_from": date(2026, 7, 1), "version": 2})

    assert PayerBook([new, old]).get("P-NORTHLAKE") is new
    assert PayerBook([old, new]).by_edi_id("99001") is new


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        pytest.param("edi", "transport", "pigeon", id="a transport we do not have"),
        pytest.param("edi", "daily_cutoff", "5 pm", id="an hour in words"),
        pytest.param("filing", "limit_dayz", 180, id="a field with a slip"),
        pytest.param("fees", "rates", {"99213": 104.5}, id="a fee as a float"),
        pytest.param("fees", "rates", {"99213": "104.505"}, id="a fee of half a cent"),
    ],
)
def test_a_profile_that_does_not_fit_names_file_and_field(
    tmp_path: Path, repo_root: Path, part: str, field: str, value: object
) -> None:
    wrong = _profile(repo_root)
    wrong[part][field] = value
    (tmp_path / "P-WRONG.yaml").write_text(yaml.safe_dump(wrong))

    with pytest.raises(ProfileError, match=r"P-WRONG\.yaml") as refused:
        PayerBook.load(tmp_path)
    assert field in str(refused.value)
    assert "Nothing was loaded" in str(refused.value)


@pytest.mark.parametrize("text", ["", "- a list", "{unclosed: ["])
def test_a_file_that_is_no_profile_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "P-ODD.yaml").write_text(text)
    with pytest.raises(ProfileError, match=r"P-ODD\.yaml"):
        PayerBook.load(tmp_path)


# --- the practice --------------------------------------------------------------------


def test_the_practice_has_what_the_edits_ask_of_a_billing_provider(
    repo_root: Path,
) -> None:
    practice = Practice.load(repo_root / "payers" / "practice.yaml")

    assert npi_is_valid(practice.billing_npi)
    assert len(practice.address.zip) == len(practice.tax_id) == 9
    assert practice.documentation.assume_signed
    assert practice.statement_profile in rows("statement_policy", "profiles", "id")


def test_the_practices_zone_is_known(repo_root: Path) -> None:
    practice = Practice.load(repo_root / "payers" / "practice.yaml")
    instant = at(date(2026, 1, 15), DEADLINE_HOUR, practice.timezone)
    assert instant.hour == 14


@pytest.mark.parametrize("text", ["practise: {}", "", "practice: {name: X}", "[1]"])
def test_a_practice_file_that_does_not_fit_is_refused(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "practice.yaml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=r"practice\.yaml is not a practice file"):
        Practice.load(path)
