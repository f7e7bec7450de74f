"""An editor for the tests: starts a server, speaks LSP to it byte by byte, and remembers what it said.

It can also speak wrongly, which a client library would not let it do.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, cast

from fimble.daemon.address import Address
from fimble.daemon.locking import holder_of
from fimble.daemon.meeting import end

ROOT = Path(__file__).parents[2]
SCRIPTED_SERVER = [sys.executable, str(Path(__file__).with_name("scripted_server.py"))]
REAL_SERVER = [sys.executable, "-m", "fimble", "serve"]
URI = "file:///project/main.py"
TIMEOUT_S = 60.0
"""Much longer than anything takes: other programs may be busy too."""

THROUGH_DAEMON = os.environ.get("FIMBLE_TEST_DAEMON") == "1"
"""Whether all servers that can are reached through a daemon. A scripted one has its own, which ends with it."""

Message = dict[str, Any]
REFUSED, SILENCE = object(), object()
"""Answers to the server: an error, and none at all."""


def frame(message: object) -> bytes:
    """``message`` as it goes over the wire."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


class Editor:
    """One editor and its server; a context manager that leaves no process behind."""

    def __init__(
        self,
        *arguments: str,
        command: list[str] = SCRIPTED_SERVER,
        environ: dict[str, str] | None = None,
        reads: bool = True,
    ) -> None:
        """``reads``: whether it ever reads what the server says on standard output."""
        self.started_s = time.perf_counter()
        self.stderr_file = tempfile.TemporaryFile()  # noqa: SIM115
        self.temporary = tempfile.TemporaryDirectory()
        # What a test accepts is not what the person at this machine accepts.
        own = {
            "PYTHONPATH": str(ROOT / "server"),
            "FIMBLE_RECORD_ACCEPTANCE": "0",
            "FIMBLE_DAEMON_IDLE_MINUTES": "0",
            "TMPDIR": self.temporary.name,
        }
        environment = {**os.environ, **own, **(environ or {})}
        has_choice = command in (SCRIPTED_SERVER, REAL_SERVER) and not {"--tcp", "--in-process", "--daemon"} & {
            *arguments
        }
        through = ["--daemon"] if THROUGH_DAEMON and has_choice else []
        self.daemon = Address(Path(environment["TMPDIR"]) / "daemon", "test")
        """Where a scripted server's daemon is met."""
        self.process = subprocess.Popen(
            [*command, *arguments, *through],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr_file,
            env=environment,
        )
        self.socket: socket.socket | None = None
        self.capabilities: Message = {}
        self.received: list[Message] = []
        self.answers: dict[str, Any] = {}
        """Method -> what the server is answered when it asks: a result, or whatever a function makes of the message.

        ``REFUSED`` is an error. Everything else is answered with null.
        """
        self._arrived = threading.Condition()
        self._next_id = 0
        self._closed = False
        if reads and "--tcp" not in arguments:
            self._read_from(self._pipe(self.process.stdout))

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.socket is not None:
            self.socket.close()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                self._pipe(pipe).close()
            except BrokenPipeError:
                continue
        self.stderr_file.close()
        if self.daemon.folder.is_relative_to(self.temporary.name):
            self._wait_for_daemon()
        self.temporary.cleanup()

    @property
    def stderr(self) -> str:
        """What the server wrote to standard error so far, and its scripted daemon."""
        self.stderr_file.seek(0)
        log = self.daemon.log.read_text().splitlines(keepends=True) if self.daemon.log.exists() else []
        return self.stderr_file.read().decode() + "".join(line for line in log if " INFO fimble.daemon." not in line)

    @property
    def daemon_pid(self) -> int:
        """Of the scripted daemon; 0 where none listens."""
        return holder_of(self.daemon.life_lock)

    def _wait_for_daemon(self) -> None:
        """It ends with its last window; one that does not is ended."""
        deadline_s = time.monotonic() + 5.0
        while (pid := self.daemon_pid) and time.monotonic() < deadline_s:
            time.sleep(0.02)
        if pid:
            end(pid)

    def connect(self, port: int) -> None:
        """Speak over TCP from now on."""
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.socket.settimeout(None)
        self._read_from(cast(BinaryIO, self.socket.makefile("rb")))

    def send_bytes(self, data: bytes) -> None:
        if self.socket is not None:
            self.socket.sendall(data)
        else:
            pipe = self._pipe(self.process.stdin)
            pipe.write(data)
            pipe.flush()

    def notify(self, method: str, params: object = None) -> None:
        self.send_bytes(frame({"jsonrpc": "2.0", "method": method, "params": params}))

    def ask(self, method: str, params: object = None) -> int:
        """Send a request. Returns its id."""
        self._next_id += 1
        message: Message = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        if params is not None:
            message["params"] = params
        self.send_bytes(frame(message))
        return self._next_id

    def response(self, msg_id: int | None, timeout_s: float = TIMEOUT_S) -> Message:
        """Wait for the whole response to a request."""
        return self.wait(lambda m: "method" not in m and m.get("id") == msg_id, timeout_s)

    def request(self, method: str, params: object = None, timeout_s: float = TIMEOUT_S) -> Any:
        """Send a request and wait. Returns its result; an error fails the test."""
        response = self.response(self.ask(method, params), timeout_s)
        assert "error" not in response, response
        return response["result"]

    def error(self, method: str, params: object = None) -> Message:
        """Send a request that must be refused. Returns the error."""
        error: Message = self.response(self.ask(method, params))["error"]
        return error

    def wait(self, wanted: Any, timeout_s: float = TIMEOUT_S) -> Message:
        """The first message received for which ``wanted`` holds."""
        seen = 0
        found: list[Message] = []

        def look() -> bool:
            nonlocal seen
            found.extend(m for m in self.received[seen:] if wanted(m))
            seen = len(self.received)
            return bool(found) or self._closed

        with self._arrived:
            self._arrived.wait_for(look, timeout_s)
        assert found, f"not received; the server said {self.received[-5:]} and on stderr {self.stderr[-2000:]}"
        return found[0]

    def said(self, method: str) -> list[Any]:
        """The parameters of every message of ``method`` so far."""
        with self._arrived:
            return [m["params"] for m in self.received if m.get("method") == method]

    def wait_said(self, method: str, text: str = "", timeout_s: float = TIMEOUT_S) -> Any:
        """The parameters of the first message of ``method`` that contains ``text``."""
        return self.wait(
            lambda m: m.get("method") == method and text in json.dumps(m["params"], ensure_ascii=False),
            timeout_s,
        )["params"]

    def wait_closed(self, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until the server has closed the connection."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._closed, timeout_s)

    def initialize(self, **changes: Any) -> Any:
        """``initialize`` and ``initialized``. Returns the server's capabilities."""
        params = {"processId": None, "rootUri": None, "capabilities": {}, **changes}
        capabilities = self.request("initialize", params)["capabilities"]
        self.notify("initialized", {})
        return capabilities

    def wait_ready(self, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until the model is loaded."""
        self.wait_said("window/logMessage", " ready on ", timeout_s)

    def start(self, **changes: Any) -> Editor:
        """Initialize and wait for the model."""
        self.capabilities = self.initialize(**changes)
        self.wait_ready()
        return self

    def open(self, text: str, uri: str = URI, version: int = 1, language: str = "python") -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, version: int, *changes: Message, uri: str = URI) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def close_document(self, uri: str = URI) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def ask_completion(self, line: int, character: int, uri: str = URI, invoked: bool = False, **changes: Any) -> int:
        """Ask for an inline completion. Returns the request's id."""
        return self.ask("textDocument/inlineCompletion", inline_params(line, character, uri, invoked, **changes))

    def complete(self, line: int, character: int, uri: str = URI, invoked: bool = False, **changes: Any) -> Any:
        """The items of an inline completion."""
        return self.items(self.ask_completion(line, character, uri, invoked, **changes))

    def items(self, msg_id: int, timeout_s: float = TIMEOUT_S) -> Any:
        """Wait for the items of a completion that was asked for."""
        response = self.response(msg_id, timeout_s)
        assert "error" not in response, response
        return response["result"]["items"]

    def shut_down(self) -> int:
        """``shutdown`` and ``exit``. Returns the process's exit code."""
        assert self.request("shutdown") is None
        self.notify("exit")
        return self.process.wait(TIMEOUT_S)

    def _read_from(self, stream: BinaryIO) -> None:
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: BinaryIO) -> None:
        while True:
            try:
                header = b""
                while line := stream.readline().strip():
                    header += line
                size = int(header.lower().partition(b"content-length:")[2].split(b"C")[0].split(b"c")[0])
                message = json.loads(stream.read(size))
            except (OSError, ValueError):
                break
            with self._arrived:
                self.received.append(message)
                self._arrived.notify_all()
            if "method" in message and "id" in message:
                self._answer(message)
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()

    def _answer(self, message: Message) -> None:
        found = self.answers.get(message["method"])
        result = found(message) if callable(found) else found
        if result is SILENCE:
            return
        said = {"error": {"code": -32603, "message": "no"}} if result is REFUSED else {"result": result}
        self.send_bytes(frame({"jsonrpc": "2.0", "id": message["id"], **said}))

    @staticmethod
    def _pipe(pipe: Any) -> BinaryIO:
        return cast(BinaryIO, pipe)


def inline_params(line: int, character: int, uri: str = URI, invoked: bool = False, **changes: Any) -> Message:
    """The parameters of an inline completion request."""
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1 if invoked else 2},
        **changes,
    }


def replacing(start: tuple[int, int], end: tuple[int, int], text: str) -> Message:
    """A content change."""
    return {
        "range": {
            "start": {"line": start[0], "character": start[1]},
            "end": {"line": end[0], "character": end[1]},
        },
        "text": text,
    }
