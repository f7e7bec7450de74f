"""The source packages that benchmarks type through: named releases of PyPI, pinned by sha256.

pip fetches the wheels, so that a person's own index configuration holds, and checks the
digest itself. They are files to us and nothing else: only their sources are read out of
the zip, and nothing of them is installed, imported or run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fimble.config import home
from fimble.errors import ChecksumMismatch, DownloadFailed
from fimble.weights.digest import sha256_of

DOWNLOAD_S = 300.0


@dataclass(frozen=True, slots=True)
class Package:
    """One wheel, which every platform shares."""

    name: str
    version: str
    sha256: str

    @property
    def wheel(self) -> str:
        return f"{self.name}-{self.version}-py3-none-any.whl"


DEFAULT = (
    Package("flask", "3.1.3", "f4bcbefc124291925f1a26446da31a5178f9483862233b23c0c96a20701f670c"),
    Package("requests", "2.34.2", "2a0d60c172f83ac6ab31e4554906c0f3b3588d37b5cb939b1c061f4907e278e0"),
    Package("rich", "15.0.0", "33bd4ef74232fb73fe9279a257718407f169c09b78a87ad3d296f548e27de0bb"),
)
"""All versions are named, so that a number can be measured again."""
RECENT = (
    Package("openai_agents", "0.24.0", "18d4ac34e84ed937333ec8ce46395ed3521ffcbb0a521780a4c2eaa451467f49"),
    Package("pydantic_ai_slim", "2.68.0", "bb2fe81f198b77da7686f7b78c78c8a8ce966807c77d9ae277950fc20b77b165"),
)
"""Projects begun after the catalogue's models were trained, which know none of their names: like a person's own."""


def recent_folder() -> Path:
    """Where those of ``RECENT`` gather."""
    return home() / "bench" / "recent"


def default_folder() -> Path:
    """Where the packages' sources gather: one folder for each release."""
    return home() / "bench" / "corpus"


def fetch(
    packages: Sequence[Package] = DEFAULT,
    folder: Path | None = None,
    on_package: Callable[[int], None] = lambda number: None,
) -> Path:
    """The folder that holds the sources of ``packages``; what is missing there is fetched first.

    Raises ``DownloadFailed`` (offline) or ``ChecksumMismatch``.
    """
    folder = folder or default_folder()
    for number, package in enumerate(packages):
        on_package(number)
        if not (folder / f"{package.name}-{package.version}").is_dir():
            _install(package, folder)
    return folder


def unpack(wheel: Path, package: Package, folder: Path) -> None:
    """Read the sources of ``wheel`` into ``folder``, whole or not at all. Raises ``ChecksumMismatch``."""
    if sha256_of(wheel) != package.sha256:
        raise ChecksumMismatch(
            f"{wheel.name} is not the file that the benchmark names.", "Another file gives other numbers."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory(dir=folder) as temporary:
        for member in archive.infolist():
            place = PurePosixPath(member.filename)
            if place.suffix == ".py" and not place.is_absolute() and ".." not in place.parts:
                archive.extract(member, temporary)
        target = folder / f"{package.name}-{package.version}"
        if not target.is_dir():
            Path(temporary).rename(target)
            Path(temporary).mkdir()


def _install(package: Package, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        temporary = Path(name)
        wanted = temporary / "wanted.txt"
        wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
        command = [
            *(sys.executable, "-P", "-m", "pip", "download", "--requirement", str(wanted), "--dest", str(temporary)),
            *("--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input", "--disable-pip-version-check"),
        ]
        environment = os.environ | {"TMPDIR": name, "TEMP": name, "TMP": name}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=DOWNLOAD_S, check=False
            )
            messages = done.stderr.strip()
        except subprocess.TimeoutExpired:
            messages = f"no answer in {DOWNLOAD_S:.0f} s"
        wheel = temporary / package.wheel
        if not wheel.is_file():
            if "DO NOT MATCH THE HASHES" in messages:
                raise ChecksumMismatch(f"The index has another {package.wheel} than the benchmark names.")
            reason = messages.splitlines()[-1:] or ["no reason given"]
            raise DownloadFailed(
                f"pip could not fetch {package.name} {package.version}: {reason[0]}",
                "Connect to a package index, or name a folder of source files with --corpus.",
            )
        shutil.move(wheel, folder / package.wheel)
    try:
        unpack(folder / package.wheel, package, folder)
    finally:
        (folder / package.wheel).unlink()
