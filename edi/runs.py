"""Text of whole segments, made even, and how far it goes without an envelope segment.

Looking at a segment costs a hundred times more than passing over it, and most readers
want few of them: so a set's text stays in one piece as long as nothing in it is odd.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from edi.interchange import Delimiters, Run, Segment

BLANKS = " \t\r\n\v\f\ufeff"
_ENVELOPE = "ISA|IEA|G[SE]|S[TE]|TA1"
_TAG = "[A-Z0-9]{2,3}"


def even(text: str, terminator: str) -> str:
    """The same segments, each after one terminator, with no blanks around it.

    A blank after a terminator may stay when there is nothing else to mend. Nothing is
    left of blanks alone.
    """
    if "\n" in text and terminator != "\n":
        text = text.replace(terminator + "\r\n", terminator)
        text = text.replace(terminator + "\n", terminator)
    text = text.strip(BLANKS)
    if not text:
        return ""
    odd = any(c in text for c in BLANKS[1:] if c != terminator)
    if odd or " " + terminator in text:
        raws = [raw.strip(BLANKS) for raw in text.split(terminator)]
        text = terminator.join(raw for raw in raws if raw)
    return f"{terminator}{text.removesuffix(terminator)}{terminator}"


@lru_cache(maxsize=64)
def boundary(marks: Delimiters) -> re.Pattern[str]:
    """A terminator after which no plain segment follows.

    That is an envelope segment, blanks, nothing, or a tag that is not plain.
    """
    end, after = re.escape(marks.segment), re.escape(marks.segment + marks.element)
    envelope = f"(?!(?:{_ENVELOPE})[{after}])"
    return re.compile(rf"{end}(?!{envelope}{_TAG}[{after}]|\Z)")


@lru_cache(maxsize=64)
def _tagged(tags: frozenset[str], marks: Delimiters) -> re.Pattern[str]:
    end, after = re.escape(marks.segment), re.escape(marks.segment + marks.element)
    return re.compile(rf"{end}(?:{'|'.join(sorted(tags))})(?:(?=[{after}])|\Z)")


def picked(run: Run, tags: frozenset[str], marks: Delimiters) -> Iterator[Segment]:
    """The segments of a run that have one of these tags."""
    text, number, last = run.text, run.number, 0
    for found in _tagged(tags, marks).finditer(text):
        number += text.count(marks.segment, last, found.start())
        last = found.start()
        end = text.find(marks.segment, found.end())
        tag, *elements = text[last + 1 : end if end > 0 else None].split(marks.element)
        yield Segment(number, tag, tuple(elements))


def joined(parts: Iterable[Segment | Run]) -> Iterator[Segment | Run]:
    """The same parts, runs that follow one another in one piece."""
    waiting: list[Run] = []
    for part in parts:
        follows = isinstance(part, Run) and (
            not waiting or part.number == _next(waiting)
        )
        if waiting and not follows:
            yield _one(waiting)
            waiting = []
        if isinstance(part, Run):
            waiting.append(part)
        else:
            yield part
    if waiting:
        yield _one(waiting)


def _next(runs: list[Run]) -> int:
    return runs[-1].number + runs[-1].count


def _one(runs: list[Run]) -> Run:
    text = "".join(run.text for run in runs)
    return Run(runs[0].number, sum(run.count for run in runs), text)
