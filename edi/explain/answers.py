"""Sentences of acknowledgments, claim status and coverage; and what is a refusal."""

from collections.abc import Callable

from edi.explain.money import is_denial, reductions
from edi.explain.values import NO_WORDS, Here, code, lower, share_words, status, upper
from edi.segments import maybe_amount
from edi.x277ca import REJECTED

_REFUSED = frozenset({*REJECTED, "F2"})
_INACTIVE = frozenset({"6", "7", "8", "I", "V"})


def _stc(here: Here) -> str:
    told = [status(here, n) for n in (1, 10, 11) if here.get(n)]
    category = here.parts(1, 1)[0]
    text = "; ".join(told) + (f" [{category}]" if category else "")
    if here.get(4):
        text += f". Billed {here.shown(4)}"
        text += f", paid {here.shown(5)}" if here.get(5) else ""
    return text


def _eb(here: Here) -> str:
    told = code("benefit", here.get(1)) or f"Coverage fact {here.get(1)}"
    value = _share_written_early(here) or here.shown(7) or here.shown(8)
    if value:
        told += f": {value}{_period(here)}"
    services = here.shown(3)
    told += f" · {lower(services)}" if services else ""
    whom = code("whom", here.get(2))
    told += f", {lower(whom)}" if whom else ""
    inside = {"Y": ", in the network", "N": ", outside the network"}
    return told + inside.get(here.get(12), "")


def _share_written_early(here: Here) -> str:
    """Some plans write the patient's share one element early (e2_271_active.edi)."""
    amount = maybe_amount(here.get(7))
    if here.get(1) != "A" or here.get(8) or amount is None or amount >= 1:
        return ""
    return share_words(here.get(7))


def _period(here: Here) -> str:
    words = code("period", here.get(6))
    return f" {words}" if words else ""


def _aaa(here: Here) -> str:
    why = code("refusal", here.get(3)) or f"reason {here.get(3) or 'not said'}"
    following = code("next", here.get(4))
    told = f"They refuse the question: {why}"
    return f"{told}. {following}" if following else told


def _ik3(here: Here) -> str:
    loop = f", loop {here.get(3)}" if here.get(3) else ""
    why = code("segment_error", here.get(4)) or f"error {here.get(4)}"
    return f"Error in {here.get(1)} at place {here.get(2)} of our set{loop}: {why}"


def _ik4(here: Here) -> str:
    place, part = here.parts(1, 2)
    tag = here.place.head.get(1) if here.place.head.tag == "IK3" else ""
    name = f"{tag}{place:>02}" + (f"-{part}" if part else "")
    why = code("element_error", here.get(3)) or f"error {here.get(3)}"
    return f"Error in {name}: {why}"


def _verdict(subject: str) -> Callable[[Here], str]:
    def told(here: Here) -> str:
        verdict = lower(code("verdict", here.get(1))) or f"verdict {here.get(1)}"
        first = 2 if here.segment.tag == "IK5" else 5
        found = [here.meaning(n) for n in range(first, first + 5) if here.get(n)]
        why = "; ".join(one for one in found if one not in ("", NO_WORDS))
        text = f"{subject}: {verdict}"
        if here.segment.tag == "AK9" and here.get(4):
            text += f", {here.get(4)} of {here.get(2)} sets taken"
        return f"{text}. {upper(why)}" if why else text

    return told


def _ta1(here: Here) -> str:
    verdict = lower(code("verdict", here.get(4))) or f"verdict {here.get(4)}"
    note = code("interchange_note", here.get(5))
    text = f"Our envelope {here.get(1)}: {verdict}"
    return f"{text}. {upper(note)}" if note and here.get(5) != "000" else text


def is_hit(here: Here) -> bool:
    """Whether the segment carries a refusal, a denial or an error."""
    act = _HITS.get(here.segment.tag)
    return act is not None and act(here)


def _refused(here: Here) -> bool:
    categories = {here.parts(n, 1)[0] for n in (1, 10, 11)}
    return here.get(3) == "U" or bool(categories & _REFUSED)


def _denied(here: Here) -> bool:
    group = here.get(1)
    return any(is_denial(here, group, *one) for one in reductions(here))


_HITS: dict[str, Callable[[Here], bool]] = {
    "CAS": _denied,
    "STC": _refused,
    "AAA": lambda here: True,
    "EB": lambda here: here.get(1) in _INACTIVE,
    "IK3": lambda here: True,
    "IK4": lambda here: True,
    "IK5": lambda here: here.get(1) not in ("A", "E"),
    "AK9": lambda here: here.get(1) not in ("A", "E"),
    "TA1": lambda here: here.get(4) not in ("A", "E"),
}

SENTENCES: dict[str, Callable[[Here], str]] = {
    "STC": _stc,
    "EB": _eb,
    "AAA": _aaa,
    "IK3": _ik3,
    "IK4": _ik4,
    "IK5": _verdict("Our set"),
    "AK9": _verdict("Our group"),
    "TA1": _ta1,
}
