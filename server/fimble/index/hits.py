"""A found chunk as a person sees it: the lines that show best why, and what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.index.records import Hit, StoredChunk
from fimble.index.words import split

SNIPPET_LINES = 6


def hit(stored: StoredChunk, words: Sequence[str], score: float, meaning: str = "") -> Hit:
    """``words`` as ``words.split`` gives them; ``meaning`` says how near it is in meaning, where that is known."""
    chunk = stored.chunk
    lines = chunk.text.split("\n")
    worth = [len(set(split(line)).intersection(words)) for line in lines]
    best = max(range(len(lines)), key=lambda number: sum(worth[number : number + SNIPPET_LINES]), default=0)
    if best < SNIPPET_LINES:
        best = 0
    why = _why(stored, words)
    return Hit(
        stored.path, chunk.qualified, chunk.kind, chunk.start_line, chunk.end_line, chunk.signature,
        "\n".join(lines[best : best + SNIPPET_LINES]).rstrip(), chunk.start_line + best, score,
        (meaning, *why) if meaning else why,
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
