"""Real editors with the real model.

An editor that cannot be had is skipped with a word, but never under ``CI=true``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.editors.programs.kept import Unavailable

_T = TypeVar("_T")


def installed(find: Callable[[], _T]) -> _T:
    """What ``find`` finds or installs; where that cannot be had, the tests are skipped, and fail under ``CI=true``."""
    try:
        return find()
    except Unavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"This editor cannot be installed here: {error}")


@pytest.fixture(scope="session")
def fimble_command(default_model: str) -> list[str]:
    """The server under test: the one of this environment, with the real model."""
    return [str(Path(sys.executable).with_name("fimble"))]
