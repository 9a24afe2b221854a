"""Whose names a person sees (roles.yaml ``phi``), read from the encrypted claim."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from desk.visit import Visit
from policy.people import sees_patients
from policy.tasks import is_work_of
from records.db import RowMapping
from vault.fields import FieldCipher

HIDDEN = "Patient hidden"


class Name(NamedTuple):
    """A patient's name as the claim has it."""

    first: str
    last: str

    def __str__(self) -> str:
        """First name first."""
        return " ".join(filter(None, self))

    @property
    def initials(self) -> str:
        """``J. W.``"""
        return " ".join(f"{part[0].upper()}." for part in self if part)


def name_of(cipher: FieldCipher, claim_id: str, sealed: bytes) -> Name:
    """The patient's name of a claim's encrypted content."""
    content = json.loads(cipher.decrypt(sealed, row_key=f"claim:{claim_id}"))
    person = content.get("patient") or content["subscriber"]["person"]
    return Name(person.get("first", ""), person.get("last", ""))


def may_see(visit: Visit, tasks: Iterable[RowMapping]) -> bool:
    """Whether this person sees the patient whom these tasks are about."""
    roles = visit.user.roles
    theirs = any(is_work_of(roles, t["type"], t["decision"]) for t in tasks)
    return sees_patients(roles, assigned=theirs)
