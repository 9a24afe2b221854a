"""Values to bytes: segments that no text can break, in an envelope that counts right.

The rule for text: names, addresses and notes (``Writer.text``) lose accents,
typographic marks become plain ones, a delimiter or a line break becomes a space; what
has no plain form is refused. Everything else (numbers, codes, identifiers) is written
as it is or refused, because a changed identifier is another identifier.
"""

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from edi.errors import UnwritableError

ELEMENT, COMPONENT, REPETITION, TERMINATOR = "*", ":", "^", "~"
# X12's extended character set without our delimiters (005010 appendix B.1.1.2).
_SAFE = re.compile(r"[ !-)+-9;-\]_a-}]*")
_TYPOGRAPHIC = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u00b4\u0060\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("*:^~\t\r\n", " "),
        "\u00df": "ss",
        "\u00c6": "AE",
        "\u00e6": "ae",
        "\u0152": "OE",
        "\u0153": "oe",
        "\u00d8": "O",
        "\u00f8": "o",
        "\u0141": "L",
        "\u0142": "l",
        "\u0110": "D",
        "\u0111": "d",
        "\u0131": "i",
    }
)


@dataclass(frozen=True)
class OutboundEnvelope:
    """ISA, GS and ST of an interchange we write; the caller gives the numbers."""

    sender_id: str
    receiver_id: str
    isa13: int
    gs06: int
    created: datetime
    st02: str = "0001"
    batch_ref: str = "BATCH"
    submitter_name: str = "SUBMITTER"
    contact_name: str = "BILLING"
    contact_phone: str = ""
    receiver_name: str = "RECEIVER"
    usage: str = "P"

    @property
    def day(self) -> str:
        """CCYYMMDD of its making."""
        return f"{self.created:%Y%m%d}"

    @property
    def hour(self) -> str:
        """HHMM of its making."""
        return f"{self.created:%H%M}"


class Composite(str):
    """An element whose components are checked and joined already."""

    __slots__ = ()


def plain(amount: Decimal) -> str:
    """An amount or quantity as X12 writes it: no exponent, no trailing zeros."""
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def d8(day: date | None) -> str:
    """CCYYMMDD, empty for no day."""
    return date.isoformat(day).replace("-", "") if day else ""


def plain_text(text: str, field: str = "a text") -> str:
    """Text as an 837P can carry it, by this module's rule.

    Raises:
        UnwritableError: a character has no plain form.
    """
    if not text or (text.isascii() and text.isalnum()):
        return text
    if _SAFE.fullmatch(text):
        return text.strip()
    spread = unicodedata.normalize("NFKD", text.translate(_TYPOGRAPHIC))
    kept = "".join(c for c in spread if not unicodedata.combining(c))
    kept = kept.translate(_TYPOGRAPHIC)
    if not _SAFE.fullmatch(kept):
        raise UnwritableError(
            f"{field} holds characters that X12 cannot carry. Nothing was written. "
            "Write it in plain letters.",
            field=field,
        )
    return " ".join(kept.split())


class Writer:
    """Collects the segments of one transaction set.

    An entry of ``segments`` ends with its terminator; it may be a whole part.
    """

    def __init__(self) -> None:
        """An empty set."""
        self.segments: list[str] = []
        self._parts: dict[Hashable, str] = {}

    def part(self, values: Hashable, write: Callable[..., None], *args: object) -> None:
        """What ``write`` adds; where the same values come again, its text again.

        ``values`` names everything that ``write`` looks at.
        """
        known = self._parts.get(values)
        if known is None:
            start = len(self.segments)
            write(*args)
            self._parts[values] = self.since(start)
        else:
            self.segments.append(known)

    def since(self, start: int) -> str:
        """The text of all entries from the ``start``-th on."""
        return "".join(self.segments[start:])

    def text(self, value: str, field: str = "a text") -> str:
        """A name, address or note by the rule above.

        Raises:
            UnwritableError: a character has no plain form.
        """
        return plain_text(value, field)

    def composite(self, *parts: str) -> Composite:
        """Components joined, trailing empty ones left out.

        Raises:
            UnwritableError: a component holds a delimiter or a character X12 lacks.
        """
        if not _SAFE.fullmatch("".join(parts)):
            for place, part in enumerate(parts, start=1):
                check(part, f"component {place}")
        return Composite(COMPONENT.join(parts).rstrip(COMPONENT))

    def add(self, tag: str, *elements: str) -> None:
        """One segment; trailing empty elements are left out.

        Raises:
            UnwritableError: an element holds a delimiter or a character X12 lacks.
        """
        # All of it at once; where that fails, a composite or a fault is among them.
        if not _SAFE.fullmatch("".join(elements)):
            for place, value in enumerate(elements, start=1):
                if not isinstance(value, Composite):
                    check(value, f"{tag}{place:02d}")
        text = ELEMENT.join((tag, *elements)).rstrip(ELEMENT)
        if text != tag:
            self.segments.append(text + TERMINATOR)

    def ref(self, qualifier: str, value: str) -> None:
        """REF, where there is a value."""
        if value:
            self.add("REF", qualifier, value)

    def day(self, qualifier: str, day: date | None) -> None:
        """DTP of one day, where there is one."""
        if day is not None:
            self.add("DTP", qualifier, "D8", d8(day))

    def name(
        self,
        entity: str,
        kind: str,
        last: str,
        *parts: str,
        qualifier: str = "",
        code: str = "",
    ) -> None:
        """NM1 with up to four name parts: first, middle, prefix, suffix."""
        field = f"NM1*{entity}"
        given = [plain_text(part, field) if part else "" for part in (last, *parts)]
        padded = (*given, "", "", "", "", "")[:5]
        number = (qualifier, code) if code else ("", "")
        self.add("NM1", entity, kind, *padded, *number)

    def interchange(
        self, envelope: OutboundEnvelope, *, code: str, st01: str, version: str
    ) -> bytes:
        """The whole file with this one set: ISA, GS, ST … SE, GE, IEA."""
        return interchange(envelope, [self], code=code, st01=st01, version=version)


def check(value: str, field: str) -> None:
    """Numbers, codes and identifiers are written as they are, or not at all.

    Raises:
        UnwritableError: the value holds a delimiter or a character X12 lacks.
    """
    if not _SAFE.fullmatch(value):
        raise UnwritableError(
            f"{field} holds a delimiter or a character that X12 cannot carry. Nothing "
            "was written. Correct the value.",
            field=field,
        )


def interchange(
    envelope: OutboundEnvelope,
    sets: Sequence[Writer],
    *,
    code: str,
    st01: str,
    version: str,
) -> bytes:
    """ISA to IEA around the sets, numbered upwards from the envelope's ST02.

    Raises:
        UnwritableError: an id or number does not fit the envelope.
    """
    isa13 = _number(envelope.isa13, "ISA13")
    gs06 = str(int(_number(envelope.gs06, "GS06")))
    sender, receiver = (
        _id(envelope.sender_id, "ISA06"),
        _id(envelope.receiver_id, "ISA08"),
    )
    out = Writer()
    out.add(
        "GS", code, sender, receiver, envelope.day, envelope.hour, gs06, "X", version
    )
    for place, one in enumerate(sets):
        _set(out, one, _st02(envelope.st02, place), st01, version)
    out.add("GE", str(len(sets)), gs06)
    out.add("IEA", "1", isa13)
    return "".join((isa(envelope), TERMINATOR, *out.segments)).encode("ascii")


def isa(envelope: OutboundEnvelope) -> str:
    """The ISA segment without its terminator."""
    return ELEMENT.join(
        [
            *("ISA", "00", " " * 10, "00", " " * 10),
            *("ZZ", f"{_id(envelope.sender_id, 'ISA06'):<15}"),
            *("ZZ", f"{_id(envelope.receiver_id, 'ISA08'):<15}"),
            *(envelope.day[2:], envelope.hour, REPETITION, "00501"),
            *(_number(envelope.isa13, "ISA13"), "0", envelope.usage, COMPONENT),
        ]
    )


def _set(out: Writer, one: Writer, st02: str, st01: str, version: str) -> None:
    # The 835 guide alone has no ST03.
    out.add("ST", st01, st02, "" if st01 == "835" else version)
    body = one.since(0)
    out.segments.append(body)
    out.add("SE", str(body.count(TERMINATOR) + 2), st02)


def _st02(first: str, place: int) -> str:
    if not place:
        return first
    if not first.isdecimal():
        raise UnwritableError("ST02 is no number to count on from", field="ST02")
    return f"{int(first) + place:0{len(first)}d}"


def _id(value: str, field: str) -> str:
    check(value, field)
    if not 2 <= len(value.strip()) <= 15:
        raise UnwritableError(
            f"{field} must have 2 to 15 characters. Nothing was written. "
            "Correct the trading partner's id.",
            field=field,
        )
    return value.strip()


def _number(value: int, field: str) -> str:
    if not 0 < value <= 999_999_999:
        raise UnwritableError(
            f"{field} is out of range. Nothing was written.", field=field
        )
    return f"{value:09d}"
