"""The words and sizes a PDF shows, read from its bytes: what is mailed, not what was
meant.

Knows what Typst writes and no more: Flate streams, two-byte glyph codes, ``bfchar``
maps, ``Tj`` and ``TJ``. Anything else would make text go missing, and a test fail.
"""

import re
import zlib
from collections.abc import Iterator

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"/(f\d+) ([\d.]+) Tf|Tm(.*?)T[jJ]\n", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

Piece = tuple[str, float]


def text_of(pdf: bytes) -> str:
    """All shown text in reading order, without spaces (a line end has none)."""
    return "".join("".join(words for words, _ in pieces(pdf)).split())


def smallest_size(pdf: bytes) -> float:
    """The smallest type on any page, in points."""
    return min(size for words, size in pieces(pdf) if words.strip())


def pieces(pdf: bytes) -> Iterator[Piece]:
    """Each shown string with its size in points."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    for body in objects.values():
        page = re.search(rb"/Type/Page/.*?/Contents (\d+) 0 R", body, re.DOTALL)
        if page:
            yield from _page(objects, int(page.group(1)), _fonts(objects, body))


def _fonts(objects: dict[int, bytes], page: bytes) -> dict[bytes, dict[int, str]]:
    (resources,) = re.findall(rb"/Resources (\d+) 0 R", page)
    named = re.findall(rb"/(f\d+) (\d+) 0 R", objects[int(resources)])
    maps = {}
    for name, font in named:
        (unicode_map,) = re.findall(rb"/ToUnicode (\d+) 0 R", objects[int(font)])
        maps[name] = _characters(_stream(objects, int(unicode_map)))
    return maps


def _characters(cmap: bytes) -> dict[int, str]:
    found = {}
    for part in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(rb"<(\w+)>\s*<(\w+)>", part):
            found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    assert b"beginbfrange" not in cmap, "this reader knows no ranges"
    return found


def _page(
    objects: dict[int, bytes], contents: int, fonts: dict[bytes, dict[int, str]]
) -> Iterator[Piece]:
    characters: dict[int, str] = {}
    size = 0.0
    for font, points, shown in _SHOWN.findall(_stream(objects, contents)):
        if font:
            characters, size = fonts[font], float(points)
            continue
        raw = b"".join(_strings(shown))
        codes = [int.from_bytes(raw[n : n + 2]) for n in range(0, len(raw), 2)]
        yield "".join(characters[code] for code in codes), size


def _strings(array: bytes) -> Iterator[bytes]:
    """The strings of a ``Tj`` or a ``TJ``. Brackets that pair up need no escape."""
    depth, start, at = 0, 0, 0
    while at < len(array):
        mark = array[at : at + 1]
        if mark == b"\\":
            at += 1
        elif mark == b"(":
            start = start if depth else at + 1
            depth += 1
        elif mark == b")":
            depth -= 1
            if not depth:
                yield _ESCAPE.sub(_unescaped, array[start:at])
        at += 1


def _unescaped(found: re.Match[bytes]) -> bytes:
    mark = found.group(1)
    if len(mark) == 3:
        return bytes([int(mark, 8)])
    return _NAMED.get(mark, mark)


def _stream(objects: dict[int, bytes], number: int) -> bytes:
    body = objects[number]
    found = _STREAM.search(body)
    assert found is not None
    raw = found.group(1)
    return zlib.decompress(raw) if b"/FlateDecode" in body else raw
