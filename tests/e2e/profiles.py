"""The ``initialize`` parameters that real editors sent, recorded outside the repository."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.e2e.editor import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "clients"
PROFILES = {
    "emacs": "emacs-30.1-lsp-mode-10.json",
    "neovim": "neovim-0.12.4.json",
    "vscode": "vscode-1.139.1-languageclient-11.json",
}


def read_profile(name: str) -> dict[str, Any]:
    """What the editor sent, with a process id of this machine; skips the test where it is not recorded."""
    file = FOLDER / PROFILES[name]
    if not file.is_file():
        pytest.skip(f"the recorded client profile {file.name} is not here")
    return {**json.loads(file.read_text(encoding="utf-8")), "processId": os.getpid()}
