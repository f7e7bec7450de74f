"""lsp-mode with ``fimble.el`` in a terminal: what comes by itself, and the keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.conftest import installed
from tests.editors.emacs.emacs import HERE, arguments, environment
from tests.editors.emacs.test_lsp_mode import EVEN
from tests.editors.programs.emacs import Emacs
from tests.editors.programs.tmux import tmux
from tests.editors.terminal import Terminal, terminal

ASKED_AGAIN_S = 3.0
STUB = EVEN.replace("return number % 2 == 0", "pass")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emacs")


@pytest.fixture(scope="module")
def shown(emacs: Emacs, fimble_command: list[str], folder: Path) -> Iterator[Terminal]:
    variables = environment(folder, fimble_command) | {"TERM": "screen-256color"}
    command = [str(emacs.executable), "-nw", *arguments(emacs), "-l", str(HERE / "init.el"), "first.py"]
    with terminal(installed(tmux), folder, command, variables, folder / "project") as made:
        made.wait_for("fimble:ready")
        yield made


def begin(shown: Terminal, folder: Path, name: str, text: str) -> Path:
    """A file with ``text``, open, the cursor at its end."""
    path = folder / "project" / name
    path.write_text(text, encoding="utf-8")
    shown.press("C-x", "C-f")
    shown.wait_for("Find file:")
    shown.type(name)
    shown.press("Enter")
    shown.wait(lambda: name in shown.wait_for(" LSP[fimble"), "the server is told of the file")
    shown.press("M->")
    return path


def suggested(shown: Terminal, line: str) -> None:
    """``line`` is on the screen, its end as ghost text. On a busy machine an answer may come too late to be shown:
    then the last letter is typed again."""

    def comes() -> bool:
        try:
            return bool(shown.wait(lambda: line in shown.screen, line, ASKED_AGAIN_S))
        except pytest.fail.Exception:
            shown.press("BSpace", "Space")
            return False

    shown.wait(comes, f"{line!r} is suggested")


def saved(shown: Terminal, path: Path, text: str) -> None:
    shown.press("C-x", "C-s")
    shown.wait_for_file(path, text)


def test_ghost_text_comes_while_typing_and_tab_takes_it(shown: Terminal, folder: Path) -> None:
    path = begin(shown, folder, "adds.py", "def add(first, second):\n")
    shown.type("    return ")
    suggested(shown, "return first + second")
    shown.press("Tab")
    saved(shown, path, "def add(first, second):\n    return first + second\n")


def test_a_word_then_the_line(shown: Terminal, folder: Path) -> None:
    path = begin(shown, folder, "words.py", "def multiply(first, second):\n")
    shown.type("    return ")
    suggested(shown, "return first * second")
    shown.press("M-Right", "M-Right", "C-M-Right")
    saved(shown, path, "def multiply(first, second):\n    return first * second\n")


def test_a_code_action(shown: Terminal, folder: Path) -> None:
    path = begin(shown, folder, "even.py", STUB)
    shown.press("Up", "M-x")
    shown.type("fimble-act")
    shown.press("Enter")
    shown.wait_for("Select code action:")
    shown.type("Implement is_even")
    shown.press("Enter")
    shown.wait_for("return number % 2 == 0")
    saved(shown, path, EVEN)
