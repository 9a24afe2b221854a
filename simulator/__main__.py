"""``python -m simulator --mailbox ROOT --script samples/fates.yaml``.

Reads one JSON object per line, ``{"day": "2026-03-04", "do": "morning"}`` or
``"collect"``, and answers each with one line, ``{"dropped": 3, "read": 0}``. It ends
with its input.
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from simulator.clearinghouse import Clearinghouse
from simulator.fates import Script, ScriptError
from simulator.mailbox import Mailboxes


class Command(BaseModel):
    """One line of input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    do: Literal["morning", "collect"]


def run(house: Clearinghouse, mailboxes: Mailboxes, command: Command) -> dict[str, int]:
    """Carry one command out."""
    if command.do == "collect":
        return {"dropped": 0, "read": house.collect(command.day, mailboxes.new())}
    files = house.morning(command.day)
    for file in files:
        mailboxes.drop(file.partner, file.name, file.content)
    return {"dropped": len(files), "read": 0}


def main() -> int:
    """Serve stdin; 2 when the script does not fit."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--mailbox", type=Path, required=True)
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        house = Clearinghouse(Script.load(options.script), options.seed)
    except ScriptError as error:
        sys.stderr.write(f"{error}\nThe simulator did not start.\n")
        return 2
    mailboxes = Mailboxes(options.mailbox)
    for line in sys.stdin:
        if line.strip():
            sys.stdout.write(json.dumps(_answer(house, mailboxes, line)) + "\n")
            sys.stdout.flush()
    return 0


def _answer(house: Clearinghouse, mailboxes: Mailboxes, line: str) -> dict[str, object]:
    try:
        command = Command.model_validate_json(line)
    except ValidationError:
        return {"error": 'not understood; send {"day": "YYYY-MM-DD", "do": "morning"}'}
    return dict(run(house, mailboxes, command))


if __name__ == "__main__":
    sys.exit(main())
