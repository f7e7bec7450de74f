"""A change as people read it and as ``patch -p0`` takes it."""

from __future__ import annotations

import difflib
import sys
from itertools import chain

import typer

_COLOURS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}
_NO_LINE_END = "\n\\ No newline at end of file\n"


def unified(name: str, before: str, after: str) -> str:
    """What makes ``after`` of ``before``; nothing where they are the same."""
    lines = difflib.unified_diff(_lines(before), _lines(after), name, name)
    return "".join(chain.from_iterable((line,) if line.endswith("\n") else (line, _NO_LINE_END) for line in lines))


def coloured(diff: str) -> str:
    """``diff`` with colours for a terminal, as it is for a pipe."""
    if not (sys.stdout and sys.stdout.isatty()):
        return diff
    lines = _lines(diff)
    names = [typer.style(line, bold=True) for line in lines[:2]]
    return "".join([*names, *(typer.style(line, fg=_COLOURS.get(line[0])) for line in lines[2:])])


def _lines(text: str) -> list[str]:
    """With their ends. ``str.splitlines`` knows ends that no other program does."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
