"""Chromium: the one that is here, else Debian's where this may be installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.editors.programs.kept import Unavailable, run

PACKAGE = "chromium-headless-shell"
"""Without windows of its own, which nobody would see: an editor opens in a tenth less time."""
NAMES = (PACKAGE, "chromium", "chromium-browser", "google-chrome", "chrome")


def find() -> Path:
    """The program. Raises ``Unavailable``."""
    found = _here()
    if found is None:
        _install()
        found = _here()
    if found is None:
        raise Unavailable("Chromium was installed and is not there")
    return found


def _here() -> Path | None:
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Unavailable("Chromium is not installed, and only root could install it from Debian's packages")
    run([apt, "update"])
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([apt, "install", "--yes", "--no-install-recommends", PACKAGE, "fonts-dejavu-core"], env=quiet)
