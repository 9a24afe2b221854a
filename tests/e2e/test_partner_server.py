"""A practice whose clearinghouse has an SFTP server: a real worker, both ways, once."""

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest
import yaml

from claims.claim import ClaimState
from edi.x837 import read_claims
from records import files
from tests.e2e.site import Site
from tests.exchange.serving import Server, running
from tests.payer import OFFICE, PARTNER, PAYER_ID, Outside, Patient

PATIENTS = [Patient(n) for n in range(3)]
pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    home = tmp_path / "clearinghouse"
    home.mkdir()
    with running(home) as found:
        account = found.account().model_dump(mode="json", exclude={"done"})
        path = tmp_path / "sftp.yaml"
        path.write_text(yaml.safe_dump({PARTNER: account}))
        monkeypatch.setenv("CLAIMTHREAD_SFTP_FILE", str(path))
        for name in ("inbound", "outbound"):
            (found.folder / name).mkdir(parents=True)
        yield found


async def test_claims_leave_once_and_answers_come_back(
    tmp_path: Path, server: Server
) -> None:
    site = Site(tmp_path / "site")
    outside = Outside()
    inbound, outbound = server.folder / "inbound", server.folder / "outbound"
    try:
        await site.open()
        site.hold_clock(date(2026, 3, 2), time(12))
        site.start_worker()
        (inbound / "271.edi").write_bytes(outside.coverage(PATIENTS))
        await site.sweep("receive", PARTNER)
        await site.until("the 271", lambda: not list(inbound.glob("*.edi")))
        site.drop(OFFICE, "charges.837", outside.charges(PATIENTS))
        await site.sweep("receive", OFFICE)
        await site.until("claims", lambda: site.states()[ClaimState.READY] == 3)
        await site.sweep("submit", PAYER_ID)
        await site.until("the 837P", lambda: site.states()[ClaimState.SUBMITTED] == 3)

        (path,) = (p for p in outbound.iterdir() if p.name.startswith("837P-"))
        sent = path.read_bytes()
        path.unlink()  # the partner has collected it
        site.kill_worker()
        site.start_worker()
        claimed = outside.take(sent)
        (inbound / "999.edi").write_bytes(outside.receipt(sent))
        (inbound / "277ca.edi").write_bytes(outside.accepted(claimed))
        await site.sweep("receive", PARTNER)
        await site.until("acceptance", lambda: site.states()[ClaimState.ACCEPTED] == 3)
        await site.until("the answers", lambda: not list(inbound.glob("*.edi")))
    finally:
        site.close()

    assert len(read_claims(sent).claims) == 3
    assert [p.name for p in outbound.glob("837P-*")] == []
    assert sorted(p.name for p in (inbound / "done").iterdir()) == [
        *("271.edi", "277ca.edi", "999.edi")
    ]
    with site.office.reading() as conn:
        ends = {row["name"]: row["ended"] for row in files.listing(conn)}
    assert {ends[n] for n in ("271.edi", "277ca.edi", "999.edi")} == {"routed"}
