"""The files of a repository that may be learned from; of every other one, why not."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from fimble.index.filetypes import is_foreign, is_readable, language_of, max_bytes
from fimble.index.reading import Unread, read
from fimble.index.walk import Walk
from fimble.privacy import Privacy, looks_secret
from fimble.privacy.patterns import Patterns
from fimble.training.licences import Licences
from fimble.training.notices import asks_not_to_train

MAX_FILES = 50_000
MAX_TOTAL_CHARS = 64_000_000
MIN_CHARS = 40
"""Less says nothing."""
DATA = frozenset({"json", "yaml", "toml"})
_LSP_NAMES = {"bash": "shellscript", "tsx": "typescriptreact"}
_PROSE_NAMES = {".md": "markdown", ".markdown": "markdown", ".rst": "restructuredtext"}
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


_UNREAD = {
    Unread.GONE: Why.UNREADABLE, Unread.CHANGING: Why.UNREADABLE, Unread.UNREADABLE: Why.UNREADABLE,
    Unread.TOO_LARGE: Why.LARGE, Unread.BINARY: Why.BINARY, Unread.GENERATED: Why.GENERATED, Unread.SECRET: Why.SECRET,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file that may be learned from."""

    path: str
    """Relative to the repository, with ``/``."""
    language: str
    """As LSP names it."""
    text: str

    @property
    def is_code(self) -> bool:
        language = language_of(self.path)
        return language is not None and language.name not in DATA


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or a whole folder (its path ends in ``/``), that is not learned from."""

    path: str
    why: Why
    detail: str = ""
    """Such as the licence's name."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a repository holds."""

    files: tuple[SourceText, ...]
    """By path."""
    left_out: tuple[LeftOut, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Why things were left out -> how many, the most first."""
        found = Counter(f"{one.why.value}: {one.detail}" if one.detail else one.why.value for one in self.left_out)
        return dict(found.most_common())


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


def collect(
    root: Path,
    privacy: Privacy,
    licences: Licences,
    apart: Collection[Path] = (),
    on_file: Callable[[int], None] = lambda _: None,
) -> Sources:
    """The files below ``root`` (absolute, without links); nothing below the folders ``apart``.

    ``on_file`` hears how many files were read.
    """
    walk, judge = Walk(root, privacy, MAX_FILES), Judge(root, licences)
    files: list[SourceText] = []
    left_out: list[LeftOut] = []
    met: set[str] = set()
    num_chars = 0
    aside = [one.as_posix() + "/" for one in apart]
    for number, found in enumerate(walk.files()):
        on_file(number)
        met.add(found.path)
        if any((root / found.path).as_posix().startswith(one) for one in aside):
            continue
        if num_chars > MAX_TOTAL_CHARS:
            left_out.append(LeftOut(found.path, Why.LIMIT))
            continue
        taken = _take(root, found.path, judge)
        if isinstance(taken, LeftOut):
            left_out.append(taken)
        else:
            files.append(taken)
            num_chars += len(taken.text)
    left_out += _unmet(root, walk, privacy, met, aside, len(met) >= MAX_FILES)
    return Sources(tuple(sorted(files, key=lambda one: one.path)), tuple(left_out))


def lsp_language(path: str) -> str:
    """What LSP calls the language of the file at ``path``."""
    language = language_of(path)
    if language is not None:
        return _LSP_NAMES.get(language.name, language.name)
    return _PROSE_NAMES.get(PurePosixPath(path).suffix.lower(), "plaintext")


def _take(root: Path, path: str, judge: Judge) -> SourceText | LeftOut:
    taken = read(root / path)
    if isinstance(taken, Unread):
        return LeftOut(path, _UNREAD[taken])
    if not taken.text.isascii() and not _is_unicode(root / path):
        return LeftOut(path, Why.ENCODING)
    if (why := judge.why_not(path, taken.text)) is not None:
        return LeftOut(path, *why)
    return SourceText(path, lsp_language(path), taken.text)


def _is_unicode(file: Path) -> bool:
    """What was read in a guessed encoding is not taught: a wrong guess would be learned."""
    try:
        raw = file.read_bytes()
    except OSError:
        return False
    if raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return True
    try:
        return "\ufffd" not in raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False


def _unmet(
    root: Path, walk: Walk, privacy: Privacy, met: Collection[str], aside: Collection[str], is_full: bool
) -> Iterator[LeftOut]:
    """What the walk did not come to; what lies in a folder that it does not enter counts as one."""
    top = root.as_posix().rstrip("/") + "/"
    for here, folders, names in os.walk(root):
        relative = Path(here).as_posix().removeprefix(top.rstrip("/")).lstrip("/")
        prefix = relative + "/" if relative else ""
        for name in list(folders):
            path = prefix + name
            if name == ".git" or any((top + path + "/").startswith(one) for one in aside):
                folders.remove(name)
            elif Path(here, name).is_symlink():
                folders.remove(name)
                yield LeftOut(path, Why.LINK)
            elif not walk.enters(path):
                folders.remove(name)
                yield LeftOut(path + "/", _why_not_entered(privacy, root / path, name))
        for name in names:
            if prefix + name not in met and name != ".git":
                yield LeftOut(prefix + name, Why.LIMIT if is_full else _why_unmet(privacy, Path(here, name)))


def _why_not_entered(privacy: Privacy, folder: Path, name: str) -> Why:
    if is_foreign(name) or (folder / "pyvenv.cfg").exists():
        return Why.FOREIGN
    return Why.IGNORED if privacy.may_read(folder) else Why.PRIVATE


def _why_unmet(privacy: Privacy, file: Path) -> Why:
    if file.is_symlink():
        return Why.LINK
    if not privacy.may_read(file):
        return Why.PRIVATE
    if not is_readable(file.name):
        return Why.OTHER
    try:
        return Why.LARGE if file.stat().st_size > max_bytes(file.name) else Why.IGNORED
    except OSError:
        return Why.UNREADABLE


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
