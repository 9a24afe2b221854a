"""The desk's benchmark, small: every page answers, and its fixed bars hold.

Times are not tested; ``docs/benchmarks.md`` has them with the command.
"""

from pathlib import Path

from benchmarks.desk import LISTS, MOST_BYTES, MOST_QUERIES, measure


def test_lists_take_four_queries_and_pages_stay_small(
    database_url: str, tmp_path: Path
) -> None:
    report = measure(tmp_path, database_url, count=400, rounds=2)
    assert report["claims"] == 400
    pages = report["pages"]
    assert {"today", "queue", "task", "claim", "A/R", "get next"} <= set(pages)
    assert {n: pages[n]["queries"] for n in LISTS if pages[n]["queries"] > 4} == {}
    assert [n for n, one in pages.items() if one["bytes"] > MOST_BYTES] == []
    assert report["over"][f"lists over {MOST_QUERIES} queries"] == []
    assert all(one["p95_ms"] > 0 for one in pages.values())


def test_the_queries_of_a_list_do_not_grow_with_the_practice(tmp_path: Path) -> None:
    few = measure(tmp_path / "few", "", count=100, rounds=1)["pages"]
    many = measure(tmp_path / "many", "", count=600, rounds=1)["pages"]
    assert {n: few[n]["queries"] for n in LISTS} == {
        n: many[n]["queries"] for n in LISTS
    }
