"""Links in Markdown lead somewhere; commands that documents show can be run."""

import argparse
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands import parser

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = ("https://", "http://", "mailto:")
FENCED = re.compile(r"^```.*?^```", re.M | re.S)


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    kept = re.sub(r"[^\w\s-]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(text: str) -> set[str]:
    """Every anchor of a document."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.M)
    return {slug(h) for h in headings}


def broken_links(path: Path, text: str) -> list[str]:
    """Links of a document that lead to no file or no heading."""
    return [
        link
        for link in LINK.findall(FENCED.sub("", text))
        if not link.startswith(OUTSIDE) and not _leads(path, link)
    ]


def _leads(path: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text())


# --- commands ------------------------------------------------------------------------


def subcommands(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a parser, by name."""
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def options(of: argparse.ArgumentParser) -> set[str]:
    """Every option a parser takes."""
    return {o for action in of._actions for o in action.option_strings}


def wrong_command(words: list[str]) -> str:
    """What of ``starter.py WORDS`` does not exist; "" when all of it does."""
    at, known = parser(), set(options(parser()))
    for word in words:
        if word in ("|", ">", "#", "&&", ";", "→"):
            break
        if word.startswith("--") and word.split("=")[0] not in known:
            return word
        if (below := subcommands(at)) and re.fullmatch(r"[a-z][a-z|-]*", word):
            chosen = [name for name in word.split("|") if name not in below]
            if chosen:
                return word
            at = below[word.split("|")[0]]
            known |= options(at)
    return ""


def starter_calls(text: str) -> Iterator[list[str]]:
    """The words after each ``starter.py`` that begins a command."""
    plain = text.replace('", "', " ").replace('"]', "")
    for rest in re.findall(r"starter\.py ([^`\n)]*)", plain):
        words = rest.split()
        if words and re.match(r"--[a-z]|[a-z|]+\b(?!\.)", words[0]):
            yield words


def module_calls(text: str) -> list[str]:
    """The module of each ``python -m``."""
    return re.findall(r"python3? -m ([A-Za-z_][\w.]*\w)", text)


def module_runs(root: Path, name: str) -> bool:
    """Whether ``python -m name`` finds something to run."""
    here = root.joinpath(*name.split("."))
    if here.with_suffix(".py").exists() or (here / "__main__.py").exists():
        return True
    return "." not in name and importlib.util.find_spec(name) is not None


@pytest.fixture(scope="module")
def shown(repo_root: Path, documents: dict[Path, str]) -> dict[Path, str]:
    """Everything that shows or holds a command of ours."""
    files = ("docker-compose.yml", "Dockerfile", "Makefile")
    return {**documents, **{repo_root / f: (repo_root / f).read_text() for f in files}}


def test_links_lead_to_files_and_headings(
    documents: dict[Path, str], repo_root: Path
) -> None:
    broken = {
        str(path.relative_to(repo_root)): broken_links(path, text)
        for path, text in documents.items()
    }
    assert {name: links for name, links in broken.items() if links} == {}


def test_a_broken_link_is_noticed(repo_root: Path) -> None:
    readme = repo_root / "docs" / "README.md"
    text = "[a](glossary.md) [b](glossary.md#nowhere) [c](gone.md)"
    assert broken_links(readme, text) == ["glossary.md#nowhere", "gone.md"]


def test_commands_of_starter_exist(shown: dict[Path, str]) -> None:
    wrong = {
        (path.name, " ".join(words)): bad
        for path, text in shown.items()
        for words in starter_calls(text)
        if (bad := wrong_command(words))
    }
    assert wrong == {}


def test_a_command_that_does_not_exist_is_noticed() -> None:
    text = (
        '`python starter.py plug CLAIM` and command: ["python", "starter.py", "mend"]'
    )
    assert [wrong_command(words) for words in starter_calls(text)] == ["plug", "mend"]
    assert wrong_command(["task", "decide", "101", "--guess"]) == "--guess"
    assert wrong_command(["act", "CLAIM", "hold", "--reason", "why"]) == ""


def test_modules_that_are_run_exist(repo_root: Path, shown: dict[Path, str]) -> None:
    missing = {
        (path.name, name)
        for path, text in shown.items()
        for name in module_calls(text)
        if not module_runs(repo_root, name)
    }
    assert missing == set()
    assert not module_runs(repo_root, "cli.plug")


def test_targets_of_make_exist(repo_root: Path, documents: dict[Path, str]) -> None:
    makefile = (repo_root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    missing = {
        (path.name, name)
        for path, text in documents.items()
        for name in re.findall(r"`make (?:-s )?([a-z][a-z-]*)", text)
        if name not in targets
    }
    assert "demo" in targets
    assert missing == set()
