"""An editor for benchmarks: starts the real server and speaks to it over standard input and output.

Messages are read by a thread, which stamps them as they arrive, so that a time is never
that of the reader's turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from fimble import __version__
from fimble.errors import EngineError

SERVER = (sys.executable, "-m", "fimble", "serve", "--in-process")
LOAD_S = 300.0
GOODBYE_S = 10.0


class Editor:
    """One server and its documents; a context manager that leaves no process behind."""

    def __init__(self, root: Path, command: Sequence[str] = SERVER) -> None:
        """``root`` is the workspace. What is accepted here is no person's taste, so it is not recorded."""
        self._root = root
        environment = os.environ | {"FIMBLE_RECORD_ACCEPTANCE": "false"}
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._arrived = threading.Condition()
        self._responses: dict[int, tuple[dict[str, Any], float]] = {}
        self._reports: dict[str, float] = {}
        """Token of a progress -> when its first report came."""
        self._last_id = 0
        self._versions: dict[str, int] = {}
        self._failure = ""
        self._is_ready = False
        self._is_closed = False
        threading.Thread(target=self._read, name="fimble-bench-editor", daemon=True).start()

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            try:
                self.request("shutdown", None, GOODBYE_S)
                self.notify("exit", None)
                self._process.wait(GOODBYE_S)
            except (EngineError, OSError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()
        cast(BinaryIO, self._process.stdin).close()

    def start(self) -> None:
        """Say hello and wait until the model is loaded. Raises ``EngineError`` with what the server said."""
        capabilities = {
            "workspace": {"workspaceFolders": True, "applyEdit": True},
            "textDocument": {
                "inlineCompletion": {"dynamicRegistration": False},
                "synchronization": {"didSave": True},
                "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}},
            },
        }
        folder = {"uri": self._root.as_uri(), "name": self._root.name}
        parameters = {
            "processId": os.getpid(),
            "clientInfo": {"name": "fimble bench", "version": __version__},
            "rootUri": folder["uri"],
            "workspaceFolders": [folder],
            "capabilities": capabilities,
        }
        self.request("initialize", parameters, LOAD_S)
        self.notify("initialized", {})
        with self._arrived:
            self._arrived.wait_for(lambda: self._is_ready or self._is_closed or bool(self._failure), LOAD_S)
            if not self._is_ready:
                raise EngineError(self._failure or "The server did not load its model.", "See 'fimble doctor'.")

    def open(self, path: str, language: str, text: str) -> None:
        """Show a file, given relative to the workspace."""
        uri = self._uri(path)
        self._versions[path] = 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, path: str, before: str, start: int, end: int, text: str) -> None:
        """Replace ``start`` to ``end`` (code points of ``before``) by ``text``."""
        self._versions[path] += 1
        change = {"range": {"start": position(before, start), "end": position(before, end)}, "text": text}
        document = {"uri": self._uri(path), "version": self._versions[path]}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def ask(self, path: str, text: str, cursor: int) -> int:
        """Ask for an inline completion, as on every keystroke. Returns the request's id."""
        return self._send_request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": self._uri(path)},
                "position": position(text, cursor),
                "context": {"triggerKind": 2},
            },
        )

    def cancel(self, request: int) -> None:
        self.notify("$/cancelRequest", {"id": request})

    def answer(self, request: int, deadline_s: float) -> tuple[str, float] | None:
        """The suggestion (or nothing) and when it came; ``None`` when none came by ``deadline_s``.

        Both are on ``time.perf_counter``'s clock. Raises ``EngineError`` when the server is gone.
        """
        with self._arrived:
            self._arrived.wait_for(
                lambda: request in self._responses or self._is_closed, max(0.0, deadline_s - time.perf_counter())
            )
            found = self._responses.get(request)
            if found is None and self._is_closed:
                raise EngineError("The server ended in the middle of the benchmark.", self._failure)
        if found is None or found[1] > deadline_s:
            return None
        result = found[0].get("result") or {}
        items = result["items"] if isinstance(result, dict) and "items" in result else result
        text = items[0]["insertText"] if items else ""
        return text if isinstance(text, str) else text["value"], found[1]

    def list_actions(self, path: str, text: str, place: int) -> list[dict[str, Any]]:
        """The code actions at a place."""
        where = position(text, place)
        params = {
            "textDocument": {"uri": self._uri(path)},
            "range": {"start": where, "end": where},
            "context": {"diagnostics": [], "triggerKind": 1},
        }
        found = self.request("textDocument/codeAction", params, GOODBYE_S)
        return found if isinstance(found, list) else []

    def begin(self, command: dict[str, Any], token: str) -> int:
        """Run the command of a code action, whose progress comes under ``token``. Returns the request's id."""
        params = {"command": command["command"], "arguments": command["arguments"], "workDoneToken": token}
        return self._send_request("workspace/executeCommand", params)

    def first_report(self, token: str, timeout_s: float) -> float | None:
        """When the first report under ``token`` came, on ``time.perf_counter``'s clock; ``None``: none in time."""
        with self._arrived:
            self._arrived.wait_for(lambda: token in self._reports or self._is_closed, timeout_s)
            return self._reports.get(token)

    def close(self, path: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": self._uri(path)}})

    def why(self) -> dict[str, Any]:
        """What the last answer came to, as ``fimble/why`` tells it; empty for a server that has no such request."""
        message = self._response(self._send_request("fimble/why", {}), GOODBYE_S)
        result = message.get("result")
        return result if isinstance(result, dict) else {}

    def request(self, method: str, params: Any, timeout_s: float) -> Any:
        """Ask and wait. Returns the result; raises ``EngineError`` for an error."""
        message = self._response(self._send_request(method, params), timeout_s)
        if "error" in message:
            raise EngineError(f"The server answered {method} with: {message['error'].get('message')}.")
        return message.get("result")

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method} | ({} if params is None else {"params": params}))

    def _uri(self, path: str) -> str:
        return (self._root / path).as_uri()

    def _response(self, request: int, timeout_s: float) -> dict[str, Any]:
        with self._arrived:
            self._arrived.wait_for(lambda: request in self._responses or self._is_closed, timeout_s)
            if request not in self._responses:
                raise EngineError("The server did not answer.", self._failure or "See 'fimble doctor'.")
            return self._responses[request][0]

    def _send_request(self, method: str, params: Any) -> int:
        self._last_id += 1
        self._send({"id": self._last_id, "method": method} | ({} if params is None else {"params": params}))
        return self._last_id

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = cast(BinaryIO, self._process.stdin)
        try:
            stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            stream.flush()
        except BrokenPipeError as error:
            raise EngineError("The server ended in the middle of the benchmark.", self._failure) from error

    def _read(self) -> None:
        stream = cast(BinaryIO, self._process.stdout)
        while (message := _next_message(stream)) is not None:
            now_s = time.perf_counter()
            with self._arrived:
                self._take(message, now_s)
                self._arrived.notify_all()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
        with self._arrived:
            self._is_closed = True
            self._arrived.notify_all()

    def _take(self, message: dict[str, Any], now_s: float) -> None:
        if "method" not in message:
            self._responses[message["id"]] = message, now_s
            return
        params = message.get("params") or {}
        if message["method"] == "$/progress" and params["value"]["kind"] == "report":
            self._reports.setdefault(str(params["token"]), now_s)
        elif message["method"] == "window/logMessage":
            self._is_ready = self._is_ready or " ready on " in params["message"]
        elif message["method"] == "window/showMessage" and params["type"] == 1:
            self._failure = params["message"].removeprefix("fimble: ")


def position(text: str, offset: int) -> dict[str, int]:
    """Line and UTF-16 column, both from 0, of a place in code points."""
    line_start = text.rfind("\n", 0, offset) + 1
    column = len(text[line_start:offset].encode("utf-16-le")) // 2
    return {"line": text.count("\n", 0, line_start), "character": column}


def _next_message(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message; ``None`` at the end of the stream."""
    num_bytes = 0
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            num_bytes = int(value)
    if not num_bytes:
        return None
    message: dict[str, Any] = json.loads(stream.read(num_bytes))
    return message
