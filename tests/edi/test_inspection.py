"""What `edi inspect` counts is what the oracle of each sample says."""

import json
from pathlib import Path

from edi.inspection import inspect
from tests.edi.conftest import OTHERS, OURS, Sample, manifest
from tests.edi.samples import each


@each()
def test_figures_equal_the_oracle_in_name_type_and_value(sample: Sample) -> None:
    found = inspect(sample.content).figures

    assert found == sample.oracle
    # True is 1 to Python; as text it is not.
    assert json.dumps(found, sort_keys=True) == json.dumps(
        sample.oracle, sort_keys=True
    )


@each()
def test_kind_and_guide_are_those_of_the_manifest(sample: Sample) -> None:
    found = inspect(sample.content)

    assert (found.transaction, found.version) == (sample.transaction, sample.version)


@each()
def test_a_file_is_warned_of_exactly_where_its_envelope_is_wrong(
    sample: Sample,
) -> None:
    found = inspect(sample.content)
    wrong = {"SE01", "SE02", "GE01", "GE02", "IEA01", "IEA02", "SE", "GE", "IEA"}

    assert found.figures["envelope_ok"] == (
        not wrong & {w.code for w in found.warnings}
    )
    assert all(0 < w.segment <= found.figures["segments"] for w in found.warnings)


def test_every_file_of_the_published_manifest_is_tested(shared_dir: Path) -> None:
    published = {s.oracle["sha256"] for s in manifest(shared_dir / "samples" / "x12")}

    assert published
    assert published <= {s.oracle["sha256"] for s in OURS + OTHERS}
