"""Ghost text in VS Code, with the real model."""

from __future__ import annotations

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import Open

ADD = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    "


def test_type_and_accept(vscode: CodeServer, open_file: Open) -> None:
    window = open_file(vscode, ADD)
    window.wait_ready()
    window.end()
    window.type("return")
    ghost = window.wait_ghost("a - b")
    window.press("Tab")
    window.wait_no_ghost()
    assert window.saved() == ADD + "return" + ghost
