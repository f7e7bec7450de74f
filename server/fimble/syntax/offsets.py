"""Code points, which fimble counts, and UTF-8 bytes, which tree-sitter counts."""

from __future__ import annotations

_CONTINUATION_BYTES = bytes(range(0x80, 0xC0))


def encode(text: str) -> bytes:
    """``text`` in UTF-8; half a surrogate pair, which an editor may send, becomes three bytes."""
    return text.encode("utf-8", "surrogatepass")


def to_byte(text: str, offset: int) -> int:
    """The byte at which the code point ``offset`` of ``text`` begins."""
    return offset if text.isascii() else len(encode(text[:offset]))


def to_offset(data: bytes, byte: int) -> int:
    """The number of code points that begin before ``byte``; ``data`` is UTF-8."""
    return len(data[:byte].translate(None, _CONTINUATION_BYTES))


def point(data: bytes, byte: int) -> tuple[int, int]:
    """The row and the column, in bytes, of ``byte``."""
    return data.count(b"\n", 0, byte), byte - (data.rfind(b"\n", 0, byte) + 1)
