"""Which posting takes back which: a reversal, then a new entry (R-MON-03).

An entry that a person undid is named by its opposite. A payer's reversal (R-REV-01)
repeats what was posted first with opposite types and names only the payer's claim, so
its entries are matched by type and amount, the newest one first.
"""

from collections.abc import Iterable

from sqlalchemy import RowMapping

from ledger.accounts import EntryType

_UNDOES = {
    EntryType.CHARGE_VOID: EntryType.CHARGE,
    EntryType.PAYER_REVERSAL: EntryType.PAYER_PAYMENT,
    EntryType.CONTRACTUAL_ADJ_REVERSAL: EntryType.CONTRACTUAL_ADJ,
    EntryType.TRANSFER_TO_INSURER: EntryType.TRANSFER_TO_PATIENT,
    EntryType.PATIENT_PAYMENT_REVERSAL: EntryType.PATIENT_PAYMENT,
}


def taken_back(entries: Iterable[RowMapping]) -> dict[int, int]:
    """Each entry of one claim that undoes another, and the one it undoes, by id.

    ``entries`` are in the order they were made. A reversal that mirrors nothing is left
    out: a person looks at it.
    """
    standing: list[RowMapping] = []
    pairs: dict[int, int] = {}
    for row in entries:
        first = row["reverses"]
        if first is None:
            first = _newest(standing, row)
        if first is None:
            standing.append(row)
        else:
            pairs[row["id"]] = first
            standing = [one for one in standing if one["id"] != first]
    return pairs


def _newest(standing: list[RowMapping], row: RowMapping) -> int | None:
    """The newest entry that nothing has undone and that this one mirrors."""
    wanted = _UNDOES.get(EntryType(row["entry_type"]))
    same = (
        int(one["id"])
        for one in reversed(standing)
        if one["entry_type"] == wanted
        and one["amount_cents"] == row["amount_cents"]
        and one["payer_id"] == row["payer_id"]
    )
    return next(same, None)
