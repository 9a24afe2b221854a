"""An appeal begins only with a letter that can be made."""

from pathlib import Path

import pytest

from activities.appeal import begin_appeal
from claims.task import DecisionRefused
from records import accounts
from tests.letters.filing import WHY, filed
from tests.letters.test_facts_on_file import denied


def test_a_letter_that_there_is_not_begins_no_appeal(tmp_path: Path) -> None:
    with filed(tmp_path) as desk:
        row = denied(desk)
        form = {"template": "APPEAL_NOPE"}
        with pytest.raises(DecisionRefused, match="no letter APPEAL_NOPE"):
            begin_appeal(desk.conn, desk.office, row, form, WHY)
        assert accounts.appeals_of(desk.conn, row.id) == []
