"""What was left out of a file of rows, as it came, each with what is wrong in it.

It has the input's own columns, so it names patients: it goes only to the person who
brought the file in, beside that file. Corrected it comes in as it is, because our own
columns are passed over and the mark before a formula is taken off. A claim or check is
left out whole, so it is here whole.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from activities import claim_sheet, csv_files
from activities.csv_rows import OURS, CsvError, as_text, text_rows
from activities.imports import Reject
from activities.rejects import code_of, shapes

ADDED = ("_row", "_field", "_value_masked", "_code", "_reason", "_fix")
_ROW = re.compile(r"row (\d+)")
_CLAIM = re.compile(r"claim (\d+) line")


def has_rows(kind: str) -> bool:
    """Whether a file of this kind can have a reject file."""
    return kind in csv_files.KINDS or kind == claim_sheet.JSON


def reject_file(content: bytes, kind: str, rejects: Sequence[Reject]) -> bytes:
    """The rows that were left out, to correct and bring in again.

    Raises:
        CsvError: the file has no rows.
    """
    if kind == claim_sheet.JSON:
        return _json(content, rejects)
    if kind not in csv_files.KINDS:
        raise CsvError("only a file of rows has a reject file")
    header, *rows = text_rows(content)
    names = [name.strip() for name in header]
    kept = [n for n, name in enumerate(names) if not name.startswith(OURS)]
    numbered = dict(enumerate(rows, start=2))
    why = dict(zip(rejects, _ours(content, kind, rejects), strict=True))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(names[n] for n in kept), *ADDED])
    for number, reject in _rows_of(rejects, kind, names, numbered):
        cells = numbered[number]
        own = [cells[n] if n < len(cells) else "" for n in kept]
        writer.writerow([*map(as_text, own), number, *map(as_text, why[reject])])
    return out.getvalue().encode()


def _ours(
    content: bytes, kind: str, rejects: Sequence[Reject]
) -> Iterator[tuple[str, ...]]:
    """What we say of each reject, in the order of our columns behind ``_row``."""
    masked = shapes(content, kind, [vars(reject) for reject in rejects])
    for reject, shape in zip(rejects, masked, strict=True):
        code = code_of(reject.reason)
        yield reject.field, shape, code, reject.reason, reject.fix


def _rows_of(
    rejects: Iterable[Reject],
    kind: str,
    names: list[str],
    numbered: dict[int, list[str]],
) -> list[tuple[int, Reject]]:
    """Each row that was left out with its reject, in the order of the file."""
    found: dict[int, Reject] = {}
    at = names.index("claim_ref") if kind == claim_sheet.CSV else -1
    for reject in rejects:
        named = [int(n) for n in _ROW.findall(reject.segment)]
        if at >= 0 and reject.reference:
            named = [
                n
                for n, cells in numbered.items()
                if at < len(cells) and cells[at].strip() == reject.reference
            ]
        found |= dict.fromkeys(named, reject)
    return sorted(found.items(), key=lambda pair: pair[0])


def _json(content: bytes, rejects: Sequence[Reject]) -> bytes:
    claims = claim_sheet.json_claims(content) or []
    found: dict[int, list[Reject]] = {}
    for reject in rejects:
        for number in dict.fromkeys(_CLAIM.findall(reject.segment)):
            found.setdefault(int(number), []).append(reject)
    left_out = [
        {
            **{k: v for k, v in claims[number - 1].items() if not k.startswith(OURS)},
            "_row": number,
            "_field": ", ".join(r.field for r in of),
            "_reason": "; ".join(r.reason for r in of),
            "_fix": of[0].fix,
        }
        for number, of in sorted(found.items())
    ]
    return json.dumps(left_out, indent=1, ensure_ascii=False).encode()
