"""Which lines need another file, by the rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.bench.foreign import Hole, holes, projects
from fimble.errors import DocumentError

TOOLS = '''"""Tools."""

SPEED_LIMIT = 30


class Vehicle:
    def accelerate(self, by):
        return by

    def stop(self):
        return 0


def measured_speed(vehicle):
    return vehicle.accelerate(0)


def shared_name(x):
    return x
'''
PADDING = "".join(f"value_{number} = compute({number})\n" for number in range(40))
USER = f'''from tools import SPEED_LIMIT, Vehicle, measured_speed
from tools import shared_name

def drive(vehicle):
    # measured_speed comes from the scales
    speed = measured_speed(vehicle)
    """a text over two lines
    Vehicle.accelerate(1, 2)
    """
    too_fast = speed > SPEED_LIMIT * 2
    vehicle.stop()
    shared_name(speed) + shared_name(2)
    shared_name(speed)
{PADDING}'''
OTHER = "def compute(stop):\n    return stop\n"


def project_in(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def names(found: list[Hole]) -> set[str]:
    return {hole.name for hole in found}


def test_the_rule(tmp_path: Path) -> None:
    found = holes(project_in(tmp_path, tools=TOOLS, user=USER, other=OTHER), 10, 1)
    assert names(found) == {"SPEED_LIMIT"}, (
        "measured_speed is in a comment, Vehicle in no code, stop is a parameter elsewhere, shared_name is there twice"
    )
    (hole,) = found
    assert (hole.expected, hole.kind, hole.home, hole.path) == (
        "too_fast = speed > SPEED_LIMIT * 2", "constant", "tools.py", "user.py",
    )  # fmt: skip
    assert hole.prefix + hole.expected + hole.suffix == USER
    assert hole.is_imported and not hole.has_twin
    assert hole.cursor.line_prefix == "    " and "SPEED_LIMIT *" not in hole.cursor.snapshot.text


def test_the_cursor_before_the_name(tmp_path: Path) -> None:
    (hole,) = holes(project_in(tmp_path, tools=TOOLS, user=USER, other=OTHER), 10, 1, "name")
    assert hole.cursor.line_prefix == "    too_fast = speed > " and hole.expected == "SPEED_LIMIT * 2"
    assert hole.prefix + hole.expected + hole.suffix == USER


def test_a_line_that_another_file_holds_is_left_out_and_one_nearly_the_same_is_known(tmp_path: Path) -> None:
    copy = "def f(speed, SPEED):\n    too_fast = speed > SPEED_LIMIT * 2\n"
    project = project_in(tmp_path, tools=TOOLS, user=USER, other=OTHER, copy=copy)
    with pytest.raises(DocumentError):
        holes(project, 10, 1)
    project_in(tmp_path, copy=copy.replace("* 2", "* 3"))
    assert holes(project, 10, 1)[0].has_twin


def test_a_seed_names_the_lines(tmp_path: Path) -> None:
    users = {f"user_{number}": USER.replace("* 2", f"* {number}") for number in range(9)}
    project = project_in(tmp_path, tools=TOOLS, other=OTHER, **users)
    assert holes(project, 5, 3) == holes(project, 5, 3)
    assert len(holes(project, 5, 3)) == 5
    assert len(holes(project, 99, 3)) == 9, "as many as there are"


def test_projects(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src" / "a.py").write_text("x = 1\n")
    assert [path.name for path in projects(tmp_path)] == ["one", "two"]
    (tmp_path / "pyproject.toml").touch()
    assert projects(tmp_path) == [tmp_path]
    with pytest.raises(DocumentError, match="no folder"):
        holes(tmp_path / "nowhere", 1, 1)
