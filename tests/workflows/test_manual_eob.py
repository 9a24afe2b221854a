"""A paper remittance above the limit: it waits on the server for its second person."""

from decimal import Decimal

import pytest

from activities.files import FileActivities
from activities.intake import bring_in
from claims.money import from_cents
from ledger.balances import balances
from records import claims, remittances, users
from records.users import User
from tests.payer import PAYER_ID, Patient
from tests.scenarios.driver import Driver
from tests.scenarios.live import LiveWorld

PATIENT = Patient(1)


async def keyed(driver: Driver, live: LiveWorld) -> None:
    """One poster keys the whole claim as paid, and the sweep starts it."""
    row = driver.claim(PATIENT)
    charge = from_cents(row.charge_cents)
    with live.office.reading() as conn:
        lines = claims.lines(conn, row.id)
    rows = [
        f"{PAYER_ID},CHK-9,{await driver.today()},{charge},{row.pcn},"
        f"{row.service_from},{line['code']},{from_cents(line['charge_cents'])},"
        f"{from_cents(line['charge_cents'])}"
        for line in lines
    ]
    header = "payer_id,trace_no,pay_date,pay_amount,claim_ref,dos_from,code,billed,paid"
    now = await live.now()
    for name in ("pia", "per"):
        with live.office.writing() as conn:
            users.put_user(conn, User(name=name, display_name=name, roles=("poster",)))
    content = "\n".join([header, *rows, ""]).encode()
    bring_in(live.office, "eob.csv", content, live.office.because(now, actor="pia"))
    await FileActivities(live.office).pass_on(now)
    await live.settle()


async def test_a_second_person_lets_its_workflow_post_it(
    driver: Driver, live: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy.manual_eob.alone_up_to", lambda _what: Decimal(1))
    await driver.to_payer(PATIENT)
    await keyed(driver, live)
    assert driver.waiting() == ["MANUAL_EOB_POST"]

    alone = await driver.answer("MANUAL_EOB_POST", "posted", "pia")
    assert alone.status == "refused"
    second = await driver.answer("MANUAL_EOB_POST", "posted", "per")
    assert second.status == "applied", second.words

    row = driver.claim(PATIENT)
    with live.office.reading() as conn:
        (one,) = remittances.listing(conn)
        money = balances(conn, [row.id])[row.id]
    assert (one["status"], one["approved_by"]) == ("posted", "per")
    assert money.paid_payer == from_cents(row.charge_cents)
    assert driver.waiting() == []
