"""``fimble bench graph`` learns from what it may, and from nothing that others are judged on."""

from __future__ import annotations

import pytest

from fimble.errors import ConfigError
from tests.unit.cli.commands import run


@pytest.mark.parametrize(
    ("packages", "reason"),
    [(["click", "rich"], "judges on click"), (["rich"], "One package"), (["rich", "rich"], "One package"),
     (["rich", "pathspec"], "not permissive"), (["rich", "no-such-package"], "not installed")],
)  # fmt: skip
def test_what_cannot_teach_is_refused(packages: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        run("bench", "graph", *packages)
