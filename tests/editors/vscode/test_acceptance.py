"""What is taken in VS Code is counted, in a folder of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from fimble.config import home
from tests.editors.vscode.conftest import Open, OwnVSCode
from tests.editors.vscode.test_ghost_text import ADD


def counts(command: list[str], folder: Path) -> dict[str, Any]:
    environ = {**os.environ, "FIMBLE_HOME": str(folder)}
    said = subprocess.run([*command, "stats", "--json"], env=environ, check=True, capture_output=True, timeout=60)
    total: dict[str, Any] = json.loads(said.stdout)["inline"]["last_7_days"]["total"]
    return total


def test_whole_and_partial_acceptance_are_counted(
    own_vscode: OwnVSCode, open_file: Open, tmp_path: Path, fimble_command: list[str]
) -> None:
    folder = tmp_path / "fimble"
    folder.mkdir()
    (folder / "models").symlink_to(home() / "models")
    server = own_vscode({"fimble.recordAcceptance": True, "fimble.server.home": str(folder)})
    window = open_file(server, ADD)
    window.wait_ready()
    window.end()
    window.type("return")
    whole = window.wait_ghost("a - b")
    window.page.wait_for_timeout(500)  # long enough to have been read
    window.press("Tab")
    window.until(lambda: window.ghost != whole, "taken")
    window.press("Escape", "Enter", "Enter", "Shift+Home", "Delete")
    window.type("def multiply(a, b):\n")
    window.type("return")
    whole = window.wait_ghost("a * b")
    window.page.wait_for_timeout(500)
    window.press("Control+ArrowRight", "Control+ArrowRight")
    window.wait_ghost_that(lambda ghost: len(ghost) < len(whole), "less is left")
    window.type("x")
    window.press("Escape")
    window.command("fimble: Restart Server")  # what is left is written when one ends
    window.until(lambda: counts(fimble_command, folder)["partly"] >= 1, "one was taken in part")
    found = counts(fimble_command, folder)
    assert found["accepted"] >= 1
    assert found["shown"] >= 2
    assert found["accepted_chars"] > 0
