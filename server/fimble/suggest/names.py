"""Python names that exist nowhere: a line that reads one would fail when it runs.

Only what is certain is dropped. A name is taken to exist if it stands anywhere in the file's
code, in the answer, among the builtins, or in what else the model was shown; and nothing is
judged where names may come from elsewhere (``from x import *``, notebooks, files that are
not plain modules).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from fimble.syntax.languages import language_of
from fimble.syntax.names import ALWAYS_KNOWN, exists, imports_star, uses
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Reason

_LONG_QUOTES = (b'"""', b"'''")
"""Where one of these is open, prose looks like code."""
_WORD = re.compile(r"[^\W\d]\w*")


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Every word in ``texts``: what ``cut_unknown_names`` may take as known."""
    return frozenset(word for text in texts for word in _WORD.findall(text))


def cut_unknown_names(text: str, cursor: Cursor, known: Collection[str] = frozenset()) -> str | Reason:
    """``text`` up to the first line that reads a name that exists nowhere and is not in ``known``."""
    if not _is_judged(cursor):
        return text
    kept = text
    while kept.strip():
        end = _first_unknown(kept, cursor, known)
        if end is None:
            return kept
        kept = kept[: kept.rfind("\n", 0, end) + 1].rstrip()
    return Reason.UNKNOWN_NAME if text.strip() else text


def _is_judged(cursor: Cursor) -> bool:
    """Whether all names of the cursor's file are its own, imported or builtin."""
    language = language_of(cursor.snapshot)
    if language is None or language.name != "python":
        return False
    try:
        parts = urlsplit(cursor.snapshot.uri)
    except ValueError:
        return False
    return parts.scheme == "untitled" or (
        parts.scheme == "file" and parts.path.lower().endswith((".py", ".pyi", ".pyw"))
    )


def _first_unknown(text: str, cursor: Cursor, known: Collection[str]) -> int | None:
    """Where in ``text`` the first unknown name begins (0 if before it); ``None`` if there is none."""
    parsed = TREES.at(cursor, text)
    if parsed is None or len(parsed.text) < len(cursor.snapshot.text):
        return None
    start, end = parsed.byte_at(cursor.offset), parsed.byte_at(cursor.offset + len(text))
    if any(parsed.data.count(quotes, 0, end) % 2 for quotes in _LONG_QUOTES):
        return None
    used = uses(parsed, start, end)
    for byte, name in used.read:
        is_special = name.startswith("__") or not name.strip("_")
        if is_special or name in ALWAYS_KNOWN or name in used.bound or name in known:
            continue
        if not exists(name, parsed, start, end) and not imports_star(parsed):
            return max(0, parsed.offset_at(byte) - cursor.offset)
    return None
