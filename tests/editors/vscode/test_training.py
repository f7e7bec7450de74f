"""Training from VS Code: in a terminal of its own, with what it needs installed first."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import Open, Starting, have_uv, window, write
from tests.editors.vscode.test_ghost_text import ADD
from tests.editors.vscode.test_set_up import agree, environments
from tests.editors.vscode.window import SET_UP_PATIENCE_S, Window

ROOT = Path(__file__).parents[3]
TITLE = "fimble: Train on This Workspace…"
ODD = 'it\'s "mine"; $(touch sprung)'
"""A folder's name that a shell would read as more than a name."""


def wait_terminal(window: Window, text: str) -> None:
    """Wait for ``text`` in the terminal, however its lines are divided."""
    wanted = "".join(text.split())
    window.until(lambda: wanted in "".join(window.terminal.split()), f"{text!r} in the terminal {window.terminal!r}")


def workspace_of(folder: Path, *names: str, **settings: Any) -> str:
    """The name of a workspace's file in ``folder`` with these folders, which are made."""
    for name in names:
        (folder / name).mkdir(parents=True)
    wanted = {"folders": [{"path": name} for name in names], "settings": settings}
    return write(folder, json.dumps(wanted), "both.code-workspace").name


@dataclass(frozen=True, slots=True)
class Training:
    """A window on a workspace of two folders, the second with an ``ODD`` name and without files."""

    server: CodeServer
    window: Window
    folder: Path


@pytest.fixture(scope="module")
def training(
    context: BrowserContext, starting: Starting, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Training]:
    folder = tmp_path_factory.mktemp("training")
    project = folder / "project"
    workspace = project / workspace_of(project, "first", ODD, **{"fimble.disabledPaths": ["main.py"]})
    file = write(project, ADD, "first/main.py")
    with starting(folder, {}) as server, window(context, server, workspace, file) as opened:
        opened.wait_ready()
        yield Training(server, opened, folder)


def test_the_command_runs_in_a_terminal_of_its_own(training: Training) -> None:
    window = training.window
    window.command(TITLE, ODD)
    wait_terminal(window, f"There are no files in {training.folder / 'project' / ODD}")  # the command's own words
    wait_terminal(window, "Name the folder of a repository with code.")
    tabs = window.page.locator(".terminal-outer-container, .composite.title, .part.panel")
    window.until(lambda: any("fimble train" in text for text in tabs.all_inner_texts()), "the terminal's title")
    assert not list(training.folder.rglob("sprung"))
    window.command("Notifications: Clear All Notifications")
    window.command("fimble: Menu", "Train on this workspace…", "first")
    wait_terminal(window, "1 x the privacy rules keep it private")  # what the person's settings say is told
    window.until(lambda: not training.server.processes("train"), "it has ended")


def test_what_a_python_lacks_is_told(training: Training) -> None:
    window, before = training.window, training.server.language_servers()
    program = lacking(training.folder / "own environment")
    training.server.change({"fimble.server.path": str(program)})
    window.until(lambda: not set(before) & set(training.server.language_servers()), "the other server is gone")
    window.wait_ready()
    window.command(TITLE, "first")
    modal = window.modal("Training needs packages that fimble's Python does not have")
    text = " ".join(modal.inner_text().split())
    assert "the setting fimble.server.path, which is yours" in text
    assert f"uv pip install --python '{program.with_name('python')}' " in text
    assert " torch==2.13.0 " in text and " numpy" not in text
    modal.get_by_role("button", name="Copy Command").wait_for()
    modal.get_by_role("button", name="Cancel").click()
    window.until(lambda: not window.page.locator(".monaco-dialog-box").count(), "the dialog is gone")
    for _ in range(20):  # a run takes longer than they are apart
        assert not training.server.processes("train")
        window.page.wait_for_timeout(100)


def lacking(folder: Path) -> Path:
    """A program ``fimble`` that serves, beside a Python that knows what fimble needs, and has nothing of it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/*/site-packages")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [
        *project["dependencies"],
        *(f"{each}; extra == 'train'" for each in project["optional-dependencies"]["train"]),
    ]
    lines = ["Metadata-Version: 2.4", "Name: fimble", "Version: 0.1.0", *(f"Requires-Dist: {need}" for need in needs)]
    write(packages / "fimble-0.1.0.dist-info", "\n".join(lines), "METADATA")
    program = folder / "bin/fimble"
    program.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).with_name("fimble")}" "$@"\n')
    program.chmod(0o755)
    return program


def test_what_training_needs_is_installed_when_one_agrees(
    bare_vscode: CodeServer, open_file: Open, tools: Path, default_model: str
) -> None:
    server = bare_vscode
    have_uv(tools)
    is_set_up = bool(environments(server))
    window = open_file(server, ADD)
    if not is_set_up:
        agree(window)
    window.wait_ready(SET_UP_PATIENCE_S)
    (serving,) = environments(server)
    window.command(TITLE)
    modal = window.modal("Training needs packages that are not installed yet")
    assert "PyTorch, transformers and others" in modal.inner_text()
    modal.get_by_role("button", name="Cancel").click()
    window.until(lambda: not window.page.locator(".monaco-dialog-box").count(), "the dialog is gone")
    window.command(TITLE)
    window.modal("Training needs packages").get_by_role("button", name="Install").click()
    window.wait_message("fimble: installing what training needs")
    window.until(lambda: len(environments(server)) == 2, "an environment beside the one that serves")
    window.answer("fimble: installing what training needs", "Cancel")
    window.until(lambda: environments(server) == [serving], "nothing is left of it")
    assert window.status == "fimble: CPU"
    # As if it had been installed: what it holds is of no account, as only the command's own words are looked for.
    shutil.copytree(serving, serving.with_name(f"{serving.name}-train"), symlinks=True)
    window.command(TITLE)
    wait_terminal(window, "Install fimble with the extra")
