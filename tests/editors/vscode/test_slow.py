"""Answers that come before and after the 750 ms at which VS Code gives up, from the real model behind a delay."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.editors.vscode.conftest import Open, OwnVSCode
from tests.editors.vscode.test_ghost_text import ADD

ROOT = Path(__file__).parents[3]


def delayed(folder: Path, delay_ms: int) -> str:
    """A program that serves behind a delay."""
    program = folder / "delayed"
    server = f"{sys.executable} -m tests.editors.delayed_server --delay-ms {delay_ms}"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {server} "$@"\n')
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("delay_ms", [300, 1200])
def test_ghost_text_comes_all_the_same(
    own_vscode: OwnVSCode, open_file: Open, tmp_path: Path, default_model: str, delay_ms: int
) -> None:
    window = open_file(own_vscode({"fimble.server.path": delayed(tmp_path, delay_ms)}), ADD)
    window.wait_ready()
    window.end()
    window.type("return")
    window.wait_ghost("a - b")
    window.press("Escape", "Escape")
    assert window.saved() == ADD + "return"


def test_an_answer_to_an_older_text_is_never_shown(
    own_vscode: OwnVSCode, open_file: Open, tmp_path: Path, default_model: str
) -> None:
    window = open_file(own_vscode({"fimble.server.path": delayed(tmp_path, 1200)}), ADD)
    window.wait_ready()
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
