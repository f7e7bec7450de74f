"""VS Code with the packed extension, and the real model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.editors.conftest import installed
from tests.editors.programs import chromium, code_server, kept
from tests.editors.programs.code_server import CodeServer as Program
from tests.editors.programs.kept import Unavailable, run
from tests.editors.vscode.code_server import CodeServer, with_extension
from tests.editors.vscode.window import Window

CLIENT = Path(__file__).parents[3] / "vscode-client"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Open = Callable[..., Window]
OwnVSCode = Callable[..., CodeServer]


@pytest.fixture(scope="session")
def program() -> Program:
    return installed(code_server.find)


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The extension, packed as ``make vsix`` packs it."""
    return installed(packed)


def packed() -> Path:
    """The extension, packed anew. Raises ``Unavailable``."""
    npm = prepared()
    environ = {**os.environ, "PYTHON": sys.executable}
    pack = [npm, "run", "--silent", "pack"]
    subprocess.run(pack, cwd=CLIENT, env=environ, check=True, capture_output=True, timeout=300)
    return CLIENT / "fimble.vsix"


def prepared() -> str:
    """npm, when what the extension is built with is there. Raises ``Unavailable``."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed")
    if not (CLIENT / "node_modules/.package-lock.json").exists():
        run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=CLIENT)
    return npm


@pytest.fixture(scope="module")  # while it lives, nothing else in this thread can have an event loop
def browser() -> Iterator[Browser]:
    path = installed(chromium.find)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def settings(fimble_command: list[str]) -> dict[str, Any]:
    """The person's settings: this very fimble serves."""
    return {"fimble.server.path": fimble_command[0], "fimble.recordAcceptance": False}


@pytest.fixture(scope="session")
def extensions(program: Program, vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of extensions, with this one installed."""
    return with_extension(program, vsix, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def vscode(
    program: Program, extensions: Path, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CodeServer]:
    """A code-server with the extension, for all tests; each opens windows of its own."""
    with CodeServer(program, tmp_path_factory.mktemp("vscode"), extensions, settings, _caches()) as server:
        yield server


@pytest.fixture
def own_vscode(program: Program, extensions: Path, settings: dict[str, Any], tmp_path: Path) -> Iterator[OwnVSCode]:
    """Starts a code-server of a test's own, with settings over the usual ones."""
    with ExitStack() as stack:

        def start(changes: dict[str, Any], environ: dict[str, str] | None = None, trust: bool = True) -> CodeServer:
            both, variables = {**settings, **changes}, {**_caches(), **(environ or {})}
            server = CodeServer(program, tmp_path / "vscode", extensions, both, variables, trust)
            return stack.enter_context(server)

        yield start


def _caches() -> dict[str, str]:
    """Another HOME must not lose the model that is prepared in this one, nor the packages that were downloaded."""
    from fimble.config import home

    return {"FIMBLE_HOME": str(home()), "PIP_CACHE_DIR": str(kept.home() / "pip")}


@pytest.fixture
def open_file(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a file in a new window of a code-server, in a workspace of its own."""
    contexts = []

    def open_file(server: CodeServer, text: str = "", name: str = "main.py", workspace: str = "") -> Window:
        folder = tmp_path / "project"
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.goto(server.address(folder / workspace if workspace else folder, file))
        window = Window(page, file)
        window.wait_open()
        return window

    yield open_file
    for context in contexts:
        context.close()
