"""The EDI tab shows a claim's own segments in words, and hides a patient from ops."""

import re

import pytest

from records import claims, files
from tests.desk.conftest import Site


@pytest.fixture
def claim_id(site: Site) -> str:
    with site.office.reading() as conn:
        return claims.every(conn)[0].id


def test_the_tab_explains_the_claims_segments_and_names_its_file(
    site: Site, claim_id: str
) -> None:
    page = site.signed_in("supervisor").get(f"/claims/{claim_id}/edi")
    assert page.status_code == 200
    assert "837P claim" in page.text
    assert "Elements of segment" in page.text
    assert "Patient hidden" not in page.text


def test_who_may_not_see_the_patient_gets_neither_names_nor_raw_text(
    site: Site, claim_id: str
) -> None:
    ops = site.signed_in("ops")
    page = ops.get(f"/claims/{claim_id}/edi")
    assert "Patient hidden" in page.text
    assert "NM1*IL" not in page.text
    assert ops.get(f"/claims/{claim_id}/edi/raw").status_code == 403


@pytest.mark.parametrize("tab", ["edi", "documents"])
def test_a_partners_name_of_a_file_is_read_only_by_who_sees_patients(
    site: Site, claim_id: str, tab: str
) -> None:
    with site.office.reading() as conn:
        file = files.get(conn, str(claims.get(conn, claim_id).source_file))
    assert file is not None
    path = f"/claims/{claim_id}/{tab}"
    assert file["name"] in site.signed_in("supervisor").get(path).text
    page = site.signed_in("ops").get(path).text
    assert file["name"] not in page
    assert f"File {file['sha256'][:12]}" in page


def test_the_raw_text_has_only_this_claim(site: Site, claim_id: str) -> None:
    answer = site.signed_in("supervisor").get(f"/claims/{claim_id}/edi/raw")
    assert answer.status_code == 200
    assert answer.text.count("CLM*") == 1


def test_a_file_of_another_claim_is_not_shown(site: Site, claim_id: str) -> None:
    answer = site.signed_in("supervisor").get(f"/claims/{claim_id}/edi?file={'0' * 64}")
    assert answer.status_code == 404


def test_a_file_is_found_by_the_beginning_that_a_posting_names_and_opens_at_its_segment(
    site: Site, claim_id: str
) -> None:
    with site.office.reading() as conn:
        sha = str(claims.get(conn, claim_id).source_file)
    auditor, path = site.signed_in("auditor"), f"/claims/{claim_id}/edi"
    whole = auditor.get(path).text
    number = re.findall(r'<li class="[^"]*" id="s(\d+)"', whole)[-1]
    assert f'id="s{number}"><details>' in whole
    shown = auditor.get(f"{path}?file={sha[:12]}&segment={number}").text
    assert f'id="s{number}"><details open>' in shown
    assert auditor.get(f"{path}?file={sha[:4]}").status_code == 404
