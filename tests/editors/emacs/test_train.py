"""``fimble-train`` runs the command in a buffer, with the options that the server has."""

from __future__ import annotations

from pathlib import Path

from tests.editors.emacs.emacs import run_script
from tests.editors.programs.emacs import Emacs


def test_the_command_runs_in_a_buffer(emacs: Emacs, fimble_command: list[str], tmp_path: Path) -> None:
    told = run_script(emacs, "train.el", tmp_path, fimble_command)
    assert told["variables"] == ["FIMBLE_DISABLED_PATHS=main.py", "FIMBLE_COMMENTS=false", "FIMBLE_MAX_LINE_TOKENS=20"]
    said = "".join(told["trained"].split())
    assert "1xtheprivacyruleskeepitprivate" in said
    assert f"fimble:{''.join(str(tmp_path / 'project').split())}/it's" in said
    assert "No such option" in told["refused"]
    assert "a .fimbleignore file" in told["divided"]
    assert not list(tmp_path.rglob("sprung"))
