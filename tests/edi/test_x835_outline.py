"""The outline of an 835 says what the whole reader says, and names no patient."""

import pytest
from hypothesis import given, settings

from claims.remittance import Remittance
from edi.errors import EdiError
from edi.x835 import read_remittances, write_remittances
from edi.x835_outline import Outline, outline_at
from tests.edi.conftest import Sample
from tests.edi.make import ENVELOPE, SLOW, remittances
from tests.edi.samples import each


@each("835")
def test_an_outline_is_that_of_the_set_read_whole(sample: Sample) -> None:
    for one in read_remittances(sample.content, partial=True).remittances:
        assert outline_at(sample.content, one.position) == Outline.of(one)


@settings(suppress_health_check=SLOW, deadline=None, max_examples=30)
@given(remittances())
def test_an_outline_is_that_of_what_was_written(one: Remittance) -> None:
    content = write_remittances([one], ENVELOPE)
    [read] = read_remittances(content).remittances
    assert outline_at(content, read.position) == Outline.of(read)


def test_a_segment_that_begins_no_835_has_no_outline(ours: dict[str, bytes]) -> None:
    with pytest.raises(EdiError, match="no remittance at this segment"):
        outline_at(ours["b4"], 1)
    with pytest.raises(EdiError, match="no remittance at this segment"):
        outline_at(ours["a1"], 3)
