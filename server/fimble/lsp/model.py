"""The one model of a session: loading, ready or failed.

It is loaded on the engine thread after ``initialized``, by a loader that the room
above hands in, so that this room imports no engine and ``initialize`` is answered
at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Protocol

from fimble.config import Config
from fimble.engine.base import CancelToken
from fimble.errors import FimbleError, WeightsError
from fimble.text import Cursor, Outcome, Reason

logger = logging.getLogger(__name__)


class InlineSuggester(Protocol):
    """What answers an inline completion; runs on the engine thread."""

    def suggest(self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1) -> Outcome: ...


class LoadedModel(Protocol):
    """A model that is ready to answer."""

    @property
    def feature(self) -> InlineSuggester: ...
    @property
    def model(self) -> str: ...
    @property
    def provider(self) -> str:
        """``cpu`` or ``cuda``."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know: that there is no GPU, say."""

    def close(self) -> None: ...


Loader = Callable[[Config, Callable[[str], None]], LoadedModel]
"""Loads the model of a configuration, telling what it does; slow; raises ``FimbleError``."""


class Model:
    """Holds the loaded model, or why there is none."""

    def __init__(self, loader: Loader, engine_thread: Executor) -> None:
        self.loaded: LoadedModel | None = None
        self.error: FimbleError | None = None
        self._loader = loader
        self._engine_thread = engine_thread

    async def load(self, config: Config, on_progress: Callable[[str], None]) -> None:
        """Load, on the engine thread. Afterwards ``loaded`` or ``error`` is set; raises nothing."""
        loop = asyncio.get_running_loop()

        def tell(message: str) -> None:
            loop.call_soon_threadsafe(on_progress, message)

        try:
            self.loaded = await loop.run_in_executor(self._engine_thread, self._loader, config, tell)
        except FimbleError as error:
            self.error = error
        except Exception as error:
            logger.exception("Loading the model failed")
            self.error = WeightsError(
                f"The model {config.model} could not be loaded ({type(error).__name__}: {error}).",
                "`fimble doctor` shows what is missing.",
            )

    def suggest(self, cursor: Cursor, cancel: CancelToken, num_candidates: int) -> Outcome:
        """Ask the model; on the engine thread."""
        if self.loaded is None:
            return Outcome(reason=Reason.MODEL_UNAVAILABLE)
        return self.loaded.feature.suggest(cursor, cancel, num_candidates)

    def why_not(self) -> Outcome | None:
        """Why nothing can be asked now, or ``None`` when the model is ready."""
        if self.loaded is not None:
            return None
        if self.error is not None:
            return Outcome(reason=Reason.MODEL_UNAVAILABLE, detail=str(self.error))
        return Outcome(reason=Reason.MODEL_LOADING)

    def close(self) -> None:
        """Free the model; on the engine thread."""
        if self.loaded is not None:
            self.loaded.close()
            self.loaded = None
