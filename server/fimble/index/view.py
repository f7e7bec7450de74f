"""One state of an index in memory: its chunks' vectors and its graph.

An index that was written to is read again beside the questions: until that is done they are answered from the
state known so far, and from all the words.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fimble.index.graph import GraphInput, build
from fimble.index.network import RELATIONS, Network
from fimble.index.reader import Reader

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

logger = logging.getLogger(__name__)

_PATIENCE_S = 0.3
"""A small index is read again in this time, and then the file that was just saved is found by its meaning, too."""


@dataclass(frozen=True, slots=True)
class View:
    """Rows are chunks."""

    generation: int
    ids: npt.NDArray[np.int64]
    """``[num_chunks]``"""
    rows: dict[int, int]
    """A chunk's id -> its row."""
    matrix: npt.NDArray[np.float32]
    """``[num_vectors, dimension]``, unit rows."""
    known: npt.NDArray[np.int64]
    """``[num_vectors]``, the rows whose vectors they are."""
    network: Network

    def cosines(self, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32] | None:
        """``[num_chunks]``; one without a vector is no nearer than any that has one. ``None`` where none has.

        ``None`` also for a vector of another encoder's length.
        """
        import numpy as np

        if not len(self.known) or self.matrix.shape[1] != len(vector):
            return None
        found = self.matrix @ vector
        everywhere = np.full(len(self.ids), found.min(), np.float32)
        everywhere[self.known] = found
        return everywhere

    def matches(self, by_words: dict[int, float]) -> npt.NDArray[np.float32]:
        """``[num_chunks]``, 1 for the best match by words, 0 for what does not match."""
        import numpy as np

        values = np.zeros(len(self.ids), np.float32)
        for chunk_id, score in by_words.items():
            if (row := self.rows.get(chunk_id)) is not None:
                values[row] = score
        return values / max(float(values.max(initial=0.0)), 1e-9)


class Views:
    """Any thread may ask."""

    def __init__(self, reader: Reader, has_graph: bool = True) -> None:
        self._reader, self._has_graph = reader, has_graph
        self._held: View | None = None
        self._lock = threading.Lock()
        self._reading: threading.Thread | None = None

    def latest(self) -> View:
        """The state known now; read at the first call, which takes a while. Raises ``IndexUnavailable``."""
        with self._lock:
            if self._held is None:
                self._held = self._read()
            elif self._held.generation != self._reader.generation and not (self._reading and self._reading.is_alive()):
                self._reading = threading.Thread(target=self._read_again, name="fimble-view", daemon=True)
                self._reading.start()
                self._reading.join(_PATIENCE_S)
            return self._held

    def _read_again(self) -> None:
        try:
            self._held = self._read()
        except Exception:
            logger.exception("The index cannot be read again; what is known of it is used")

    def _read(self) -> View:
        import numpy as np

        generation = self._reader.generation
        known_ids, vectors = self._reader.vectors()
        rows = self._reader.all_for_graph()
        graph = build(
            GraphInput(
                rows.ids, rows.names, rows.kinds, rows.parents, rows.file_ids, rows.paths, rows.references, rows.imports
            )
        )
        places = {chunk_id: row for row, chunk_id in enumerate(rows.ids)}
        is_there = [one in places for one in known_ids]
        known = np.array([places[one] for one in known_ids if one in places], np.int64)
        matrix = vectors[is_there].astype(np.float32) if known_ids else np.zeros((0, 0), np.float32)
        network = Network(graph, RELATIONS if self._has_graph else ())
        return View(generation, graph.ids, places, matrix, known, network)
