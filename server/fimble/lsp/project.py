"""What is known of a project's own tests: those that are open, those beside the source or in its ``tests``, and what
its manifest says that it tests with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from fimble.privacy import Privacy, looks_secret, path_of
from fimble.text import Snapshot

MAX_FILES = 4
MAX_CHARS = 8_000
"""Of each file: its imports tell the framework."""
_IS_TEST = re.compile(r"(?:^test_|_test\.|\.test\.|\.spec\.|tests?\.\w+$)", re.IGNORECASE)
MAX_PARENTS = 6
_MANIFESTS = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"), ("package.json",)),
    **dict.fromkeys((".java", ".kt"), ("pom.xml", "build.gradle", "build.gradle.kts")),
}
_FOLDERS = ("tests", "test", "../tests", "../test")


def known_tests(source: str, documents: Iterable[Snapshot], privacy: Privacy) -> str:
    """The beginnings of tests near the document ``source``, open ones first, and of the manifest above it.

    Nothing private. Reads the disk.
    """
    texts: list[str] = []
    for text in _texts(source, documents, privacy):
        if text and not looks_secret(text):
            texts.append(text)
        if len(texts) == MAX_FILES:
            break
    return "\n".join(text for text in (*texts, _manifest(source, privacy)) if text)


def _manifest(source: str, privacy: Privacy) -> str:
    """The nearest one of the source's language in the folders above it; nothing where there is none."""
    path = Path(path_of(source))
    names = _MANIFESTS.get(path.suffix, ()) if source.lower().startswith("file:") else ()
    for folder in list(path.parents)[:MAX_PARENTS] if names else ():
        for name in names:
            text = _read(folder / name, privacy)
            if text and not looks_secret(text):
                return text
        if (folder / ".git").exists():
            break
    return ""


def _read(path: Path, privacy: Privacy) -> str:
    """The beginning of a file that may be read; nothing of any other."""
    if not privacy.may_read(path) or not path.is_file():
        return ""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_CHARS)
    except (OSError, UnicodeDecodeError):
        return ""


def _texts(source: str, documents: Iterable[Snapshot], privacy: Privacy) -> Iterator[str]:
    ending = Path(path_of(source)).suffix
    for snapshot in documents:
        if snapshot.uri != source and _is_test(Path(path_of(snapshot.uri)), ending) and privacy.may_read(snapshot.uri):
            yield snapshot.text[:MAX_CHARS]
    for path in _files(source, ending):
        yield _read(path, privacy)


def _files(source: str, ending: str) -> Iterator[Path]:
    if not source.lower().startswith("file:"):
        return
    own = Path(path_of(source))
    for folder in (own.parent, *(own.parent / name for name in _FOLDERS)):
        try:
            found = sorted(
                path for path in folder.iterdir() if path != own and _is_test(path, ending) and path.is_file()
            )
        except OSError:
            continue
        yield from found[:MAX_FILES]


def _is_test(path: Path, ending: str) -> bool:
    return path.suffix == ending and _IS_TEST.search(path.name) is not None
