"""Every claim status (CLP02) of an 835, posted from a file (R-POST-01, R-REV-01)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.imports import import_claims
from activities.office import Office
from activities.remittance import (
    RemittanceActivities,
    register_remittances,
    resolve_unmatched_file,
)
from benchmarks.posting_data import envelope
from claims.claim import ClaimState, OtherPayer, Payer
from claims.remittance import ProviderAdjustment, Remittance, RemittanceClaim
from claims.task import DecisionRefused
from edi.x835 import write_remittances
from ledger.balances import (
    balances,
    entries_of,
    identity_breaches,
    payer_cash,
    trial_balance,
    unapplied,
)
from records import claims, news, remittances, submissions, tasks
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import a_line, accept, adjusted, claim_of
from tests.edi.conftest import OURS

PAYER, SECOND = "P-NORTHLAKE", "P-RIVERBEND"
COPAY = Decimal("20.00")


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """A claim at its payer; another plan stands behind it where a test wants one."""
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=because())
    with opened.writing() as conn:
        row = claim_of(conn)
        claims.change_payer(conn, row.id, payer_id=PAYER, member_index=row.member_index)
        accept(conn, opened, claim_of(conn), because())
    yield opened
    opened.db.close()


def because() -> Because:
    return Because(NOON, NOON.date(), "R-ERA-05", "tess")


def with_second_plan(office: Office) -> None:
    profile = office.payer(SECOND)
    assert profile is not None
    with office.writing() as conn:
        row = claim_of(conn)
        content = claims.content(conn, office.cipher, row.id)
        behind = OtherPayer(
            subscriber=content.subscriber.model_copy(update={"sequence": "S"}),
            payer=Payer(name=profile.name, edi_id=profile.edi.payer_edi_id),
        )
        new = content.model_copy(update={"other_payers": (behind,)})
        claims.replace_content(conn, office.cipher, row.id, new)


class Payer835:
    """The payer's files about the one claim, through the mailbox's reader."""

    def __init__(self, office: Office, payer_id: str = PAYER) -> None:
        self.office = office
        self.payer_id = payer_id
        self.sent = 0

    def said(self, status: str, *, icn: str = "ICN1", **more: Any) -> RemittanceClaim:
        """Paid in full but what is taken off and the patient's set fee."""
        sign = -1 if status == "22" else 1
        with self.office.reading() as conn:
            row = claim_of(conn)
            ours = claims.lines(conn, row.id)
            lines = []
            for place, line in enumerate(ours):
                charge = Decimal(line["charge_cents"]) / 100
                share = COPAY if place == 0 else Decimal(0)
                reasons = adjusted("CO", "45", sign * Decimal(5))
                if more.get("denied"):
                    reasons = adjusted("CO", "197", charge)
                elif more.get("nothing"):
                    reasons = adjusted("OA", "101", sign * charge)
                elif share:
                    reasons += adjusted("PR", "3", sign * share)
                taken = sum((a.amount for a in reasons), Decimal(0))
                said = sign * charge
                lines.append(
                    a_line(
                        conn,
                        row,
                        line["number"],
                        said - taken,
                        charge=said,
                        adjustments=reasons,
                    )
                )
        patient = sum(
            (a.amount for n in lines for a in n.adjustments if a.group == "PR"),
            Decimal(0),
        )
        return RemittanceClaim(
            position=5,
            pcn=more.get("pcn", row.pcn),
            status=status,
            charge=sum((n.charge for n in lines), Decimal(0)),
            paid=sum((n.paid for n in lines), Decimal(0)),
            patient_responsibility=patient,
            payer_icn=icn,
            filing_indicator="CI",
            patient_last="SAMPLE",
            patient_first="PAT",
            service_from=row.service_from,
            lines=tuple(lines),
        )

    def send(self, *found: RemittanceClaim) -> str:
        """A file with one set, received and posted; how it stands. What is below zero
        is carried forward (PLB FB)."""
        profile = self.office.payer(self.payer_id)
        assert profile is not None
        self.sent += 1
        total = sum((c.paid for c in found), Decimal(0))
        carried = ProviderAdjustment(
            position=90,
            provider_id="1900000013",
            fiscal_period=date(2026, 12, 31),
            code="FB",
            amount=min(total, Decimal(0)),
            reference=None,
        )
        one = Remittance(
            position=3,
            control_number="0001",
            handling="I",
            paid=max(total, Decimal(0)),
            method="ACH" if total > 0 else "NON",
            payment_date=date(2026, 6, 12),
            trace=f"{self.payer_id}{self.sent}",
            originator="1999999999",
            payer_name=profile.name,
            payer_edi_id=profile.edi.payer_edi_id,
            payee_name="PRACTICE",
            payee_npi="1900000013",
            claims=found,
            provider_adjustments=(carried,) if carried.amount else (),
            content_hash="",
        )
        content = write_remittances([one], envelope(self.sent))
        sha = self.office.documents.put(content)
        with self.office.writing() as conn:
            register_remittances(conn, self.office, "test", content, sha, because())
            row = next(
                r for r in remittances.listing(conn) if r["status"] == "received"
            )
        RemittanceActivities(self.office).post_remittance(row["id"], NOON)
        self.sound()
        with self.office.reading() as conn:
            kept = remittances.get(conn, row["id"])
        assert kept is not None
        return str(kept["status"])

    def sound(self) -> None:
        """Claims add up, the books balance, and I3 holds for the payer."""
        with self.office.reading() as conn:
            assert identity_breaches(conn) == []
            assert sum(trial_balance(conn).values()) == 0
            sets = [
                r
                for r in remittances.listing(conn)
                if (r["payer_id"], r["status"]) == (self.payer_id, "posted")
            ]
            cash = payer_cash(conn, self.payer_id)
        explained = cash.claims_net + cash.interest + cash.other
        assert explained == Decimal(sum(r["paid_cents"] for r in sets)) / 100


@dataclass(frozen=True)
class Ends:
    """How the claim stands after one set: state, next step, tasks, and money moved."""

    state: ClaimState
    step: str | None
    tasks: tuple[str, ...] = ()
    paid: bool = True
    share: Decimal = COPAY


S = ClaimState
ENDS: dict[tuple[str, str], Ends] = {
    ("1", ""): Ends(S.PATIENT_BALANCE, "first statement"),
    ("2", ""): Ends(S.PATIENT_BALANCE, "first statement"),
    ("3", ""): Ends(S.PATIENT_BALANCE, "first statement"),
    ("4", "denied"): Ends(
        S.DENIED, "DENIAL_REVIEW due", ("DENIAL_REVIEW",), paid=False, share=Decimal(0)
    ),
    ("1", "denied"): Ends(
        S.DENIED, "DENIAL_REVIEW due", ("DENIAL_REVIEW",), paid=False, share=Decimal(0)
    ),
    ("1", "second"): Ends(S.NEXT_PAYER, "SECONDARY_CLAIM", share=Decimal(0)),
    ("19", "second"): Ends(S.NEXT_PAYER, "CROSSOVER_WAIT", share=Decimal(0)),
    ("20", "second"): Ends(S.NEXT_PAYER, "CROSSOVER_WAIT", share=Decimal(0)),
    ("21", "second"): Ends(S.NEXT_PAYER, "CROSSOVER_WAIT", share=Decimal(0)),
    ("22", ""): Ends(
        S.ACCEPTED,
        "NO_ACTIVITY_E",
        ("ERA_UNMATCHED_CLAIM",),
        paid=False,
        share=Decimal(0),
    ),
    ("23", "nothing"): Ends(
        S.ACCEPTED, "COB_UPDATE due", ("COB_UPDATE",), paid=False, share=Decimal(0)
    ),
    ("23", "second"): Ends(
        S.NEXT_PAYER, "CROSSOVER_WAIT", paid=False, share=Decimal(0)
    ),
    ("25", "nothing"): Ends(S.ACCEPTED, "NO_ACTIVITY_E", paid=False, share=Decimal(0)),
    ("25", ""): Ends(
        S.ACCEPTED,
        "NO_ACTIVITY_E",
        ("ERA_UNMATCHED_CLAIM",),
        paid=False,
        share=Decimal(0),
    ),
    ("77", ""): Ends(
        S.ACCEPTED,
        "NO_ACTIVITY_E",
        ("ERA_UNMATCHED_CLAIM",),
        paid=False,
        share=Decimal(0),
    ),
}


@pytest.mark.parametrize(("status", "how"), list(ENDS))
def test_a_claim_status_ends_so(office: Office, status: str, how: str) -> None:
    ends = ENDS[status, how]
    if how == "second":
        with_second_plan(office)
    payer = Payer835(office)
    nothing = how == "nothing" or (status, how) == ("23", "second")
    said = payer.said(status, denied=how == "denied", nothing=nothing)

    assert payer.send(said) == "posted"

    with office.reading() as conn:
        row = claim_of(conn)
        money = balances(conn, [row.id])[row.id]
        open_ = tuple(sorted(t["type"] for t in tasks.waiting(conn)))
        queued = [s["status"] for s in submissions.of_claim(conn, row.id)]
        apart = unapplied(conn)
    assert (row.state, row.next_what, open_) == (ends.state, ends.step, ends.tasks)
    assert row.next_due is not None
    assert row.next_due >= NOON.date()
    assert money.paid_payer == (said.paid if ends.paid else 0)
    assert money.patient_due == ends.share
    assert "queued" not in queued
    assert apart == (said.paid if "ERA_UNMATCHED_CLAIM" in ends.tasks else 0)


def test_the_same_or_a_later_set_takes_back_and_pays_anew(office: Office) -> None:
    payer = Payer835(office)
    payer.send(payer.said("1"))
    first = _entries(office)

    payer.send(payer.said("22"), payer.said("1", icn="ICN2"))
    assert _net(office) == _sums(first)
    assert _state(office) is ClaimState.PATIENT_BALANCE

    payer.send(payer.said("22", icn="ICN2"))
    assert not any(_net(office).values())
    assert _state(office) is ClaimState.ACCEPTED
    with office.reading() as conn:
        row = claim_of(conn)
        assert row.next_due is not None
        assert row.next_due > NOON.date()

    payer.send(payer.said("1", icn="ICN3"))
    assert _net(office) == _sums(first)
    assert _state(office) is ClaimState.PATIENT_BALANCE


def test_a_second_reversal_of_one_payment_asks(office: Office) -> None:
    payer = Payer835(office)
    payer.send(payer.said("1"))
    payer.send(payer.said("22"))

    assert payer.send(payer.said("22")) == "posted"

    assert not any(_net(office).values())
    assert _open(office) == ["ERA_UNMATCHED_CLAIM"]


def test_its_correction_posts_though_what_it_corrects_was_never_here(
    office: Office,
) -> None:
    payer = Payer835(office)

    payer.send(payer.said("22"), payer.said("1", icn="ICN2"))

    with office.reading() as conn:
        row = claim_of(conn)
        paid = balances(conn, [row.id])[row.id].paid_payer
        apart = unapplied(conn)
    assert paid == -apart > 0
    assert _open(office) == ["ERA_UNMATCHED_CLAIM"]
    assert _state(office) is ClaimState.PATIENT_BALANCE


def test_a_reversal_is_linked_once_there_is_what_it_takes_back(
    office: Office,
) -> None:
    payer = Payer835(office)
    payer.send(payer.said("22"))
    with pytest.raises(DecisionRefused, match="could take back"):
        _link(office)

    payer.send(payer.said("1"))
    _link(office)

    payer.sound()
    assert not any(_net(office).values())
    with office.reading() as conn:
        assert unapplied(conn) == 0


def test_an_unknown_status_is_posted_when_a_person_links_it(office: Office) -> None:
    payer = Payer835(office)
    payer.send(payer.said("77"))

    _link(office)

    payer.sound()
    assert _state(office) is ClaimState.PATIENT_BALANCE


def test_the_plan_that_a_claim_was_sent_on_to_answers_it(office: Office) -> None:
    with_second_plan(office)
    payer = Payer835(office)
    payer.send(payer.said("23", nothing=True))
    with office.reading() as conn:
        refs = [n["ref"] for n in news.untold(conn)]
    assert any(ref.startswith("remit:") for ref in refs)

    second = Payer835(office, SECOND)
    second.send(second.said("1", icn="RB1"))

    assert _state(office) is ClaimState.PATIENT_BALANCE


def _link(office: Office) -> None:
    with office.writing() as conn:
        (task,) = tasks.waiting(conn, types=["ERA_UNMATCHED_CLAIM"])
        resolve_unmatched_file(
            conn, office, task, "linked", {"claim_ref": claim_of(conn).pcn}, because()
        )


def _entries(office: Office) -> list[Any]:
    with office.reading() as conn:
        return entries_of(conn, claim_of(conn).id)


def _sums(entries: list[Any]) -> dict[str, int]:
    """Cents by what a payer's decision posts, what took it back counted against it."""
    back = {
        "PAYER_REVERSAL": "PAYER_PAYMENT",
        "CONTRACTUAL_ADJ_REVERSAL": "CONTRACTUAL_ADJ",
        "TRANSFER_TO_INSURER": "TRANSFER_TO_PATIENT",
    }
    sums = dict.fromkeys(back.values(), 0)
    for e in entries:
        kind = e["entry_type"]
        if kind in sums:
            sums[kind] += e["amount_cents"]
        elif kind in back:
            sums[back[kind]] -= e["amount_cents"]
    return sums


def _net(office: Office) -> dict[str, int]:
    return _sums(_entries(office))


def _state(office: Office) -> ClaimState:
    with office.reading() as conn:
        return claim_of(conn).state


def _open(office: Office) -> list[str]:
    with office.reading() as conn:
        return sorted(t["type"] for t in tasks.waiting(conn))
