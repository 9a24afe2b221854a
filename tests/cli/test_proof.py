"""``audit export`` and ``audit verify``: who may, what is logged, the exit codes."""

import json
import zipfile
from pathlib import Path

import pytest

from records import claims
from records.audit import accesses

from .conftest import Desk, Said

NUMBER = "HP260001"


def export(desk: Desk, out: Path, user: str, *more: str) -> Said:
    """Ask for the proof of the first claim."""
    order = ("audit", "export", NUMBER, "--out", str(out), "--as", user)
    return desk(*order, *(more or ("--reason", "yearly audit")))


def test_an_auditor_exports_a_proof_without_a_server_and_it_holds(
    desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "proof.zip"
    said = export(desk, out, "audrey")

    assert said.code == 0
    assert said.out.startswith("OK  no workflow history (the Temporal server")
    assert out.stat().st_mode & 0o777 == 0o600
    checked = desk("audit", "verify", str(out))
    assert checked.code == 0
    assert checked.out.rstrip().endswith("seal of key k1 holds")
    zipfile.ZipFile(out).extractall(tmp_path / "folder")
    assert desk("audit", "verify", str(tmp_path / "folder")).out == checked.out


def test_each_export_is_logged_and_stands_in_its_own_proof(
    desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "proof.zip"
    export(desk, out, "sam", "--reason", "the payer asks")

    office = desk.office()
    with office.reading() as conn:
        row = claims.find(conn, NUMBER)
        assert row is not None
        [read] = accesses(conn, row.id)
    seen = (read["actor"], read["what"], read["reason"])
    assert seen == ("sam", "proof export", "the payer asks")
    with zipfile.ZipFile(out) as archive:
        [line] = archive.read("access.jsonl").splitlines()
    assert json.loads(line)["reason"] == "the payer asks"


def test_who_may_not_export_gets_nothing_and_nothing_is_logged(
    desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "proof.zip"

    for user in ("cleo", "olga", "ada", "nobody"):
        assert export(desk, out, user).code == 7
    assert desk("audit", "export", NUMBER, "--out", str(out)).code == 2
    assert export(desk, out, "audrey", "--reason", "  ").code == 2
    assert not out.exists()
    with desk.office().reading() as conn:
        assert accesses(conn) == []


def test_a_file_that_exists_is_not_overwritten(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "proof.zip"
    out.write_bytes(b"mine")
    said = export(desk, out, "audrey")

    assert said.code == 2
    assert "exists already. Nothing was written" in said.err
    assert out.read_bytes() == b"mine"
    assert export(desk, tmp_path / "no" / "proof.zip", "audrey").code == 2


def test_a_changed_proof_exits_with_ten_and_names_the_record(
    desk: Desk, tmp_path: Path
) -> None:
    out, forged = tmp_path / "proof.zip", tmp_path / "forged.zip"
    export(desk, out, "audrey")
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "events.jsonl":
                content = content.replace(b"olga", b"cleo")
            new.writestr(name, content)
    said = desk("audit", "verify", str(forged), "--json")

    assert said.code == 10
    told = json.loads(said.out)
    assert (told["ok"], told["words"]) == (
        False,
        "events.jsonl line 1: breaks the chain",
    )
    assert desk("audit", "verify", str(tmp_path / "none.zip")).code == 4


def test_where_there_are_no_keys_the_seal_is_not_checked(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "proof.zip"
    export(desk, out, "audrey")
    monkeypatch.setenv("CLAIMTHREAD_DATA_DIR", str(tmp_path / "elsewhere"))
    said = desk("audit", "verify", str(out))

    assert said.code == 0
    assert "seal not checked: this installation has no keys" in said.out
    assert not (tmp_path / "elsewhere").exists()
