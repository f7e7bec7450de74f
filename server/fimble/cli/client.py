"""A very small editor: starts the server, opens one document, asks twice, and leaves in good order."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from fimble import __version__
from fimble.errors import EngineError
from fimble.text import Cursor

_ANSWER_S = 60.0
_GOODBYE_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, and how long things took."""

    text: str
    """To insert at the cursor; empty when there was no suggestion."""
    latency_ms: float
    """For the first request, which has to read the whole prompt."""
    next_latency_ms: float
    """For the next one, after the suggestion's first character was typed; 0 where there was none."""
    initialize_ms: float
    """From the start of the process to its answer to ``initialize``."""
    load_s: float


class _Editor(LanguageClient):
    """The client's side: what the server tells it, as it comes in."""

    def __init__(self, on_progress: Callable[[str], None]) -> None:
        super().__init__("fimble demo", __version__)
        self.loaded = asyncio.Event()
        self.failure = ""
        """The last error that the server showed."""
        self.errors = ""
        """What the server wrote to stderr, once it has ended."""
        self._on_progress = on_progress
        self.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)(lambda params: None)
        self.feature(types.WINDOW_LOG_MESSAGE)(lambda params: None)
        self.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self._on_message(params))
        self.feature(types.PROGRESS)(lambda params: self._on_progress_value(params))

    def _on_message(self, params: types.ShowMessageParams) -> None:
        message = params.message.removeprefix("fimble: ")
        if params.type == types.MessageType.Error:
            self.failure = message
        else:
            self._on_progress(message)

    def _on_progress_value(self, params: types.ProgressParams) -> None:
        value: Any = params.value
        kind, message = (
            (value.get("kind"), value.get("message"))
            if isinstance(value, dict)
            else (getattr(value, "kind", None), getattr(value, "message", None))
        )
        if message:
            self._on_progress(message)
        if kind == "end":
            self.loaded.set()

    async def server_exit(self, server: Process) -> None:
        self.errors = (await server.stderr.read()).decode(errors="replace") if server.stderr else ""
        self.loaded.set()

    async def suggest(
        self, cursor: Cursor, trigger: types.InlineCompletionTriggerKind = types.InlineCompletionTriggerKind.Invoked
    ) -> tuple[str, float]:
        """The first suggestion at ``cursor``, or nothing, and the milliseconds it took."""
        question = types.InlineCompletionParams(
            context=types.InlineCompletionContext(trigger),
            text_document=types.TextDocumentIdentifier(cursor.snapshot.uri),
            position=_position(cursor),
        )
        asked = time.perf_counter()
        result = await asyncio.wait_for(self.text_document_inline_completion_async(question), _ANSWER_S)
        latency_ms = (time.perf_counter() - asked) * 1000
        items = result.items if isinstance(result, types.InlineCompletionList) else (result or [])
        text = items[0].insert_text if items else ""
        return text if isinstance(text, str) else text.value, latency_ms

    def type(self, cursor: Cursor, text: str) -> Cursor:
        """Type ``text`` at ``cursor``; returns the cursor behind it in the new version."""
        place = _position(cursor)
        version = cursor.snapshot.version + 1
        change = types.TextDocumentContentChangePartial(types.Range(place, place), text)
        document = types.VersionedTextDocumentIdentifier(version, cursor.snapshot.uri)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        typed = replace(cursor.snapshot, version=version, text=cursor.prefix + text + cursor.suffix)
        return Cursor(typed, cursor.offset + len(text))

    async def leave(self) -> None:
        """Say goodbye as the protocol wants it; kill a process that does not listen."""
        try:
            if not self.stopped:
                await asyncio.wait_for(self.shutdown_async(None), _GOODBYE_S)
                self.exit(None)
            if self._server is not None:
                await asyncio.wait_for(self._server.wait(), _GOODBYE_S)
        except (TimeoutError, RuntimeError, JsonRpcException):
            if self._server is not None and self._server.returncode is None:
                self._server.kill()
        await super().stop()  # type: ignore[no-untyped-call]


async def ask(cursor: Cursor, timeout_s: float, on_progress: Callable[[str], None]) -> Answer:
    """Start this installation's server, ask for an inline completion at ``cursor``, and end the server.

    Raises ``EngineError`` when the server dies or does not load its model in ``timeout_s``.
    """
    editor = _Editor(on_progress)
    on_progress(f"Starting 'fimble serve' and opening {cursor.snapshot.uri}")
    started = time.perf_counter()
    await editor.start_io(sys.executable, "-m", "fimble", "serve", "--in-process")
    try:
        await asyncio.wait_for(editor.initialize_async(_hello()), timeout_s)
        initialize_ms = (time.perf_counter() - started) * 1000
        editor.initialized(types.InitializedParams())
        editor.text_document_did_open(_document(cursor))
        await asyncio.wait_for(editor.loaded.wait(), timeout_s)
        load_s = time.perf_counter() - started - initialize_ms / 1000
        text, latency_ms = await editor.suggest(cursor)
        if editor.failure:
            raise EngineError(editor.failure)
        next_latency_ms = 0.0
        if text:
            _, next_latency_ms = await editor.suggest(
                editor.type(cursor, text[0]), types.InlineCompletionTriggerKind.Automatic
            )
    except TimeoutError as error:
        raise EngineError("The server did not answer in time.", editor.failure) from error
    except JsonRpcException as error:
        raise EngineError(f"The server answered with an error: {error}", editor.failure) from error
    except RuntimeError as error:
        await editor.leave()
        raise EngineError(f"{error}.", editor.errors.strip()) from error
    finally:
        await editor.leave()
    return Answer(text, latency_ms, next_latency_ms, initialize_ms, load_s)


def _hello() -> types.InitializeParams:
    return types.InitializeParams(
        capabilities=types.ClientCapabilities(
            window=types.WindowClientCapabilities(work_done_progress=True),
            text_document=types.TextDocumentClientCapabilities(
                inline_completion=types.InlineCompletionClientCapabilities()
            ),
        ),
        client_info=types.ClientInfo("fimble demo", __version__),
        initialization_options={"thorough": False},  # the first answer is what a person who types would see
    )


def _document(cursor: Cursor) -> types.DidOpenTextDocumentParams:
    snapshot = cursor.snapshot
    return types.DidOpenTextDocumentParams(
        types.TextDocumentItem(snapshot.uri, snapshot.language, snapshot.version, snapshot.text)
    )


def _position(cursor: Cursor) -> types.Position:
    """In UTF-16 code units, which every server understands."""
    return types.Position(cursor.prefix.count("\n"), len(cursor.line_prefix.encode("utf-16-le")) // 2)
