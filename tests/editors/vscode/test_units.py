"""The parts of the extension that need no editor, tested by Node's own runner."""

from __future__ import annotations

import importlib.util
import subprocess

import pytest

from tests.editors.conftest import installed
from tests.editors.vscode.conftest import CLIENT, prepared


def test_the_parts_that_need_no_editor() -> None:
    npm = installed(prepared)
    done = subprocess.run([npm, "test", "--silent"], cwd=CLIENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


SOURCE = '''"""A module."""

WORD = "# no comment"  # a comment


class Empty(Exception):
    """Says
    much."""


def run(text: str) -> str:
    """Of ``text``."""
    # why
    return f"{text}#" + """
    kept"""
'''
LEAN = '''

WORD = "# no comment"


class Empty(Exception):
    pass



def run(text: str) -> str:


    return f"{text}#" + """
    kept"""
'''


def test_sources_in_the_extension_lose_only_their_words() -> None:
    spec = importlib.util.spec_from_file_location("lean", CLIENT / "scripts/lean.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.lean(SOURCE.encode()).decode() == LEAN
    assert script.lean(b"") == b""
    help_kept = script.lean(SOURCE.encode(), has_help=True).decode()
    assert '"""Of ``text``."""' in help_kept and "A module." not in help_kept and "# why" not in help_kept
    with pytest.raises(ValueError, match="shares a line"):
        script.lean(b'"""One."""; x = 1\n')
