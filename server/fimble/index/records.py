"""What the index knows of a workspace, as frozen values: files, chunks, what they use, and what a search finds.

Lines count from 0; an ``end_line`` is the first line that no longer belongs to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a chunk is; the value is what a person reads."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    """Its header, its docstring and what its members are called; the members are chunks of their own."""
    VALUES = "values"
    """Statements outside of every definition: constants, settings, what a script does."""
    SECTION = "section"
    """Of prose: a heading and what stands under it."""
    LINES = "lines"
    """Lines of a file whose language is unknown."""


class Use(Enum):
    """How a chunk uses a name."""

    CALL = "call"
    BASE = "base"
    """As a class that it is derived from."""
    NAME = "name"
    """Any other way."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One name that a chunk uses, counted once a way of using it."""

    name: str
    use: Use
    qualifier: str = ""
    """What stands before the dot, where that is a plain dotted name: ``client`` in ``client.get()``; else ``?``."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a file takes from elsewhere."""

    module: str
    """As the file writes it: ``..context.window``, ``./api``, ``fmt``."""
    name: str
    """What is taken from there; empty where it is the module itself, ``*`` for everything."""
    alias: str
    """What the file calls it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file that can be found by itself."""

    name: str
    qualified: str
    """With the names of the definitions around it: ``Client.upload``; a section's headings with `` > ``."""
    kind: Kind
    start_line: int
    end_line: int
    signature: str
    """One line: what stands before the body, white space made single blanks; a section's heading."""
    docstring: str
    """Or the comment above it, without its marks."""
    text: str
    """Whole lines; of a class without its methods' bodies."""
    parent: int | None = None
    """Position in the file's chunks of the definition around it."""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file, read and cut up."""

    path: str
    """Relative to the workspace, with ``/``."""
    language: str
    """fimble's name for it, or empty."""
    num_lines: int
    chunks: tuple[Chunk, ...]
    imports: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a file looked from outside when it was read; another stamp means that it is read again."""

    num_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with its place in the index."""

    id: int
    path: str
    language: str
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search."""

    path: str
    name: str
    """Qualified."""
    kind: Kind
    start_line: int
    end_line: int
    signature: str
    snippet: str
    """The lines that show best why it was found, as they stand in the file."""
    snippet_line: int
    """Where the snippet begins."""
    score: float
    """0 to 1; comparable within one search only."""
    why: tuple[str, ...]
    """What speaks for it, the strongest first, for a person to read: ``its name``, ``words: retry, upload`` …"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search came to."""

    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()
    """What a person should know: that the index is not finished, that a query was put into English …"""
