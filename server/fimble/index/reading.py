"""A file of the workspace as text, with the stamp that belongs to just that text; or why it is not read."""

from __future__ import annotations

import codecs
import os
import re
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from fimble.index.filetypes import max_bytes
from fimble.index.records import Stamp
from fimble.index.walk import stamp_of
from fimble.privacy import looks_secret

MAX_LINE_CHARS = 5000
"""Nobody writes a longer one by hand."""
_TRIES = 3
_HEAD_BYTES = 8192
_HEAD_CHARS = 1500
_MIN_PRINTABLE = 0.98
_MAX_FOREIGN = 0.3
"""Of a text in one of the old encodings: more bytes above 127 are no European language's."""
_MIN_COMMON = 0.9
"""Of the characters that are not ASCII in a text in Chinese: so many are everyday ones."""
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_GENERATED = re.compile(
    r"@generated\b|\bgenerated\b.{0,200}?\bdo not (?:edit|modify|change)|"
    r"\bdo not (?:edit|modify|change)\b.{0,200}?\bgenerated\b",
    re.IGNORECASE | re.DOTALL,
)
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Unread(Enum):
    """Why a file has no text here."""

    GONE = "it is no file any more"
    CHANGING = "it is being written"
    """It is to be read again a little later."""
    UNREADABLE = "it may not be read"
    TOO_LARGE = "it is too large"
    BINARY = "it is no text"
    GENERATED = "a program wrote it"
    SECRET = "it holds a key"


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text, its lines ended by ``\\n``."""

    text: str
    stamp: Stamp


def read(path: Path) -> FileText | Unread:
    """The file at ``path``. Never waits for a pipe or device and never follows a link in its last name."""
    for _ in range(_TRIES):
        taken = _bytes(path)
        if isinstance(taken, Unread):
            return taken
        if taken is not None:
            raw, stamp = taken
            text = decoded(raw)
            if text is None:
                return Unread.BINARY
            return _reason(text) or FileText(text, stamp)
    return Unread.CHANGING


def decoded(raw: bytes) -> str | None:
    """Text in UTF-8, in UTF-16 or UTF-32 with a mark, in GB18030 (so GBK and GB2312, too), or in an old encoding of
    Europe; ``None`` for anything else."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            try:
                return _lines(raw.decode(name))
            except UnicodeDecodeError:
                return None
    if b"\0" in raw[:_HEAD_BYTES]:
        return None
    try:
        return _lines(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        pass
    if len(_CONTROLS.findall(raw)) > (1 - _MIN_PRINTABLE) * len(raw):
        return None
    if (chinese := _in_chinese(raw)) is not None:
        return _lines(chinese)
    if sum(byte > 127 for byte in raw) > _MAX_FOREIGN * len(raw):
        return None
    try:
        return _lines(raw.decode("cp1252"))
    except UnicodeDecodeError:
        return _lines(raw.decode("latin-1"))


def _in_chinese(raw: bytes) -> str | None:
    """``raw`` as GB18030 where that makes Chinese of it: nearly any bytes are some rare characters there."""
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None
    foreign = [sign for sign in text if sign > "\x7f"]
    # two bytes each; the first tells a row of GB2312: 0xA1 and 0xA3 are punctuation, 0xB0 to 0xD7 the 3,755 everyday
    # characters, and what Latin, Greek or Cyrillic letters look like lies in others
    rows = "".join(foreign).encode("gb2312", "ignore")[::2]
    num_common = sum(row in (0xA1, 0xA3) or 0xB0 <= row <= 0xD7 for row in rows)
    return text if num_common >= _MIN_COMMON * len(foreign) else None


def _bytes(path: Path) -> tuple[bytes, Stamp] | Unread | None:
    """``None`` where it changed while it was read."""
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, _FLAGS)) as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                return Unread.GONE
            if before.st_size > max_bytes(path.name):
                return Unread.TOO_LARGE
            raw = file.read(before.st_size + 1)
            after = os.fstat(file.fileno())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return Unread.GONE
    except OSError:
        return Unread.UNREADABLE
    if len(raw) != before.st_size or stamp_of(before) != stamp_of(after):
        return None
    return raw, stamp_of(after)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _reason(text: str) -> Unread | None:
    if max(map(len, text.split("\n"))) > MAX_LINE_CHARS or _GENERATED.search(text[:_HEAD_CHARS]):
        return Unread.GENERATED
    return Unread.SECRET if looks_secret(text) else None
