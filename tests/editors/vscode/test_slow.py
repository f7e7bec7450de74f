"""Answers that come before and after the 750 ms at which VS Code gives up, from the real model behind a delay."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.conftest import Open, OwnVSCode, Starting, window, write
from tests.editors.vscode.test_ghost_text import ADD
from tests.editors.vscode.window import Window

ROOT = Path(__file__).parents[3]


def delayed(folder: Path, delay_ms: int) -> str:
    """A program that serves behind a delay."""
    program = folder / "delayed"
    server = f"{sys.executable} -m tests.editors.delayed_server --delay-ms {delay_ms}"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT}${{PYTHONPATH:+:$PYTHONPATH}} exec {server} "$@"\n')
    program.chmod(0o755)
    return str(program)


@pytest.fixture(scope="module")
def late(
    context: BrowserContext, starting: Starting, default_model: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Window]:
    """A window on the text, whose answers come after VS Code has given up."""
    folder = tmp_path_factory.mktemp("late")
    settings = {"fimble.server.path": delayed(folder, 1200)}
    with starting(folder, settings) as server, window(context, server, folder, write(folder, ADD, "main.py")) as late:
        late.wait_ready()
        yield late


def shown_all_the_same(window: Window) -> None:
    window.end()
    window.type("return")
    window.wait_ghost("a - b")
    window.press("Escape", "Escape")
    assert window.saved() == ADD + "return"


def test_ghost_text_that_is_in_time(own_vscode: OwnVSCode, open_file: Open, tmp_path: Path, default_model: str) -> None:
    window = open_file(own_vscode({"fimble.server.path": delayed(tmp_path, 300)}), ADD)
    window.wait_ready()
    shown_all_the_same(window)


def test_ghost_text_that_comes_late(late: Window) -> None:
    shown_all_the_same(late)


def test_an_answer_to_an_older_text_is_never_shown(late: Window) -> None:
    window = late
    window.open(write(window.file.parent, ADD, "older.py"))
    window.end()
    window.type("return a")
    window.page.wait_for_timeout(700)
    window.type(" * b")
    seen = set()
    for _ in range(60):
        seen.add(window.ghost)
        window.page.wait_for_timeout(50)
    assert not [ghost for ghost in seen if "- b" in ghost], "what fitted the text before"
    window.press("Escape", "Escape")
    assert window.saved() == ADD + "return a * b"
