"""The three tables of the ledger agree with each other and with the rulebook."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from ledger.accounts import (
    EFFECT,
    OPPOSITE,
    PER_PAYER,
    POSTING,
    VIEW,
    WRITE_OFFS,
    Bucket,
    EntryType,
    account_name,
    plb_entry_type,
)


def test_every_entry_type_has_one_posting_between_two_accounts() -> None:
    assert set(POSTING) == set(EntryType)
    assert all(debit != credit for debit, credit in POSTING.values())


def moved(kind: EntryType) -> Mapping[Bucket, int]:
    """What a posting does to each bucket, read from its accounts."""
    debit, credit = POSTING[kind]
    found = {
        bucket: sign * ((debit in accounts) - (credit in accounts))
        for bucket, (sign, accounts) in VIEW.items()
    }
    return {bucket: change for bucket, change in found.items() if change}


@pytest.mark.parametrize("kind", sorted(EFFECT))
def test_buckets_and_accounts_say_the_same_of(kind: EntryType) -> None:
    assert moved(kind) == EFFECT[kind]


def test_each_account_of_a_claim_belongs_to_exactly_one_bucket() -> None:
    used = {account for kind in EFFECT for account in POSTING[kind]}
    owners = [account for _, accounts in VIEW.values() for account in accounts]

    assert set(VIEW) == set(Bucket)
    assert len(owners) == len(set(owners))
    assert set(owners) == used


@pytest.mark.parametrize("kind", sorted(EFFECT))
def test_the_identity_survives(kind: EntryType) -> None:
    change = {bucket: EFFECT[kind].get(bucket, 0) for bucket in Bucket}
    right = (
        change[Bucket.PAID_PAYER]
        + change[Bucket.PAID_PATIENT]
        + change[Bucket.ADJUSTED]
        + change[Bucket.PATIENT_DUE]
        + change[Bucket.INSURER_OPEN]
        - change[Bucket.CREDIT]
    )

    assert change[Bucket.CHARGE] == right


def test_practice_entries_touch_a_payers_clearing_account() -> None:
    for kind in set(EntryType) - set(EFFECT):
        assert "payer_clearing" in POSTING[kind], kind
        assert not VIEW[Bucket.INSURER_OPEN][1] & set(POSTING[kind]), kind


def test_an_opposite_exchanges_the_accounts() -> None:
    for kind, other in OPPOSITE.items():
        assert POSTING[other] == POSTING[kind][::-1], kind
        assert OPPOSITE[other] is kind


def test_write_offs_have_accounts_of_their_own() -> None:
    contractual = {"contractual_adjustment"}
    accounts = VIEW[Bucket.ADJUSTED][1] - contractual
    writing = {k for k in EFFECT if accounts & set(POSTING[k])}

    assert writing == WRITE_OFFS


def test_accounts_of_payers_are_kept_apart() -> None:
    assert account_name("insurance_receivable", "P-A") == "insurance_receivable:P-A"
    assert account_name("patient_receivable", "P-A") == "patient_receivable"
    assert "cash" not in PER_PAYER


def test_every_word_of_the_plb_table_has_an_entry_of_the_right_sign(
    repo_root: Path,
) -> None:
    table = repo_root / "policy" / "tables" / "plb_reasons.yaml"
    rows = yaml.safe_load(table.read_text())["plb"]
    assert len(rows) > 30
    for row in rows:
        lowers = plb_entry_type(row["ledger_pos"], lowers_payment=True)
        raises = plb_entry_type(row["ledger_neg"], lowers_payment=False)
        assert POSTING[lowers][1] == "payer_clearing", row["code"]
        assert POSTING[raises][0] == "payer_clearing", row["code"]


def test_a_word_without_an_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="PLUG"):
        plb_entry_type("PLUG", lowers_payment=True)


def rulebook_types(text: str) -> set[str]:
    """The entry types that R-MON-03 and R-MON-07 list, abbreviations written out."""
    start = text.index("| entry | effect |")
    table = text[start : text.index("- **R-MON-04**")]
    first = [cell for row in table.splitlines()[2:] for cell in row.split("|")[1::2]]
    found: set[str] = set()
    for cell in first:
        found |= _written_out(cell)
    practice = text[text.index("- **R-MON-07**") : text.index("`I3` deposits")]
    for part in practice.partition(": ")[2].split(", "):
        found |= _written_out(part)
    return found


def _written_out(cell: str) -> set[str]:
    """``LEVY_TAKEN/_REVERSAL`` is LEVY_TAKEN and LEVY_REVERSAL."""
    words = re.findall(r"_?[A-Z][A-Z_]*[A-Z]", cell.partition("(")[0])
    if not words:
        return set()
    found = {words[0]}
    for word in words[1:]:
        stem = words[0]
        options = {word} if not word.startswith("_") else {stem + word}
        while word.startswith("_") and "_" in stem:
            stem = stem.rpartition("_")[0]
            options.add(stem + word)
        known = options & {kind.value for kind in EntryType}
        assert len(known) == 1, f"{cell.strip()}: {word} is {sorted(known)}"
        found |= known
    return found


def test_the_types_are_those_of_the_rulebook(shared_dir: Path) -> None:
    text = (shared_dir / "domain" / "rulebook.md").read_text()
    listed = rulebook_types(text) - {"PLB"}
    ours = {kind.value for kind in EntryType}
    # R-MON-07 leaves the PLB entries to their table; unapplied cash must end somewhere.
    others = {k for k in ours if k.startswith("PLB_")}
    others.add("UNAPPLIED_PAYER_CASH_APPLIED")

    assert len(listed) > 40
    assert listed <= ours
    assert ours - listed == others
