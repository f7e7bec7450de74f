"""One code-server: VS Code for the browser, with a home, settings and extensions of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from tests.editors.programs.code_server import CodeServer as Program

START_S = 90.0
"""Much longer than it takes."""
SETTINGS: dict[str, Any] = {
    "files.autoSave": "off",
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": False,
    "workbench.editor.empty.hint": "hidden",
    "chat.disableAIFeatures": True,
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "telemetry.telemetryLevel": "off",
    "terminal.integrated.gpuAcceleration": "off",
    "update.mode": "none",
    "window.restoreWindows": "none",
}
OF_MACHINE = ("fimble.server.", "fimble.model", "fimble.provider")
"""How the names begin of the settings that belong to a machine, as far as tests change them."""


class CodeServer:
    """A context manager that leaves no process behind."""

    def __init__(
        self,
        program: Program,
        folder: Path,
        extensions: Path,
        settings: dict[str, Any],
        environ: dict[str, str],
        trust: bool = True,
    ) -> None:
        """``folder`` keeps everything that VS Code writes, ``extensions`` what ``with_extension`` installed.

        ``trust``: whether all workspaces are trusted.
        """
        self._program, self.folder, self._extensions = program, folder, extensions
        self._trust = trust
        as_given = {"VSCODE_CLI": "1"}  # else it takes over what a login shell would set
        self._environ = {**os.environ, "HOME": str(folder / "home"), **as_given, **environ}
        for name in ("home", "user"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self.change({})
        self._log = (folder / "code-server.log").open("w+")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def change(self, settings: dict[str, Any]) -> None:
        """Write the person's settings, these over those that it began with.

        Those that belong to a machine are written for the machine as well: this is a remote window, which passes
        over them in the person's settings as soon as it reads these anew. Windows that are open see a change of
        the machine's file, and none of the person's.
        """
        wanted = {**SETTINGS, **self._settings, **settings}
        of_machine = {name: value for name, value in wanted.items() if name.startswith(OF_MACHINE)}
        for place, values in (("User", wanted), ("Machine", of_machine)):
            file = self.folder / "user" / place / "settings.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))

    def __enter__(self) -> CodeServer:
        quiet = [
            "--disable-telemetry",
            "--disable-update-check",
            "--disable-getting-started-override",
            "--auth",
            "none",
        ]
        if self._trust:
            quiet.append("--disable-workspace-trust")
        command = [*self._command(), *quiet, "--bind-addr", "127.0.0.1:0"]
        self._process = subprocess.Popen(
            command, env=self._environ, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT
        )
        deadline_s = time.monotonic() + START_S
        while not (found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.log)):
            assert time.monotonic() < deadline_s and self._process.poll() is None, self.log
            time.sleep(0.05)
        self.port = int(found[1])
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    @property
    def fimble_home(self) -> Path:
        """Where the servers of its windows keep their things."""
        return Path(self._environ["FIMBLE_HOME"])

    def language_servers(self) -> list[psutil.Process]:
        """Those that run."""
        return self.processes("--stdio")

    def processes(self, word: str) -> list[psutil.Process]:
        """Its processes, of any depth, with ``word`` in their command line."""
        assert self._process is not None
        found = psutil.Process(self._process.pid).children(recursive=True)
        return [child for child in found if word in _words(child)]

    @property
    def log(self) -> str:
        """What it wrote so far."""
        return Path(self._log.name).read_text(errors="replace")

    def address(self, folder: Path, *files: Path) -> str:
        """What a browser opens to see ``folder``, or a workspace's file, with ``files``."""
        remote = f"vscode-remote://127.0.0.1:{self.port}"
        payload = json.dumps([["openFile", f"{remote}{file}"] for file in files])
        kind = "folder" if folder.is_dir() else "workspace"
        return f"http://127.0.0.1:{self.port}/?{kind}={folder}&payload={payload}"

    def _command(self) -> list[str]:
        folders = ["--user-data-dir", str(self.folder / "user"), "--extensions-dir", str(self._extensions)]
        return [str(self._program.node), str(self._program.entry), *folders]


def with_extension(program: Program, vsix: Path, folder: Path) -> Path:
    """A folder of extensions, in ``folder``, with this one installed."""
    made = folder / "extensions"
    places = ["--user-data-dir", str(folder / "user"), "--extensions-dir", str(made)]
    command = [str(program.node), str(program.entry), *places, "--install-extension", str(vsix)]
    environ = {**os.environ, "HOME": str(folder)}
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=START_S)
    return made


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []  # it has just ended
