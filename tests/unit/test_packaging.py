"""The wheel carries what a person needs who has no checkout: the package and the catalogue."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import fimble
from fimble.config import Config

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_package_catalogue_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "fimble/__main__.py" in names
    assert "fimble/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    expected = {f"fimble/_models/{file.name}" for file in (ROOT / "models").glob("*.toml")}
    assert expected
    assert expected <= set(names)
    assert [name for name in names if not name.startswith(("fimble/", "fimble-"))] == []


@pytest.mark.parametrize(
    ("system", "machine", "is_wanted"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", True),
        ("linux", "riscv64", False),
        ("darwin", "arm64", True),
        ("win32", "AMD64", True),
        ("win32", "ARM64", False),
        ("freebsd15", "amd64", False),
    ],
)
def test_the_tests_own_server_is_installed_where_it_has_a_wheel(system: str, machine: str, is_wanted: bool) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = (one for one in map(Requirement, project["optional-dependencies"]["test"]) if one.name == "xllamacpp")
    assert wanted.marker is not None
    assert wanted.marker.evaluate({"sys_platform": system, "platform_machine": machine}) is is_wanted


def test_an_unpacked_wheel_knows_its_models_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import fimble; from fimble.weights import catalog; print(fimble.__file__); print(*catalog.names())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "FIMBLE_HOME": str(tmp_path / "home")},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    place, names = done.stdout.splitlines()
    assert Path(place).is_relative_to(tmp_path)
    assert set(names.split()) == {file.stem for file in (ROOT / "models").glob("*.toml")}


def test_constraints_name_versions_and_no_index() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if not all(pin.partition("=="))] == []
    assert [pin for pin in pins if "/" in pin or pin.startswith("-")] == []


def test_the_extension_has_the_version_of_its_server() -> None:
    client = json.loads((ROOT / "vscode-client/package.json").read_text(encoding="utf-8"))
    assert client["version"] == fimble.__version__


def test_the_extension_offers_the_options_that_the_server_knows() -> None:
    source = (ROOT / "vscode-client/src/settings.ts").read_text(encoding="utf-8")
    told = dict(re.findall(r"^  (\w+): \"(\w+)\",$", source, re.MULTILINE)) | {"disabledPaths": "disabled_paths"}
    client = json.loads((ROOT / "vscode-client/package.json").read_text(encoding="utf-8"))
    offered = {
        name.removeprefix("fimble."): setting
        for section in client["contributes"]["configuration"]
        for name, setting in section["properties"].items()
    }
    own = {"suggestIn", "server.path", "server.python", "server.home", "trace.server"}
    assert set(told) == set(offered) - own
    for name, option in told.items():
        default = getattr(Config(), option)
        assert offered[name]["default"] == (list(default) if isinstance(default, tuple) else default), name
