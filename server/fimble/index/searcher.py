"""Answers questions about a workspace: by their words, by what they mean, and by what the graph says of both."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from fimble.errors import FimbleError
from fimble.index.hits import hit
from fimble.index.reader import Reader
from fimble.index.records import Answer
from fimble.index.view import View, Views
from fimble.index.words import split

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_MATCHES = 2000
"""By words; what matches less well has no say, itself or for its neighbours."""
MIN_COSINE = 0.2
"""What shares no word with a query has to be at least so near: of 775 docstrings whose function is farther, none had it
among the first 30, and anything at all is nearer than nothing to a query that means nothing."""
_NEARLY_ALL = 0.9
"""Of the chunks have a vector: what was just saved is no news to a person."""
_SPARE = 100
_STOP = frozenset(
    split(
        """a an the of to in for and or is are be it its this that with from by on as at do does how what which when
        where who why can i you we my our your there here if not"""
    )
)
_LATIN = re.compile("[A-Za-z]")
"""The encoder was taught English: to whatever has none of its letters, anything at all is near."""
_CHINESE = re.compile(r"[\u3400-\u9fff]")

Embed = Callable[[str], "npt.NDArray[np.float32]"]
"""A query -> its unit vector ``[dimension]``. Raises ``FimbleError``."""
Translate = Callable[[str], str]
"""A query in Chinese -> the same in English; empty where it cannot be said. Raises ``FimbleError``."""


class Searcher:
    """Any thread may ask. Raises nothing but ``FimbleError``."""

    def __init__(
        self,
        reader: Reader,
        views: Views,
        embed: Embed | None = None,
        translate: Translate | None = None,
        note: str = "",
    ) -> None:
        """Without ``embed`` only words count. ``note`` is told with every answer: why something is missing."""
        self._reader, self._views, self._embed = reader, views, embed
        self._translate, self._note = translate, note

    def search(self, query: str, limit: int = 20) -> Answer:
        """The ``limit`` best chunks, the best first."""
        notes = self._notes()
        asked = self._in_english(query, notes)
        words = telling(query if asked == query else f"{query} {asked}")
        view = self._views.latest()
        by_words = dict(self._reader.match(words, MAX_MATCHES))
        cosines = view.cosines(vector) if (vector := self._vector(asked, notes)) is not None else None
        if vector is not None and (missing := _missing(view, len(vector))):
            notes.append(missing)
        scores = _scores(view, cosines, by_words)
        # some may be gone since the view was read
        best = sorted(scores, key=lambda one: (-scores[one], one))[: limit + _SPARE]
        most = max(scores.values(), default=1.0) if cosines is None else 1.0
        hits = []
        for stored in self._reader.chunks(best, with_references=False)[:limit]:
            row = view.rows.get(stored.id)
            why = "" if cosines is None or row is None else f"meaning: {cosines[row]:.2f}"
            hits.append(hit(stored, words, min(max(scores[stored.id] / most, 0.0), 1.0), why))
        return Answer(tuple(hits), tuple(notes))

    def _vector(self, asked: str, notes: list[str]) -> npt.NDArray[np.float32] | None:
        """Nothing for what the encoder cannot read, and aloud where it cannot be used any more."""
        if self._embed is None or not _LATIN.search(asked):
            return None
        try:
            return self._embed(asked)
        except FimbleError as error:
            notes.append(str(error))
            return None

    def _in_english(self, query: str, notes: list[str]) -> str:
        """The encoder was taught English; a query in Chinese is put into it by the code model, where one is at hand."""
        if self._translate is None or not _CHINESE.search(query):
            return query
        try:
            english = self._translate(query)
        except FimbleError as error:
            notes.append(f"The query is searched for as it stands: {error}")
            return query
        if english:
            notes.append(f"In English: {english}")
        return english or query

    def _notes(self) -> list[str]:
        notes = [self._note] if self._note else []
        if self._reader.meta("words_complete") != "1":
            notes.append("The workspace is not indexed to its end yet, so something may be missing.")
        return notes


def _missing(view: View, dimension: int) -> str:
    """Why meaning finds less than it will; empty where it does not."""
    if not len(view.ids):
        return "The index holds nothing that can be searched."
    if len(view.known) and view.matrix.shape[1] != dimension:
        return "The index was made with another encoder meanwhile, so only words count; restart the editor."
    share = len(view.known) / len(view.ids)
    if not share:
        return "Nothing can be found by its meaning yet, only by its words; `fimble index` goes on."
    if share < _NEARLY_ALL:
        return f"Only {share:.0%} can be found by its meaning yet, the rest by its words; `fimble index` goes on."
    return ""


def telling(query: str) -> list[str]:
    """The words of ``query`` that tell something, each once; all of them where none does."""
    words = list(dict.fromkeys(split(query)))
    return [word for word in words if word not in _STOP] or words


def _scores(view: View, cosines: npt.NDArray[np.float32] | None, by_words: dict[int, float]) -> dict[int, float]:
    """Of every chunk that may be worth showing, by its id."""
    import numpy as np

    matches = view.matches(by_words)
    values = view.network.scores(cosines, matches)
    is_found = values > 0
    if cosines is not None:
        is_found &= (matches > 0) | (cosines >= MIN_COSINE)
    rows = np.flatnonzero(is_found)
    found = {int(view.ids[row]): float(values[row]) for row in rows[np.argsort(-values[rows])[:MAX_MATCHES]]}
    # what was written since the view was read is known by its words only
    most = max(by_words.values(), default=0.0) or 1.0
    best = max(found.values(), default=1.0)
    return found | {one: best * score / most for one, score in by_words.items() if one not in view.rows}
