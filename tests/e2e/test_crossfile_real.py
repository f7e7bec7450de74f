"""The real model is shown what lies in files that nobody opened, and ``fimble/why`` says which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fimble.config import home
from tests.e2e.editor import REAL_SERVER, Editor

LOAD_S = 240.0
ANSWER_S = 120.0
GAUGES = '''"""Gauges of the plant."""


class BoilerGauge:
    """Reads the boiler."""

    def __init__(self, station: str) -> None:
        self.station = station

    def pressure_in_millibar(self) -> int:
        """Pressure in the boiler."""
        return 1013
'''
CALLER = '''"""Reports on the plant."""

from plant.gauges import BoilerGauge


def report(station: str) -> str:
    """A line on the pressure in the boiler."""
    gauge = BoilerGauge(station)
    pressure = gauge.
    return f"{station}: pressure {pressure} mbar"
'''
LINE = CALLER[: CALLER.index("gauge.\n")].count("\n")
CHARACTER = len("    pressure = gauge.")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "plant").mkdir(parents=True)
    (folder / "plant" / "__init__.py").touch()
    (folder / "plant" / "gauges.py").write_text(GAUGES)
    (folder / "report.py").write_text(CALLER)
    return folder


@pytest.fixture
def own_home(tmp_path: Path, default_model: str) -> Path:
    """The installed models, and no index yet."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(home() / "models")
    return folder


@pytest.fixture
def editor(work: Path, own_home: Path) -> Iterator[Editor]:
    environ = {"FIMBLE_HOME": str(own_home), "FIMBLE_PROVIDER": "cpu", "FIMBLE_THOROUGH": "0"}
    with Editor("--stdio", "--log-level", "info", command=REAL_SERVER, environ=environ) as editor:
        editor.initialize(workspaceFolders=[{"uri": work.as_uri(), "name": "work"}])
        editor.wait_ready(LOAD_S)
        editor.wait_said("window/logMessage", "work: words can be searched", LOAD_S)
        yield editor
        assert "Traceback" not in editor.stderr


def test_a_method_of_a_class_in_a_file_that_was_never_opened(editor: Editor, work: Path) -> None:
    uri = (work / "report.py").as_uri()
    editor.open(CALLER, uri)
    (item, *_) = editor.items(editor.ask_completion(LINE, CHARACTER, uri, invoked=True), ANSWER_S)
    assert item["insertText"].startswith("pressure_in_millibar()"), item
    why = editor.request("fimble/why", {"textDocument": {"uri": uri}})
    shown = {entry["path"]: entry["why"] for entry in why["context"]}
    assert "BoilerGauge" in shown["plant/gauges.py"]
