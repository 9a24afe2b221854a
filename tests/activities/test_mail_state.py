"""A partner's mailbox that cannot be reached is known until it can be reached again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities import mail_state
from activities.files import FileActivities
from activities.mail_state import Away, away
from activities.office import Office
from exchange.mailbox import AccountError, UnreachableError
from exchange.sftp import SftpMailbox
from tests.activities.conftest import NOON, open_office
from tests.exchange.serving import running
from tests.payer import PARTNER

THEN = datetime(2026, 6, 15, 9, tzinfo=UTC)
LATER = datetime(2026, 6, 15, 10, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    made = open_office(tmp_path, repo_root, database_url)
    yield made
    made.db.close()


def known(office: Office) -> list[Away]:
    with office.reading() as conn:
        return away(conn, office.partners())


def test_a_sweep_tells_that_a_server_lets_nobody_in_and_that_it_does_again(
    office: Office, tmp_path: Path
) -> None:
    sweep = FileActivities(office).receive_files
    with running(tmp_path) as server:
        office.open_mailbox = lambda _: SftpMailbox(server.account(user="nobody"))
        with pytest.raises(ApplicationError):
            sweep(PARTNER, NOON)
        (found,) = known(office)
        assert found.partner == PARTNER
        assert "does not let us in" in found.words

        office.open_mailbox = lambda _: SftpMailbox(server.account())
        assert sweep(PARTNER, NOON) == 0
        assert known(office) == []
        port = server.port
    office.open_mailbox = lambda _: SftpMailbox(server.account(port=port))
    with pytest.raises(UnreachableError):
        sweep(PARTNER, NOON)
    assert "does not answer" in known(office)[0].words


def test_it_is_known_since_it_was_first_away_whatever_was_wrong(
    office: Office,
) -> None:
    for error, at in ((UnreachableError("x"), THEN), (AccountError("x"), LATER)):
        mail_state.note(office.db, PARTNER, error, at)
    (found,) = known(office)
    assert (found.since, "let us in" in found.words) == (THEN, True)

    mail_state.note(office.db, PARTNER, None, LATER)
    mail_state.note(office.db, PARTNER, UnreachableError("x"), LATER)
    assert known(office)[0].since == LATER


def test_what_a_server_or_an_error_says_is_not_kept(office: Office) -> None:
    planted = "sftp.example:22 user harborpoint key /home/x/key"
    mail_state.note(office.db, PARTNER, AccountError(planted), THEN)

    assert not [word for word in planted.split() if word in known(office)[0].words]
