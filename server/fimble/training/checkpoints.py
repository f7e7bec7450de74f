"""Checkpoints that are whole or not there: written under another name, sealed with their digests, then renamed.

<out>/checkpoints/checkpoint-<step>/    what transformers' trainer writes, the trained weights, the best ones so far,
                                        and ``seal.json``: what the run is, and the digest of each file
<out>/checkpoints/.writing/             one on its way, or what a killed run left of one

A folder without a seal, or with a file that is not what the seal says, is passed over; the one before it is taken.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from fimble.errors import TrainingError
from fimble.weights import disk
from fimble.weights.digest import sha256_of

SEAL = "seal.json"
FORMAT = 1
NUM_KEPT = 2
_TORCH_WRITES = ("PytorchStreamWriter", "inline_container", "iostream error", "file write failed")
"""What torch's errors say when a file cannot be written on; they have no number."""
_NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a run is. A checkpoint is only gone on from by the run that wrote it."""

    base: str
    """What the model began as, such as a sha256."""
    lessons: str
    """``lessons.fingerprint``"""
    settings: str
    """Those that shape what is learnt, as text."""


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, folder: Path, identity: Identity) -> None:
        self.folder, self._identity = folder, identity

    @property
    def writing(self) -> Path:
        """Where the trainer writes the next one."""
        return self.folder / ".writing"

    @contextmanager
    def new(self, step: int) -> Iterator[Path]:
        """An empty folder that becomes the checkpoint of ``step`` when the block ends well, and else vanishes.

        Older ones are removed then. Raises ``NotEnoughDisk`` when the disk runs full; those that were there remain.
        """
        name = f"checkpoint-{step}"
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.writing, ignore_errors=True)
        written = self.writing / name
        try:
            with full_in_words(self.folder):
                written.mkdir(parents=True)
                yield written
                self._seal(written)
                shutil.rmtree(self.folder / name, ignore_errors=True)
                written.rename(self.folder / name)
                _sync_folder(self.folder)
        finally:
            shutil.rmtree(self.writing, ignore_errors=True)
        for old in self._found()[NUM_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def last(self, on_note: Callable[[str], None] = lambda note: None) -> Path | None:
        """The newest whole checkpoint of this run, None where there is none; ``on_note`` is told what is passed over.

        Raises ``TrainingError`` for one that began from another base: that one is not thrown away unasked.
        """
        for place in self._found():
            seal = _whole(place)
            if seal is None:
                on_note(f"{place.name} is damaged and is passed over.")
            elif seal.base != self._identity.base:
                raise TrainingError(
                    f"{place} belongs to another base model than the one that is to be trained now.",
                    f"The model has changed since. Delete {self.folder} to begin anew.",
                )
            elif seal != self._identity:
                on_note("The examples or the settings have changed since the last checkpoint: training begins anew.")
                return None
            else:
                return place
        return None

    def clear(self) -> None:
        """Remove all of them."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _found(self) -> list[Path]:
        """The folders that are named like one, newest first."""
        named = [(int(match[1]), place) for place in self.folder.glob("checkpoint-*") if (match := _match(place))]
        return [place for _, place in sorted(named, reverse=True)]

    def _seal(self, folder: Path) -> None:
        """Write the digests of all files, once they are on the disk."""
        digests = {}
        for path in sorted(folder.iterdir()):
            _sync(path)
            digests[path.name] = sha256_of(path)
        seal = {"format": FORMAT, **asdict(self._identity), "files": digests}
        (folder / SEAL).write_text(json.dumps(seal, indent=1, sort_keys=True), encoding="utf-8")
        _sync(folder / SEAL)
        _sync_folder(folder)


@contextmanager
def full_in_words(folder: Path) -> Iterator[None]:
    """``NotEnoughDisk`` for a full disk, however torch and safetensors say it."""
    try:
        with disk.guarded(folder):
            yield
    except (RuntimeError, OSError) as error:
        text = str(error)
        is_torch = isinstance(error, RuntimeError) and any(word in text for word in _TORCH_WRITES)
        if is_torch or "No space left" in text or "File too large" in text:
            raise disk.full(folder, text.splitlines()[0]) from error
        raise
    except Exception as error:  # safetensors has an error of its own, without a number
        if type(error).__name__ == "SafetensorError" and ("os error 28" in str(error) or "os error 27" in str(error)):
            raise disk.full(folder, str(error)) from error
        raise


def _whole(place: Path) -> Identity | None:
    """What the checkpoint is of, None unless every byte is what was written."""
    try:
        seal = json.loads((place / SEAL).read_text(encoding="utf-8"))
        if seal["format"] != FORMAT or any(sha256_of(place / name) != sha for name, sha in seal["files"].items()):
            return None
        return Identity(str(seal["base"]), str(seal["lessons"]), str(seal["settings"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _match(place: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(place.name)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the names on the disk, too, where the system lets a folder be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
