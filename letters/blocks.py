"""Markdown source -> the few blocks a letter is made of, the one source of every
output.

HTML, PDF and plain text are written from the same blocks, so they cannot differ in
words. Only what letters need is read; anything else in a template is an error, never
silently dropped. Five conventions keep the templates plain Markdown:

- ``> quote``: the box with the main message.
- A list whose items all start with ``**bold**`` is a list of terms; two such lists side
  by side (one with ``-``, the next with ``*``) stand in two columns.
- A table's columns are right-aligned with ``---:``; a last row that starts with bold is
  its total.
- ``---`` ends the body; what follows is the foot (statement) or signature (appeal).
- ``[palabras](lang:es)`` marks the language of some words.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

LANG = "lang:"


class TemplateError(ValueError):
    """A template uses Markdown that letters do not have. No letter was made."""


@dataclass(frozen=True)
class Run:
    """Words in one style; ``lang`` only where it is not the letter's."""

    text: str
    strong: bool = False
    lang: str = ""


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """Level 1 is the letter's main message; there is one."""

    level: int
    runs: Runs


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    runs: Runs


@dataclass(frozen=True)
class Items:
    """A list."""

    ordered: bool
    items: tuple[Runs, ...]


@dataclass(frozen=True)
class Terms:
    """Terms and what they are; ``columns`` holds one list, or two side by side."""

    columns: tuple[tuple[tuple[Runs, Runs], ...], ...]


@dataclass(frozen=True)
class Table:
    """``right`` tells the right-aligned columns; ``total`` is the last row or empty."""

    head: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]
    right: tuple[bool, ...]
    total: tuple[Runs, ...] = ()


@dataclass(frozen=True)
class Box:
    """The box around the main message."""

    blocks: tuple["Block", ...]


Block = Heading | Paragraph | Items | Terms | Table | Box


@dataclass(frozen=True)
class Document:
    """A letter's text: its body, and what stands at its end."""

    body: tuple[Block, ...]
    close: tuple[Runs, ...] = field(default=())


def read(markdown: str) -> Document:
    """The blocks of ``markdown``.

    Raises:
        TemplateError: it uses something letters do not have; the message names the
        line.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    # A fact must never become code or a picture, and templates need neither.
    parser.disable(["code", "fence", "html_block", "reference", "lheading"])
    parser.disable(["autolink", "backticks", "image", "html_inline"])
    nodes = SyntaxTreeNode(parser.parse(markdown)).children
    cut = next((n for n, node in enumerate(nodes) if node.type == "hr"), len(nodes))
    close = tuple(_runs_of(node, "paragraph") for node in nodes[cut + 1 :])
    return Document(tuple(_blocks(nodes[:cut])), close)


def _blocks(nodes: list[SyntaxTreeNode]) -> Iterator[Block]:
    waiting: Terms | None = None
    for node in nodes:
        block = _block(node)
        if waiting is not None and isinstance(block, Terms):
            yield Terms(waiting.columns + block.columns)
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        waiting = block if isinstance(block, Terms) else None
        if waiting is None:
            yield block
    if waiting is not None:
        yield waiting


def _block(node: SyntaxTreeNode) -> Block:
    match node.type:
        case "heading":
            return Heading(int(node.tag[1:]), _inline(node.children[0]))
        case "paragraph":
            return Paragraph(_inline(node.children[0]))
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "table":
            return _table(node)
        case "blockquote":
            return Box(tuple(_blocks(node.children)))
    raise _unknown(node)


def _list(node: SyntaxTreeNode) -> Items | Terms:
    items = []
    for item in node.children:
        if len(item.children) != 1:
            raise _unknown(item)
        items.append(_runs_of(item.children[0], "paragraph"))
    if node.type == "bullet_list" and all(runs and runs[0].strong for runs in items):
        return Terms((tuple((runs[:1], _lstrip(runs[1:])) for runs in items),))
    return Items(node.type == "ordered_list", tuple(items))


def _lstrip(runs: Runs) -> Runs:
    if not runs:
        return runs
    first = Run(runs[0].text.lstrip(), runs[0].strong, runs[0].lang)
    return (first, *runs[1:]) if first.text else runs[1:]


def _table(node: SyntaxTreeNode) -> Table:
    head, *body = node.children
    cells = head.children[0].children
    right = tuple("right" in str(cell.attrs.get("style", "")) for cell in cells)
    rows = [
        tuple(_inline(cell.children[0]) for cell in row.children)
        for part in body
        for row in part.children
    ]
    total = rows.pop() if rows and rows[-1][0] and rows[-1][0][0].strong else ()
    titles = tuple(_inline(cell.children[0]) for cell in cells)
    return Table(titles, tuple(rows), right, total)


def _runs_of(node: SyntaxTreeNode, kind: str) -> Runs:
    if node.type != kind:
        raise _unknown(node)
    return _inline(node.children[0])


def _inline(node: SyntaxTreeNode) -> Runs:
    return tuple(_runs(node.children, strong=False, lang=""))


def _runs(nodes: list[SyntaxTreeNode], *, strong: bool, lang: str) -> Iterator[Run]:
    text = ""
    for node in nodes:
        if node.type in ("text", "text_special"):
            text += node.content
        elif node.type in ("softbreak", "hardbreak"):
            text += " "
        else:
            if text:
                yield Run(text, strong, lang)
            text = ""
            yield from _styled(node, strong, lang)
    if text:
        yield Run(text, strong, lang)


def _styled(node: SyntaxTreeNode, strong: bool, lang: str) -> Iterator[Run]:
    if node.type == "strong":
        yield from _runs(node.children, strong=True, lang=lang)
        return
    address = str(node.attrs.get("href", "")) if node.type == "link" else ""
    if not address.startswith(LANG):
        raise _unknown(node)
    yield from _runs(node.children, strong=strong, lang=address.removeprefix(LANG))


def _unknown(node: SyntaxTreeNode) -> TemplateError:
    where = f" in line {node.map[0] + 1}" if node.map else ""
    return TemplateError(
        f"Letters have no {node.type}{where} of the filled template. No letter was "
        "made. Use the Markdown that letters/blocks.py lists."
    )


# --- plain text ----------------------------------------------------------------------


def plain(runs: Runs) -> str:
    """The words alone."""
    return "".join(run.text for run in runs)


def to_text(blocks: tuple[Block, ...]) -> str:
    """Plain text: blocks apart by an empty line, a table row as labelled figures."""
    return "\n\n".join("\n".join(_lines(block)) for block in blocks)


def _lines(block: Block) -> list[str]:
    match block:
        case Heading() | Paragraph():
            return [plain(block.runs)]
        case Items():
            marks = (f"{n}." if block.ordered else "-" for n in range(1, 1_000_000))
            return [
                f"{mark} {plain(item)}"
                for mark, item in zip(marks, block.items, strict=False)
            ]
        case Terms():
            pairs = (pair for column in block.columns for pair in column)
            return [f"{plain(term)}: {plain(words)}" for term, words in pairs]
        case Table():
            total = (block.total,) if block.total else ()
            return [_row(block.head, row) for row in (*block.rows, *total)]
        case Box():
            return [to_text(block.blocks)]


def _row(head: tuple[Runs, ...], row: tuple[Runs, ...]) -> str:
    first, *rest = row
    figures = [
        f"{plain(title)} {plain(cell)}"
        for title, cell in zip(head[1:], rest, strict=True)
        if cell
    ]
    return f"{plain(first)}: {', '.join(figures)}" if figures else plain(first)


def prose(blocks: tuple[Block, ...]) -> str:
    """Only the sentences, one paragraph a line: what ``reading_grade`` measures."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(level=1) | Paragraph():
                lines.append(plain(block.runs))
            case Items():
                lines.extend(plain(item) for item in block.items)
            case Box():
                lines.append(prose(block.blocks))
            case Heading() | Terms() | Table():
                pass  # short by nature: they would flatter the grade
    return "\n".join(line for line in lines if line)
