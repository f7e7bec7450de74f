"""LSP's framing, without I/O: bytes in, message bodies out.

A frame is headers, of which only ``Content-Length: N`` is read, an empty line and N
bytes. After bytes that are no header the reader looks for the next
``Content-Length``, so that one bad message costs only itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_HEADER_BYTES = 4096
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length:([^\r\n]*)", re.IGNORECASE)
_HEADERS = re.compile(rb"(?:[\w-]+:[^\r\n]*\r\n)*")


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Bytes that could not be read as a message, and why."""

    problem: str


def to_frame(message: object) -> bytes:
    """A JSON value as it goes over the wire."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def from_body(body: bytes) -> Any:
    """The JSON value of a body; raises ``ValueError`` or ``RecursionError`` when it is none.

    Bytes that are not UTF-8 become U+FFFD: Neovim sends a buffer's stray bytes as they are,
    and the rest of such an edit must not be lost.
    """
    return json.loads(body.decode(errors="replace"))


class FrameReader:
    """Cuts a byte stream into bodies, however its bytes arrive."""

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._num_body_bytes: int | None = None
        self._num_skipped_bytes = 0
        self._lost = False
        """Looking for the next header; said once."""

    def feed(self, data: bytes) -> Iterator[bytes | BadFrame]:
        """Take ``data`` and yield what has become complete."""
        self._buffer += data
        while True:
            if self._num_skipped_bytes:
                num_dropped = min(self._num_skipped_bytes, len(self._buffer))
                self._num_skipped_bytes -= num_dropped
                del self._buffer[:num_dropped]
            if self._num_body_bytes is not None:
                if len(self._buffer) < self._num_body_bytes:
                    return
                body = self._take(self._num_body_bytes)
                self._num_body_bytes = None
                yield body
            elif (end := self._buffer.find(_END)) >= 0:
                problem = self._read_header(self._take(end + len(_END)))
                if problem:
                    yield BadFrame(problem)
            else:
                if len(self._buffer) > _MAX_HEADER_BYTES:
                    del self._buffer[:-_MAX_HEADER_BYTES]
                    if problem := self._lose("a header that does not end"):
                        yield BadFrame(problem)
                return

    def rest(self) -> bytes:
        """The bytes that have not become a message yet, for whoever reads on."""
        return self._take(len(self._buffer))

    def _take(self, num_bytes: int) -> bytes:
        taken = bytes(self._buffer[:num_bytes])
        del self._buffer[:num_bytes]
        return taken

    def _read_header(self, block: bytes) -> str:
        """Learn how long the body is. Returns what is wrong, or nothing."""
        lengths = list(_LENGTH.finditer(block))
        if not lengths:
            return self._lose("a header without Content-Length")
        value = lengths[-1].group(1).strip()
        if not value.isdigit() or len(value) > 18 or int(value) == 0:
            said = value[:32].decode(errors="replace")
            return self._lose(f"Content-Length is {said!r}, not a number of bytes")
        size = int(value)
        if size > self.max_body_bytes:
            self._num_skipped_bytes = size
            return f"a message of {size} bytes; the limit is {self.max_body_bytes}"
        clean = _HEADERS.fullmatch(block[: lengths[-1].start()]) is not None
        problem = "" if clean else self._lose("bytes before a header that belong to no message")
        self._num_body_bytes = size
        self._lost = False
        return problem

    def _lose(self, problem: str) -> str:
        if self._lost:
            return ""
        self._lost = True
        return problem
