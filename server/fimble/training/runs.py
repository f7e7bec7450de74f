"""Where the training of a workspace lies on disk, and how far it came.

<home>/training/<id>/         of one workspace; <id> as its index and its adapter have it
    run.json                  what was asked for, and whether it is done
    dataset/  gathered        examples and their card, and that they are whole
    search/  searched.json    trials, and the settings that won
    finetune/                 checkpoints and logs
    adapter/  learned.json    what was learned, until it is published or rolled back, and how that went
    result.json  report.html  of the last run that came to its end; then only they and the logs are left
<home>/training/scores/       what models made of holes (``scores.py``)
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from fimble import config
from fimble.errors import TrainingError
from fimble.training.settings import Settings
from fimble.weights import disk

_RUN, _LOGS = "run.json", "logs"


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for."""

    root: str
    """The workspace, absolute and without links."""
    model: str
    base_sha256: str
    """Of the source that the installed model was prepared from."""
    settings: Settings = field(default_factory=Settings)
    num_trials: int = 0
    """Of a search for better settings; 0 searches nothing."""
    num_held_out: int = 200
    num_general: int = 100
    seed: int = 1
    licences: tuple[str, ...] = ()
    """That may be learned from beside the repository's own and permissive ones."""


@dataclass(frozen=True, slots=True)
class Run:
    """The training of one workspace, there or not."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def dataset(self) -> Path:
        return self.folder / "dataset"

    @property
    def finetune(self) -> Path:
        return self.folder / "finetune"

    @property
    def adapter(self) -> Path:
        """Where what was learned waits for its verdict."""
        return self.folder / "adapter"

    @property
    def searched(self) -> Path:
        """The settings that a search ended with."""
        return self.folder / "searched.json"

    @property
    def learned(self) -> Path:
        return self.folder / "learned.json"

    @property
    def gathered(self) -> Path:
        """There once the examples are whole."""
        return self.folder / "gathered"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    def unfinished(self) -> Order | None:
        """What a run that did not come to its end was asked for; nothing, too, where that cannot be read."""
        try:
            values = json.loads((self.folder / _RUN).read_text(encoding="utf-8"))
            if values["is_done"]:
                return None
            order = values["order"]
            licences = tuple(order.get("licences", ()))
            return Order(**{**order, "settings": settings_of(order["settings"]), "licences": licences})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, TrainingError):
            return None

    def begin(self, order: Order) -> None:
        """Forget an earlier run, but for its report, and note what is asked for. Raises ``TrainingError``."""
        _delete([place for place in _inside(self.folder) if place not in (self.report, self.result)])
        self._note(order, is_done=False)

    def end(self, order: Order, result: Mapping[str, Any]) -> None:
        """Keep ``result``, say that there is nothing to resume, and delete what only that would need."""
        write_json(self.result, result)
        self._note(order, is_done=True)
        kept = (self.report, self.result, self.folder / _RUN, self.finetune)
        _delete([place for place in _inside(self.folder) if place not in kept])
        _delete([place for place in _inside(self.finetune) if place.name != _LOGS])

    def _note(self, order: Order, is_done: bool) -> None:
        write_json(self.folder / _RUN, {"is_done": is_done, "order": asdict(order)})


def settings_of(values: Mapping[str, Any]) -> Settings:
    """As ``asdict`` and JSON leave them. Raises ``KeyError``, ``TypeError`` or ``TrainingError``."""
    known = {field.name: values[field.name] for field in fields(Settings)}
    return Settings(**{**known, "parts": tuple(known["parts"])})


def run_of(root: Path) -> Run:
    """Of the workspace ``root``. Raises ``ConfigError`` or ``TrainingError``."""
    return Run(_home() / id_of(root))


def runs_gone() -> list[tuple[Path, str]]:
    """The folders of runs whose workspace is no folder any more, with its path."""
    found = []
    for file in sorted(_home().glob(f"*/{_RUN}")):
        try:
            root = str(json.loads(file.read_text(encoding="utf-8"))["order"]["root"])
            is_gone = not Path(root).is_dir()
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if is_gone:
            found.append((file.parent, root))
    return found


def remove_run(folder: Path) -> int:
    """Delete all of a run, and return the bytes freed. Raises ``TrainingError``."""
    num_bytes = disk.folder_bytes(folder)
    _delete([folder])
    return num_bytes


def id_of(root: Path) -> str:
    """Names a workspace, whichever way its path is written. Raises ``TrainingError`` where it is no folder."""
    try:
        resolved = root.resolve()
    except (OSError, RuntimeError) as error:
        raise TrainingError(f"{root} cannot be read: {error}.") from error
    if not resolved.is_dir():
        raise TrainingError(f"{resolved} is not a folder.", "Name the folder of a repository.")
    return config.workspace_id(resolved)


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _delete(places: Iterable[Path]) -> None:
    for place in places:
        try:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink()
        except OSError as error:
            raise TrainingError(f"{place} cannot be deleted: {error}.", "Check the folder's permissions.") from error


def scores_folder() -> Path:
    return _home() / "scores"


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a file, whole or not at all. Raises ``NotEnoughDisk`` or ``TrainingError``."""
    write_text(path, json.dumps(values, indent=2, sort_keys=True, default=str) + "\n")


def write_text(path: Path, text: str) -> None:
    """As ``write_json``."""
    temporary = path.with_name(path.name + ".new")
    try:
        with disk.guarded(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error}.", "Check the folder's permissions.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _home() -> Path:
    return config.home() / "training"
