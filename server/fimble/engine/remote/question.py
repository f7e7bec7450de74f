"""A prompt in the form in which an endpoint is asked it, and who brings it into that form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt as an endpoint is asked it."""

    path: str
    """``completions`` or ``chat/completions``."""
    fields: Mapping[str, Any]
    """``prompt`` and perhaps ``suffix``, or ``messages``."""
    stops: tuple[str, ...] = ()
    """Texts that end an answer and are none of it; the likeliest first."""
    begun: str = ""
    """What the answer begins with already; an endpoint may say it again."""


class Dialect(Protocol):
    """Writes prompts as an endpoint's model wants them (``prompt.dialect.Dialect``)."""

    def question(self, prompt: Sequence[int], model: str) -> Question:
        """``prompt`` in pieces, for the endpoint's ``model``. Raises ``EndpointRefused`` where it has no form."""
        ...
