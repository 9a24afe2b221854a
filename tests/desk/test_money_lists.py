"""Remittances and accounts: what adds up to the cent, and who sees a name."""

import re
from decimal import Decimal
from hashlib import sha256

import pytest

from activities.files import take_in
from activities.remittance import RemittanceActivities
from claims.money import from_cents
from ledger import account_list
from ledger.account_list import Only
from ledger.balances import totals
from records import accesses, accounts, claims, remit_list, remittances, tasks
from records.claims import ClaimRow
from records.remit_list import Asked
from records.tasks import NewTask, open_task
from tests.desk.conftest import Site, post


def era(*, paid: str, trace: str = "T-77001") -> bytes:
    """An 835 that pays one stranger's claim 80.00 and takes 5.00 at provider level."""
    segments = [
        "ISA*00*          *00*          *ZZ*PAYER          *ZZ*US             "
        "*260504*1200*^*00501*000000001*0*P*:",
        "GS*HP*PAYER*US*20260504*1200*1*X*005010X221A1",
        "ST*835*0001",
        f"BPR*I*{paid}*C*ACH*CCP*01*999999992*DA*1*1512345678**01*999988880*DA*2*20260504",
        f"TRN*1*{trace}*1512345678",
        "DTM*405*20260504",
        "N1*PR*A PAYER*XV*99001",
        "N1*PE*PRACTICE*XX*1234567893",
        "LX*1",
        "CLP*STRANGER1*1*100*80*20*12*ICN1",
        "NM1*QC*1*PLANTED*PATIENT****MI*M1",
        "SVC*HC:99213*100*80",
        "DTM*472*20260401",
        "CAS*PR*2*20",
        "PLB*1234567893*20261231*L3*5",
        "SE*14*0001",
        "GE*1*1",
        "IEA*1*000000001",
    ]
    return ("~".join(segments) + "~").encode()


def bring(site: Site, content: bytes) -> str:
    """Register an 835; the remittance's id."""
    why = site.office.because(site.desk.now(), "R-BAD-01", "poster")
    take_in(site.office, "office", "era.edi", content, why)
    with site.office.reading() as conn:
        return str(remittances.of_trace(conn, "T-77001")[0]["id"])


@pytest.mark.parametrize(
    ("paid", "words"), [("75", "adds up"), ("70", "off: nothing is posted")]
)
def test_a_remittance_shows_its_sum_or_names_the_difference(
    site: Site, paid: str, words: str
) -> None:
    remittance = bring(site, era(paid=paid))
    page = site.signed_in("poster").get(f"/remits/{remittance}").text
    assert words in page
    assert "STRANGER1" in page
    assert "PLANTED" not in page
    sums = re.findall(r"\$[\d.,]+", page.partition('<dl class="dates">')[2])[:3]
    assert sums == ["$80.00", "$5.00", f"${paid}.00"]


def test_a_provider_level_amount_names_its_claim_and_never_its_reference(
    site: Site,
) -> None:
    with site.office.reading() as conn:
        row = claims.every(conn)[0]
    reference = f"WO:{row.pcn} SECRETMEMBER".encode()
    remittance = bring(site, era(paid="75").replace(b"L3*5", reference + b"*5"))

    page = site.signed_in("poster").get(f"/remits/{remittance}").text

    table = page.partition('id="plb"')[2]
    assert f'<a href="/claims/{row.id}/money">{row.practice_number}</a>' in table
    assert "WO · overpayment recovery" in table
    assert "SECRETMEMBER" not in page


def test_the_list_is_filtered_and_its_total_is_of_all_matches(site: Site) -> None:
    bring(site, era(paid="75"))
    poster = site.signed_in("poster")
    listed = poster.get("/remits?state=received").text
    assert "T-77001" in listed
    assert "$75.00" in listed
    assert "No remittance is here" in poster.get("/remits?state=conflict").text
    assert poster.get("/remits?state=nonsense").status_code == 400


def posted(site: Site, content: bytes) -> str:
    """Register an 835 and post it; the remittance's id."""
    remittance = bring(site, content)
    RemittanceActivities(site.office).post_remittance(remittance, site.desk.now())
    return remittance


def test_a_claim_that_was_not_matched_leads_to_its_task(site: Site) -> None:
    remittance = posted(site, era(paid="75"))
    with site.office.reading() as conn:
        [task] = tasks.waiting(conn, types=["ERA_UNMATCHED_CLAIM"])
    poster = site.signed_in("poster")
    assert f'/remits/{remittance}?only=unmatched#claims"' in poster.get("/remits").text
    page = poster.get(f"/remits/{remittance}?only=unmatched").text
    assert f'<a href="/tasks/{task["id"]}">Match it: task {task["number"]}</a>' in page
    assert "STRANGER1" not in poster.get(f"/remits/{remittance}?only=posted").text
    assert poster.get(f"/remits/{remittance}?only=nonsense").status_code == 400


def test_a_set_that_does_not_add_up_leads_to_its_task(site: Site) -> None:
    remittance = posted(site, era(paid="70"))
    with site.office.reading() as conn:
        [task] = tasks.waiting(conn, types=["ERA_UNBALANCED"])
    page = site.signed_in("poster").get(f"/remits/{remittance}").text
    assert f'<a href="/tasks/{task["id"]}">Decide it: task {task["number"]}</a>' in page


def test_a_remittance_whose_file_is_damaged_says_that_it_cannot_be_read(
    site: Site,
) -> None:
    content = era(paid="75")
    remittance = bring(site, content)
    sha = sha256(content).hexdigest()
    stored = site.office.documents.root / sha[:2] / sha[2:4] / sha
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    page = site.signed_in("poster").get(f"/remits/{remittance}")
    assert page.status_code == 200
    assert "cannot be read any more" in page.text


def test_a_reversal_stands_before_its_correction_and_sums_with_it(site: Site) -> None:
    claim = "CLP*STRANGER1*1*100*80*20*12*ICN1"
    detail = (
        "NM1*QC*1*PLANTED*PATIENT****MI*M1~SVC*HC:99213*100*80~DTM*472*20260401~"
        "CAS*PR*2*20"
    )
    other = "CLP*STRANGER2*1*10*10**12*ICN2~SVC*HC:99213*10*10~DTM*472*20260401"
    back = (
        "CLP*STRANGER1*22*-100*-80*-20*12*ICN1~SVC*HC:99213*-100*-80~"
        "DTM*472*20260401~CAS*PR*2*-20"
    )
    content = era(paid="5").decode()
    both = content.replace(f"{claim}~{detail}", f"{claim}~{detail}~{other}~{back}")
    remittance = bring(site, both.encode())
    page = site.signed_in("poster").get(f"/remits/{remittance}").text
    assert "adds up" in page
    [pair] = re.findall(r'<tbody class="both">(.*?)</tbody>', page, re.DOTALL)
    assert pair.index("reversal") < pair.index("its correction")
    assert "together $0.00" in pair
    assert "STRANGER2" not in pair


def test_pages_of_remittances_follow_each_other(site: Site) -> None:
    with site.office.writing() as conn:
        for number in range(5):
            remittances.insert_new(
                conn,
                id=f"{number:040x}",
                payer_id="P",
                trace=f"T{number}",
                paid_cents=100,
                content_hash=str(number),
                file_sha256="0" * 64,
                st_segment=3,
                status="posted",
                received_on=site.desk.now().date(),
            )
    seen: list[str] = []
    before = None
    with site.office.reading() as conn:
        while rows := remit_list.page(conn, Asked(), before=before, limit=2):
            seen += [row["id"] for row in rows]
            before = (rows[-1]["received_on"], rows[-1]["id"])
        count, cents = remit_list.totals(conn, Asked())
    assert (len(set(seen)), count, cents) == (5, 5, 500)


def test_a_trace_number_and_an_account_number_are_found(site: Site) -> None:
    remittance = bring(site, era(paid="75"))
    with site.office.reading() as conn:
        [account], _ = account_list.listing(conn, Only.ALL, after="", limit=1)
    poster = site.signed_in("poster")
    found = post(poster, "/find", {"q": "T-77001"}).headers["location"]
    assert found == f"/remits/{remittance}"
    with site.office.writing() as conn:
        twin = dict(remittances.get(conn, remittance) or {})
        remittances.insert_new(conn, **twin | {"id": "0" * 40, "content_hash": "other"})
    found = post(poster, "/find", {"q": "T-77001"}).headers["location"]
    assert found == "/remits?trace=T-77001"
    assert "<b>2</b> remittances" in poster.get(found).text
    found = post(poster, "/find", {"q": account["public_ref"]}).headers["location"]
    assert found == f"/accounts/{account['id']}"


def test_accounts_sum_to_the_ledger(site: Site) -> None:
    with site.office.reading() as conn:
        rows, sums = account_list.listing(conn, Only.ALL, after="", limit=1000)
        money = totals(conn)
        every = claims.every(conn)
    assert sums.count == len(rows)
    assert sum(row["claims"] for row in rows) == len(every)
    assert from_cents(sums.insurance) == money.insurer_open
    assert from_cents(sums.patient) == money.patient_due
    assert sums.credit == sum(row["credit"] for row in rows)
    assert money.credit == Decimal(sums.credit) / 100


def test_an_account_lists_its_claims_and_logs_who_looked(site: Site) -> None:
    with site.office.reading() as conn:
        row = next(
            r
            for r in account_list.listing(conn, Only.ALL, after="", limit=99)[0]
            if r["claims"]
        )
        mine = account_list.claims_of(conn, row["id"])
    page = site.signed_in("auditor").get(f"/accounts/{row['id']}").text
    assert all(one.pcn in page for one in mine)
    assert "Patient hidden" not in page
    hidden = site.signed_in("poster").get("/accounts").text
    assert "Patient hidden" in hidden
    with site.office.reading() as conn:
        seen = accesses.newest(conn, accesses.Asked(what="account"), 5)
    assert seen[0]["account_id"] == row["id"]
    assert seen[0]["actor"] == "auditor"


def add_letter(site: Site, claim: ClaimRow, template: str, recipient: str) -> str:
    """A letter about this claim that waits in the outbox; its id."""
    with site.office.writing() as conn:
        return accounts.add_letter(
            conn,
            key=f"test:{claim.id}:{template}",
            template=template,
            template_version="v",
            claim_id=claim.id,
            account_id=None,
            recipient=recipient,
            dated=site.desk.now().date(),
            status="outbox",
            html_sha256="0" * 64,
            pdf_sha256="0" * 64,
            facts_sha256="0" * 64,
        )


def test_an_account_lists_every_letter_and_open_task_of_its_claims(site: Site) -> None:
    with site.office.reading() as conn:
        row = claims.every(conn)[0]
    letter = add_letter(site, row, "APPEAL_50", "payer")
    with site.office.writing() as conn:
        task = open_task(
            conn,
            NewTask(
                key="test",
                type="DENIAL_REVIEW",
                workflow_id="claim-x",
                role="clerk",
                due_on=site.desk.now().date(),
                rule="R-DEN-01",
                why="a reason of the test",
                claim_id=row.id,
            ),
            site.office.because(site.desk.now(), "R-DEN-01"),
        )
    page = site.signed_in("auditor").get(f"/accounts/{row.account_id}").text
    assert "Letters: 1" in page
    assert "Appeal: medical necessity" in page
    assert f'href="/letters/{letter}"' in page
    assert "Open tasks: 1" in page
    assert f'href="/tasks/{task}"' in page
    poster = site.signed_in("poster").get(f"/accounts/{row.account_id}").text
    assert "Appeal: medical necessity" in poster
    assert f'href="/letters/{letter}"' not in poster


def test_a_list_that_does_not_exist_is_not_the_list_of_all(site: Site) -> None:
    answer = site.signed_in("poster").get("/accounts?only=credits")
    assert answer.status_code == 400
    assert "Choose one of the list" in answer.text


def test_the_total_of_all_accounts_opens_the_accounts_that_it_sums(site: Site) -> None:
    poster = site.signed_in("poster")
    for part in ("insurance", "patient", "credit"):
        assert f'<a href="/accounts?only={part}">$' in poster.get("/accounts").text
    with site.office.reading() as conn:
        _, every = account_list.listing(conn, Only.ALL, after="", limit=1)
        _, some = account_list.listing(conn, Only.INSURANCE, after="", limit=1)
    assert some.insurance == every.insurance


def test_a_hold_on_a_claim_holds_its_account_and_no_other(site: Site) -> None:
    with site.office.writing() as conn:
        row = claims.every(conn)[0]
        accounts.set_hold(
            conn,
            kind="HOLD_TEST",
            reason="A reason of the test.",
            today=site.desk.now().date(),
            actor="supervisor",
            claim_id=row.id,
        )
        held, sums = account_list.listing(conn, Only.HELD, after="", limit=99)
        marked, _ = account_list.listing(conn, Only.ALL, after="", limit=99)
    assert [one["id"] for one in held] == [row.account_id]
    assert [one["id"] for one in marked if one["held"]] == [row.account_id]
    assert sums.count == 1
    page = site.signed_in("poster").get(f"/accounts/{row.account_id}").text
    assert "A reason of the test." in page


def test_nothing_there_is_said_plainly(site: Site) -> None:
    poster = site.signed_in("poster")
    assert poster.get("/accounts/none").status_code == 404
    assert poster.get("/remits/none").status_code == 404
    assert "No account is here" in poster.get("/accounts?only=credit").text
