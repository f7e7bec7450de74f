"""Emacs in a terminal, with lsp-mode and what that needs; eglot is part of Emacs."""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.editors.programs import debian
from tests.editors.programs.kept import Unavailable, kept, run

SUITE = "testing"
"""It has lsp-mode 10 and, of the same age, Emacs 30; bookworm-backports has Emacs only, and not all that it needs."""
START_S = 60.0
_SHARED = Path("usr/share/emacs")
_PACKAGES = _SHARED / "site-lisp/elpa-src"
_COMPILERS = ("usr/include", "usr/lib/gcc", "usr/libexec/gcc")
"""What a native compilation would need: most of what is unpacked, and nothing that runs here."""
_LSP_MODE = tuple(
    f"lsp-{part}.el"
    for part in (
        "protocol",
        "mode",
        "completion",
        "inline-completion",
        "modeline",
        "headerline",
        "icons",
        "diagnostics",
    )
)
_WORKS = "(progn (require 'lsp-inline-completion) (require 'eglot) (princ (format \"%s\" emacs-major-version)))"


@dataclass(frozen=True, slots=True)
class Emacs:
    """An executable, and the folders of packages that are no part of it."""

    executable: Path
    packages: tuple[Path, ...]


def emacs() -> Emacs:
    """Emacs 30 or later with lsp-mode 10 or later; raises ``Unavailable``."""
    return _at(kept(f"emacs-30-lsp-mode-10-{SUITE}", lambda made: _works(_at(made)), _install))


def _at(folder: Path) -> Emacs:
    return Emacs(folder / "emacs-nox", tuple(sorted((folder / _PACKAGES).glob("*"))))


def _install(folder: Path) -> None:
    if platform.system() != "Linux":
        raise Unavailable("packages of Debian run on Linux only")
    debian.unpack(["emacs-nox", "elpa-lsp-mode"], SUITE, folder)
    for name in _COMPILERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    version = next((path.name for path in sorted((folder / _SHARED).glob("[0-9]*"))), "")
    helpers = next((folder / "usr/libexec/emacs" / version).glob("*-linux-gnu*"), None)
    image = next(helpers.glob("*.pdmp"), None) if helpers is not None else None
    if helpers is None or image is None:
        raise Unavailable(f"Debian's Emacs {version} has no dumped image")
    # Through a loader that is not the system's, Emacs looks for its image beside itself only.
    (folder / "usr/bin/emacs-nox.pdmp").symlink_to(Path("../..") / image.relative_to(folder))
    places = {
        "EMACSLOADPATH": _SHARED / version / "lisp",
        "EMACSDATA": _SHARED / version / "etc",
        "EMACSDOC": _SHARED / version / "etc",
        "EMACSPATH": helpers.relative_to(folder),
    }
    wrapper = debian.wrapper(folder, "usr/bin/emacs-nox", {name: str(place) for name, place in places.items()})
    found = _at(folder)
    # Byte code loads in a tenth of the time.
    sources = [path for package in found.packages for path in sorted(package.glob("*.el")) if _is_loaded(path)]
    run([wrapper, *_batch(found), "-f", "batch-byte-compile", *sources])


def _is_loaded(path: Path) -> bool:
    """Of lsp-mode itself, not its many clients of other servers."""
    if path.parent.name.startswith("lsp-mode-"):
        return path.name in _LSP_MODE
    return not path.name.endswith(("-pkg.el", "-autoloads.el"))


def _batch(found: Emacs) -> list[str]:
    compiles_nothing = "(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil)"
    paths = [word for package in found.packages for word in ("-L", str(package))]
    return ["--batch", "-Q", *paths, "--eval", compiles_nothing]


def _works(found: Emacs) -> bool:
    try:
        done = subprocess.run(
            [str(found.executable), *_batch(found), "--eval", _WORKS],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=START_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = done.stdout.strip()
    return done.returncode == 0 and version.isdecimal() and int(version) >= 30
