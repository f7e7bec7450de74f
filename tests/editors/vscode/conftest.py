"""VS Code with the packed extension, and the real model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from uv import find_uv_bin

from fimble.config import home
from tests.editors.conftest import installed
from tests.editors.programs import chromium, code_server, kept
from tests.editors.programs.code_server import CodeServer as Program
from tests.editors.programs.kept import Unavailable, run
from tests.editors.vscode.code_server import CodeServer, with_extension
from tests.editors.vscode.window import PATIENCE_S, Window

CLIENT = Path(__file__).parents[3] / "vscode-client"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Several windows are open at once, and each is a person's.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
]
Open = Callable[..., Window]
OwnVSCode = Callable[..., CodeServer]
Starting = Callable[..., AbstractContextManager[CodeServer]]
NOTHING = {"fimble.server.path": ""}
"""The settings of a person who has nothing installed yet."""


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


@pytest.fixture(scope="package")  # while it lives, nothing else in this thread can have an event loop
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
def starting(
    program: Program, extensions: Path, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Starting:
    """Makes a code-server that keeps all in ``folder``, with settings over the usual ones."""
    usual = _variables(own_home(tmp_path_factory.mktemp("home"), "models", "encoders", "sources"))

    def starting(
        folder: Path, changes: dict[str, Any], environ: dict[str, str] | None = None, trust: bool = True
    ) -> CodeServer:
        both, variables = {**settings, **changes}, {**usual, **(environ or {})}
        return CodeServer(program, folder, extensions, both, variables, trust)

    return starting


@pytest.fixture(scope="session")
def vscode(starting: Starting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """A code-server with the extension, for all tests; each opens files of its own."""
    with starting(tmp_path_factory.mktemp("vscode"), {}) as server:
        yield server


@pytest.fixture
def own_vscode(starting: Starting, tmp_path: Path) -> Iterator[OwnVSCode]:
    """Starts a code-server of a test's own, with settings over the usual ones."""
    with ExitStack() as stack:
        yield lambda *changes, **options: stack.enter_context(starting(tmp_path / "vscode", *changes, **options))


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that comes first where ``bare_vscode`` looks for programs; there is nothing in it yet."""
    return tmp_path_factory.mktemp("tools")


@pytest.fixture(scope="session")
def bare_vscode(starting: Starting, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """A code-server of a person who has nothing installed. Making an environment takes long: tests go on with it."""
    environ = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    with starting(tmp_path_factory.mktemp("bare"), NOTHING, environ) as server:
        yield server


def have_uv(tools: Path) -> None:
    """From now on uv is among the ``tools``, as if the person had installed it."""
    if not (tools / "uv").exists():
        (tools / "uv").symlink_to(find_uv_bin())


def own_home(folder: Path, *shared: str) -> Path:
    """A home of fimble's for tests: indexes and the like stay in it, and what is ``shared`` is the person's."""
    made = folder / "fimble"
    made.mkdir()
    for name in shared:
        if (home() / name).is_dir():
            (made / name).symlink_to(home() / name)
    return made


def _variables(own_home: Path) -> dict[str, str]:
    """Another HOME must not lose the packages that were downloaded.

    Modules are compiled when they are imported, not all of them when they are installed: that is half of the work.
    """
    not_all = {"PIP_NO_COMPILE": "0"}  # of options that begin with --no pip wants to hear the opposite
    caches = {"PIP_CACHE_DIR": str(kept.home() / "pip"), "UV_CACHE_DIR": str(kept.home() / "uv")}
    return {"FIMBLE_HOME": str(own_home), **caches, **not_all}


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What all windows share: the scripts of the workbench, which are read and compiled once."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_S * 1000)
    yield context
    context.close()


@pytest.fixture
def open_file(context: BrowserContext, tmp_path: Path) -> Iterator[Open]:
    """Opens a file in a new window of a code-server, in a workspace of its own."""
    with ExitStack() as stack:

        def open_file(server: CodeServer, text: str = "", name: str = "main.py", workspace: str = "") -> Window:
            file = write(tmp_path / "project", text, name)
            folder = tmp_path / "project" / workspace
            return stack.enter_context(window(context, server, folder, file))

        yield open_file


@pytest.fixture(scope="package")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="package")
def shared_window(context: BrowserContext, vscode: CodeServer, shared_folder: Path) -> Iterator[Window]:
    with window(context, vscode, shared_folder, write(shared_folder, "", "first.txt")) as shared:
        shared.wait_ready()
        yield shared


@pytest.fixture
def open_here(shared_window: Window, shared_folder: Path, tmp_path: Path) -> Open:
    """Opens a file, alone in its folder, in the window that tests share; nothing else is open then."""

    def open_here(text: str) -> Window:
        shared_window.open(write(shared_folder / tmp_path.name, text, f"{tmp_path.name}.py"))
        return shared_window

    return open_here


def write(folder: Path, text: str, name: str) -> Path:
    """The file, with any text that Python can hold."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return file


@contextmanager
def window(context: BrowserContext, server: CodeServer, folder: Path, file: Path) -> Iterator[Window]:
    """A window on ``folder``, or on a workspace's file, with ``file`` open."""
    page = context.new_page()
    page.goto(server.address(folder, file))
    window = Window(page, file)
    window.wait_open()
    if folder.is_file():
        window.wait_folders()
    yield window
    page.close()
