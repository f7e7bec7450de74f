"""Helix with the configuration that is shipped, the real model, and another server beside it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.editors.conftest import installed
from tests.editors.nvim import scripted_server
from tests.editors.nvim.neovim import environment_in
from tests.editors.programs.helix import helix as find_helix
from tests.editors.programs.tmux import tmux
from tests.editors.terminal import Terminal, terminal

SHIPPED = Path(__file__).parents[3] / "editors" / "helix" / "languages.toml"
ASKED_AGAIN_S = 1.5
ESCAPE_S = 0.2
"""From an Escape until the next one: the first may only have closed a menu."""
POPUP = "names = []\nfor number in range(10):\n    names"
ENTRY = "append(number)"
"""What the model makes of ``POPUP`` and a point."""


@dataclass(frozen=True, slots=True)
class Helix:
    """On a screen, with a project."""

    terminal: Terminal
    project: Path

    def open(self, name: str, text: str) -> Path:
        """A file with ``text``; normal mode, the cursor at its last line."""
        path = self.project / name
        path.write_text(text, encoding="utf-8")
        self.command(f"open {name}")
        self.terminal.wait(lambda: f" {name} " in self.terminal.screen.splitlines()[-2], f"{name} is open")
        self.terminal.type("ge")
        return path

    def command(self, words: str) -> None:
        """One of Helix' commands, from whatever mode.

        An Escape and what follows it are read as one key with Alt where they arrive together: it must have been heard.
        """

        def is_normal() -> bool:
            self.terminal.press("Escape")
            time.sleep(ESCAPE_S)
            return " NOR " in self.terminal.screen

        self.terminal.wait(is_normal, "normal mode")
        self.terminal.type(f":{words}")
        self.terminal.press("Enter")

    def saved(self, path: Path, text: str) -> None:
        """Save, and see that the file is so."""
        self.command("write")
        self.terminal.wait_for_file(path, text)

    def entries(self) -> list[str]:
        """The lines of the menu with entries of both servers, once it has such: the point is typed again and again.

        An open menu is not asked for anew, and the model may be loading.
        """
        labels = (ENTRY, *scripted_server.LABELS)

        def lines() -> list[str]:
            return [line for line in self.terminal.screen.splitlines() if line.strip().startswith(labels)]

        def both() -> list[str]:
            found = lines()
            return found if all(any(line.strip().startswith(label) for line in found) for label in labels) else []

        def asked() -> list[str]:
            self.terminal.press("BSpace")
            self.terminal.wait(lambda: not lines(), "the menu is closed")
            self.terminal.type(".")
            try:
                found: list[str] = self.terminal.wait(both, "both", ASKED_AGAIN_S)
            except pytest.fail.Exception:
                return []
            return found

        found: list[str] = self.terminal.wait(asked, "entries of both servers")
        return found


@pytest.fixture(scope="session")
def shared_helix(fimble_command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Helix]:
    executable, shows = installed(find_helix), installed(tmux)
    folder = tmp_path_factory.mktemp("helix")
    variables = environment_in(folder)
    configuration, programs, project = folder / "config/helix", folder / "bin", folder / "project"
    for made in (configuration, programs, project / ".git"):
        made.mkdir(parents=True)
    (configuration / "languages.toml").write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    other = programs / "pylsp"
    other.write_text(f"#!/bin/sh\nexec {sys.executable} {scripted_server.__file__}\n", encoding="utf-8")
    other.chmod(0o755)
    ways = (str(programs), str(Path(fimble_command[0]).parent), os.environ["PATH"])
    variables |= {"PATH": os.pathsep.join(ways), "TERM": "screen-256color"}
    with terminal(shows, folder, [str(executable)], variables, project) as made_terminal:
        helix = Helix(made_terminal, project)
        made_terminal.wait(lambda: " NOR " in made_terminal.screen, "it has started")
        helix.open("first.py", POPUP)
        made_terminal.type("A.")
        helix.entries()
        yield helix


@pytest.fixture
def helix(shared_helix: Helix) -> Helix:
    shared_helix.command("write-all")
    return shared_helix
