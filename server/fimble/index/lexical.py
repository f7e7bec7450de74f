"""Answers a question about a workspace by its words alone."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.index.reader import Reader
from fimble.index.records import Answer, Hit, StoredChunk
from fimble.index.words import split

SNIPPET_LINES = 6


class Lexical:
    """Any thread may ask. Raises nothing but ``IndexUnavailable`` and those below it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def search(self, query: str, limit: int = 20) -> Answer:
        """Chunks that hold the words of ``query``, the best first."""
        words = list(dict.fromkeys(split(query)))
        found = self._reader.match(words, limit)
        scores = dict(found)
        most = max(scores.values(), default=0.0) or 1.0
        chunks = self._reader.chunks([chunk_id for chunk_id, _ in found])
        hits = tuple(_hit(stored, words, scores[stored.id] / most) for stored in chunks)
        return Answer(hits, self._notes())

    def _notes(self) -> tuple[str, ...]:
        if self._reader.meta("words_complete") == "1":
            return ()
        return ("The workspace is not indexed to its end yet, so something may be missing.",)


def _hit(stored: StoredChunk, words: Sequence[str], score: float) -> Hit:
    chunk = stored.chunk
    lines = chunk.text.split("\n")
    worth = [len(set(split(line)).intersection(words)) for line in lines]
    best = max(range(len(lines)), key=lambda number: sum(worth[number : number + SNIPPET_LINES]), default=0)
    if best < SNIPPET_LINES:
        best = 0
    return Hit(
        stored.path, chunk.qualified, chunk.kind, chunk.start_line, chunk.end_line, chunk.signature,
        "\n".join(lines[best : best + SNIPPET_LINES]).rstrip(), chunk.start_line + best, score,
        _why(stored, words),
    )  # fmt: skip


def _why(stored: StoredChunk, words: Sequence[str]) -> tuple[str, ...]:
    chunk = stored.chunk
    places = {"its name": chunk.name, "its comment": chunk.docstring, "its place": stored.path, "words": chunk.text}
    left, why = list(words), []
    for place, text in places.items():
        held = set(split(text))
        if met := [word for word in left if word in held]:
            why.append(f"{place}: {', '.join(met)}")
            left = [word for word in left if word not in met]
    return tuple(why)
