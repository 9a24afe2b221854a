"""An inspected file in lines that a clerk can read."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cli.terminal import dollars, paragraph
from edi.errors import EdiWarning
from edi.explain.values import code, lower
from edi.inspection import Inspection

_NAMES = {
    "837P": "professional claims",
    "837I": "institutional claims",
    "835": "remittance",
    "999": "answer to a group of ours",
    "TA1": "receipt for an envelope of ours",
    "277CA": "claims accepted or rejected",
    "277": "answer about the status of claims",
    "276": "question about the status of claims",
    "271": "answer about coverage",
    "270": "question about coverage",
}
_COUNTS = {
    "eb": ("benefit", "benefits"),
    "aaa": ("refusal", "refusals"),
    "eq": ("question", "questions"),
    "trn": ("trace", "traces"),
    "ik3": ("segment in error", "segments in error"),
    "ik4": ("element in error", "elements in error"),
}
_CODES = {
    "clp02": ("Claim status", "clp02"),
    "plb_codes": ("Provider level", "provider_change"),
    "freq": ("Frequency", "frequency"),
    "stc_category": ("Status", "category"),
    "eb01": ("Benefit", "benefit"),
    "aaa03": ("Refused", "refusal"),
    "ak9": ("Verdict on a group", "verdict"),
    "ik5": ("Verdict on a set", "verdict"),
    "ik4_error": ("Element in error", "element_error"),
}
"""Figures by code: what to call them, and the list of words for them."""


def in_lines(path: str, found: Inspection, reasons: Mapping[str, str]) -> str:
    """What the file is, what it holds, and what is wrong with it.

    ``reasons`` are words for CARCs and RARCs by code.
    """
    figures = found.figures
    lines = [path, *_said(f"{_kind(found)}, version {found.version or 'not named'}.")]
    envelope = ", ".join(
        _count(figures[name], one, more)
        for name, one, more in (
            ("isa", "envelope", "envelopes"),
            ("gs", "group", "groups"),
            ("st", "transaction set", "transaction sets"),
            ("segments", "segment", "segments"),
        )
    )
    lines += _said(f"{envelope}.")
    for text in (*_claims(figures), *_remittance(figures), *_answers(figures, reasons)):
        lines += _said(text)
    for warning in found.warnings:
        lines += _said(in_words(warning))
    if not found.warnings:
        lines += _said("Nothing is wrong with its envelope or its levels.")
    return "\n".join(lines)


def in_words(warning: EdiWarning) -> str:
    """``Segment 21 SE01: the segment count is wrong.``"""
    where = f" {warning.code}" if warning.code else ""
    return f"Segment {warning.segment}{where}: {warning.message}."


def _said(text: str) -> list[str]:
    return [paragraph(text, "  ")]


def _kind(found: Inspection) -> str:
    kinds = found.transaction.split("+")
    known = (f"{k} {_NAMES[k]}" if k in _NAMES else k for k in kinds)
    return " and ".join(known) if found.transaction else "No transaction"


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _usd(text: str) -> str:
    return f"${dollars(Decimal(text))}"


def _claims(figures: Mapping[str, Any]) -> Iterator[str]:
    if "clm" not in figures:
        return
    claims = _count(figures["clm"], "claim", "claims")
    lines = _count(figures["lx"], "line", "lines")
    yield f"{claims}, {lines}, {_usd(figures['sum_clm02'])} billed."
    if figures["clm01_distinct"] != figures["clm"]:
        yield f"Only {figures['clm01_distinct']} different claim numbers."
    if not figures["clm02_eq_lines"]:
        yield "A claim's charge is not the sum of its lines."


def _remittance(figures: Mapping[str, Any]) -> Iterator[str]:
    if "clp" not in figures:
        return
    claims = _count(figures["clp"], "claim", "claims")
    lines = _count(figures["svc"], "line", "lines")
    yield (
        f"{claims}, {lines}: {_usd(figures['sum_clp03'])} billed, "
        f"{_usd(figures['sum_clp04'])} paid, {_usd(figures['sum_clp05'])} patient "
        f"share. Provider level {_usd(figures['plb_sum'])}."
    )
    paid, traces = figures["bpr02"], figures["trn02"]
    if isinstance(paid, str):
        total = _usd(figures["bpr02_sum"])
        yield f"{paid.removesuffix(' values')} payments, {total} in all."
    else:
        yield f"Payments: {', '.join(map(_usd, paid))}. Traces: {', '.join(traces)}."
    for claim in figures.get("unbalanced_claim_ids", ()):
        yield f"Claim {claim} does not add up: billed less adjustments is not paid."
    for st02 in figures.get("unbalanced_st_ids", ()):
        yield (
            f"Set {st02} does not add up: its claims less provider level are not "
            "the payment."
        )


def _answers(figures: Mapping[str, Any], reasons: Mapping[str, str]) -> Iterator[str]:
    for receipt in figures.get("ta1", ()):
        verdict = _with_words(receipt["ack"], code("verdict", receipt["ack"]))
        note = _with_words(receipt["note"], code("interchange_note", receipt["note"]))
        yield f"Envelope {receipt['control']}: {verdict}. Note {note}."
    counts = [
        _count(figures[n], *words) for n, words in _COUNTS.items() if n in figures
    ]
    if counts:
        yield ", ".join(counts) + "."
    for name, (title, listed) in _CODES.items():
        for value, count in Counter(figures.get(name, ())).items():
            said = _with_words(value, code(listed, value.split(":")[0]))
            yield f"{title} {said}" + (f" · {count} times." if count > 1 else ".")
    for value in (*figures.get("cas", ()), *figures.get("lq", ())):
        words = reasons.get(re.split("[-:]", value)[-1], "")
        yield f"Reason {_with_words(value, words)}."


def _with_words(value: str, words: str) -> str:
    """A code with what it says: ``A accepted``."""
    return f"{value}, {lower(words)}" if words else value
