"""Searching a workspace: a name at once, a question in plain words by words and meaning."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fimble.index.records import Answer, Hit

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.index.names import Names

MAX_QUERY_CHARS = 1000
MAX_HITS = 100
_WORTH_OF_WORDS = 0.8
"""Where a name is looked for: less than a name that begins so, more than one that only holds it."""


class Searcher(Protocol):
    """Answers questions about one index, on any thread. Raises nothing but ``FimbleError``."""

    def search(self, query: str, limit: int = 20) -> Answer: ...


Translate = Callable[[str], str]
"""A question in Chinese -> the same in English; empty where nobody can say it. Raises ``FimbleError``."""
OpenSearch = Callable[[Path, "Config", Translate], Searcher]
"""Loads what answers questions about a workspace; slow; raises ``FimbleError``."""


class Search:
    """In one workspace. Any thread may ask. What is slow is loaded when it is first needed."""

    def __init__(self, open_names: Callable[[], Names], open_searcher: Callable[[], Searcher]) -> None:
        self._open_names, self._open_searcher = open_names, open_searcher
        self._names: Names | None = None
        self._searcher: Searcher | None = None
        self._names_lock, self._searcher_lock = threading.Lock(), threading.Lock()

    def close(self) -> None:
        """Let go of what was loaded; who asks again loads it again."""
        self._names = self._searcher = None

    def ask(self, query: str, limit: int) -> Answer:
        """The ``limit`` best answers to a question in plain words, or to a name. Raises ``FimbleError``."""
        asked, notes = _sound(query)
        if not asked:
            return Answer((), notes)
        with self._searcher_lock:
            searcher = self._searcher = self._searcher or self._open_searcher()
        answer = searcher.search(asked, limit)
        hits = _mixed(self.named(asked, limit).hits, answer.hits) if is_name(asked) else answer.hits
        return Answer(hits[:limit], (*notes, *answer.notes))

    def named(self, name: str, limit: int) -> Answer:
        """The ``limit`` best of what is called so, or alike. Raises ``FimbleError``."""
        with self._names_lock:
            names = self._names = self._names or self._open_names()
        return Answer(tuple(names.like(name.strip(), limit)))


def is_name(query: str) -> bool:
    """Whether ``query`` may be a name or a part of one: a question in plain words is more than one."""
    return len(query.split()) < 2 and len(query) <= MAX_QUERY_CHARS


def _mixed(named: tuple[Hit, ...], others: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """What is called so and what speaks of it, the best first, each once; what is called just so before all else."""
    known = {(hit.path, hit.start_line): hit for hit in named}
    rest = tuple(
        replace(hit, score=hit.score * _WORTH_OF_WORDS) for hit in others if (hit.path, hit.start_line) not in known
    )
    return tuple(sorted((*named, *rest), key=lambda hit: -hit.score))


def told(hit: Hit) -> dict[str, Any]:
    """``hit`` as programs are told it, through the command line and over LSP; lines count from 1."""
    return {
        "path": hit.path,
        "line": hit.start_line + 1,
        "end_line": max(hit.end_line, hit.start_line + 1),
        "name": hit.name,
        "kind": hit.kind.value,
        "score": round(hit.score, 4),
        "snippet": hit.snippet,
        "snippet_line": hit.snippet_line + 1,
        "why": list(hit.why),
    }


def merged(answers: Iterable[tuple[Path, Answer]], limit: int) -> list[tuple[Path, Hit]]:
    """The hits of several workspaces as one list, each with its workspace; of a file that lies in two, once."""
    found: dict[tuple[Path, int, str], tuple[Path, Hit]] = {}
    for root, answer in answers:
        for hit in answer.hits:
            found.setdefault((root / hit.path, hit.start_line, hit.name), (root, hit))
    return sorted(found.values(), key=lambda one: -one[1].score)[:limit]


def _sound(query: str) -> tuple[str, tuple[str, ...]]:
    """The query as it is searched for, and what a person should know of that."""
    asked = " ".join(query.replace("\0", " ").split())
    if not asked:
        return "", ("The query is empty: say what to look for.",)
    if len(asked) > MAX_QUERY_CHARS:
        note = f"The query is long: only its first {MAX_QUERY_CHARS} characters are looked for."
        return asked[:MAX_QUERY_CHARS], (note,)
    return asked, ()
