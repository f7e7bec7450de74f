"""For tests that say what is right, not what a busy machine finds in time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fimble.suggest import parse
from fimble.syntax import trees

UNLIMITED_MS = 60_000.0


@pytest.fixture(autouse=True, scope="module")
def all_the_time_in_the_world() -> Iterator[None]:
    """Parsing never gives up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "_BUDGET_MS", UNLIMITED_MS)
        patch.setattr(trees, "BUDGET_MS", UNLIMITED_MS)
        yield
