from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter

from fimble.config import Config
from fimble.lsp import messages
from fimble.lsp.greeting import Client, early_answer, read_client, result_for
from fimble.lsp.kinds import KINDS
from fimble.lsp.server import FimbleServer


def message(**changes: Any) -> bytes:
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
    return json.dumps({**request, **changes}).encode()


def test_a_sound_initialize_is_answered() -> None:
    answer = early_answer(message())
    assert answer is not None
    assert answer["id"] == 1
    assert answer["result"] == result_for(Client())


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        message(id=None),
        message(id=1.5),
        message(jsonrpc="1.0"),
        message(method="shutdown"),
        message(params=None),
        message(params={}),
        message(params={"capabilities": {}, "processId": "1"}),
    ],
)
def test_anything_else_is_left_to_the_server(body: bytes) -> None:
    assert early_answer(body) is None


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-16"], "utf-16"),
        (["utf-8", "utf-16", "utf-32"], "utf-8"),
        (["utf-32", "utf-8", "utf-16"], "utf-32"),
        (["utf-7", "utf-8"], "utf-8"),
        (["utf-7"], "utf-16"),
        ([], "utf-16"),
        (None, "utf-16"),
        ("utf-8", "utf-16"),
    ],
)
def test_the_encoding_is_the_first_that_the_client_lists(offered: object, chosen: str) -> None:
    client = read_client({"capabilities": {"general": {"positionEncodings": offered}}})
    assert client.encoding == chosen


def test_values_of_a_wrong_kind_are_passed_over() -> None:
    params = {"capabilities": {"general": 3, "window": None, "textDocument": {"inlineCompletion": "?"}}}
    assert read_client(params) == Client()


def test_what_a_popup_can_do_is_read() -> None:
    entry = {
        "labelDetailsSupport": True,
        "documentationFormat": ["plaintext", "markdown"],
        "insertTextModeSupport": {"valueSet": [1, 2]},
    }
    client = read_client({"capabilities": {"textDocument": {"completion": {"completionItem": entry}}}})
    assert client.shows_label_details and client.reads_markdown and client.inserts_as_is
    odd = {"labelDetailsSupport": 1, "documentationFormat": "markdown", "insertTextModeSupport": {"valueSet": 1}}
    assert read_client({"capabilities": {"textDocument": {"completion": {"completionItem": odd}}}}) == Client()


def test_a_popup_is_offered_to_those_who_do_not_say_that_they_show_inline() -> None:
    inline = read_client({"capabilities": {"textDocument": {"inlineCompletion": {}}}})
    assert inline.shows_inline
    assert "completionProvider" not in result_for(inline)["capabilities"]
    assert "completionProvider" in result_for(Client())["capabilities"]


def test_options_stay_out_of_what_is_printed() -> None:
    assert "secret" not in repr(Client(options={"key": "secret"}))


async def test_what_is_offered_is_valid_and_has_a_handler() -> None:
    result = get_converter().structure(result_for(Client()), types.InitializeResult)
    assert isinstance(result.capabilities.inline_completion_provider, types.InlineCompletionOptions)
    sync = result.capabilities.text_document_sync
    assert isinstance(sync, types.TextDocumentSyncOptions)
    assert sync.change is types.TextDocumentSyncKind.Incremental

    def loader(*_: object) -> Any:
        raise AssertionError("nothing is loaded before initialized")

    server = FimbleServer(loader, Config(), (), asyncio.get_running_loop().create_future())
    for method in (
        types.TEXT_DOCUMENT_INLINE_COMPLETION,
        types.TEXT_DOCUMENT_COMPLETION,
        types.COMPLETION_ITEM_RESOLVE,
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CODE_ACTION_RESOLVE,
        *messages.TYPES,
    ):
        assert method in server.protocol.fm.features
    assert result.capabilities.completion_provider is not None
    actions = result.capabilities.code_action_provider
    assert isinstance(actions, types.CodeActionOptions) and actions.resolve_provider
    assert set(actions.code_action_kinds or ()) == set(KINDS.values())
    commands = result.capabilities.execute_command_provider
    assert commands is not None and set(commands.commands) <= set(server.protocol.fm.commands)
    await server.close()
