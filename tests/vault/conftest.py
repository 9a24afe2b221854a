"""Key rings for the tests of this folder."""

import pytest

from vault.keys import KeyRing


@pytest.fixture(scope="session")
def ring() -> KeyRing:
    """One key, k1."""
    return KeyRing("k1", "k1", {"k1": b"1" * 32})


@pytest.fixture(scope="session")
def rotated() -> KeyRing:
    """The same after a rotation: k2 is active, k1 still opens and hashes."""
    return KeyRing("k2", "k1", {"k1": b"1" * 32, "k2": b"2" * 32})


@pytest.fixture(scope="session")
def stranger() -> KeyRing:
    """A ring whose k1 is another key."""
    return KeyRing("k1", "k1", {"k1": b"9" * 32})
