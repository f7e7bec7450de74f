from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from fimble.daemon import journal


class Full:
    """Standard error on a full disk."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_line_that_cannot_be_written_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    journal.begin(tmp_path / "log")
    try:
        monkeypatch.setattr(sys, "stderr", Full())
        logging.getLogger("fimble.daemon.house").warning("a line")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
