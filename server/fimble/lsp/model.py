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
from typing import TYPE_CHECKING, Protocol

from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.engine.base import CancelToken
from fimble.errors import FimbleError, WeightsError
from fimble.lsp.requests import Wish
from fimble.text import Cursor, Outcome, Reason, Snapshot

if TYPE_CHECKING:
    from fimble.features.actions.action import Done, Offer
    from fimble.features.generation.steps import Steps
    from fimble.features.generation.turn import Turn

logger = logging.getLogger(__name__)


class InlineSuggester(Protocol):
    """What answers an inline completion; runs on the engine thread."""

    def recall(self, cursor: Cursor) -> Outcome | None:
        """What is known without the model; on any thread, and soon."""

    def joins(self, cursor: Cursor) -> bool:
        """Whether the answer being written may lead to ``cursor``; on any thread."""

    def suggest(
        self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1, is_hurried: bool = False
    ) -> Outcome: ...

    def idle(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """One piece of work in idle time; whether there may be more."""

    def forget(self, uri: str) -> None:
        """A document is closed; on any thread."""

    @property
    def answer_ms(self) -> float:
        """How long the model takes for an answer, as far as is known."""

    @property
    def num_run_tokens(self) -> int:
        """All tokens that the engine has prefilled or generated."""


class ActionDoer(Protocol):
    """What does code actions; on the engine thread."""

    def steps(
        self,
        offer: Offer,
        snapshot: Snapshot,
        turn: Turn,
        on_text: Callable[[str], None] = ...,
        project_tests: str = "",
    ) -> Steps[Done]: ...

    def warm(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Read a piece of what an action at ``cursor`` would ask; whether there was anything to read."""


class LoadedModel(Protocol):
    """A model that is ready to answer."""

    @property
    def feature(self) -> InlineSuggester: ...
    @property
    def actions(self) -> ActionDoer | None:
        """Nothing where the model was not taught to follow instructions."""

    @property
    def english(self) -> Callable[[str], str] | None:
        """Puts a question into English, on the engine thread; nothing where ``actions`` is nothing."""

    @property
    def model(self) -> str: ...
    @property
    def provider(self) -> str:
        """``cpu`` or ``cuda``; an endpoint's host."""

    @property
    def endpoint(self) -> str:
        """The host that code is sent to; empty where it stays on this machine."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know: that there is no GPU, say."""

    @property
    def is_asleep(self) -> bool:
        """Whether its weights were given back, as nobody used them, and must be loaded before it can answer."""

    def wake(self) -> None:
        """Have the weights loaded; slow; raises ``FimbleError``. On the engine thread."""

    def configure(self, config: Config) -> None:
        """Go on with other options; what was kept under the old ones is forgotten. On the engine thread."""

    def listen(self, on_problems: Callable[[tuple[str, ...]], None]) -> None:
        """From now on tell what is wrong, whenever that changes, on any thread: why workspaces' adapters are not used,
        or why the endpoint does not answer."""

    def close(self) -> None: ...


Loader = Callable[[Config, Elsewhere, Callable[[], float], Callable[[str], None]], LoadedModel]
"""Loads the model of a configuration; slow; raises ``FimbleError``.

It is handed the session's context, what the person's acceptance adds to the least confidence, and whom to tell
what it does.
"""


class Model:
    """Holds the loaded model, or why there is none."""

    def __init__(self, loader: Loader, engine_thread: Executor, on_change: Callable[[], None] = lambda: None) -> None:
        """``on_change`` is called when it begins to load its weights again, and when that is over."""
        self.loaded: LoadedModel | None = None
        self.problems: tuple[str, ...] = ()
        """Why workspaces' adapters are not used (the model answers as it is), or why the endpoint does not answer."""
        self.error: FimbleError | None = None
        self._loader = loader
        self._made: LoadedModel | None = None
        """The same, known on the engine thread already: the session may end before it hears of it."""
        self._engine_thread, self._on_change = engine_thread, on_change
        self._waking: asyncio.Task[None] | None = None
        self._on_problem: Callable[[str], None] = lambda _: None

    async def load(
        self,
        config: Config,
        elsewhere: Elsewhere,
        adjustment: Callable[[], float],
        on_progress: Callable[[str], None],
        on_problem: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Load, on the engine thread. Afterwards ``loaded`` or ``error`` is set; raises nothing.

        ``on_problem`` is told, then and later, of each new one of ``problems``, and of nothing when one is over; and
        why its weights cannot be loaded again.
        """
        self._on_problem = on_problem
        loop = asyncio.get_running_loop()

        def learn(problems: tuple[str, ...]) -> None:
            new = [problem for problem in problems if problem not in self.problems]
            self.problems = problems
            for problem in new or [""]:
                on_problem(problem)

        def hear(problems: tuple[str, ...]) -> None:
            loop.call_soon_threadsafe(learn, problems)

        def tell(message: str) -> None:
            loop.call_soon_threadsafe(on_progress, message)

        def make() -> LoadedModel:
            made = self._made = self._loader(config, elsewhere, adjustment, tell)
            return made

        try:
            self.loaded = await loop.run_in_executor(self._engine_thread, make)
            self.loaded.listen(hear)
            await asyncio.sleep(0)  # what it told is learned first
        except FimbleError as error:
            self.error = error
        except Exception as error:
            logger.exception("Loading the model failed")
            self.error = WeightsError(
                f"The model {config.model} could not be loaded ({type(error).__name__}: {error}).",
                "`fimble doctor` shows what is missing.",
            )

    async def configure(self, config: Config) -> None:
        """Go on with other options. A model that is still loading is given them afterwards."""

        def on_thread() -> None:
            if self.loaded is not None:
                self.loaded.configure(config)

        await asyncio.get_running_loop().run_in_executor(self._engine_thread, on_thread)

    def wish(self, cursor: Cursor, num_candidates: int, is_hurried: bool, delay_s: float) -> Wish:
        """What a request at ``cursor`` wants of the model, which must be loaded."""
        assert self.loaded is not None, "asked before the model is loaded"
        feature = self.loaded.feature
        if not is_hurried:
            return Wish(cursor.snapshot.uri, lambda cancel: feature.suggest(cursor, cancel, num_candidates))
        return Wish(
            cursor.snapshot.uri,
            lambda cancel: feature.suggest(cursor, cancel, num_candidates, is_hurried=True),
            lambda: feature.recall(cursor),
            lambda: feature.joins(cursor),
            delay_s,
            outlives=True,
        )

    def idle(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """One piece of work in idle time: ghost text first, as it is asked for most; on the engine thread."""
        return self._prepare_inline(cursor, cancel) or self._prepare_actions(cursor, cancel)

    def idle_for_actions(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """The same where a person looks at a list of actions: what these ask comes first."""
        return self._prepare_actions(cursor, cancel) or self._prepare_inline(cursor, cancel)

    def _prepare_inline(self, cursor: Cursor, cancel: CancelToken) -> bool:
        return self.loaded is not None and self.loaded.feature.idle(cursor, cancel)

    def _prepare_actions(self, cursor: Cursor, cancel: CancelToken) -> bool:
        actions = self.loaded.actions if self.loaded is not None else None
        return actions is not None and actions.warm(cursor, cancel)

    def forget(self, uri: str) -> None:
        """A document is closed."""
        if self.loaded is not None:
            self.loaded.feature.forget(uri)

    @property
    def endpoint(self) -> str:
        """The host that code is sent to; empty for none."""
        return self.loaded.endpoint if self.loaded is not None else ""

    @property
    def answer_ms(self) -> float:
        """How long an answer takes, as far as is known."""
        return self.loaded.feature.answer_ms if self.loaded is not None else 0.0

    def why_not(self) -> Outcome | None:
        """Why nothing can be asked now, or ``None`` when the model is ready. One that is asleep is woken."""
        if self.loaded is not None and not self.loaded.is_asleep:
            return None
        if self.loaded is not None and not self.is_waking:
            self._waking = asyncio.ensure_future(self._wake(self.loaded))
        if self.error is not None:
            return Outcome(reason=Reason.MODEL_UNAVAILABLE, detail=str(self.error))
        return Outcome(reason=Reason.MODEL_LOADING)

    @property
    def is_waking(self) -> bool:
        """Whether its weights are being loaded again."""
        return self._waking is not None and not self._waking.done()

    async def _wake(self, loaded: LoadedModel) -> None:
        """Afterwards it is awake, or ``error`` says why not; the next request tries again."""
        self._on_change()
        try:
            await asyncio.get_running_loop().run_in_executor(self._engine_thread, loaded.wake)
            self.error = None
        except FimbleError as error:
            if str(error) != str(self.error):
                self._on_problem(str(error))
            self.error = error
        finally:
            asyncio.get_running_loop().call_soon(self._on_change)

    @property
    def num_run_tokens(self) -> int:
        """All tokens that the engine has prefilled or generated."""
        return self.loaded.feature.num_run_tokens if self.loaded is not None else 0

    def close(self) -> None:
        """Free the model; on the engine thread."""
        made, self._made, self.loaded = self._made, None, None
        if made is not None:
            made.close()
