"""Texts to vectors, with an encoder that all of a process share: loaded at the first text, let go after a while.

Between two saved files, or two questions, a process is small.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from fimble.index import memory

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

logger = logging.getLogger(__name__)

IDLE_S = 60.0
"""After so long without a text the encoder's memory is worth more than the moment that loading it takes."""


class Encoder(Protocol):
    """A loaded encoder."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


class Embedder:
    """Any thread may call; one text after the other."""

    def __init__(
        self, load: Callable[[], Encoder], idle_s: float = IDLE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``load`` may raise ``FimbleError``, and then every call below that needs the encoder does."""
        self._load, self._idle_s, self._clock = load, idle_s, clock
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._used_s = 0.0

    @property
    def is_loaded(self) -> bool:
        return self._encoder is not None

    def load(self) -> None:
        """Load the encoder now: somebody is going to ask."""
        with self._lock:
            self._loaded()

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors ``[num_texts, dimension]``."""
        with self._lock:
            try:
                return self._loaded().embed(texts)
            finally:
                self._used_s = self._clock()

    def _loaded(self) -> Encoder:
        self._used_s = self._clock()
        if self._encoder is None:
            self._encoder = self._load()
            self._look_again(self._idle_s)
        return self._encoder

    def _look_again(self, delay_s: float) -> None:
        timer = threading.Timer(delay_s, self._let_go)
        timer.name, timer.daemon = "fimble-encoder", True
        timer.start()

    def _let_go(self) -> None:
        with self._lock:
            left_s = self._used_s + self._idle_s - self._clock()
            if left_s > 0:
                self._look_again(left_s)
                return
            self._encoder = None
        memory.give_back()
