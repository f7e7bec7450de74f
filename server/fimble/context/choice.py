"""Which passages are shown: the best ones that fit, and the same ones while the person stays in one place.

What was chosen before keeps its place and comes first, so that the prompt's beginning, and
with it the work done on it, outlives a new choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fimble.context import rank
from fimble.context.excerpt import excerpt
from fimble.context.passages import Passage, told
from fimble.text import Snippet

MAX_SNIPPETS = 8
SIMILAR = "similar lines"
MIN_CHARS = 24
"""A shorter piece is not worth the name of its file."""
_MAX_TRIED = 32
"""Only so many of the best are looked at line by line."""
_LEAST_CAP = 400
"""One passage may take half of the budget, or this much."""
_LOYALTY = 1.5
"""How much better another passage must be to take the place of one that was chosen."""
_STAY_LINES = 24
"""The person is still in the same place within this many lines."""
_MAX_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be shown."""

    uri: str
    path: str
    """As the model reads it."""
    start: int
    passage: Passage
    factor: float = 1.0
    """What its score is multiplied by: less than 1 for another language, more for a recent edit."""
    why: str = SIMILAR
    """As a person reads it."""
    worth: float | None = None
    """Its score, where its source knows better than the words in common."""
    name: str = ""
    """Of the definition that it shows: the same definition keeps its place, whatever of it was shown."""

    is_named: bool = False
    """Whether the text at the cursor names what it shows."""
    is_reminder: bool = False
    """Whether it is shown although the window holds it too."""

    @property
    def key(self) -> tuple[str, str]:
        return self.uri, self.name or self.passage.text


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece of one candidate; ``text`` is the whole lines shown."""

    candidate: Candidate
    text: str

    @property
    def key(self) -> tuple[str, str]:
        return self.candidate.key

    @property
    def num_chars(self) -> int:
        return len(self.candidate.path) + len(self.text)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and where."""

    uri: str = ""
    line: int = 0
    pieces: tuple[_Piece, ...] = field(default=())

    def snippets(self) -> tuple[Snippet, ...]:
        """Most relevant last, but what was chosen before stays where it was."""
        return tuple(
            Snippet(piece.candidate.path, piece.text, piece.candidate.why, piece.candidate.is_named)
            for piece in self.pieces
        )


def choose(
    query: rank.Query, candidates: Sequence[Candidate], max_chars: int, last: Choice, uri: str, line: int
) -> Choice:
    """The choice for a cursor in ``uri`` on ``line``; paths and texts together take ``max_chars`` at most."""
    ranking = rank.rank(query, [candidate.passage for candidate in candidates])
    stays = last.uri == uri and abs(last.line - line) <= _STAY_LINES
    before = {piece.key: piece for piece in last.pieces} if stays else {}
    scored = []
    for candidate, score in zip(candidates, ranking.scores, strict=True):
        loyalty = _LOYALTY if candidate.key in before else 1.0
        worth = score * candidate.factor if candidate.worth is None else candidate.worth
        if worth:
            scored.append((worth * loyalty, candidate))
    scored.sort(key=lambda pair: (-pair[0], pair[1].path, pair[1].start))
    room, cap = max_chars, max(max_chars // 2, _LEAST_CAP)
    chosen: list[_Piece] = []
    shown: list[frozenset[str]] = []
    for _, candidate in scored[:_MAX_TRIED]:
        if len(chosen) == MAX_SNIPPETS:
            break
        piece = before.get(candidate.key)
        if piece is None or piece.num_chars > max_chars:
            piece = _Piece(candidate, excerpt(candidate.passage, ranking.weights, min(room, cap) - len(candidate.path)))
        is_short = len(piece.text) < MIN_CHARS and (candidate.worth is None or not piece.text)
        if piece.num_chars > room or is_short:
            continue
        lines = told(piece.text)
        seen = frozenset() if candidate.is_reminder else query.lines
        if max([rank.overlap(lines, seen), *(_alike(lines, others) for others in shown)]) > _MAX_OVERLAP:
            continue
        shown.append(lines)
        room -= piece.num_chars
        chosen.append(piece)
    by_key = {piece.key: piece for piece in chosen}
    kept = [by_key[key] for key in before if key in by_key]
    new = [piece for piece in reversed(chosen) if piece.key not in before]
    same = stays and tuple(kept) == last.pieces and not new
    return last if same else Choice(uri, line, (*kept, *new))


def _alike(lines: frozenset[str], others: frozenset[str]) -> float:
    return max(rank.overlap(lines, others), rank.overlap(others, lines))
