"""Lets ``python -m fimble`` and the ``fimble`` script start the same program.

``fimble serve`` as editors start it goes a short way: what parses a command line takes longer to import than all that
such a process does, and more memory.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the program and exit."""
    _go_the_short_way(sys.argv[1:])
    from fimble.cli.app import main as run

    run()


def _go_the_short_way(arguments: list[str]) -> None:
    """Serve through the daemon, or be it, where that is all that is asked; else return."""
    if arguments[:3] == ["daemon", "run", "--ready"] and "".join(arguments[3:]).isdigit():
        from fimble.cli.wiring_daemon import run

        run(int(arguments[3]))
    if arguments[:1] != ["serve"] or sys.platform == "win32":
        return
    from fimble.errors import FimbleError

    try:
        from fimble.cli import through

        level = through.plain_level(arguments[1:])
    except FimbleError:
        return  # the long way says what is wrong
    if level is not None:
        through.serve(level)


if __name__ == "__main__":
    main()
