"""Which fimble this is: its version, and in a checkout also when its sources were changed last.

Who works on fimble, or pulls it, has a new fimble under the old version's number, and a daemon of the old one runs on.
"""

from __future__ import annotations

from pathlib import Path

import fimble

_INSTALLED = frozenset({"site-packages", "dist-packages"})


def this_build() -> str:
    """Comes after that of an older version, and after that of the same checkout before a change."""
    root = Path(fimble.__file__).parent
    return fimble.__version__ if _INSTALLED & {*root.parts} else version_of(fimble.__version__, root)


def version_of(version: str, root: Path) -> str:
    """``version``, with the seconds of the last change of a source file below ``root``."""
    try:
        changed_s = max(int(file.stat().st_mtime) for file in root.rglob("*.py"))
    except (OSError, ValueError):
        return version
    return f"{version}+{changed_s}"
