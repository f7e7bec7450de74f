"""A daemon that runs is told apart from what lies in its checkout by now."""

from __future__ import annotations

import os
from pathlib import Path

import fimble
from fimble.daemon.build import this_build, version_of
from fimble.daemon.hello import is_newer


def test_a_changed_source_makes_a_newer_build(tmp_path: Path) -> None:
    file = tmp_path / "room/file.py"
    file.parent.mkdir()
    file.touch()
    os.utime(file, (1_700_000_000, 1_700_000_000))
    before = version_of("0.1.0", tmp_path)
    os.utime(file, (1_700_000_009, 1_700_000_009))
    after = version_of("0.1.0", tmp_path)
    assert is_newer(after, before) and not is_newer(before, after)
    assert is_newer("0.2.0", after), "a newer version comes after any build"
    assert is_newer(before, "0.1.0"), "a checkout comes after what was published"


def test_without_sources_it_is_the_version(tmp_path: Path) -> None:
    assert version_of("0.1.0", tmp_path) == "0.1.0"
    assert this_build().startswith(fimble.__version__)
