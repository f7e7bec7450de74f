"""A real HTTP server on loopback that serves bytes, with ranges, and fails the ways networks do."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served, and what the clients asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """Path -> content."""
    break_after_bytes: list[int] = field(default_factory=list)
    """One number a request: the connection is cut after so many bytes."""
    statuses: list[int] = field(default_factory=list)
    """One status a request, answered instead of the file."""
    knows_ranges: bool = True
    states_length: bool = True
    hold: threading.Event | None = None
    """Answers wait for this."""
    requests: list[tuple[str, int]] = field(default_factory=list)
    """Path and first byte asked for, in order."""


@contextmanager
def serving() -> Iterator[FileServer]:
    """A running server; it is gone when the block ends."""
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(asked[1]) if asked else 0
            state.requests.append((self.path, start))
            if state.hold is not None:
                state.hold.wait(30)
            content = state.files.get(self.path)
            status = state.statuses.pop(0) if state.statuses else 200 if content is not None else 404
            if status != 200 or content is None:
                self.send_error(status)
                return
            if start >= len(content) > 0 and asked and state.knows_ranges:
                self.send_error(416)
                return
            if not state.knows_ranges:
                start = 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if state.states_length:
                self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            body = content[start:]
            if state.break_after_bytes:
                body = body[: state.break_after_bytes.pop(0)]
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        if state.hold is not None:
            state.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
