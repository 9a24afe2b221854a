"""Every segment of the samples has words; a denial is a hit, a discount is not."""

from pathlib import Path

import pytest

from edi.explain import Explained, explain, sums, whole
from edi.segments import read

SYNTHETIC = Path(__file__).parent.parent / "data" / "edi" / "synthetic"


def all_of(path: Path) -> list[Explained]:
    sets = [one for found in read(path.read_bytes())[0] for one in found.sets]
    return [said for one in sets for said in explain(whole(one))]


@pytest.mark.parametrize("path", sorted(SYNTHETIC.glob("*.edi")), ids=lambda p: p.stem)
def test_every_segment_of_our_samples_has_words_and_a_heading(path: Path) -> None:
    assert all(said.words.strip() and said.loop for said in all_of(path))


def test_every_segment_of_the_shared_samples_has_words(shared_dir: Path) -> None:
    paths = sorted((shared_dir / "samples" / "x12").glob("*.*"))
    x12 = [path for path in paths if path.read_bytes()[:3] == b"ISA"]
    said = [one for path in x12 for one in all_of(path)]
    assert said
    assert all(one.words.strip() for one in said)


def test_a_contract_discount_is_no_hit_and_another_reduction_is() -> None:
    said = all_of(SYNTHETIC / "b1_835_paid_pr_denied.edi")
    cas = {one.raw: one.hit for one in said if one.tag == "CAS"}
    assert not any(hit for raw, hit in cas.items() if raw.startswith("CAS*CO*45*"))
    assert any(cas.values())


def test_a_remittance_whose_claim_is_off_does_not_add_up() -> None:
    (one,) = read((SYNTHETIC / "b7_835_unbalanced_claim.edi").read_bytes())[0][0].sets
    assert any(check.adds_up is False for check in sums(whole(one)))
