"""A model that a session has the use of, and shares with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from fimble.config import Config

if TYPE_CHECKING:
    from fimble.lsp.model import ActionDoer, InlineSuggester, LoadedModel


class Weights(Protocol):
    """What may be given back while nobody uses it."""

    @property
    def is_loaded(self) -> bool: ...


class LentModel:
    """One session's ``lsp.model.LoadedModel``: its own as a whole, but for the weights."""

    def __init__(
        self, own: LoadedModel, weights: Weights, wake: Callable[[], None], give_back: Callable[[], None]
    ) -> None:
        """``give_back`` is called once, after the session's own part is closed."""
        self._own, self._weights, self._wake, self._give_back = own, weights, wake, give_back
        self._is_closed = False

    @property
    def feature(self) -> InlineSuggester:
        return self._own.feature

    @property
    def actions(self) -> ActionDoer | None:
        return self._own.actions

    @property
    def english(self) -> Callable[[str], str] | None:
        return self._own.english

    @property
    def model(self) -> str:
        return self._own.model

    @property
    def provider(self) -> str:
        return self._own.provider

    @property
    def endpoint(self) -> str:
        return self._own.endpoint

    @property
    def notes(self) -> Sequence[str]:
        return self._own.notes

    @property
    def is_asleep(self) -> bool:
        """Whether the weights were given back."""
        return not self._weights.is_loaded

    def wake(self) -> None:
        """Have the weights loaded again. Slow; raises ``FimbleError``."""
        self._wake()

    def configure(self, config: Config) -> None:
        self._own.configure(config)

    def listen(self, on_problems: Callable[[tuple[str, ...]], None]) -> None:
        self._own.listen(on_problems)

    def close(self) -> None:
        """Closing twice changes nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._own.close()
        finally:
            self._give_back()
