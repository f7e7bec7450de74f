"""``fimble demo``: the real server, a real source file, one suggestion, shown in place.

It does what an editor does, over the same pipe and protocol: it starts ``fimble serve``,
opens a file of Python's own library in which one line is missing, waits until the model
is loaded, and asks for the missing line.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.errors import EngineError

if TYPE_CHECKING:
    from rich.console import Console

    from fimble.cli.client import Answer
    from fimble.text import Cursor

MODULE = "textwrap"
MISSING = "lines.append(indent + ''.join(cur_line))"
"""All that stands on its line, but for the indentation; it can be told from the lines around it."""

_LINES_AROUND = 12


def demo(
    timeout_s: Annotated[float, typer.Option("--timeout", help="Seconds to wait for the model.")] = 120.0,
) -> None:
    """Start the server, open a real file and show one suggestion, with the time it took."""
    import asyncio

    from rich.console import Console

    from fimble.cli.client import ask

    console = Console(highlight=False, soft_wrap=True)
    cursor = open_with_hole(MODULE, MISSING)
    answer = asyncio.run(ask(cursor, timeout_s, lambda told: console.print(told, style="dim", markup=False)))
    if not answer.text:
        raise EngineError("The server had no suggestion.", "'fimble doctor' may say why.")
    _show(console, cursor, answer)


def open_with_hole(module: str, missing: str) -> Cursor:
    """The source of ``module`` without the first ``missing`` in it, and the cursor in its place."""
    from pathlib import Path

    from fimble.errors import UnknownDocument
    from fimble.text import Cursor, Snapshot

    path = Path(importlib.import_module(module).__file__ or "")
    if not path.is_file():
        raise UnknownDocument(f"This Python has no source of its module {module}.", "Try another Python.")
    before, found, after = path.read_text(encoding="utf-8").partition(missing)
    if not found:
        raise UnknownDocument(f"{path} lacks the line that the demo takes out.", "Try another Python.")
    return Cursor(Snapshot(path.as_uri(), "python", 1, before + after), len(before))


def _show(console: Console, cursor: Cursor, answer: Answer) -> None:
    from rich.text import Text

    before = cursor.prefix.split("\n")
    after = cursor.suffix.split("\n")
    first = max(0, len(before) - _LINES_AROUND)
    body = Text("\n".join(before[first:]))
    body.append(answer.text, style="bold black on green")
    body.append("\n".join(after[:_LINES_AROUND]))
    suggested = range(len(before) - 1, len(before) + answer.text.count("\n"))
    console.print()
    for number, line in enumerate(body.split("\n", allow_blank=True), first):
        mark = ">" if number in suggested else " "
        console.print(Text(f"{mark}{number + 1:5} | ", style="bold" if mark == ">" else "dim") + line)
    console.print()
    console.print(
        f"[bold]Suggestion in {answer.latency_ms:.0f} ms[/bold]; after one more keystroke in "
        f"{answer.next_latency_ms:.0f} ms. The line marked > was not in the file."
    )
    console.print(f"The server was up in {answer.initialize_ms:.0f} ms, its model {answer.load_s:.1f} s later.")
