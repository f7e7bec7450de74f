"""A file on disk as a snapshot, and a line and column in it as a cursor. For commands; editors send text."""

from __future__ import annotations

from pathlib import Path

from fimble.errors import DocumentError, DocumentTooLarge, NotText, PositionOutside
from fimble.text import Cursor, Snapshot


def read(path: Path, max_mb: int) -> Snapshot:
    """The file's text. Raises ``DocumentTooLarge``, ``NotText``, or ``DocumentError`` where reading fails."""
    try:
        size = path.stat().st_size
        if size > max_mb * 2**20:
            raise DocumentTooLarge(
                f"{path} has {size / 2**20:.1f} MB; the limit is {max_mb} MB.",
                "Raise max_document_mb to change it.",
            )
        raw = path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotText(f"{path} is not UTF-8 text (byte {error.start}).", "Convert the file to UTF-8.") from error
    return Snapshot(path.resolve().as_uri(), "", 0, text.removeprefix("\ufeff"))


def cursor_at(snapshot: Snapshot, line: int, column: int) -> Cursor:
    """The cursor at a 1-based line and a 1-based column in code points. Raises ``PositionOutside``."""
    lines = snapshot.text.split("\n")
    if not 1 <= line <= len(lines):
        raise PositionOutside(f"Line {line} is outside the document, which has {len(lines)} lines.")
    width = len(lines[line - 1].removesuffix("\r"))
    if not 1 <= column <= width + 1:
        raise PositionOutside(f"Column {column} is outside line {line}, whose last column is {width + 1}.")
    return Cursor(snapshot, sum(len(before) + 1 for before in lines[: line - 1]) + column - 1)
