"""The claims of an 835, each read from its text as a whole.

What most payers send comes again and again in one set: the same procedures, days,
amounts and reasons. Such a piece of text is looked into once. A claim with anything
unusual in it is left to the reader of single segments (``edi.x835_read``), which alone
says what is wrong; a test holds the two equal.
"""

from collections.abc import Callable, Hashable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from claims.adjustment import Adjustment
from claims.checked import defaults, maker
from claims.money import MoneyError
from claims.remittance import RemittanceClaim, RemittanceLine
from edi.elements import dollars, maybe_date
from edi.interchange import Delimiters

MOST = 4096
"""Texts remembered of a kind, so that memory stays small beside the set."""
_make_claim, _make_line = maker(RemittanceClaim), maker(RemittanceLine)
_make_adjustment = maker(Adjustment)
_CLAIM, _LINE = defaults(RemittanceClaim), defaults(RemittanceLine)
_Wanted = Mapping[str, str | Mapping[str, str]]
_OF_CLAIM: _Wanted = {
    "AMT": {"AU": "coverage_amount", "I": "interest"},
    "CAS": "adjustments",
    "DTM": {"232": "service_from", "233": "service_to", "050": "received_on"},
    "MIA": "MIA",
    "MOA": "MOA",
    "NM1": {"QC": "QC", "IL": "IL", "74": "74", "TT": "TT"},
    "REF": {"F8": "original_icn"},
}
"""Where a segment goes, by tag or by tag and first element: a field, or a name for
what needs another look."""
_OF_LINE: _Wanted = {
    "AMT": {"B6": "allowed"},
    "CAS": "adjustments",
    "DTM": {"472": "service_date", "150": "150", "151": "service_to"},
    "LQ": {"HE": "rarcs"},
    "REF": {"6R": "6R"},
}
_EACH = frozenset({"adjustments", "rarcs"})
"""Fields that take every segment; others take the first."""
_ELSEWHERE = frozenset({"CLP", "SVC", "PLB"})
"""Where one of these stands, the segments behind it mean something else."""
_NOTHING = ("", None)
_NOBODY = [""] * 10

_Amounts = Mapping[str, Decimal]
_Days = Mapping[str, date | None]
_Facts = Mapping[str, tuple[str, Any]]
_Looks = Mapping[str, Callable[[list[str]], Any]]
_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class UnusualError(Exception):
    """The claim is for the reader of single segments."""


class _Known(dict[_K, _V], Generic[_K, _V]):
    """What texts say, of the first ones that came."""

    def __init__(self, look: Callable[[_K], _V]) -> None:
        super().__init__()
        self._look = look

    def __missing__(self, text: _K) -> _V:
        found = self._look(text)
        if len(self) < MOST:
            self[text] = found
        return found


class ClaimTexts:
    """Reads the claims of one set, in their order."""

    def __init__(self, marks: Delimiters, component: str) -> None:
        """``component`` is what the set uses inside composites."""
        self._end, self._element = end, element = marks.segment, marks.element
        self._svc = f"{end}SVC{element}"
        self._ref = f"{end}REF{element}6R{element}"
        self._amounts = amounts = _Known(dollars)
        # Nothing below knows this object: no cycle keeps a set's texts in memory.
        looks = _looks(amounts, _Known(maybe_date))
        self._of_claim = _Known(partial(_fact, looks, element, _OF_CLAIM))
        of_line = _Known(partial(_fact, looks, element, _OF_LINE))
        codes = _Known(partial(_code, component))
        line = _LineTexts(end, element, component, amounts, codes, of_line)
        self._lines = _Known(line.look)

    def read(self, text: str, number: int) -> tuple[RemittanceClaim, int]:
        """A claim, and the number of the segment after it.

        Args:
            text: what follows ``CLP*`` up to the next CLP.
            number: of the CLP.

        Raises:
            UnusualError: nothing was read; something needs a closer look.
        """
        head, *lines = text.split(self._svc)
        clp, *rest = head.split(self._end)
        try:
            values = self._claim(clp, rest)
            values["position"] = number
            number += 1 + len(rest)
            values["lines"], number = self._numbered(lines, number)
        except MoneyError:
            raise UnusualError from None
        return _make_claim(values), number

    def _numbered(
        self, texts: list[str], number: int
    ) -> tuple[tuple[RemittanceLine, ...], int]:
        """Lines; most differ from one seen before in their REF*6R alone."""
        ref_6r, end, element, lines = self._ref, self._end, self._element, self._lines
        made = []
        for text in texts:
            before, has_ref, after = text.partition(ref_6r)
            ref, _, after = after.partition(end)
            count, known = lines[before, after]
            values = known.copy()
            values["position"] = number
            if has_ref:
                number += 1
                values["line_ref"] = ref.split(element, 1)[0] or None
            number += count
            made.append(_make_line(values))
        return tuple(made), number

    def _claim(self, clp: str, rest: list[str]) -> dict[str, Any]:
        elements = clp.split(self._element)
        elements += [""] * (7 - len(elements))
        pcn, status, charge, paid, share, filing, icn, *_ = elements
        found = _all(self._of_claim, rest)
        patient, insured = found.pop("QC", _NOBODY), found.pop("IL", _NOBODY)
        corrected, crossover = found.pop("74", None), found.pop("TT", None)
        remarks = found.pop("MOA", ()) + found.pop("MIA", ())
        values = {**_CLAIM, **found, "pcn": pcn, "status": status}
        values["charge"], values["paid"] = self._amounts[charge], self._amounts[paid]
        values["patient_responsibility"] = self._amounts[share or "0"]
        values["filing_indicator"], values["payer_icn"] = filing or None, icn or None
        values["patient_last"], values["patient_first"] = patient[3], patient[4]
        values["member_id"] = insured[9] or patient[9] or None
        if corrected is not None:
            values["corrected_last"], values["corrected_first"] = corrected[3:5]
            values["corrected_member_id"] = corrected[9] or None
        if crossover is not None:
            values["crossover_payer"] = crossover[9] or crossover[3] or None
        if remarks:
            values["rarcs"] = tuple(dict.fromkeys(filter(None, remarks)))
        return values


def _looks(amounts: _Amounts, days: _Days) -> _Looks:
    """What to make of the elements of a segment, tag first, by its tag."""
    return {
        "AMT": lambda e: amounts[e[2]] if e[2] else None,
        "CAS": partial(_reasons, amounts),
        "DTM": lambda e: days[e[2]],
        "LQ": lambda e: (e[2],) if e[2] else (),
        "MIA": lambda e: (*e[5:6], *e[20:24]),
        "MOA": lambda e: tuple(e[3:8]),
        "NM1": lambda e: e + [""] * (10 - len(e)),
        "REF": lambda e: e[2] or None,
    }


def _fact(looks: _Looks, element: str, wanted: _Wanted, raw: str) -> tuple[str, Any]:
    """Where a segment goes, and what it says."""
    tag, *rest = elements = raw.split(element)
    if tag in _ELSEWHERE:
        raise UnusualError
    field = wanted.get(tag, "")
    if not isinstance(field, str):
        field = field.get(rest[0] if rest else "", "")
    if not field:
        return _NOTHING
    # Elements that are left out are empty.
    return field, looks[tag]([*elements, "", "", ""])


def _reasons(amounts: _Amounts, cas: list[str]) -> tuple[Adjustment, ...]:
    """Up to six."""
    made = []
    for place in range(2, min(20, len(cas) - 2), 3):
        carc, amount, quantity = cas[place : place + 3]
        if carc or amount:
            values = {
                "group": cas[1],
                "carc": carc,
                "amount": amounts[amount],
                "quantity": quantity or None,
            }
            made.append(_make_adjustment(values))
    return tuple(made)


def _code(component: str, text: str) -> tuple[str, str, tuple[str, ...]]:
    """Procedure, its qualifier and modifiers of SVC01."""
    kind, code, *rest = [*text.split(component)[:6], ""]
    modifiers = tuple(m for m in rest if m)
    return (code, kind, modifiers) if code else (kind, "", modifiers)


class _LineTexts(NamedTuple):
    """What it takes to look into a line."""

    end: str
    element: str
    component: str
    amounts: _Amounts
    codes: Mapping[str, tuple[str, str, tuple[str, ...]]]
    facts: _Facts

    def look(self, parts: tuple[str, str]) -> tuple[int, dict[str, Any]]:
        """Segments of a line beside its REF*6R, and what they say."""
        before, after = parts
        svc, *rest = before.split(self.end)
        if after:
            rest += after.split(self.end)
        found = _all(self.facts, rest)
        if "6R" in found:
            raise UnusualError
        elements = svc.split(self.element)
        elements += [""] * (6 - len(elements))
        composite, charge, paid, _, units, other, *_ = elements
        code, kind, modifiers = self.codes[composite]
        first = found.pop("150", None)
        values = {**_LINE, **found, "code": code, "code_kind": kind}
        values["modifiers"] = modifiers
        values["charge"] = self.amounts[charge]
        values["paid"] = self.amounts[paid or "0"]
        values["units"] = units or None
        values["service_date"] = values["service_date"] or first
        if other:
            _, code, *_ = [*other.split(self.component), ""]
            values["submitted_code"] = code or None
        return 1 + len(rest), values


def _all(facts: _Facts, raws: list[str]) -> dict[str, Any]:
    """What segments say, by where it goes."""
    found: dict[str, Any] = {}
    for raw in raws:
        field, value = facts[raw]
        if field not in found:
            found[field] = value
        elif field in _EACH:
            found[field] += value
    found.pop("", None)
    return found
