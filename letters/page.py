"""Blocks and frame -> one HTML file for the screen, complete in itself.

It asks for nothing else: no script, no outside file. The look is ``layout/letter.css``.
"""

import base64
import hashlib
import re
from html import escape

from letters.blocks import (
    Block,
    Box,
    Document,
    Heading,
    Items,
    Paragraph,
    Runs,
    Table,
    Terms,
    plain,
)
from letters.frame import Frame
from letters.words import TOGETHER

_TOGETHER = re.compile(TOGETHER)


def style_source(css: str) -> str:
    """The ``style-src`` entry under which a content policy lets the sheet through."""
    digest = hashlib.sha256(css.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def to_html(frame: Frame, document: Document, css: str) -> bytes:
    """UTF-8 HTML5, language set, headings and table headers marked."""
    address = "<br>".join(escape(line) for line in frame.sender_lines)
    to = "<br>".join(escape(line) for line in frame.to_lines)
    side = "".join(
        f"<dt>{escape(label)}</dt><dd>{'<br>'.join(escape(n) for n in lines)}</dd>"
        for label, lines in frame.side
    )
    body = "\n".join(_html(block) for block in document.body)
    return f"""<!doctype html>
<html lang="en-US">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(frame.title)}</title>
<style>{css}</style>
</head>
<body>
<main class="sheet {frame.kind}">
<address class="from"><b>{escape(frame.sender)}</b><br>{address}</address>
<dl class="side">{side}</dl>
<address class="to">{to}</address>
<div class="body">
{body}
</div>
{_close(frame, document.close)}
</main>
</body>
</html>
""".encode()


def _close(frame: Frame, parts: tuple[Runs, ...]) -> str:
    if not parts:
        return ""
    if frame.kind == "statement":
        lines = "<br>\n".join(_inline(part) for part in parts)
        return f'<p class="foot">{lines}</p>'
    names = "".join(f'<p class="name">{_inline(part)}</p>' for part in parts)
    return f'<div class="sign">{names}</div>'


def _html(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{_inline(block.runs)}</h{block.level}>"
        case Paragraph():
            return f"<p>{_inline(block.runs)}</p>"
        case Items():
            tag = "ol" if block.ordered else "ul"
            items = "".join(f"<li>{_inline(item)}</li>\n" for item in block.items)
            return f'<{tag} class="facts">\n{items}</{tag}>'
        case Terms():
            return _terms(block)
        case Table():
            return _table(block)
        case Box():
            inner = "\n".join(_html(part) for part in block.blocks)
            return f'<section class="due">\n{inner}\n</section>'


def _terms(block: Terms) -> str:
    lists = [
        "".join(
            f"<dt>{escape(plain(term))}</dt><dd>{_inline(words)}</dd>\n"
            for term, words in column
        )
        for column in block.columns
    ]
    shown = "".join(f'<dl class="ref">\n{one}</dl>\n' for one in lists)
    return f'<div class="two">\n{shown}</div>' if len(lists) > 1 else shown.rstrip()


def _table(block: Table) -> str:
    head = "".join(
        f'<th scope="col"{_right(right)}>{_inline(cell)}</th>'
        for cell, right in zip(block.head, block.right, strict=True)
    )
    rows = "\n".join(_row(row, block.right) for row in block.rows)
    foot = f"<tfoot>{_row(block.total, block.right)}</tfoot>" if block.total else ""
    name = escape(plain(block.head[0]))
    return (
        f'<div class="wide" role="region" aria-label="{name}" tabindex="0"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody>\n{foot}</table></div>"
    )


def _row(row: tuple[Runs, ...], right: tuple[bool, ...]) -> str:
    cells = [f'<th scope="row">{_inline(row[0])}</th>']
    cells += [
        f"<td{_right(is_right)}>{_inline(cell)}</td>"
        for cell, is_right in zip(row[1:], right[1:], strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _right(right: bool) -> str:
    return ' class="r"' if right else ""


def _inline(runs: Runs) -> str:
    parts = []
    for run in runs:
        text = _TOGETHER.sub(r'<span class="nb">\g<0></span>', escape(run.text))
        if run.strong:
            text = f"<b>{text}</b>"
        if run.lang:
            text = f'<span lang="{escape(run.lang)}">{text}</span>'
        parts.append(text)
    return "".join(parts)
