"""Whether a text may be learned from: who wrote it, what it holds, and what its licence says."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path, PurePosixPath

from fimble.index.filetypes import is_foreign, language_of
from fimble.privacy import looks_secret
from fimble.privacy.patterns import Patterns
from fimble.training.licences import Licences
from fimble.training.notices import asks_not_to_train

MIN_CHARS = 40
"""Less says nothing."""
_COPIED = "_vendor _vendored vendored vendors extern externals _extern thirdparty 3rdparty"
_VENDORED = frozenset(_COPIED.split())
_TABLE_LINES = 80
_TABLE_FORMS = 0.12
"""Of so many lines at least, fewer different forms than this share are a table that was written as code."""
_MEAN_LINE_CHARS = 180
_LITERAL = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\b\d[\w.]*|\b[A-Z][A-Z0-9_]+\b")
_PASSWORD = re.compile(
    r"(?i:passw(?:or)?d|passwd|secret|token|api_?key|access_?key|auth_?key|private_?key)[\w\"'\]]*\s*[:=]>?\s*"
    r"[\"']([A-Za-z0-9+/_\-=.]{20,200})[\"']"
)
_WITH_PASSWORD = re.compile(r"\b[a-z][a-z0-9+.]*://[^\s/:@\"'<>{}$]{1,60}:([^\s/:@\"'<>{}$*]{8,})@[\w.-]+")
_LINGUIST = re.compile(r"^(\S+)\s.*\blinguist-(?:vendored|generated)(?:=true)?(?:\s|$)")
_OURS = re.compile(r"\"format\": \"fimble-dataset/|, made by `fimble dataset` on ")


class Why(Enum):
    """Why a file is left out; the value is what a person reads."""

    IGNORED = "git or .fimbleignore leaves it out"
    PRIVATE = "the privacy rules keep it private"
    FOREIGN = "a folder that others or programs fill"
    VENDORED = "it was copied from another project"
    GENERATED = "a program wrote it"
    TABLE = "a table of data"
    LINK = "a link"
    OTHER = "neither code nor prose, by its name"
    BINARY = "no text"
    ENCODING = "its encoding is broken or unknown"
    LARGE = "too large"
    EMPTY = "hardly anything stands in it"
    SECRET = "it holds a key or a password"
    LICENCE = "its licence"
    NO_TRAINING = "it asks not to be used for training"
    LIMIT = "past the limit of what is read"
    UNREADABLE = "it cannot be read"


class Judge:
    """Says of a text at a path why it may not be learned from; of files that are there and of those that were."""

    def __init__(self, root: Path, licences: Licences) -> None:
        self._licences = licences
        self._marked = _marked(root)

    def why_not(self, path: str, text: str) -> tuple[Why, str] | None:
        """The reason and its detail, or ``None``."""
        parts = PurePosixPath(path).parts[:-1]
        if any(is_foreign(part) for part in parts):
            return Why.FOREIGN, ""
        if not _VENDORED.isdisjoint(part.lower() for part in parts) or self._marked.forbids(path):
            return Why.VENDORED, ""
        if sum(not character.isspace() for character in text[:10_000]) < MIN_CHARS:
            return Why.EMPTY, ""
        if looks_secret(text) or _holds_password(text):
            return Why.SECRET, ""
        if (name := self._licences.refusal(path, text)) is not None:
            return Why.LICENCE, name[:60]
        if asks_not_to_train(text):
            return Why.NO_TRAINING, ""
        if path.endswith((".md", ".json")) and _OURS.search(text):
            return Why.GENERATED, ""
        lines = [line for line in text.split("\n") if line.strip()]
        if len(text) > _MEAN_LINE_CHARS * len(lines) and len(text) > 4000 and language_of(path) is not None:
            return Why.GENERATED, ""
        return (Why.TABLE, "") if _is_table(lines) else None


def _marked(root: Path) -> Patterns:
    """What ``.gitattributes`` says is generated or copied."""
    try:
        lines = (root / ".gitattributes").read_text(encoding="utf-8", errors="replace").split("\n")[:1000]
    except OSError:
        lines = []
    kept = Patterns(())
    for line in lines:
        if (found := _LINGUIST.match(line)) is not None:
            try:
                kept = Patterns(kept.rules + Patterns.compile([found[1]]).rules)
            except ValueError:
                continue
    return kept


def _is_table(lines: list[str]) -> bool:
    if len(lines) < _TABLE_LINES:
        return False
    forms = {_LITERAL.sub("0", line).strip() for line in lines}
    return len(forms) < _TABLE_FORMS * len(lines)


def _holds_password(text: str) -> bool:
    """Whether a value that looks drawn at random is given to what is called a password or a key."""
    if any(_looks_random(found) for found in _PASSWORD.findall(text)):
        return True
    return any(_looks_random(found) for found in _WITH_PASSWORD.findall(text))


def _looks_random(value: str) -> bool:
    is_mixed = any(c.isdigit() for c in value) and any(c.islower() for c in value)
    is_wide = len(set(value)) >= min(12, 0.5 * len(value))
    return is_mixed and is_wide and (len(value) >= 20 or any(c.isupper() for c in value)) and "example" not in value
