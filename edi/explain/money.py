"""Sentences about what a payer paid, cut and took back (835, and CAS in an 837)."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from claims.money import ZERO
from claims.money import words as dollars
from edi.explain.values import Here, code, lower, said_procedure, upper
from edi.segments import FileKind, maybe_amount

_GROUPS = frozenset({"CO", "PR", "OA", "PI", "CR"})
_NO_DENIAL = frozenset(
    {"1", "2", "3", "23", "45", "66", "94", "100", "104", "105", "131", "144"}
    | {"161", "187", "223", "237", "253"}
)
"""Shares, prices and taxes by contract or law: money that nobody refused."""
_CAS_TRIPLES = range(2, 18, 3)
_PLB_PAIRS = range(3, 14, 2)
_HANDLED = {
    "4": "Denied: our claim",
    "22": "Takes back an earlier decision on our claim",
    "23": "Not their claim, passed on: our claim",
    "25": "An estimate for our claim",
}
"""CLP02 that changes what the amounts mean."""


def _bpr(here: Here) -> str:
    amount, day = maybe_amount(here.get(2)), here.shown(16)
    on = f" on {day}" if day else ""
    if here.get(4) == "NON" or amount == ZERO:
        return f"The payer moves no money{on}"
    how = lower(code("method", here.get(4)))
    by = f" by {how}" if how else ""
    if here.get(3) == "D":
        return f"The payer takes {here.shown(2)}{by}{on}"
    return f"The payer pays {here.shown(2) or 'an unknown amount'}{by}{on}"


def _clp(here: Here) -> str:
    begin = _HANDLED.get(here.get(2), "Our claim")
    told = [f"billed {here.shown(3)}", f"paid {here.shown(4)}"]
    told += [f"patient {here.shown(5)}"] if here.get(5) else []
    return f"{begin} {here.get(1)}: {', '.join(told)}"


def _svc(here: Here) -> str:
    service = f"Line {here.place.line or 1}, {said_procedure(here, 1)}"
    told = f"{service}: billed {here.shown(2)}"
    return f"{told}, paid {here.shown(3)}" if here.get(3) else told


def reductions(here: Here) -> Iterator[tuple[str, Decimal | None]]:
    """Reason and amount of each part of a CAS that is filled."""
    for place in _CAS_TRIPLES:
        if here.get(place) or here.get(place + 1):
            yield here.get(place), maybe_amount(here.get(place + 1))


def _cas(here: Here) -> str:
    group = here.get(1)
    return "; ".join(_cut(here, group, *one) for one in reductions(here))


def _cut(here: Here, group: str, reason: str, amount: Decimal | None) -> str:
    name = f"{group}-{reason}"
    words = here.reason(reason)
    label = f"{name} · {words}" if words else name
    money = "an unreadable amount" if amount is None else dollars(amount)
    if is_denial(here, group, reason, amount):
        verb = "Denied" if _nothing_paid(here) else "Not paid"
        return f"{verb} {money}. {label}"
    carries = " is the patient's" if group == "PR" else ""
    return f"{label}: {money}{carries}"


def is_denial(here: Here, group: str, reason: str, amount: Decimal | None) -> bool:
    """Whether a payer refuses money here, and not only prices or shares it.

    An amount below zero undoes an earlier cut. In an 837 it is the other plan's word.
    """
    if here.passage.kind is not FileKind.X835 or group not in _GROUPS:
        return False
    return reason not in _NO_DENIAL and amount is not None and amount > ZERO


def _nothing_paid(here: Here) -> bool:
    head = here.place.head
    position = {"SVC": 3, "CLP": 4}.get(head.tag)
    return position is not None and maybe_amount(head.get(position)) == ZERO


def _remarks(*positions: int) -> Callable[[Here], str]:
    def told(here: Here) -> str:
        found = [here.get(n) for n in positions if here.get(n)]
        if not found:
            return ""
        each = (f"{c} · {here.reason(c)}" if here.reason(c) else c for c in found)
        return f"Remark {'; '.join(each)}"

    return told


def _lq(here: Here) -> str:
    number, words = here.get(2), here.reason(here.get(2))
    kind = "Pharmacy reject" if here.get(1) == "RX" else "Remark"
    return f"{kind} {number} · {words}" if words else f"{kind} {number}"


def _plb(here: Here) -> str:
    return "; ".join(_change(here, n) for n in _PLB_PAIRS if here.get(n + 1))


def _change(here: Here, place: int) -> str:
    kind, number = here.parts(place, 2)
    words = upper(code("provider_change", kind)) or f"Change of kind {kind}"
    # Medicare writes the patient's Medicare number behind its own, from place 20 on.
    about = f" ({number[:17]})" if number else ""
    amount = maybe_amount(here.get(place + 1))
    if amount is None:
        return f"{words}{about}: an unreadable amount"
    way = "added to" if amount < ZERO else "taken off"
    return f"{words}{about}: {dollars(abs(amount))} {way} this payment"


SENTENCES: dict[str, Callable[[Here], str]] = {
    "BPR": _bpr,
    "CLP": _clp,
    "SVC": _svc,
    "CAS": _cas,
    "MOA": _remarks(3, 4, 5, 6, 7),
    "MIA": _remarks(5, 20, 21, 22, 23),
    "LQ": _lq,
    "PLB": _plb,
}
