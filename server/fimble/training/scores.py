"""Scores that were measured before, a line each, so that no model is asked the same thing twice.

One file a model (and adapter): the base's serves every later run on any repository, and a run that was
killed while it measured goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from fimble.errors import TrainingError
from fimble.training.evaluate import WAY, Scored, Scorer, digest_of
from fimble.training.records import Example
from fimble.weights import disk


class Scores:
    """What is known of one model's answers. Files of another way of measuring have another name."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """``fingerprint``: names the model by its bytes, with its adapter and what it runs on."""
        self._path = folder / f"{fingerprint[:32]}-{WAY}.jsonl"
        self._known: dict[str, Scored] = {}
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        for line in lines:
            try:
                values = json.loads(line)
                item = values.pop("item")
                self._known[item] = Scored(**values)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # the last line of a run that was killed

    def of(
        self, items: Sequence[Example], open_scorer: Callable[[], Scorer], on_item: Callable[[int], None]
    ) -> list[Scored]:
        """Each item's score, in order; what is not known is measured, and kept at once.

        ``on_item`` is told how many are done. ``open_scorer`` is asked for once something is to be measured.
        Raises ``EngineError``, ``NotEnoughDisk`` and ``TrainingError`` where nothing can be kept.
        """
        scorer: Scorer | None = None
        scored = []
        for number, item in enumerate(items, 1):
            digest = digest_of(item)
            if digest not in self._known:
                scorer = scorer or open_scorer()
                self._keep(digest, scorer.score(item))
            scored.append(self._known[digest])
            on_item(number)
        return scored

    def forget(self) -> None:
        """Nobody asks again: an adapter was judged."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def num_missing(self, items: Sequence[Example]) -> int:
        """How many of ``items`` are still to be measured."""
        return sum(digest_of(item) not in self._known for item in items)

    def _keep(self, digest: str, scored: Scored) -> None:
        self._known[digest] = scored
        line = json.dumps({"item": digest, **asdict(scored)}, ensure_ascii=True)
        try:
            with disk.guarded(self._path.parent):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    # a line that a kill cut off is ended first, or this one would be lost with it
                    file.write(("\n" if _ends_amid(self._path) else "") + line + "\n")
        except OSError as error:
            raise TrainingError(
                f"{self._path} cannot be written: {error}.", "Check the folder's permissions."
            ) from error


def _ends_amid(path: Path) -> bool:
    """Whether the file's last line is not whole."""
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return False
        file.seek(-1, 2)
        return file.read(1) != b"\n"
