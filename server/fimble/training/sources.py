"""The files of a repository that may be learned from; of every other one, why not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fimble.index.filetypes import is_foreign, is_readable, language_of, max_bytes
from fimble.index.reading import Unread, read
from fimble.index.walk import Walk
from fimble.privacy import Privacy
from fimble.training.judge import Judge, Why
from fimble.training.licences import Licences

MAX_FILES = 50_000
MAX_TOTAL_CHARS = 64_000_000
DATA = frozenset({"json", "yaml", "toml"})
_LSP_NAMES = {"bash": "shellscript", "tsx": "typescriptreact"}
_PROSE_NAMES = {".md": "markdown", ".markdown": "markdown", ".rst": "restructuredtext"}


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
