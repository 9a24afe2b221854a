"""The demo's input: fifty claims, always the same bytes, and a fate for each story."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from claims.calendar import is_business_day
from claims.claim import Claim
from claims.money import usd
from claims.remittance import imbalances
from edi.gate import findings
from edi.segments import OutboundEnvelope
from edi.x837 import read_claims, write_claims
from simulator import samples
from simulator.fates import Script
from simulator.front_door import rejection
from tests.simulator.driver import Simulator

Start = Callable[..., Simulator]

BY_PARTNER = {
    "99001": "clearinghouse",
    "99002": "clearinghouse",
    "99003": "P-RIVERBEND",
}


def committed(repo_root: Path) -> bytes:
    return (repo_root / "samples" / "charges.837").read_bytes()


def interchange(claims: list[Claim], number: int) -> bytes:
    envelope = OutboundEnvelope(
        sender_id="1900000013",
        receiver_id="RECEIVER",
        isa13=number,
        gs06=number,
        created=datetime(2026, 1, 13, 23, tzinfo=UTC),
        contact_phone="5555550140",
    )
    return write_claims(claims, envelope)


def is_odd(claim: Claim) -> bool:
    """One of the claims that an edit or a coder must stop."""
    return not claim.diagnoses or rejection(claim) is not None


def test_it_is_made_again_to_the_byte(repo_root: Path) -> None:
    assert samples.charges_837() == committed(repo_root)


def test_all_fifty_claims_are_read(repo_root: Path) -> None:
    found = read_claims(committed(repo_root))
    charges = re.findall(rb"^CLM\*[^*]+\*([0-9.]+)\*", committed(repo_root), re.M)

    assert (len(found.claims), found.rejects, found.warnings) == (50, (), ())
    assert [c.claim.charge for c in found.claims] == [usd(c.decode()) for c in charges]
    assert len({c.claim.pcn for c in found.claims}) == 50
    assert {c.claim for c in found.claims} == set(samples.claims())


def test_all_but_the_odd_ones_satisfy_the_guide() -> None:
    odd = [c for c in samples.claims() if is_odd(c)]
    fine = [c for c in samples.claims() if not is_odd(c)]

    assert findings(interchange(fine, 1)) == ()
    assert [c.pcn for c in odd] == ["HP260027", "HP260039", "HP260049"]


def test_the_mix_is_that_of_a_practice() -> None:
    listed = samples.claims()
    payers = Counter(c.payer.edi_id for c in listed)
    days = {line.service_from for c in listed for line in c.lines}

    assert payers == {"99001": 27, "99002": 12, "99003": 10, "88001": 1}
    assert sum(c.patient is not None for c in listed) == 5
    assert sum(len(c.lines) > 1 for c in listed) >= 12
    assert all(is_business_day(d) for d in days)
    assert all(date(2025, 12, 26) <= d < samples.START for d in days)
    same = Counter((c.subscriber.person.member_id, c.service_from) for c in listed)
    assert max(same.values()) == 1, "no two claims look like duplicates"


def test_every_fate_belongs_to_a_member_of_the_file(repo_root: Path) -> None:
    script = Script.load(repo_root / "samples" / "fates.yaml")
    members = {v.member_id for v in samples.visits()}
    named = [*script.members, *script.appeals]
    named += [row.member_id for row in script.authorizations]
    named += [m for listed in script.faults.model_dump().values() for m in listed]

    assert set(named) <= members
    text = (repo_root / "samples" / "fates.yaml").read_text()
    entries = re.findall(
        r"^  (?:NLM|MBF|RVB)\d+:(.*)$", text.split("appeals:")[0], re.M
    )
    assert len(entries) == len(script.members)
    assert all("#" in entry for entry in entries), "each fate says why"


def test_the_readme_counts_fifty(repo_root: Path) -> None:
    text = (repo_root / "samples" / "README.md").read_text()
    counts = re.findall(r"^\| (\d+) \|", text, re.M)

    assert sum(int(c) for c in counts) == 50


def test_the_whole_script_plays_on_business_days_and_balances(
    simulate: Start, repo_root: Path
) -> None:
    house = simulate((repo_root / "samples" / "fates.yaml").read_text())
    fine = [
        c for c in samples.claims() if not is_odd(c) and c.payer.edi_id in BY_PARTNER
    ]
    for number, (edi_id, partner) in enumerate(BY_PARTNER.items(), start=1):
        mine = [c for c in fine if c.payer.edi_id == edi_id]
        house.send(interchange(mine, number), day=date(2026, 1, 13), partner=partner)
    house.until(date(2026, 5, 12), first=date(2026, 1, 13))

    paid = house.remittances() + house.remittances("P-RIVERBEND")
    assert all(r.payment_date and is_business_day(r.payment_date) for r in paid)
    assert sum(bool(imbalances(r)) for r in paid) == 1
    assert len({r.trace for r in paid}) == len(paid) - 1, "one comes twice"
    deposits = {row["trace_no"]: row["amount"] for row in house.rows("deposits")}
    for one in paid:
        if not imbalances(one) and one.paid:
            assert deposits[one.trace] == str(one.paid)
    rejected = [s for s in house.statuses().values() if s.category != "A2"]
    assert {s.category for s in rejected} == {"A3", "A7"}
    assert len(house.statuses("P-RIVERBEND")) == 8, "one of nine claims is lost"
