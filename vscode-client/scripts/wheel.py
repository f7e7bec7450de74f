"""Builds the server's wheel for the extension, in parts: ``python scripts/wheel.py FOLDER``.

What can be computed is left out, and what only a registry shows: the extension makes a whole wheel of them. All parts
follow each other without gaps, so that they can be compressed as one stream, a third smaller than one by one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from lean import lean

ROOT = Path(__file__).resolve().parents[2]
FROM_NOTHING = ("configuration", "decoder", "release", "seq2seq", "sequences", "vocabulary", "zero")
LEFT_OUT = ("fimble/bench/", "fimble/cli/bench/", *(f"fimble/training/{name}.py" for name in FROM_NOTHING))
"""What nobody does from an editor: to measure, and to train a model from nothing."""
WITH_WORDS = "fimble/cli/"
"""Where docstrings are read at run time: by ``--help``."""


def main(folder: Path) -> None:
    """Write the parts and the versions of what the wheel needs into ``folder``, which is emptied first.

    The parts: a line with all names and sizes as JSON, then the files' bytes. ``src/environment/wheel.ts`` reads them.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", temporary]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (built,) = Path(temporary).glob("*.whl")
        with zipfile.ZipFile(built) as wheel:
            kept = [name for name in wheel.namelist() if not name.startswith(LEFT_OUT) and not name.endswith("/RECORD")]
            parts = [(name, _shortened(name, wheel.read(name))) for name in kept]
        listed = json.dumps([(name, len(data)) for name, data in parts], separators=(",", ":"))
        (folder / built.name).write_bytes(listed.encode() + b"\n" + b"".join(data for _, data in parts))
    shutil.copyfile(ROOT / "constraints.txt", folder / "constraints.txt")


def _shortened(name: str, data: bytes) -> bytes:
    """Sources without what does not run, the metadata without the README below it, everything else as it is."""
    if name.endswith(".py"):
        return lean(data, name.startswith(WITH_WORDS))
    return data.partition(b"\n\n")[0] + b"\n\n" if name.endswith(".dist-info/METADATA") else data


if __name__ == "__main__":
    main(Path(sys.argv[1]))
