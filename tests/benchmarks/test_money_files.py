"""The benchmarks of files and posting measure what they say, at a small size."""

from pathlib import Path

from benchmarks import edi, posting
from benchmarks.edi_varied import varied
from benchmarks.posting_data import remittance_file
from claims.remittance import imbalances
from edi.x835 import read_remittances
from ledger.balances import identity_breaches, totals
from records import remittances


def test_a_posted_set_and_its_bare_rows_are_the_same(tmp_path: Path) -> None:
    bench = posting.Bench(tmp_path, "")
    one = bench.run(20, odd=5)
    with bench.office.reading() as conn:
        posted = remittances.listing(conn)
        breaches, money = identity_breaches(conn), totals(conn)
    bench.office.db.close()

    assert [row["status"] for row in posted] == ["posted"]
    assert breaches == []
    assert money.adds_up()
    assert one.claims == 20
    # a claim, four lines, a CLP, an event, news, and two entries of two lines at least
    assert one.rows >= 20 * (1 + 4 + 1 + 1 + 1 + 6)
    assert one.ratio > 0


def test_the_plain_pass_reads_every_amount_that_we_read(tmp_path: Path) -> None:
    bench = posting.Bench(tmp_path, "")
    content = remittance_file(bench.office, range(1, 31))
    bench.office.db.close()
    (one,) = read_remittances(content).remittances
    lines = [line for claim in one.claims for line in claim.lines]
    adjustments = sum(len(line.adjustments) for line in lines)
    shares = sum(claim.patient_responsibility != 0 for claim in one.claims)

    ours = 1 + 2 * len(one.claims) + shares + 3 * len(lines) + adjustments
    assert edi.plain_pass(content) == ours


def test_what_is_written_has_no_finding_and_is_what_is_joined(tmp_path: Path) -> None:
    report = edi.measure(tmp_path, 10, 1)

    assert report["pyx12_findings"] == []
    assert report["pyx12_findings_of"] == 10
    assert report["read_835"]["ratio"] > 0
    assert {one["claims"] for one in report["peers"].values()} == {10}


def test_a_varied_file_balances_and_repeats_little(tmp_path: Path) -> None:
    bench = posting.Bench(tmp_path, "")
    content = varied(remittance_file(bench.office, range(1, 41)))
    bench.office.db.close()
    (one,) = read_remittances(content).remittances
    lines = [line for claim in one.claims for line in claim.lines]

    assert imbalances(one) == ()
    assert len({(line.code, line.service_date) for line in lines}) > len(lines) // 2
    assert len({claim.member_id for claim in one.claims}) == len(one.claims)
