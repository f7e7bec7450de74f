"""What a code action is: an offer that costs nothing, and the work that is done once it is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from fimble.checks.finding import Finding
from fimble.features.generation.generator import Task
from fimble.syntax.parsed import Parsed
from fimble.text import Snapshot


class Kind(Enum):
    """What can be asked for; the value is its name in commands."""

    IMPLEMENT = "implement"
    DOCUMENT = "document"
    EXPLAIN = "explain"
    TRANSLATE = "translate"
    FIX = "fix"
    TESTS = "tests"


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnostic that the editor shows."""

    start: int
    end: int
    message: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person has selected in a document, in code points; a cursor where both ends are one."""

    snapshot: Snapshot
    start: int
    end: int
    problems: tuple[Problem, ...] = ()

    @property
    def text(self) -> str:
        return self.snapshot.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Offer:
    """One entry of the list. Made without the model, within milliseconds."""

    kind: Kind
    title: str
    start: int
    end: int
    """What it is about: a definition, a comment, or the selection."""
    argument: str = ""
    """The language to translate to, or the message of the problem to fix."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Text in place of ``start`` to ``end``, in code points of the snapshot that the offer was made for."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A text that is to stand in a document of its own."""

    name: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an action: edits, a document, or a text to read; or why there is none of them."""

    edits: tuple[Edit, ...] = ()
    document: NewDocument | None = None
    markdown: str = ""
    refusal: str = ""
    """In a sentence, what failed; nothing else is given then but what is ``rejected``."""
    findings: tuple[Finding, ...] = ()
    """Warnings about what is given, or what the refusal rests on."""
    rejected: str = ""
    """The best answer that did not pass; the refusal's findings count its lines."""
    num_attempts: int = 0
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """A document as actions read it."""

    parsed: Parsed
    uri: str = ""
    project_tests: str = ""
    """Texts of the project's own tests, as far as they are known."""
    runs_examples: bool = True
    """Whether checks may run what computes and reaches nothing else: a docstring's examples, a translation."""
    lines_before: int = 0
    """Of the document, before what is parsed of it: nothing but in very large ones."""


class Action(Protocol):
    """One thing that can be asked for. Knows places and words; the model is run by others."""

    kind: Kind
    wanted: str
    """What it makes, to say that there is none: "No ... passed the checks"."""

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """What can be done with ``selection``; soon, and without the model."""

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask the model for ``offer``, and how to tell whether an answer holds up.

        Raises ``ActionRefused`` where what was offered is not there (any more), ``ConfigError`` for an argument that
        means nothing.
        """

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """What comes of an answer whose ``code`` holds up."""
