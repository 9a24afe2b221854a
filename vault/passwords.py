"""Passwords as argon2id hashes (RFC 9106, the library's low-memory profile)."""

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

LEAST = 12
"""Characters of a password (NIST SP 800-63B asks for 8 or more; length beats rules)."""
MOST = 256
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, type=Type.ID)
_NOBODY = _HASHER.hash("nobody has this password")


class WeakPasswordError(ValueError):
    """A password that may not be used; nothing was changed. The text says why."""


def hashed(password: str, user_name: str = "") -> str:
    """The hash of a new password.

    Raises:
        WeakPasswordError: too short, too long, or the user's own name.
    """
    if not LEAST <= len(password) <= MOST:
        raise WeakPasswordError(
            f"A password has {LEAST} to {MOST} characters. Nothing was changed. "
            "A few words in a row are easy to keep in mind."
        )
    if user_name and user_name.casefold() in password.casefold():
        raise WeakPasswordError(
            "The password holds the user name. Nothing was changed. Choose another."
        )
    return _HASHER.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether this is the password; as slow for an unknown user as for a known one."""
    try:
        matches = _HASHER.verify(stored or _NOBODY, password[:MOST])
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(stored)
