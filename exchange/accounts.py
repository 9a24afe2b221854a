"""Which partners' mailboxes are at an SFTP server, and how we reach each: a YAML file.

A partner the file does not name has a folder as its mailbox. Keys are looked at when
they are used (exchange/connection.py): a command that needs no mailbox needs no key.
"""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

_ADVICE = {
    "missing": "is missing",
    "extra_forbidden": "is no setting here",
    "path_type": "must be the path of a file",
}


class AccountsError(Exception):
    """The file of SFTP accounts does not fit; no mailbox was opened."""


def _folder(value: str) -> str:
    if not value.strip() or ".." in PurePosixPath(value).parts:
        raise ValueError("must be the path of a folder at the server, without ..")
    return value


Folder = Annotated[str, AfterValidator(_folder)]
Word = Annotated[str, Field(min_length=1, pattern=r"^[^\s@/]+$")]


class SftpAccount(BaseModel):
    """Our account at one partner's server: a key of ours, and the pinned key of theirs.

    There is no password, and no host is trusted at first sight.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Word
    port: int = Field(22, ge=1, le=65535)
    user: Word
    key_file: Path = Field(description="our private key, without a passphrase")
    host_key: tuple[str, ...] = Field(
        min_length=1,
        description="public keys of the server, as ssh-keyscan prints them",
    )
    inbound: Folder = Field("inbound", description="where they put files for us")
    done: Folder = Field(
        "", validate_default=False, description="default: inbound/done"
    )
    outbound: Folder = Field("outbound", description="where we put files for them")

    @property
    def archive(self) -> str:
        """Where a file goes that was taken in."""
        return self.done or str(PurePosixPath(self.inbound) / "done")

    @property
    def where(self) -> str:
        """The server, for a person."""
        return f"{self.host}:{self.port}"


def load_accounts(path: Path | None) -> dict[str, SftpAccount]:
    """The accounts by partner; none without a file.

    Raises:
        AccountsError: the file cannot be read or does not fit; the text says where.
    """
    if path is None:
        return {}
    found = _parsed(path)
    if not isinstance(found, dict):
        raise _wrong(path, "it must list partners, each with host, user, key_file, …")
    return {
        str(partner): _account(path, str(partner), v) for partner, v in found.items()
    }


def _parsed(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(path, f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _wrong(path, "it is no UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _wrong(path, f"line {line} is no YAML: {error.problem}") from None


def _account(path: Path, partner: str, given: Any) -> SftpAccount:
    if not isinstance(given, dict):
        raise _wrong(path, f"{partner} must have host, user, key_file and host_key")
    keys = given.get("host_key")
    if isinstance(keys, str):
        given = {**given, "host_key": (keys,)}
    try:
        account = SftpAccount.model_validate(given)
    except ValidationError as error:
        raise _wrong(path, "; ".join(_each(partner, error))) from None
    if account.inbound == account.outbound:
        raise _wrong(path, f"{partner}: inbound and outbound must be two folders")
    # Paths are the file's neighbours, wherever the command was started.
    return account.model_copy(update={"key_file": path.parent / account.key_file})


def _each(partner: str, error: ValidationError) -> list[str]:
    """One sentence for each mistake; what was given is not repeated."""
    found = []
    for one in error.errors(include_input=False, include_url=False):
        field = str(one["loc"][0])
        words = _ADVICE.get(one["type"], str(one["msg"]).removeprefix("Value error, "))
        if field in ("password", "passphrase"):
            words += ": we log in with a key only"
        found.append(f"{partner}: {field} {words}")
    return found


def _wrong(path: Path, what: str) -> AccountsError:
    return AccountsError(
        f"The SFTP accounts in {path} do not fit: {what}. Nothing was started. "
        "Correct the file and start again."
    )
