"""The claims of a remittance: pairs, choices and pages, of many as of few."""

import re
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from desk.remit_claims import SIZE, TAKEN_BACK, WAITING, Chosen, Paired, takes_back
from desk.remit_outlines import KEPT, Outline, OutlinedClaim, Outlines
from records import accesses, claims
from tests.desk.conftest import Site
from tests.desk.test_money_lists import bring, era, posted

OUTCOMES = ("posted", "unmatched", "linked", "information")
CLAIMS = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.sampled_from(["1", "2", "22"]),
        st.integers(-500, 500),
        st.sampled_from(OUTCOMES),
    ),
    max_size=120,
)


def listed(drawn: list[tuple[str, str, int, str]]) -> list[OutlinedClaim]:
    return [
        OutlinedClaim(
            n, pcn, status, Decimal(cents) / 100, Decimal(cents) / 100, Decimal(0)
        )
        for n, (pcn, status, cents, _) in enumerate(drawn, start=10)
    ]


def paired_plainly(some: list[OutlinedClaim]) -> list[tuple[OutlinedClaim, ...]]:
    """Each claim looks through all that are left for its twin."""
    left = list(some)
    groups: list[tuple[OutlinedClaim, ...]] = []
    while left:
        first = left.pop(0)
        twin = (first.pcn, not takes_back(first))
        other = next((o for o in left if (o.pcn, takes_back(o)) == twin), None)
        if other is None:
            groups.append((first,))
            continue
        left.remove(other)
        groups.append((first, other) if takes_back(first) else (other, first))
    return groups


@given(CLAIMS)
def test_pairs_are_those_of_the_plain_way(
    drawn: list[tuple[str, str, int, str]],
) -> None:
    some = listed(drawn)
    assert Paired(some).groups(0, len(some)) == paired_plainly(some)


@given(CLAIMS, st.sampled_from(["", WAITING, TAKEN_BACK, "unmatched", "posted"]))
def test_the_pages_of_a_choice_have_its_claims_once_each_and_its_sum(
    drawn: list[tuple[str, str, int, str]], only: str
) -> None:
    some = listed(drawn)
    ended = {one.position: d[3] for one, d in zip(some, drawn, strict=True)}
    first = Chosen.of(some, ended, only, 1)
    pages = [Chosen.of(some, ended, only, n + 1) for n in range(first.pages)]
    shown = [one for page in pages for group in page.groups for one in group]
    back = [g for g in paired_plainly(some) if any(map(takes_back, g))]
    wanted = {
        "": some,
        WAITING: [o for o in some if ended[o.position] not in ("posted", "linked")],
        TAKEN_BACK: [one for group in back for one in group],
    }.get(only, [o for o in some if ended[o.position] == only])
    assert sorted(shown) == sorted(wanted)
    assert first.count == len(wanted) == first.counts.get(only, 0)
    assert first.paid == sum((one.paid for one in wanted), Decimal(0))
    for page, after in pairwise(pages):
        assert after.first == page.last + 1
        assert len(page.groups) == SIZE


def many(count: int) -> bytes:
    """An 835 of so many strangers' claims, 1.00 each; the first is taken back at the
    end and decided anew."""
    text = era(paid=f"{count - 5}").decode()
    head, _, rest = text.partition("CLP*")
    tail = "PLB*" + rest.partition("PLB*")[2]
    line = "SVC*HC:99213*1*1~DTM*472*20260401~"
    back = "SVC*HC:99213*-1*-1~DTM*472*20260401~"
    claims = [f"CLP*MANY{n}*1*1*1**12*ICN{n}~{line}" for n in range(count)]
    claims += [f"CLP*MANY0*22*-1*-1**12*ICN0~{back}", f"CLP*MANY0*1*1*1**12*I~{line}"]
    return (head + "".join(claims) + tail).encode()


def numbers(page: str) -> list[str]:
    return re.findall(r"MANY\d+", page)


def test_a_long_remittance_is_shown_a_page_at_a_time(site: Site) -> None:
    remittance = bring(site, many(120))
    poster = site.signed_in("poster")
    first = poster.get(f"/remits/{remittance}").text
    assert "Claims 1–51 of 122" in first  # noqa: RUF001 - a range
    assert "adds up" in first
    assert "Paid for claims, all 122" in first
    assert numbers(first) == ["MANY0", "MANY0", *(f"MANY{n}" for n in range(1, 50))]
    assert f'href="/remits/{remittance}?page=2#claims" rel="next"' in first
    last = poster.get(f"/remits/{remittance}?page=3").text
    assert numbers(last) == [*(f"MANY{n}" for n in range(100, 120)), "MANY0"]
    assert 'rel="next"' not in last
    assert poster.get(f"/remits/{remittance}?page=99").text == last
    for wrong in ("0", "x", "-1", "9" * 9):
        assert poster.get(f"/remits/{remittance}?page={wrong}").status_code == 400


def test_a_choice_keeps_its_pages_and_says_how_many_it_has(site: Site) -> None:
    remittance = bring(site, many(120))
    poster = site.signed_in("poster")
    page = poster.get(f"/remits/{remittance}?only=waiting").text
    assert f'href="/remits/{remittance}?only=waiting&amp;page=2#claims"' in page
    assert "Not posted 122</a>" in page
    assert f'<a href="/remits/{remittance}#claims">Show all 122</a>' in page
    page = poster.get(f"/remits/{remittance}?only=reversed").text
    assert numbers(page) == ["MANY0", "MANY0"]
    assert "together $0.00" in page


def test_a_choice_that_no_claim_has_is_not_offered(site: Site) -> None:
    remittance = posted(site, era(paid="75"))
    page = site.signed_in("poster").get(f"/remits/{remittance}").text
    assert "No claim of ours found 1</a>" in page
    assert "Reversals" not in page


def test_the_access_log_has_the_claims_of_the_page_that_was_read(site: Site) -> None:
    with site.office.reading() as conn:
        every = claims.every(conn)
    content = many(60).decode()
    for n, row in enumerate(every[:2]):
        content = content.replace(f"CLP*MANY{n * 55 + 1}*", f"CLP*{row.pcn}*")
    remittance = bring(site, content.encode())
    site.signed_in("poster").get(f"/remits/{remittance}")
    with site.office.reading() as conn:
        seen = accesses.newest(conn, accesses.Asked(what="remittance"), 5)
    assert [one["claim_id"] for one in seen] == [every[0].id]


def test_only_the_newest_outlines_are_kept() -> None:
    kept, read = Outlines(), []

    def ask(position: int) -> Outline:
        def reading() -> Outline:
            read.append(position)
            return Outline("ACH", (), ())

        return kept.get("sha", position, reading)

    for position in (*range(KEPT), 0, KEPT, 0, 1):
        ask(position)
    assert read == [*range(KEPT), KEPT, 1]
