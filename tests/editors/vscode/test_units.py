"""The parts of the extension that need no editor, tested by Node's own runner."""

from __future__ import annotations

import subprocess

from tests.editors.conftest import installed
from tests.editors.vscode.conftest import CLIENT, prepared


def test_the_parts_that_need_no_editor() -> None:
    npm = installed(prepared)
    done = subprocess.run([npm, "test", "--silent"], cwd=CLIENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
