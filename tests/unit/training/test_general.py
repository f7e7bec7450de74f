"""Holes in general code come from the interpreter's own library, the same ones each time."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from fimble.errors import TrainingError
from fimble.training.general import general_holes

MODULE = '"""Module."""\n\n' + "\n\n".join(
    f"def function_{number}(first, second):\n    total = first + second * {number}\n    return total"
    for number in range(40)
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "test").mkdir()
    (tmp_path / "package").mkdir()
    for name in ("one.py", "two.py", "package/three.py", "test/four.py"):
        (tmp_path / name).write_text(MODULE.replace("function", Path(name).stem))
    (tmp_path / "latin.py").write_bytes(b"# \xe9\n" + MODULE.encode())
    (tmp_path / "short.py").write_text("x = 1\n")
    return tmp_path


def test_the_holes_are_cut_out_of_the_modules(library: Path) -> None:
    found = general_holes(6, 1, library)
    assert len(found) >= 5 and {item.path for item in found} == {"one.py", "two.py", "package/three.py"}
    for item in found:
        text = (library / item.path).read_text()
        assert item.prefix + item.middle + item.suffix in text and item.middle.strip()


def test_the_same_seed_gives_the_same_holes(library: Path) -> None:
    assert general_holes(3, 1, library) == general_holes(3, 1, library) != general_holes(3, 2, library)


def test_the_interpreter_s_own_library_has_enough() -> None:
    found = general_holes(20, 1)
    assert len({item.path for item in found}) == 20
    library = Path(sysconfig.get_paths()["stdlib"])
    assert all((library / item.path).is_file() and "site-packages" not in item.path for item in found)


def test_an_interpreter_without_source_is_said(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(TrainingError, match="no source"):
            general_holes(10, 1, place)
