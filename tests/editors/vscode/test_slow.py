"""Answers that come before and after the 750 ms at which VS Code gives up, from the real model behind a delay."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import Starting, window, write
from tests.editors.vscode.test_ghost_text import ADD
from tests.editors.vscode.window import Window

ROOT = Path(__file__).parents[3]
LATE_MS = 1200


def delayed(folder: Path, delay_ms: int) -> str:
    """A program that serves behind a delay."""
    program = folder / f"delayed-{delay_ms}"
    server = f"{sys.executable} -m tests.editors.delayed_server --delay-ms {delay_ms}"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT}${{PYTHONPATH:+:$PYTHONPATH}} exec {server} "$@"\n')
    program.chmod(0o755)
    return str(program)


@dataclass(frozen=True, slots=True)
class Slow:
    """A window whose answers are delayed."""

    server: CodeServer
    window: Window
    folder: Path

    def answer_after(self, delay_ms: int) -> None:
        before = self.server.language_servers()
        self.server.change({"fimble.server.path": delayed(self.folder, delay_ms)})
        self.window.until(lambda: not set(before) & set(self.server.language_servers()), "the other one is gone")
        self.window.wait_ready()


@pytest.fixture(scope="module")
def slow(
    context: BrowserContext, starting: Starting, default_model: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Slow]:
    """A window on the text, whose answers come after VS Code has given up, until that is changed."""
    folder = tmp_path_factory.mktemp("late")
    settings = {"fimble.server.path": delayed(folder, LATE_MS)}
    with starting(folder, settings) as server, window(context, server, folder, write(folder, ADD, "main.py")) as late:
        late.wait_ready()
        yield Slow(server, late, folder)


def shown_all_the_same(window: Window) -> None:
    window.end()
    window.type("return")
    window.wait_ghost("a - b")
    window.press("Escape", "Escape")
    assert window.saved() == ADD + "return"


def test_ghost_text_that_comes_late(slow: Slow) -> None:
    shown_all_the_same(slow.window)


def test_an_answer_to_an_older_text_is_never_shown(slow: Slow) -> None:
    window = slow.window
    window.open(write(window.file.parent, ADD, "older.py"))
    window.end()
    window.type("return a")
    window.page.wait_for_timeout(700)
    window.type(" * b")
    seen = set()
    for _ in range(60):
        seen.add(window.flash)
        window.page.wait_for_timeout(50)
    assert not [ghost for ghost in seen if "- b" in ghost], "what fitted the text before"
    window.press("Escape", "Escape")
    assert window.saved() == ADD + "return a * b"


def test_ghost_text_that_is_in_time(slow: Slow) -> None:
    slow.answer_after(300)
    slow.window.open(write(slow.folder, ADD, "early.py"))
    shown_all_the_same(slow.window)
