"""The syntax trees of the documents used last, kept so that a keystroke costs about a millisecond.

Of each document the newest texts are kept with their trees, and the newest one without
faults. A new text is parsed from whichever of them is near: behind a fault tree-sitter
parses everything anew, so a broken tree helps little.

A text of more than ``WHOLE_CHARS`` or ``WHOLE_LINES``, or one that once took longer than
``BUDGET_MS``, is parsed only around the cursor, on whole lines where it has any.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from fimble.syntax import edits
from fimble.syntax.languages import Language, language_of
from fimble.syntax.offsets import encode
from fimble.syntax.parsed import Parsed, parse
from fimble.text import Cursor

WHOLE_CHARS = 1 << 20
WHOLE_LINES = 50_000
BUDGET_MS = 100.0
_BEFORE_CHARS = 24_000
_AFTER_CHARS = 8_000
"""How much of a text that is not parsed whole is parsed before and after the cursor."""
_NUM_DOCUMENTS = 4
_NUM_TEXTS = 4
_NEAR_BYTES = 20_000
"""A change longer than this is no reason to start from an older tree."""


@dataclass(slots=True)
class _Document:
    """What is kept of one document."""

    language: Language
    newest: deque[Parsed] = field(default_factory=lambda: deque(maxlen=_NUM_TEXTS))
    """The texts used last, the newest first."""
    sound: Parsed | None = None
    """The newest without faults."""
    too_slow_chars: int = WHOLE_CHARS + 1
    """A text this long took too long to parse whole."""


class Trees:
    """Trees of the documents used last. Any thread may ask; a document's uri tells it from others."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, _Document] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, cursor: Cursor, inserted: str = "") -> Parsed | None:
        """The cursor's document with ``inserted`` at the cursor, or as much around the cursor as is parsed.

        ``None`` where the language is unknown, or even that much takes too long.
        """
        language = language_of(cursor.snapshot)
        if language is None:
            return None
        with self._lock:
            document = self._document(cursor.snapshot.uri, language)
            start, end = _window(cursor, document.too_slow_chars)
            whole = cursor.snapshot.text
            text = whole[start : cursor.offset] + inserted + whole[cursor.offset : end]
            parsed = _parse(document, text, start)
            if parsed is None and end - start == len(whole) and end - start > _BEFORE_CHARS:
                document.too_slow_chars = end - start
                start, end = _window(cursor, document.too_slow_chars)
                text = whole[start : cursor.offset] + inserted + whole[cursor.offset : end]
                parsed = _parse(document, text, start)
            return parsed

    def forget(self, uri: str) -> None:
        """Drop what is kept of a document."""
        with self._lock:
            self._documents.pop(uri, None)

    def _document(self, uri: str, language: Language) -> _Document:
        document = self._documents.pop(uri, None)
        if document is None or document.language is not language:
            document = _Document(language)
        self._documents[uri] = document
        while len(self._documents) > _NUM_DOCUMENTS:
            self._documents.popitem(last=False)
        return document


def _parse(document: _Document, text: str, start: int) -> Parsed | None:
    """``text`` from the nearest tree kept, and kept itself."""
    for known in document.newest:
        if known.start == start and known.text == text:
            document.newest.remove(known)
            document.newest.appendleft(known)
            return known
    data = encode(text)
    parsed = _from_nearest(document, text, data, start) or parse(document.language, text, data, BUDGET_MS, start)
    if parsed is not None:
        document.newest.appendleft(parsed)
        if not parsed.tree.root_node.has_error:
            document.sound = parsed
    return parsed


def _from_nearest(document: _Document, text: str, data: bytes, start: int) -> Parsed | None:
    """``text`` from the tree without faults if it is near, else from the newest; ``None`` without either."""
    sound = document.sound
    if sound is not None and sound.start == start:
        edit = edits.between(sound.data, data)
        if max(edit.old_end, edit.new_end) - edit.start <= _NEAR_BYTES:
            return sound.changed(text, data, edit, BUDGET_MS)
    for known in document.newest:
        if known.start == start:
            return known.changed(text, data, edits.between(known.data, data), BUDGET_MS)
    return None


def _window(cursor: Cursor, too_slow_chars: int) -> tuple[int, int]:
    """From where to where the cursor's text is parsed."""
    text, offset = cursor.snapshot.text, cursor.offset
    if len(text) < too_slow_chars and text.count("\n") <= WHOLE_LINES:
        return 0, len(text)
    start, end = max(0, offset - _BEFORE_CHARS), min(len(text), offset + _AFTER_CHARS)
    if start:
        start = max(start, text.find("\n", start, offset) + 1)
    if end < len(text):
        end = text.rfind("\n", offset, end) + 1 or end
    return start, end


TREES = Trees()
"""The trees of this process: a memory of texts already parsed, and nothing else."""
