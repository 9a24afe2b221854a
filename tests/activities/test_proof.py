"""The proof of a claim: what it holds, and that nobody changes it unseen."""

import ast
import asyncio
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from activities import proof, proof_verify
from activities.files import take_in
from activities.history import Told
from activities.office import Office
from activities.proof import Made, Proof, log_export, prove, verify
from activities.proof_verify import BadRecordError
from activities.tasks import NotPermittedError
from edi.excerpt import excerpt
from edi.segments import read
from ledger.accounts import VIEW, EntryType
from records import accounts, audit, claims, files, tasks
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.tasks import NewTask
from records.users import User
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import claim_of, enter
from tests.edi.conftest import OURS
from vault.keys import KeyRing
from vault.stamps import Stamper

MADE = Made(NOON, "audrey", "yearly audit")
Members = dict[str, bytes]
WHY = Because(NOON, NOON.date(), "R-BAD-01", "tess")


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    """The five claims of a1; the first one has money and a decided task."""
    opened = open_office(tmp_path, repo_root, sqlite_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    take_in(opened, "office", "a1.837", a1, WHY)
    with opened.writing() as conn:
        row = claim_of(conn)
        enter(conn, row, EntryType.CHARGE, Decimal("203.00"), WHY)
        enter(conn, row, EntryType.PAYER_PAYMENT, Decimal("80.00"), WHY)
        enter(conn, row, EntryType.TRANSFER_TO_PATIENT, Decimal("23.00"), WHY)
        _decide(conn, opened, row)
    yield opened
    opened.db.close()


def _decide(conn: Connection, office: Office, row: ClaimRow) -> None:
    new = NewTask(
        key="test",
        type="DENIAL_REVIEW",
        workflow_id="claim-none",
        role="clerk",
        due_on=NOON.date(),
        rule="R-DEN-01",
        why="a test asks",
        claim_id=row.id,
    )
    task = tasks.get(conn, tasks.open_task(conn, new, WHY))
    form = json.dumps({"note": "as the payer says"})
    known = {"row": task, "version": task["version"], "chosen": "appeal"}
    assert tasks.save(conn, office.cipher, **known, form=form, why=WHY)


@pytest.fixture
def row(office: Office) -> ClaimRow:
    """The claim that is proven."""
    with office.reading() as conn:
        return claim_of(conn)


@pytest.fixture
def stamper(tmp_path: Path, office: Office) -> Stamper:
    """The keys of this installation."""
    return Stamper(KeyRing.load(tmp_path / "keys.json"))


def told(run: int, event: int) -> Told:
    """One event of a history that the server might give."""
    at = NOON + timedelta(minutes=run * 10 + event)
    kind = "WORKFLOW_TASK_SCHEDULED"
    words = "The workflow has something to do"
    return Told(run=run, run_id="r", event=event, at=at, type=kind, words=words)


@pytest.fixture
async def made(
    office: Office, row: ClaimRow, stamper: Stamper, monkeypatch: pytest.MonkeyPatch
) -> Proof:
    """A proof with a history of two runs."""

    async def history(_office: Office, _row: ClaimRow) -> list[Told]:
        return [told(1, 1), told(1, 2), told(1, 3), told(2, 1), told(2, 2)]

    monkeypatch.setattr(proof, "history", history)
    with_server = replace(office, client=object())  # type: ignore[arg-type] # not called
    return await prove(with_server, row, MADE, stamper)


@pytest.fixture
def members(made: Proof) -> Members:
    """Its files by name."""
    with zipfile.ZipFile(BytesIO(made.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Members, folder: Path) -> Path:
    """A ZIP of these files."""
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def verifier(path: Path | None, folder: Path) -> tuple[int, str]:
    """Run the shipped verifier alone: its exit code and what it printed."""
    script = folder / "verifier.py"
    script.write_bytes(Path(proof_verify.__file__).read_bytes())
    order = [sys.executable, "-I", str(script), *([str(path)] if path else [])]
    done = subprocess.run(order, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def rehashed(members: Members, *names: str) -> Members:
    """The manifest told the new hashes of these files, as a careful forger would."""
    manifest = json.loads(members["manifest.json"])
    for one in manifest["files"]:
        if one["name"] in names:
            content = members[one["name"]]
            one["size"], one["sha256"] = len(content), sha256(content).hexdigest()
    return members | {"manifest.json": json.dumps(manifest).encode()}


def rechained(members: Members, name: str) -> Members:
    """One record file with a new chain, head, counts and hashes."""
    chain = proof_verify.chain(members[f"{name}.jsonl"])
    members = members | {f"{name}.chain": "\n".join(chain).encode() + b"\n"}
    manifest = json.loads(members["manifest.json"])
    manifest["chains"][f"{name}.jsonl"] = {"lines": len(chain), "head": chain[-1]}
    manifest["counts"][name] = len(chain)
    members["manifest.json"] = json.dumps(manifest).encode()
    return rehashed(members, f"{name}.jsonl", f"{name}.chain")


def changed(
    members: Members, name: str, change: Callable[[list[Any]], None]
) -> Members:
    """A record file with some of its lines changed."""
    lines = [json.loads(line) for line in members[f"{name}.jsonl"].splitlines()]
    change(lines)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return members | {f"{name}.jsonl": text.encode()}


def resealed(members: Members, **fields: str) -> Members:
    """A seal file made for the manifest that is there, without the keys."""
    seal = json.loads(members["seal.json"])
    del seal["sha256"]
    seal["manifest_sha256"] = sha256(members["manifest.json"]).hexdigest()
    return members | {"seal.json": proof_verify.seal_file(seal | fields)}


# --- what holds ----------------------------------------------------------------------


def test_a_proof_holds_as_zip_and_as_folder(
    made: Proof, members: Members, tmp_path: Path
) -> None:
    path = tmp_path / made.name
    path.write_bytes(made.content)
    code, said = verifier(path, tmp_path)

    assert code == 0
    assert said.startswith("OK  5 events in 2 runs · no gaps · ")
    assert "6 ledger rows sum to $0.00" in said
    assert "made 15 Jun 2026 17:00 UTC by audrey" in said
    assert said.endswith("seal not checked here\n")
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(path).extractall(folder)
    assert verifier(folder, tmp_path) == (code, said)
    order = [sys.executable, "-I", str(folder / "verify.py")]
    alone = subprocess.run(order, capture_output=True, text=True, check=True)
    assert alone.stdout == said
    assert sorted(p.name for p in folder.iterdir() if p.is_file()) == sorted(
        name for name in members if "/" not in name
    )


async def test_the_same_data_is_the_same_bytes(
    office: Office, row: ClaimRow, stamper: Stamper
) -> None:
    first = await prove(office, row, MADE, stamper)
    again = await prove(office, row, MADE, stamper)

    assert first == again
    other = await prove(office, row, replace(MADE, why="another"), stamper)
    assert other.content != first.content


async def test_without_a_server_it_says_so_and_holds_the_rest(
    office: Office, row: ClaimRow, stamper: Stamper, tmp_path: Path
) -> None:
    found = await prove(office, row, MADE, stamper)
    path = tmp_path / found.name
    path.write_bytes(found.content)
    code, said = verifier(path, tmp_path)

    assert code == 0
    assert "no workflow history (the Temporal server could not be reached)" in said
    with zipfile.ZipFile(path) as archive:
        assert archive.read("events.jsonl")
        assert archive.read("history.jsonl") == b""
        page = archive.read("index.html").decode()
    assert "There is no workflow history in this proof" in page


def test_records_and_page_say_what_is_on_file(
    office: Office, row: ClaimRow, members: Members
) -> None:
    events = [json.loads(line) for line in members["events.jsonl"].splitlines()]
    [task] = [json.loads(line) for line in members["tasks.jsonl"].splitlines()]
    page = members["index.html"].decode()

    assert [e["n"] for e in events] == list(range(1, len(events) + 1))
    assert {e["rule"] for e in events} >= {"R-BAD-01"}
    assert task["decisions"][0]["form"] == {"note": "as the payer says"}
    assert task["decisions"][0]["actor"] == "tess"
    for words in (row.pcn, "run 2 · event 2", "R-BAD-01", "insurance receivable"):
        assert words in page
    assert "<script" not in page
    manifest = json.loads(members["manifest.json"])
    assert manifest["ledger"]["buckets_cents"]["paid_payer"] == 8000
    assert manifest["ledger"]["buckets_cents"]["insurer_open"] == 10000
    assert manifest["ledger"]["difference_cents"] == 0


def test_the_verifier_knows_the_accounts_of_the_ledger() -> None:
    ours = {b.value: (sign, set(kinds)) for b, (sign, kinds) in VIEW.items()}

    assert {b: (s, set(k)) for b, (s, k) in proof_verify.VIEW.items()} == ours


def test_the_verifier_is_standard_python_of_3_9() -> None:
    text = Path(proof_verify.__file__).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert names <= sys.stdlib_module_names


# --- patients ------------------------------------------------------------------------


def test_no_patient_is_named_in_manifest_page_or_file_names(
    office: Office, row: ClaimRow, members: Members
) -> None:
    with office.reading() as conn:
        content = claims.content(conn, office.cipher, row.id)
    shown = members["manifest.json"] + members["index.html"] + members["seal.json"]
    plain = (shown.decode() + "".join(members)).casefold()

    for person in (content.patient_person, content.subscriber.person):
        for name in (person.last, person.first, person.member_id):
            assert not name or name.casefold() not in plain
    # The claim's own content is there, so the names above could have been.
    assert content.patient_person.last in members["documents/claim.json"].decode()


def test_of_a_file_with_other_patients_only_the_claims_segments_go_out(
    office: Office, row: ClaimRow, members: Members
) -> None:
    with office.reading() as conn:
        mine = claims.content(conn, office.cipher, row.id).patient_person
        rows = claims.every(conn)
        people = [claims.content(conn, office.cipher, r.id) for r in rows]
    others = {p.patient_person.last for p in people} - {mine.last}
    everything = b"".join(members.values()).decode()
    [cut] = [n for n in members if n.endswith("-segments.txt")]
    [said] = [
        json.loads(line)
        for line in members["documents.jsonl"].splitlines()
        if json.loads(line)["file"] == cut
    ]

    assert others
    assert not [name for name in others if name in everything]
    assert mine.last in members[cut].decode()
    assert said["included"] == "excerpt"
    assert said["sha256"] == row.source_file


def test_every_claim_of_a_file_gets_its_own_segments() -> None:
    for sample in OURS:
        if sample.transaction not in ("835", "277CA", "837P"):
            continue
        tag, place = {"837P": ("CLM", 1), "835": ("CLP", 1)}.get(
            sample.transaction, ("TRN", 2)
        )
        found = [
            s
            for i in read(sample.content)[0]
            for one in i.sets
            for s in one.segments
            if s.tag == tag and s.get(place)
        ]
        references = {s.get(place) for s in found}
        for reference in references:
            text = excerpt(sample.content, {reference}).text
            kept = {
                line.split("\t")[1].rstrip("~").split("*")[place]
                for line in text.splitlines()
                if "\t" in line and line.split("\t")[1].startswith(f"{tag}*")
            }
            if tag == "CLM":
                assert kept == {reference}
            else:
                assert reference in kept
                assert len(kept & references) < len(references) or len(references) == 1


def test_csv_rows_of_others_stay_behind(
    office: Office, stamper: Stamper, row: ClaimRow
) -> None:
    header = "receipt_ref,date,amount,method,claim_ref,note"
    mine = f"R1,2026-06-12,5.00,cash,{row.pcn},"
    other = "R2,2026-06-12,6.00,cash,SYN-0002,SECRETNAME"
    content = "\n".join([header, mine, other, ""]).encode()
    take_in(office, "office", "a.csv", content, WHY)

    text = _all_text(office, row, stamper)
    assert "R1,2026-06-12,5.00" in text
    assert "SECRETNAME" not in text


def _all_text(office: Office, row: ClaimRow, stamper: Stamper) -> str:
    found = asyncio.run(prove(office, row, MADE, stamper))
    with zipfile.ZipFile(BytesIO(found.content)) as archive:
        return b"".join(archive.read(n) for n in archive.namelist()).decode()


def test_a_statement_goes_out_whole_only_when_all_its_claims_are_of_the_patient(
    office: Office, stamper: Stamper, row: ClaimRow
) -> None:
    with office.writing() as conn:
        other = claim_of(conn, "SYN-0002")
        alone = _statement(conn, office, [row], b"<p>for one patient</p>")
        _statement(conn, office, [row, other], b"<p>for two patients</p>")

    text = _all_text(office, row, stamper)
    assert "for one patient" in text
    assert "for two patients" not in text
    assert sha256(b"<p>for two patients</p>").hexdigest() in text
    assert alone[:8] in text


def _statement(
    conn: Connection, office: Office, rows: list[ClaimRow], html: bytes
) -> str:
    letter = accounts.add_letter(
        conn,
        key=f"test:{len(rows)}",
        template="STMT_1",
        template_version="1",
        claim_id=None,
        account_id=rows[0].account_id,
        recipient="patient",
        dated=date(2026, 6, 12),
        status="sent",
        html_sha256=office.documents.put(html),
        pdf_sha256=office.documents.put(html + b"pdf"),
        facts_sha256="0" * 64,
    )
    billed = [
        {
            "claim_id": row.id,
            "step": 1,
            "cycle_start": date(2026, 6, 12),
            "template": "STMT_1",
            "amount_cents": 2300,
        }
        for row in rows
    ]
    accounts.add_statement(
        conn,
        account_id=rows[0].account_id,
        letter_id=letter,
        dated=date(2026, 6, 12),
        amount_cents=2300,
        claims=billed,
    )
    return letter


async def test_a_file_that_the_store_has_lost_is_named_and_left_out(
    office: Office, stamper: Stamper, row: ClaimRow
) -> None:
    with office.reading() as conn:
        kept = files.get(conn, str(row.source_file))
    assert kept is not None
    path = office.documents.root / kept["sha256"][:2] / kept["sha256"][2:4]
    (path / kept["sha256"]).unlink()
    found = await prove(office, row, MADE, stamper)

    with zipfile.ZipFile(BytesIO(found.content)) as archive:
        assert not [n for n in archive.namelist() if "segments" in n]
        listed = archive.read("documents.jsonl").decode()
    assert "the document store cannot give it" in listed
    assert kept["sha256"] in listed
    assert found.words.startswith("OK")


# --- what is caught ------------------------------------------------------------------


def test_a_changed_byte_in_any_member_is_caught(
    members: Members, tmp_path: Path
) -> None:
    for name in members:
        length = len(members[name])
        for place in {0, length // 3, length // 2, length - 1} if length else ():
            content = bytearray(members[name])
            content[place] ^= 1
            path = zipped(members | {name: bytes(content)}, tmp_path)
            with pytest.raises(BadRecordError):
                proof_verify.check(proof_verify.read(path))


@pytest.mark.parametrize(
    "name",
    [
        "ledger.jsonl",
        "manifest.json",
        "seal.json",
        "documents/claim.json",
        "verify.py",
    ],
)
def test_the_shipped_verifier_names_what_was_changed(
    members: Members, tmp_path: Path, name: str
) -> None:
    content = members[name].replace(b"0", b"1", 1)
    code, said = verifier(zipped(members | {name: content}, tmp_path), tmp_path)

    assert code == 10
    assert said.startswith("BAD  ")
    assert name in said


def test_bytes_changed_inside_the_zip_are_caught(made: Proof, tmp_path: Path) -> None:
    content = bytearray(made.content)
    with zipfile.ZipFile(BytesIO(made.content)) as archive:
        info = archive.getinfo("index.html")
    content[info.header_offset + 200] ^= 0xFF
    path = tmp_path / "cut.zip"
    path.write_bytes(content)

    code, said = verifier(path, tmp_path)
    assert (code, said[:14]) == (10, "BAD  index.htm")
    path.write_bytes(made.content[:-30])
    assert verifier(path, tmp_path)[0] == 10


def test_a_removed_event_line_is_caught_even_with_new_hashes(
    members: Members, tmp_path: Path
) -> None:
    lines = members["events.jsonl"].splitlines(keepends=True)
    assert len(lines) > 2
    forged = members | {"events.jsonl": b"".join([lines[0], *lines[2:]])}
    told = "BAD  events.jsonl line 2: breaks the chain\n"

    assert verifier(zipped(forged, tmp_path), tmp_path) == (10, told)
    forged = rehashed(forged, "events.jsonl")
    assert verifier(zipped(forged, tmp_path), tmp_path) == (10, told)
    forged = rechained(forged, "events")
    code, said = verifier(zipped(forged, tmp_path), tmp_path)
    assert (code, said) == (
        10,
        "BAD  events.jsonl line 2: a number is missing before it\n",
    )


def test_the_last_line_cannot_be_cut_off(members: Members, tmp_path: Path) -> None:
    lines = members["events.jsonl"].splitlines(keepends=True)
    forged = rehashed(members | {"events.jsonl": b"".join(lines[:-1])}, "events.jsonl")
    code, said = verifier(zipped(forged, tmp_path), tmp_path)

    assert code == 10
    assert said == f"BAD  events.jsonl line {len(lines)}: is missing\n"


def test_a_removed_and_an_added_file_are_caught(
    members: Members, tmp_path: Path
) -> None:
    for name in ("documents/claim.json", "access.chain", "manifest.json", "seal.json"):
        fewer = {n: c for n, c in members.items() if n != name}
        told = f"BAD  {name}: is missing\n"
        assert verifier(zipped(fewer, tmp_path), tmp_path) == (10, told)
    more = members | {"documents/note.txt": b"by the way"}
    told = "BAD  documents/note.txt: was added\n"
    assert verifier(zipped(more, tmp_path), tmp_path) == (10, told)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_in_the_zip_twice_is_caught(
    members: Members, tmp_path: Path
) -> None:
    path = zipped(members, tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("index.html", b"<p>another story</p>")

    code, said = verifier(path, tmp_path)
    assert (code, said) == (10, "BAD  index.html: is in the ZIP twice\n")


def test_a_changed_ledger_amount_is_caught_at_each_depth_of_forging(
    members: Members, tmp_path: Path
) -> None:
    def dearer(lines: list[Any]) -> None:
        lines[1]["rows"][0]["debit_cents"] += 100

    def dearer_on_both_sides(lines: list[Any]) -> None:
        lines[1]["rows"][0]["debit_cents"] += 100
        lines[1]["rows"][1]["credit_cents"] += 100

    forged = rehashed(changed(members, "ledger", dearer), "ledger.jsonl")
    code, said = verifier(zipped(forged, tmp_path), tmp_path)
    assert (code, said) == (10, "BAD  ledger.jsonl line 2: breaks the chain\n")

    chain = "\n".join(proof_verify.chain(forged["ledger.jsonl"])).encode() + b"\n"
    forged = rehashed(forged | {"ledger.chain": chain}, "ledger.chain")
    assert "head" in verifier(zipped(forged, tmp_path), tmp_path)[1]

    forged = rechained(forged, "ledger")
    code, said = verifier(zipped(forged, tmp_path), tmp_path)
    assert (code, said) == (10, "BAD  ledger.jsonl line 2: debit and credit differ\n")

    forged = rechained(changed(members, "ledger", dearer_on_both_sides), "ledger")
    code, said = verifier(zipped(forged, tmp_path), tmp_path)
    assert code == 10
    assert "differs from its accounts" in said


def test_a_gap_in_a_run_is_caught(members: Members, tmp_path: Path) -> None:
    def drop(number: int) -> Callable[[list[Any]], None]:
        def change(lines: list[Any]) -> None:
            del lines[number]

        return change

    for number, line in ((1, 2), (3, 4), (0, 1)):
        forged = rechained(changed(members, "history", drop(number)), "history")
        code, said = verifier(zipped(forged, tmp_path), tmp_path)
        assert code == 10
        assert said.startswith(f"BAD  history.jsonl line {line}: run")


def test_what_is_no_proof_is_refused(tmp_path: Path, members: Members) -> None:
    none = tmp_path / "none.zip"
    none.write_bytes(b"no zip")
    assert verifier(none, tmp_path)[0] == 10
    for manifest in (b"", b"[]", b'{"schema": "other/1"}', b'{"schema": 1}'):
        path = zipped(members | {"manifest.json": manifest}, tmp_path)
        code, said = verifier(path, tmp_path)
        assert (code, said[:20]) == (10, "BAD  manifest.json: ")


# --- the seal ------------------------------------------------------------------------


def test_only_the_seal_catches_who_rewrote_everything(
    made: Proof, members: Members, stamper: Stamper, tmp_path: Path
) -> None:
    def rename(lines: list[Any]) -> None:
        lines[0]["actor"] = "somebody else"

    rewritten = rechained(changed(members, "events", rename), "events")
    forged = zipped(rewritten, tmp_path)
    told = "BAD  manifest.json: was changed: its SHA-256 is another\n"
    assert verifier(forged, tmp_path) == (10, told)
    forged = zipped(resealed(rewritten), tmp_path)

    assert verifier(forged, tmp_path)[0] == 0
    with pytest.raises(BadRecordError, match="not the seal of this manifest"):
        verify(forged, stamper)
    forged.write_bytes(made.content)
    assert verify(forged, stamper).endswith("seal of key k1 holds")
    assert verify(forged, None).endswith("this installation has no keys")


def test_the_seal_of_another_installation_does_not_hold(
    made: Proof, members: Members, stamper: Stamper, tmp_path: Path
) -> None:
    path = tmp_path / "proof.zip"
    path.write_bytes(made.content)
    other = Stamper(KeyRing.create(tmp_path / "other.json"))

    with pytest.raises(BadRecordError, match="another installation"):
        verify(path, other)
    for fields, why in (
        ({"key": "k9"}, "not in the key file"),
        ({"seal": "00"}, "not the seal"),
        ({"seal": "ä"}, "not the seal"),
    ):
        broken = zipped(resealed(members, **fields), tmp_path)
        with pytest.raises(BadRecordError, match=why):
            verify(broken, stamper)
    for none in (b"[]", b"{}", b"", b'{"sha256": 1}'):
        with pytest.raises(BadRecordError, match="no seal"):
            verify(zipped(members | {"seal.json": none}, tmp_path), stamper)


# --- who may -------------------------------------------------------------------------


def test_only_auditor_and_supervisor_export_and_each_export_is_logged(
    office: Office, row: ClaimRow
) -> None:
    def person(*roles: str) -> User:
        return User(name="pat", display_name="Pat", roles=roles)

    for roles in (("clerk",), ("ops",), ("admin",), ("poster", "coder")):
        with pytest.raises(NotPermittedError):
            log_export(office, row, person(*roles), MADE)
    log_export(office, row, person("auditor"), MADE)
    log_export(office, row, person("supervisor"), MADE)

    with office.reading() as conn:
        seen = audit.accesses(conn, row.id)
    assert [(s["what"], s["reason"]) for s in seen] == [
        ("proof export", "yearly audit")
    ] * 2
    assert datetime.fromisoformat(seen[0]["at"]) == NOON.astimezone(UTC)
