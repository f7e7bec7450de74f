"""A program in a terminal of its own, by tmux: keys go in as a person's, and the screen is read."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = float(os.environ.get("FIMBLE_TEST_PATIENCE_S", "60"))
"""Much longer than anything takes on a busy machine."""
POLL_S = 0.05
COLUMNS, ROWS = 110, 30


class Terminal:
    """Runs one program until ``close``."""

    def __init__(self, tmux: Path, socket: Path) -> None:
        self._tmux, self._socket = tmux, socket

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        words = ["env", *(f"{name}={value}" for name, value in environment.items()), *command]
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self._ask("-f", os.devnull, "new-session", "-d", *size, "-c", str(folder), shlex.join(words))
        self._ask("set-option", "-s", "escape-time", "0")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._ask("kill-server")

    def type(self, text: str) -> None:
        """Letters as they are."""
        self._ask("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: ``Enter``, ``Escape``, ``C-x``, ``M-Right``."""
        self._ask("send-keys", *keys)

    @property
    def screen(self) -> str:
        return self._ask("capture-pane", "-p")

    def wait(self, condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """What ``condition`` returns once that is true."""
        until_s = time.monotonic() + patience_s
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > until_s:
                pytest.fail(f"waited in vain: {what}\n{self.screen}")
            time.sleep(POLL_S)

    def wait_for(self, part: str) -> str:
        """The line of the screen that has ``part``, once there is one."""
        return str(self.wait(lambda: next((line for line in self.screen.splitlines() if part in line), ""), repr(part)))

    def wait_for_file(self, path: Path, text: str) -> None:
        """Until ``path`` holds ``text``. While an editor replaces the file, there is none for a moment."""

        def holds() -> bool:
            try:
                return path.read_text(encoding="utf-8") == text
            except FileNotFoundError:
                return False

        self.wait(holds, f"{path.name} is {text!r}")

    def _ask(self, *words: str) -> str:
        command = [str(self._tmux), "-S", str(self._socket), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        return done.stdout


@contextlib.contextmanager
def terminal(
    tmux: Path, folder: Path, command: Sequence[str], environment: Mapping[str, str], at: Path
) -> Iterator[Terminal]:
    """``command`` in a terminal, started ``at`` a folder; the terminal's own things are in ``folder``."""
    made = Terminal(tmux, folder / "tmux")
    try:
        made.start(command, environment, at)
        yield made
    finally:
        made.close()
