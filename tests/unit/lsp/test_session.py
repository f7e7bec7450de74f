"""A session that is over, in a process that goes on."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

from fimble.config import Config
from fimble.errors import ModelNotInstalled
from fimble.lsp.framing import to_frame
from fimble.lsp.server import FimbleServer
from fimble.lsp.session import Session

ITEM = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "a = 1\n" * 1000}
SAID: tuple[tuple[int | None, str, Any], ...] = (
    (1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
    (None, "initialized", {}),
    (None, "textDocument/didOpen", {"textDocument": ITEM}),
    (2, "textDocument/inlineCompletion", {
        "textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 1}, "context": {"triggerKind": 2}
    }),
    (3, "shutdown", None),
    (None, "exit", None),
)  # fmt: skip


class Editor:
    """A connection over which all is said at once."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def chunks(self) -> AsyncIterator[bytes]:
        for msg_id, method, params in SAID:
            with_id = {} if msg_id is None else {"id": msg_id}
            yield to_frame({"jsonrpc": "2.0", "method": method, "params": params, **with_id})
            await asyncio.sleep(0.02)

    def write(self, data: bytes) -> None:
        self.heard.append(data)

    async def close(self) -> None:
        pass


def no_model(*_: object) -> Any:
    raise ModelNotInstalled("There is none.")


async def test_nothing_of_it_is_kept() -> None:
    """A daemon serves many in a day, each with all its documents."""
    before = {id(found) for found in gc.get_objects() if isinstance(found, FimbleServer)}
    session, editor = Session(no_model, Config(record_acceptance=False), ()), Editor()
    assert await session.run(editor) == 0
    assert sum(b'"id": 2' in data or b'"id":2' in data for data in editor.heard) == 1
    over = weakref.ref(session)
    del session, editor
    await asyncio.sleep(0.05)
    gc.collect()
    left = [found for found in gc.get_objects() if isinstance(found, FimbleServer) and id(found) not in before]
    assert over() is None
    assert left == []


async def test_what_it_had_begun_does_not_go_on_while_it_ends() -> None:
    """An index that is begun after the session has left its folders is kept for nobody, and for good."""
    server = FimbleServer(no_model, Config(record_acceptance=False), (), asyncio.get_running_loop().create_future())
    went_on: list[str] = []

    async def begin() -> None:
        await asyncio.sleep(0)
        went_on.append("it")

    async def close_slowly() -> None:
        await asyncio.sleep(0.02)

    server._in_background(begin())
    server.workspace_index.close = close_slowly  # type: ignore[method-assign]
    await server.close()
    assert went_on == []
