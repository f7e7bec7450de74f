"""The real server and the real model, asked through pytest-lsp as real editors would."""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from collections.abc import AsyncIterator

import pytest
import pytest_lsp
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient

from fimble.text import Reason
from tests.e2e.profiles import PROFILES, read_profile

pytestmark = [pytest.mark.real_model, pytest.mark.asyncio(loop_scope="module")]

URI = "file:///project/vector.py"
TEXT = '''"""Vectors in the plane."""


def add(a, b):
    """Return the sum of two numbers."""
    return a + b


def subtract(a, b):
    """Return the difference of two numbers."""
    return a -\x20


def multiply(a, b):
    """Return the product of two numbers."""
    return\x20
'''
LOAD_S = 120.0
HANGING_S = 60.0
"""No answer is measured here, but one that takes so long never comes."""
NUM_ASKS = 10
"""How often to ask, at most, for what a slow machine cannot do at the first request."""


@pytest_lsp.fixture(  # type: ignore[untyped-decorator]
    config=ClientServerConfig(server_command=[sys.executable, "-m", "fimble", "serve", "--stdio"]),
    scope="module",
    params=sorted(PROFILES),
)
async def client(lsp_client: LanguageClient, default_model: str, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Each of the recorded editors, with the model loaded."""

    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator, unused-ignore]
    def registered(_: types.RegistrationParams) -> None:
        """Some of the editors say that files can be watched for the server, and then it asks for that."""

    params = get_converter().structure(read_profile(request.param), types.InitializeParams)
    result = await lsp_client.initialize_session(params)
    assert result.capabilities.inline_completion_provider is not None
    await wait_logged(lsp_client, f"{default_model} ready on ", LOAD_S)
    yield
    await lsp_client.shutdown_session()
    assert lsp_client._server is not None
    assert lsp_client._server.returncode == 0


async def wait_logged(client: LanguageClient, words: str, timeout_s: float = HANGING_S) -> str:
    """The first line of the server's log that holds ``words``."""
    async with asyncio.timeout(timeout_s):
        while True:
            for message in client.log_messages:
                if words in message.message:
                    return str(message.message)
            await asyncio.sleep(0.02)


def open_document(client: LanguageClient, text: str, uri: str = URI) -> None:
    item = types.TextDocumentItem(uri, "python", 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))


def change_document(client: LanguageClient, text: str, version: int, uri: str = URI) -> None:
    document = types.VersionedTextDocumentIdentifier(version=version, uri=uri)
    change = types.TextDocumentContentChangeWholeDocument(text=text)
    client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))


def request_at(text: str, offset: int, uri: str = URI, invoked: bool = False) -> types.InlineCompletionParams:
    """A request at a code-point offset of an ASCII text, where all encodings agree."""
    before = text[:offset]
    kind = types.InlineCompletionTriggerKind
    return types.InlineCompletionParams(
        types.InlineCompletionContext(kind.Invoked if invoked else kind.Automatic),
        types.TextDocumentIdentifier(uri),
        types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1),
    )


async def ask(client: LanguageClient, params: types.InlineCompletionParams) -> list[str]:
    async with asyncio.timeout(HANGING_S):
        result = await client.text_document_inline_completion_async(params)
    assert isinstance(result, types.InlineCompletionList)
    assert all(item.range is not None and item.range.start == item.range.end for item in result.items)
    return [str(item.insert_text) for item in result.items]


async def whole(client: LanguageClient, params: types.InlineCompletionParams) -> list[str]:
    """As ``ask``. An answer that was cut off in haste is written on in idle time, so it is asked for again."""
    place = f"{params.text_document.uri.rpartition('/')[2]}:"
    for _ in range(NUM_ASKS):
        texts = await ask(client, params)
        said = [message.message for message in client.log_messages if message.message.startswith(place)][-1]
        if texts or Reason.TOO_LONG.value not in said:
            break
        await asyncio.sleep(1)
    return texts


async def test_the_model_completes_a_line(client: LanguageClient) -> None:
    open_document(client, TEXT)
    (text,) = await whole(client, request_at(TEXT, TEXT.index("a - ") + len("a - ")))
    assert text == "b"
    (text,) = await whole(client, request_at(TEXT, len(TEXT) - 1))
    assert text == "a * b"
    line = await wait_logged(client, "1 suggestion (")
    assert re.search(r"vector\.py:11:16: 1 suggestion \(\d+ prompt tokens", line)


async def test_an_explicit_request_may_get_several(client: LanguageClient) -> None:
    open_document(client, TEXT)
    texts = await whole(client, request_at(TEXT, len(TEXT) - 1, invoked=True))
    assert 1 <= len(texts) <= 3
    assert len(set(texts)) == len(texts)
    assert texts[0] == "a * b"


async def test_typing_a_line_key_by_key(client: LanguageClient) -> None:
    text = TEXT
    open_document(client, text)
    answers = []
    for version, key in enumerate("a * ", start=2):
        text = text[:-1] + key + "\n"
        change_document(client, text, version)
        answers.append(await whole(client, request_at(text, len(text) - 1)))
    assert answers[-1] == ["b"]


async def test_an_answer_to_an_older_text_is_dropped(client: LanguageClient) -> None:
    """In a new document, as a known answer comes before the change. So may a new one, where the change is late."""
    for number in range(NUM_ASKS):
        uri = f"file:///project/older_{number}.py"
        open_document(client, TEXT, uri)
        asked = asyncio.ensure_future(ask(client, request_at(TEXT, len(TEXT) - 1, uri)))
        await asyncio.sleep(0)
        change_document(client, "x = 1\n", 2, uri)
        if not await asked:
            break
    await wait_logged(
        client, f"older_{number}.py:16:12: no suggestion: the document changed before the answer was ready"
    )


async def test_two_documents_are_both_answered(client: LanguageClient) -> None:
    other = "file:///project/other.py"
    text = 'def greet(name):\n    return f"Hello, {'
    open_document(client, TEXT)
    open_document(client, text, other)
    answers = await asyncio.gather(
        whole(client, request_at(TEXT, len(TEXT) - 1)), whole(client, request_at(text, len(text), other))
    )
    assert answers[0] == ["a * b"]
    assert answers[1]
    assert answers[1][0].startswith("name")


async def timed(client: LanguageClient, uri: str) -> tuple[float, list[str]]:
    """How long the first answer in a new document takes, in seconds, and the whole answer."""
    open_document(client, TEXT, uri)
    started_s = time.perf_counter()
    await ask(client, request_at(TEXT, len(TEXT) - 1, uri))
    return time.perf_counter() - started_s, await whole(client, request_at(TEXT, len(TEXT) - 1, uri))


async def test_a_storm_of_cancelled_requests_frees_the_engine(client: LanguageClient) -> None:
    choice = random.Random(7)
    usual_s, _ = await timed(client, "file:///project/before_the_storm.py")
    open_document(client, TEXT)
    for number in range(40):
        params = request_at(TEXT, choice.randrange(len(TEXT)))
        future = client.protocol.send_request(types.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id=f"{number}")
        await asyncio.sleep(choice.choice([0, 0, 0.01, 0.1]))
        client.cancel_request(types.CancelParams(id=f"{number}"))
        try:
            result = await asyncio.wait_for(asyncio.wrap_future(future), HANGING_S)
        except JsonRpcException as error:
            assert error.code == types.LSPErrorCodes.RequestCancelled
        else:
            assert isinstance(result, types.InlineCompletionList)
    answer_s, texts = await timed(client, "file:///project/after_the_storm.py")
    assert answer_s < 10 + 10 * usual_s
    assert texts == ["a * b"]
