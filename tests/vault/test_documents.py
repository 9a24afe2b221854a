"""Documents are encrypted, named by their hash, written once and never changed."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.documents import DocumentDamagedError, DocumentMissingError, DocumentStore
from vault.keys import KeyRing, UnknownKeyError
from vault.sealing import Sealer, bind

RING = KeyRing("k1", "k1", {"k1": b"1" * 32})
CONTENT = b"ISA*00* fictional remittance of Jane Doe"
SHA = sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path, ring: KeyRing) -> DocumentStore:
    return DocumentStore(tmp_path / "documents", ring)


def file_of(store: DocumentStore) -> Path:
    return store.root / SHA[:2] / SHA[2:4] / SHA


@given(content=st.binary(max_size=2000))
def test_any_bytes_come_back_under_their_hash(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        store = DocumentStore(Path(folder), RING)
        sha = store.put(content)

        assert sha == sha256(content).hexdigest()
        assert store.get(sha) == content


def test_a_document_is_one_private_file_without_its_plaintext(
    store: DocumentStore,
) -> None:
    store.put(CONTENT)
    files = [path for path in store.root.rglob("*") if path.is_file()]

    assert files == [file_of(store)]
    assert files[0].stat().st_mode & 0o077 == 0
    assert b"Jane" not in files[0].read_bytes()


def test_putting_a_document_again_does_not_touch_it(store: DocumentStore) -> None:
    store.put(CONTENT)
    before = file_of(store).read_bytes(), file_of(store).stat().st_mtime_ns
    store.put(CONTENT)

    assert (file_of(store).read_bytes(), file_of(store).stat().st_mtime_ns) == before


def test_many_writers_of_one_document_leave_one_whole_file(
    store: DocumentStore,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        hashes = set(pool.map(store.put, [CONTENT] * 16))

    assert hashes == {SHA}
    assert list(file_of(store).parent.iterdir()) == [file_of(store)]
    assert store.get(SHA) == CONTENT


def test_exists_tells_before_and_after(store: DocumentStore) -> None:
    before = store.exists(SHA)
    store.put(CONTENT)

    assert (before, store.exists(SHA)) == (False, True)


@pytest.mark.parametrize("name", ["", "..", "../../keys.json", SHA.upper(), SHA + "\n"])
def test_what_is_not_a_hash_is_never_a_path(store: DocumentStore, name: str) -> None:
    assert not store.exists(name)
    with pytest.raises(DocumentMissingError, match="Nothing was read"):
        store.get(name)


def test_a_missing_document_says_so(store: DocumentStore) -> None:
    with pytest.raises(DocumentMissingError, match=f"Document {SHA[:12]} is not in"):
        store.get(SHA)


@pytest.mark.parametrize(
    "damage",
    [
        lambda blob: b"",
        lambda blob: blob[:-1],
        lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]),
        lambda blob: CONTENT,
    ],
    ids=["emptied", "cut", "one bit", "plaintext"],
)
def test_a_damaged_document_is_refused_and_left_as_it_is(
    store: DocumentStore, damage: object
) -> None:
    assert callable(damage)
    store.put(CONTENT)
    path = file_of(store)
    path.write_bytes(damage(path.read_bytes()))
    damaged = path.read_bytes()

    for step in (lambda: store.get(SHA), lambda: store.put(CONTENT)):
        with pytest.raises(DocumentDamagedError, match=f"Document {SHA[:12]} was"):
            step()
    assert path.read_bytes() == damaged


def test_a_document_under_another_ones_name_is_refused(store: DocumentStore) -> None:
    other = store.put(b"another document")
    source = store.root / other[:2] / other[2:4] / other
    store.put(CONTENT)
    file_of(store).write_bytes(source.read_bytes())

    with pytest.raises(DocumentDamagedError):
        store.get(SHA)


def test_content_that_does_not_have_the_hash_is_refused(
    store: DocumentStore, ring: KeyRing
) -> None:
    store.put(CONTENT)
    forged = Sealer(ring, "document").seal(b"other content", bind(SHA))
    file_of(store).write_bytes(forged)

    with pytest.raises(DocumentDamagedError):
        store.get(SHA)


def test_old_documents_are_readable_after_rotation(
    store: DocumentStore, rotated: KeyRing
) -> None:
    store.put(CONTENT)
    later = DocumentStore(store.root, rotated)

    assert later.put(CONTENT) == SHA
    assert later.get(SHA) == CONTENT
    new = later.put(b"after the rotation")
    with pytest.raises(UnknownKeyError, match="Key k2 is not in the key file"):
        store.get(new)
