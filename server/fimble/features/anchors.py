"""Each document's anchor: which one holds, and which better one is worth preparing in idle time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fimble.features.pace import Pace
from fimble.prompt.anchor import Anchor
from fimble.prompt.build import PromptBuilder
from fimble.text import Cursor, Snippet

MAX_DOCUMENTS = 32
NUM_CONTROL_TOKENS = 8
"""At least what a family's prompt holds beside the text."""

FindSnippets = Callable[[Cursor], tuple[Snippet, ...]]


@dataclass(slots=True)
class _Document:
    """What is known of one document."""

    current: Anchor
    is_hasty: bool
    """Whether it was made while a person waited: with too few snippets, perhaps with a small window."""
    offered: tuple[Snippet, ...] = ()
    """What it was made from; the prompt may have had no room for all."""
    pending: Anchor | None = None
    """A better one, being read in idle time."""
    pending_offered: tuple[Snippet, ...] = ()


class Anchors:
    """The anchors of the documents in use. Changed on the engine's thread only."""

    def __init__(
        self,
        prompts: PromptBuilder,
        max_tokens: int,
        pace: Pace,
        find_snippets: FindSnippets,
        num_cached_tokens: Callable[[Sequence[int]], int],
        was_late: Callable[[], bool] = lambda: False,
    ) -> None:
        """``num_cached_tokens``: how many of a prompt's first tokens the engine need not read again.

        ``was_late``: whether ``find_snippets`` had no time for all that there is when it was asked last.
        """
        self._was_late = was_late
        self._prompts, self._max_tokens, self._pace, self._find_snippets = prompts, max_tokens, pace, find_snippets
        self._num_cached_tokens = num_cached_tokens
        self._documents: OrderedDict[str, _Document] = OrderedDict()

    def at(self, cursor: Cursor, in_haste: bool = True) -> tuple[Anchor, str]:
        """The anchor to use at ``cursor``, made if need be, and what was typed since.

        ``in_haste``: a person waits, so a new window is no larger than what can be read in time.
        """
        uri = cursor.snapshot.uri
        document = self._documents.get(uri)
        if document is not None:
            tail = document.current.tail(cursor)
            is_good = (
                self._is_affordable(document.current, tail or "") if in_haste else not self._lacks(document, cursor)
            )
            if tail is not None and is_good:
                self._documents.move_to_end(uri)
                return document.current, tail
        made = self._make(cursor, document, in_haste)
        anchor = made.current
        self._keep(uri, made)
        tail = anchor.tail(cursor)
        assert tail is not None, "a new anchor holds where it was made"
        return anchor, tail

    def prompt(self, anchor: Anchor, cursor: Cursor) -> tuple[int, ...]:
        """What has to be read before ``anchor`` answers at ``cursor`` at once."""
        return self._prompts.prompt(anchor, anchor.tail(cursor) or "").tokens

    def is_ready(self, cursor: Cursor) -> bool:
        """Whether the document's anchor can be used at ``cursor``, and is still in the cache."""
        document = self._documents.get(cursor.snapshot.uri)
        tail = document.current.tail(cursor) if document is not None else None
        return document is not None and tail is not None and self._is_affordable(document.current, tail)

    def snippets(self, uri: str) -> tuple[Snippet, ...]:
        """The snippets that shape answers in a document now."""
        document = self._documents.get(uri)
        return document.current.snippets if document is not None else ()

    def better(self, cursor: Cursor) -> Anchor | None:
        """An anchor worth reading before it is needed, or ``None``."""
        document = self._documents.get(cursor.snapshot.uri)
        if document is None:
            return None
        current, pending = document.current, document.pending
        if pending is not None and pending.tail(cursor) is not None and not pending.is_late(cursor):
            return pending
        holds = current.tail(cursor) is not None
        if holds and not (current.is_late(cursor) or document.is_hasty or self._lacks(document, cursor)):
            return None
        earliest = None if document.is_hasty else current.start
        document.pending_offered = self._find_snippets(cursor)
        document.pending = self._prompts.anchor(cursor, self._max_tokens, document.pending_offered, earliest)
        return document.pending

    def adopt(self, anchor: Anchor) -> None:
        """``anchor``, which ``better`` gave, has been read: it is the document's anchor now."""
        document = self._documents.get(anchor.uri)
        offered = document.pending_offered if document is not None else anchor.snippets
        self._keep(anchor.uri, _Document(anchor, False, offered))

    def forget(self, uri: str) -> None:
        """The document is closed."""
        self._documents.pop(uri, None)

    def _make(self, cursor: Cursor, old: _Document | None, in_haste: bool) -> _Document:
        """With a new anchor; of one made in haste nearly all must be in the cache already."""
        if not in_haste:
            earliest = old.current.start if old is not None and not old.is_hasty else None
            offered = self._find_snippets(cursor)
            anchor = self._prompts.anchor(cursor, self._max_tokens, offered, earliest)
            return _Document(anchor, self._was_late(), offered)
        if old is not None:
            moved = self._prompts.anchor(cursor, self._max_tokens, old.current.snippets, old.current.start)
            if self._is_affordable(moved, moved.tail(cursor) or ""):
                return _Document(moved, old.is_hasty, old.offered)
        small = min(self._max_tokens, self._pace.cold_tokens)
        return _Document(self._prompts.anchor(cursor, small), True)

    def _lacks(self, document: _Document, cursor: Cursor) -> bool:
        """Whether what is named at the cursor is not shown, though it could be."""
        return any(one.is_named and one not in document.offered for one in self._find_snippets(cursor))

    def _is_affordable(self, anchor: Anchor, tail: str) -> bool:
        """Whether what has to be read of it and of ``tail`` can be read while a person waits."""
        tokens = self._prompts.prompt(anchor, tail).tokens
        num_unread = len(tokens) - self._num_cached_tokens(tokens)
        return num_unread <= self._pace.cold_tokens + NUM_CONTROL_TOKENS

    def _keep(self, uri: str, document: _Document) -> None:
        self._documents[uri] = document
        self._documents.move_to_end(uri)
        if len(self._documents) > MAX_DOCUMENTS:
            self._documents.popitem(last=False)
