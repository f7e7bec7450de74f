"""tmux: the terminal in which editors without a window run. The machine's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.editors.programs.kept import Unavailable


def tmux() -> Path:
    """The executable; raises ``Unavailable``."""
    found = shutil.which("tmux")
    if found is None:
        raise Unavailable("tmux is not installed: apt install tmux")
    return Path(found)
