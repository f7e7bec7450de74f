"""``fimble-search`` lists places as Emacs lists references."""

from __future__ import annotations

from pathlib import Path

from tests.editors.emacs.emacs import run_script
from tests.editors.programs.emacs import Emacs


def test_a_question_lists_places(emacs: Emacs, fimble_command: list[str], tmp_path: Path) -> None:
    told = run_script(emacs, "search.el", tmp_path, fimble_command)
    assert told["found"][0].startswith("up.py:4 send_again  (")
    assert told["nothing"] == 0
