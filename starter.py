"""Command line entry of Claimthread: ``python starter.py COMMAND …``.

No logic here: one module of cli/ for each group of commands.
"""

import sys

from cli.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
