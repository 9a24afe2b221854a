"""Does an 835 add up: each line, each claim, and the payment (R-ERA-02)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from claims.money import ZERO
from claims.money import words as dollars
from edi.explain.model import Passage, SumCheck
from edi.segments import FileKind, Segment, maybe_amount

_Amounts = list[Decimal | None]


@dataclass
class _Level:
    """A CLP or SVC with the amounts of its CAS segments."""

    head: Segment
    charge: Decimal | None
    paid: Decimal | None
    cuts: _Amounts = field(default_factory=list)
    lines: list["_Level"] = field(default_factory=list)

    @property
    def every_cut(self) -> _Amounts:
        """Its own cuts, then those of its lines."""
        return [*self.cuts, *(cut for line in self.lines for cut in line.cuts)]


def sums(passage: Passage) -> tuple[SumCheck, ...]:
    """The checks of an 835 in file order, lines before their claim, the payment last.

    The payment is checked only when the passage is a whole set. Nothing for others.
    """
    if passage.kind is not FileKind.X835:
        return ()
    claims = _claims(passage.segments)
    found = [check for claim in claims for check in _of_claim(passage, claim)]
    return (*found, *_of_payment(passage, claims))


def _claims(segments: tuple[Segment, ...]) -> list[_Level]:
    claims: list[_Level] = []
    level: _Level | None = None
    for segment in segments:
        if segment.tag == "CLP":
            level = _Level(segment, _read(segment, 3), _read(segment, 4))
            claims.append(level)
        elif segment.tag == "SVC" and claims:
            level = _Level(segment, _read(segment, 2), _read(segment, 3))
            claims[-1].lines.append(level)
        elif segment.tag == "CAS" and level is not None:
            level.cuts += _cuts(segment)
        elif segment.tag in ("LX", "PLB", "SE"):
            level = None
    return claims


def _read(segment: Segment, position: int) -> Decimal | None:
    text = segment.get(position).strip()
    # SVC03 may be left out for nothing; the others must be there.
    return maybe_amount(text or ("0" if segment.tag == "SVC" else ""))


def _cuts(segment: Segment) -> Iterator[Decimal | None]:
    for place in range(3, 19, 3):
        if segment.get(place).strip() or segment.get(place - 1).strip():
            yield maybe_amount(segment.get(place).strip())


def _of_claim(passage: Passage, claim: _Level) -> Iterator[SumCheck]:
    ordinal = passage.ordinals.get(claim.head.number)
    name = f"Claim {ordinal}" if ordinal else "Claim"
    for number, line in enumerate(claim.lines, start=1):
        yield _check(f"{name} · line {number}", line, line.cuts)
    yield _check(name, claim, claim.every_cut)


def _check(level: str, of: _Level, cuts: _Amounts) -> SumCheck:
    text = _plain(of.charge) + "".join(_less(cut) for cut in cuts)
    known = [cut for cut in cuts if cut is not None]
    should: Decimal | None = None
    if of.charge is not None and len(known) == len(cuts):
        should = of.charge - sum(known, ZERO)
    adjusted = "".join(_more(cut) for cut in cuts) + (" adjusted" if cuts else "")
    equation = f"{_plain(of.charge)} = {_plain(of.paid)} paid{adjusted}"
    return _result(level, of.head, text, should, of.paid, equation)


def _result(
    level: str,
    head: Segment,
    text: str,
    should: Decimal | None,
    actual: Decimal | None,
    equation: str,
) -> SumCheck:
    adds_up: bool | None = None
    if should is None or actual is None:
        verdict = "cannot be checked, an amount is missing or unreadable"
    elif should == actual:
        adds_up, verdict = True, "adds up"
    else:
        adds_up, verdict = False, f"does not add up, off by {dollars(actual - should)}"
    return SumCheck(
        level=level,
        position=head.number,
        sum=text,
        should_be=should,
        actual=actual,
        adds_up=adds_up,
        words=f"{equation}: {verdict}",
    )


def _plain(amount: Decimal | None) -> str:
    """``1,234.50``; an amount that cannot be read as a question mark."""
    return "?" if amount is None else f"{amount:,.2f}"


def _more(amount: Decimal | None) -> str:
    if amount is not None and amount < ZERO:
        return f" - {_plain(-amount)}"
    return f" + {_plain(amount)}"


def _less(amount: Decimal | None) -> str:
    if amount is not None and amount < ZERO:
        return f" + {_plain(-amount)}"
    return f" - {_plain(amount)}"


def _of_payment(passage: Passage, claims: list[_Level]) -> Iterator[SumCheck]:
    segments = passage.segments
    bpr = next((s for s in segments if s.tag == "BPR"), None)
    whole = passage.last - passage.first + 1 == len(segments)
    if bpr is None or not whole:
        return
    paid = [claim.paid for claim in claims]
    changes = [c for s in segments if s.tag == "PLB" for c in _changes(s)]
    known = [p for p in paid if p is not None]
    taken = [c for c in changes if c is not None]
    should: Decimal | None = None
    if len(known) == len(paid) and len(taken) == len(changes):
        should = sum(known, ZERO) - sum(taken, ZERO)
    count = "1 claim" if len(claims) == 1 else f"{len(claims)} claims"
    text = f"{count} {_plain(sum(known, ZERO))}"
    if changes:
        text += f"{_less(sum(taken, ZERO))} outside the claims"
    actual = maybe_amount(bpr.get(2).strip())
    yield _result(
        "Payment", bpr, text, should, actual, f"{_plain(actual)} paid = {text}"
    )


def _changes(segment: Segment) -> Iterator[Decimal | None]:
    for place in range(4, 15, 2):
        if segment.get(place).strip() or segment.get(place - 1).strip():
            yield maybe_amount(segment.get(place).strip())
