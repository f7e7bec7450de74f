"""What a folder holds, measured while others write in it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from fimble.weights import disk


def test_folders_may_vanish_while_they_are_measured(tmp_path: Path) -> None:
    """pip makes and removes temporary folders all the time."""
    ended = threading.Event()

    def churn() -> None:
        while not ended.is_set():
            for number in range(5):
                (tmp_path / str(number) / "deep").mkdir(parents=True, exist_ok=True)
            for number in range(5):
                shutil.rmtree(tmp_path / str(number), ignore_errors=True)

    pip = threading.Thread(target=churn)
    pip.start()
    try:
        assert {disk.folder_bytes(tmp_path) for _ in range(2000)} == {0}
    finally:
        ended.set()
        pip.join()
