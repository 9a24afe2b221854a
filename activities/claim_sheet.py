"""Files of claims as rows: CSV, or JSON with a list of lines for each claim.

All rows with one ``claim_ref`` are one claim; it is taken whole or not at all, and one
that is left out says of each of its rows why.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from activities.claim_draft import NumberedLine, claim_of, drafts_of, wrong
from activities.claim_rows import ClaimLine
from activities.csv_rows import (
    OURS,
    BadRow,
    cells,
    detect,
    read_cells,
    read_rows,
    together,
)
from claims.money import ZERO, MoneyError, usd
from edi.x837 import ClaimReject, ReadClaim
from payers.practice import Practice
from payers.profile import PayerBook

CSV, JSON = "CLAIMS", "CLAIMS_JSON"
KINDS = (CSV, JSON)
LINES = "lines"
"""In JSON, the list of a claim's lines; the names are those of the columns."""


@dataclass(frozen=True)
class ClaimSheet:
    """What a file of rows holds: read = claims + rejects; and where each row is."""

    claims: tuple[ReadClaim, ...]
    rejects: tuple[ClaimReject, ...]
    places: Mapping[int, str]


@dataclass(frozen=True)
class _Rows:
    """Rows of a file: read, left out, and of each its claim, charge and place."""

    good: list[NumberedLine]
    bad: list[BadRow]
    said: Mapping[int, tuple[str, ...]]
    places: Mapping[int, str]


def kind_of(content: bytes) -> str | None:
    """Which of the two this file is; None for any other."""
    if detect(content) == CSV:
        return CSV
    return JSON if json_claims(content) else None


def read_sheet(
    content: bytes, today: date, practice: Practice, payers: PayerBook
) -> ClaimSheet:
    """The claims that are whole, and each other one with what is wrong in it.

    Raises:
        CsvError: neither such a CSV nor such a JSON file; nothing was read.
    """
    found = json_claims(content)
    rows = _of_csv(content, today) if found is None else _of_json(found, today)
    problems: dict[str, list[BadRow]] = {}
    for row in rows.bad:
        ref = rows.said[row.number][0]
        problems.setdefault(ref or f"row {row.number}", []).append(row)
    whole = []
    for draft in drafts_of(rows.good):
        if found_wrong := [BadRow(*one) for one in wrong(draft, practice)]:
            problems.setdefault(draft.head.claim_ref, []).extend(found_wrong)
        elif draft.head.claim_ref not in problems:
            claim = claim_of(draft, practice, payers)
            whole.append(ReadClaim(draft.position, claim))
    rejects = [_reject(ref, bad, rows) for ref, bad in problems.items()]
    return ClaimSheet(tuple(whole), tuple(rejects), rows.places)


def _of_csv(content: bytes, today: date) -> _Rows:
    good, bad = read_rows(content, ClaimLine, today)
    said = cells(content, ["claim_ref", "charge"])
    return _Rows(good, bad, said, {number: f"row {number}" for number in said})


def _of_json(found: list[Mapping[str, Any]], today: date) -> _Rows:
    names = list(ClaimLine.model_fields)
    rows, places = dict[int, dict[str, Any]](), dict[int, str]()
    for at, claim in enumerate(found, start=1):
        of_claim = {k: v for k, v in claim.items() if k != LINES}
        for line, given in enumerate(claim[LINES] or [{}], start=1):
            number = len(rows) + 1
            rows[number] = of_claim | (given if isinstance(given, dict) else {"": ""})
            places[number] = f"claim {at} line {line}"
    odd = {n: why for n, row in rows.items() if (why := _odd(row))}
    text = {n: ["" if row.get(k) is None else str(row[k]) for k in names]
            for n, row in rows.items() if n not in odd}  # fmt: skip
    good, bad = read_cells(names, text.items(), ClaimLine, today)
    bad += [BadRow(n, "line", why) for n, why in odd.items()]
    said = {
        n: tuple(str(row.get(k) or "") for k in ("claim_ref", "charge"))
        for n, row in rows.items()
    }
    return _Rows(good, bad, said, places)


def _odd(row: Mapping[str, Any]) -> str:
    """What in an object cannot be a row."""
    names = {name for name in row if not name.startswith(OURS)}
    if names - ClaimLine.model_fields.keys():
        return "has a name that no column of a claim has"
    if any(not isinstance(row[name], str | None) for name in names):
        return "has a value that is neither text nor number"
    return ""


def _reject(ref: str, bad: list[BadRow], rows: _Rows) -> ClaimReject:
    bad.sort(key=lambda row: row.number)
    field, reason = together([(row.column, row.reason) for row in bad])
    numbers = dict.fromkeys(row.number for row in bad)
    of_claim = [said for said in rows.said.values() if said[0] == ref]
    known = any(of_claim) and not any("claim_ref" in row.column for row in bad)
    return ClaimReject(
        position=bad[0].number,
        pcn=ref if known else "",
        segment=", ".join(rows.places[n] for n in numbers),
        field=field,
        reason=reason,
        charge=sum((_amount(said[1]) for said in of_claim), ZERO),
    )


def _amount(text: str) -> Decimal:
    """A charge of a claim that was left out, as far as it can be read."""
    try:
        return usd(text)
    except MoneyError:
        return ZERO


def json_claims(content: bytes) -> list[Mapping[str, Any]] | None:
    """The claims of a JSON file: a list of objects with a list of ``lines`` each, or an
    object with that list under ``claims``; None for any other file."""
    if content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"[", b"{"):
        return None
    try:
        found = json.loads(content, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict):
        found = found.get("claims")
    if not isinstance(found, list) or not found:
        return None
    whole = all(isinstance(c, dict) and isinstance(c.get(LINES), list) for c in found)
    return found if whole else None
