"""What is remembered of one suggestion that stood on the screen: numbers and a language, never text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ending(Enum):
    """How a suggestion left the screen; the value is what is stored."""

    ACCEPTED = "accepted"
    """Taken whole, or the last part of it at once."""
    PARTLY = "partly"
    """Some of it was taken at once (a word, a line), the rest was not."""
    TYPED = "typed"
    """Typed letter by letter through to its end: right, but not taken."""
    REJECTED = "rejected"
    """Other text was written in its place, or the cursor went elsewhere."""
    WITHDRAWN = "withdrawn"
    """Another suggestion took its place, or the document was closed: nobody decided."""


class Surface(Enum):
    """Where a suggestion is shown; the value is what is stored."""

    INLINE = "inline"
    POPUP = "popup"


@dataclass(frozen=True, slots=True)
class Record:
    """One suggestion, from its first showing to its end."""

    surface: Surface
    language: str
    """The editor's language id."""
    ending: Ending
    num_chars: int
    num_accepted_chars: int
    """Characters taken at once."""
    confidence: float
    latency_ms: float
    kept_share: float | None = None
    """How much of what was taken still stood half a minute later, 0 to 1; ``None`` where nobody could look."""
