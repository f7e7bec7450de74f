"""Builds the server's wheel for the extension: ``python scripts/wheel.py FOLDER``.

Its members are stored, not compressed, so that the whole can be compressed as one stream: that is a third smaller.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ("fimble/bench/", "fimble/cli/bench/")
"""What nobody measures from an editor."""


def main(folder: Path) -> None:
    """Write the wheel and the versions of what it needs into ``folder``, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", temporary]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (built,) = Path(temporary).glob("*.whl")
        with zipfile.ZipFile(built) as source, zipfile.ZipFile(folder / built.name, "w", zipfile.ZIP_STORED) as target:
            for member in source.infolist():
                if member.filename.startswith(LEFT_OUT):
                    continue
                data = source.read(member)
                if member.filename.endswith(".dist-info/RECORD"):
                    data = b"".join(line for line in data.splitlines(True) if not line.decode().startswith(LEFT_OUT))
                target.writestr(zipfile.ZipInfo(member.filename, member.date_time), data)
    shutil.copyfile(ROOT / "constraints.txt", folder / "constraints.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
