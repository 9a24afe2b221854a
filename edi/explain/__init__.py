"""X12 segments in plain words of our own, for people who work a claim.

``explain`` gives each segment a sentence, an element table, a heading and an indent;
``claim_segments`` finds what a file says about one claim; ``sums`` checks an 835. Pure:
words for denial reasons come from the caller, because only policy/ knows those. No text
of a published guide or code list is repeated here; codes we have no words for say so.
"""

from collections.abc import Iterator, Mapping

from edi.explain.answers import is_hit
from edi.explain.file import explained_file
from edi.explain.hidden import hidden
from edi.explain.layout import Walk
from edi.explain.model import Element, Explained, Passage, SumCheck
from edi.explain.passage import claim_segments, part, receipts, whole
from edi.explain.sentences import sentence
from edi.explain.sums import sums
from edi.explain.values import Here, known

__all__ = [
    "DOTS",
    "Element",
    "Explained",
    "Passage",
    "SumCheck",
    "claim_segments",
    "explain",
    "explained_file",
    "part",
    "receipts",
    "sums",
    "whole",
]

DOTS = "•••"
"""What stands for a masked value."""


def explain(
    passage: Passage,
    *,
    reason_words: Mapping[str, str] | None = None,
    status_words: Mapping[str, str] | None = None,
    mask: bool = False,
) -> tuple[Explained, ...]:
    """Every segment of a passage in words, in file order.

    Args:
        passage: from ``whole``, ``receipts`` or ``claim_segments``.
        reason_words: words for CARCs and RARCs by code: ``45``, ``M15``.
        status_words: words for claim status codes (STC01-2) by code, before our own.
        mask: put dots for values that identify a patient, in ``raw`` and ``elements``.
    """
    walk = Walk(passage)
    reasons, statuses = reason_words or {}, status_words or {}
    return tuple(
        _explained(Here(s, passage, walk.place(s), reasons, statuses), mask)
        for s in passage.segments
    )


def _explained(here: Here, mask: bool) -> Explained:
    segment, place = here.segment, here.place
    secret = hidden(segment, place, here.passage.kind)
    covered = secret if mask else frozenset[int]()
    values = [
        DOTS if n in covered else value
        for n, value in enumerate(segment.elements, start=1)
    ]
    return Explained(
        number=segment.number,
        tag=segment.tag,
        raw=here.passage.delimiters.element.join([segment.tag, *values]),
        depth=place.depth,
        loop=place.loop,
        words=sentence(here),
        elements=tuple(_elements(here, covered)),
        sensitive=bool(secret),
        hit=is_hit(here),
    )


def _elements(here: Here, covered: frozenset[int]) -> Iterator[Element]:
    names = known().get(here.segment.tag)
    for n, value in enumerate(here.segment.elements, start=1):
        if not value.strip():
            continue
        name = names.elements.get(n, ("", ""))[0] if names else ""
        yield Element(
            position=f"{here.segment.tag}{n:02d}",
            name=name or "Not named here",
            value=DOTS if n in covered else value,
            meaning="" if n in covered else here.meaning(n),
        )
