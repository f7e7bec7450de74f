"""What is known of a project's own tests: those that are open, and those beside the source or in its ``tests``."""

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
_FOLDERS = ("tests", "test", "../tests", "../test")


def known_tests(source: str, documents: Iterable[Snapshot], privacy: Privacy) -> str:
    """The beginnings of tests near the document ``source``, open ones first; nothing private. Reads the disk."""
    texts: list[str] = []
    for text in _texts(source, documents, privacy):
        if not looks_secret(text):
            texts.append(text)
        if len(texts) == MAX_FILES:
            break
    return "\n".join(texts)


def _texts(source: str, documents: Iterable[Snapshot], privacy: Privacy) -> Iterator[str]:
    ending = Path(path_of(source)).suffix
    for snapshot in documents:
        if snapshot.uri != source and _is_test(Path(path_of(snapshot.uri)), ending) and privacy.may_read(snapshot.uri):
            yield snapshot.text[:MAX_CHARS]
    for path in _files(source, ending):
        if privacy.may_read(path):
            try:
                with path.open(encoding="utf-8") as file:
                    yield file.read(MAX_CHARS)
            except (OSError, UnicodeDecodeError):
                continue


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
