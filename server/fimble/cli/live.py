"""Shows an answer while it is written: its last lines, on a terminal, gone when it is there.

It goes to standard error, so that standard output holds the result and nothing else. Where
standard error is no terminal, nothing is shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

INTERVAL_S = 0.1
"""Between two pictures: drawing takes time from the model."""
_LINES_BELOW = 2
"""Of the terminal, for the line that says how far it is, and for the cursor."""


class View:
    """What is shown. Where it ``show`` nothing, saying something costs nothing."""

    def __init__(self, show: Callable[[str, str], None] | None = None, clock: Callable[[], float] = time.monotonic):
        """``show`` is given what there is of the answer, and how far it is."""
        self._show, self._clock = show, clock
        self._begun_s = clock()
        self._shown_s = -INTERVAL_S
        self._text = ""
        self.num_attempts = 0

    def say(self, what: str) -> None:
        """Show what is being done while there is no answer yet."""
        if self._show:
            self._show("", what)

    def on_text(self, text: str) -> None:
        """Show the answer as far as it is written. An answer that begins anew is another attempt."""
        if self._show is None:
            return
        if not self._text or len(text) < len(self._text) // 2:
            self.num_attempts += 1
        self._text = text
        now_s = self._clock()
        if now_s - self._shown_s >= INTERVAL_S:
            attempt = f"attempt {self.num_attempts}, " if self.num_attempts > 1 else ""
            self._show(text, f"{attempt}{now_s - self._begun_s:.0f} s")
            self._shown_s = now_s


@contextmanager
def live(lexer: str, console: Console | None = None) -> Iterator[View]:
    """A view for as long as the block runs. ``lexer`` colours the answer; empty for plain text.

    ``console`` stands for standard error.
    """
    if console is None and not (sys.stderr and sys.stderr.isatty()):
        yield View()
        return
    from rich.console import Console
    from rich.live import Live

    console = console or Console(stderr=True)
    with Live(console=console, transient=True, auto_refresh=False, vertical_overflow="crop") as screen:
        yield View(lambda text, far: screen.update(picture(console, text, far, lexer), refresh=True))


def picture(console: Console, text: str, far: str, lexer: str) -> RenderableType:
    """The last lines of ``text`` that fit, and below them ``far``."""
    from rich.console import Group
    from rich.syntax import Syntax
    from rich.text import Text

    most = max(1, console.height - _LINES_BELOW)
    shown = "\n".join(_inside(text).split("\n")[-most:])
    coloured = Syntax("", lexer, theme="ansi_dark").highlight(shown) if lexer and shown else Text(shown)
    coloured.rstrip()
    lines = (
        coloured.wrap(console, console.width, overflow="fold", tab_size=4, no_wrap=False)[-most:]
        if shown.strip()
        else []
    )
    return Group(*lines, Text(f"  {far}", style="dim", overflow="ellipsis", no_wrap=True))


def _inside(text: str) -> str:
    """The answer without its fence; what could steer a terminal is made visible."""
    first, _, rest = text.partition("\n")
    body = rest.removesuffix("\n```") if first.startswith("```") else text
    return "".join(sign if sign in "\n\t" or category(sign) != "Cc" else "\N{REPLACEMENT CHARACTER}" for sign in body)
