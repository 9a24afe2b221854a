"""``check``: prove the three promises on the live system; ten means one is broken."""

import argparse
from typing import Any

from activities import processes
from activities.promises import Finding, Report, check
from cli.failures import Exit
from cli.session import Session
from cli.terminal import paragraph

SHOWN = 5
PROMISES = {
    1: "No claim is forgotten",
    2: "Money always adds up",
    3: "Every decision says why",
}


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``check``."""
    checked = commands.add_parser(
        "check",
        parents=[shared],
        help="prove that no claim is forgotten, money adds up, decisions say why",
    )
    checked.set_defaults(run=run_check)


async def run_check(session: Session) -> int:
    """List what breaks a promise; nothing listed is exit 0."""
    office = await session.connect()
    ticks = processes.is_running(session.settings.data_dir, "ticker")
    report = await check(office, session.now, ticker_runs=ticks)
    session.out.emit(report)
    session.out.show(_words(report))
    return Exit.DONE if report.is_clean else Exit.UNVERIFIED


def _words(report: Report) -> str:
    counted = ", ".join(f"{count} {name}" for name, count in report.checked.items())
    lines = [f"Practice date {report.practice_date}", paragraph(f"Checked {counted}.")]
    for number, promise in PROMISES.items():
        found = [f for f in report.findings if f.promise == number]
        lines.append(f"{number}. {promise:<26} {_count(len(found))}")
        for (words, fix), abouts in _alike(found).items():
            more = f" and {len(abouts) - SHOWN} more (--json lists them)"
            named = ", ".join(abouts[:SHOWN]) + (more if len(abouts) > SHOWN else "")
            lines.append(paragraph(f"{named}: {words}", "     "))
            lines.append(paragraph(f"fix: {fix}", "       "))
    return "\n".join([*lines, *report.notes])


def _alike(found: list[Finding]) -> dict[tuple[str, str], list[str]]:
    """Findings in the same words, together: one cause often breaks many claims."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in found:
        groups.setdefault((one.words, one.fix), []).append(one.about)
    return groups


def _count(found: int) -> str:
    if not found:
        return "ok"
    return f"{found} exception{'s' if found > 1 else ''}"
