"""Which adapter answers in a document: that of its workspace, as it lies on the disk now.

Looked at before every answer, which takes two looks at the file system: a new adapter, another one and one that was
removed count from the next answer on, without a restart. What cannot be used is told once for each state of its
files, and the model answers as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.engine.base import Adapter, Engine
from fimble.errors import AdapterInvalid, FimbleError, WeightsError
from fimble.weights import adapters
from fimble.weights.adapter import ABOUT, TENSORS, read_adapter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_LOG = logging.getLogger(__name__)
_MAX_LOOKS = 3
"""At files that change while they are read."""

_Stamp = tuple[tuple[int, int, int], ...]
"""Of each file the inode, the size and the time of its last change; empty where there is no adapter."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came of an adapter's files."""

    stamp: _Stamp
    fingerprint: str = ""
    """Empty where the model answers as it is."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """An adapter that was read before, and is again only where the engine does not hold it any more."""

    fingerprint: str
    folder: Path

    def inputs_for(self, folder: Path) -> Mapping[str, npt.NDArray[np.float32]]:
        read = read_adapter(self.folder)
        if read.fingerprint != self.fingerprint:
            raise AdapterInvalid(f"The adapter in {self.folder} changed while it was read.")
        return read.inputs_for(folder)


class Tuning:
    """Chooses an engine's adapter. ``use_for``, ``use_none`` and ``choose`` on the engine's thread, the rest on any."""

    def __init__(self, engine: Engine, base_sha256: str, root_of: Callable[[str], str]) -> None:
        """``base_sha256``: of the source that the engine's model was prepared from.

        ``root_of``: the workspace folder that holds the document of a URI, or nothing.
        """
        self._is_on = True
        self._engine, self._base_sha256, self._root_of = engine, base_sha256, root_of
        self._folders: dict[str, Path] = {}
        self._seen: dict[str, _Seen] = {}
        self._on_problems: Callable[[tuple[str, ...]], None] = lambda _: None

    def listen(self, on_problems: Callable[[tuple[str, ...]], None]) -> None:
        """From now on tell, on the engine's thread, why adapters are not used, whenever that changes."""
        self._on_problems = on_problems
        if self.problems:
            on_problems(self.problems)

    def choose(self, is_on: bool) -> None:
        """Whether there is any choice (the option ``adapters``). Where there is none, nothing can be wrong with it."""
        had_problems, self._is_on = bool(self.problems), is_on
        if not is_on:
            self._seen.clear()
        if had_problems and not is_on:
            self._on_problems(())

    @property
    def problems(self) -> tuple[str, ...]:
        """Why adapters are not used, as far as is known."""
        return tuple(seen.problem for seen in list(self._seen.values()) if seen.problem)

    def known_for(self, uri: str) -> str | None:
        """The fingerprint of the adapter that answers in a document; ``None`` where its files must be read first."""
        root = self._root(uri)
        if not root:
            return ""
        seen = self._seen.get(root)
        return seen.fingerprint if seen is not None and seen.stamp == _stamp(self._folder(root)) else None

    def use_for(self, uri: str) -> str:
        """Have the engine run with the adapter for a document; its fingerprint, empty for none. Raises nothing."""
        root = self._root(uri)
        if not root:
            self.use_none()
            return ""
        seen = self._look(root)
        if not seen.fingerprint:
            self.use_none()
        before = self._seen.get(root)
        if before != seen:
            self._keep(root, seen, before)
        return seen.fingerprint

    def _keep(self, root: str, seen: _Seen, before: _Seen | None) -> None:
        """Remember what came of an adapter's files, and tell what is wrong: what was wrong before is over."""
        self._seen.pop(root, None)
        if before is not None and before.problem:
            self._on_problems(self.problems)
        self._seen[root] = seen
        if seen.problem:
            _LOG.warning("%s", seen.problem)
            self._on_problems(self.problems)

    def use_none(self) -> None:
        """Have the engine run the model as it is."""
        self._engine.use(None)

    def _look(self, root: str) -> _Seen:
        folder = self._folder(root)
        for _ in range(_MAX_LOOKS):
            stamp, known = _stamp(folder), self._seen.get(root)
            if not stamp:
                return _Seen(stamp)
            if known is not None and known.stamp == stamp and known.problem:
                return known
            try:
                adapter: Adapter
                if known is not None and known.stamp == stamp:
                    adapter = _OnDisk(known.fingerprint, folder)
                else:
                    adapter = self._read(folder)
                self._engine.use(adapter)
                return _Seen(stamp, adapter.fingerprint)
            except FimbleError as error:
                problem = f"{error} Until then the model answers as it is."
            except MemoryError:
                problem = f"There is not enough memory for the adapter of {root}. The model answers as it is."
            if _stamp(folder) == stamp:
                break
        return _Seen(stamp, problem=problem)

    def _read(self, folder: Path) -> Adapter:
        """The adapter, whole, though the engine may hold it still. Raises ``AdapterInvalid`` for a foreign one."""
        read, model = read_adapter(folder), self._engine.info.model
        about = read.about
        if about.model != model:
            raise AdapterInvalid(
                f"The adapter of {about.root} was trained on {about.model}, and {model} is served.",
                f"Serve {about.model}, run `fimble train` again, or `fimble models remove-adapter {about.id}`.",
            )
        if about.base_sha256 != self._base_sha256:
            raise AdapterInvalid(
                f"The adapter of {about.root} was trained on other weights of {model} than are installed.",
                f"Run `fimble train` again, or `fimble models remove-adapter {about.id}`.",
            )
        return read

    def _root(self, uri: str) -> str:
        return self._root_of(uri) if self._is_on else ""

    def _folder(self, root: str) -> Path:
        if root not in self._folders:
            try:
                self._folders[root] = adapters.folder_for(Path(root))
            except WeightsError:
                self._folders[root] = adapters.adapters_folder() / "nowhere"
        return self._folders[root]


def _stamp(folder: Path) -> _Stamp:
    """The state of an adapter's files; one that is missing counts as well, where the folder is there."""
    if not folder.is_dir():
        return ()
    found: list[tuple[int, int, int]] = []
    for name in (ABOUT, TENSORS):
        try:
            state = (folder / name).stat()
            found.append((state.st_ino, state.st_size, state.st_mtime_ns))
        except OSError:
            found.append((0, 0, 0))
    return tuple(found)
