"""Typing as no person should have to: strange files, storms of edits, two editors. No crash, nothing lost or stale.

The server that echoes tells from which text each answer was made; the real one, that no
strange text fails in the model's hands.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.e2e.editor import REAL_SERVER, Editor, replacing
from tests.e2e.slow_server import echo
from tests.property.test_convert import naive_change, naive_offset

ECHOING = [sys.executable, str(Path(__file__).with_name("slow_server.py"))]
AT_ONCE = ("--longest-s", "0")
ENCODINGS = ("utf-8", "utf-16", "utf-32")
REQUEST_CANCELLED = -32800
LOAD_S = 120.0
HANGING_S = 60.0
"""No answer is measured here, but one that takes so long never comes."""


def started(encoding: str, *arguments: str) -> Editor:
    editor = Editor(*arguments, command=ECHOING)
    return editor.start(capabilities={"general": {"positionEncodings": [encoding]}})


@pytest.fixture(scope="module", params=ENCODINGS)
def shared_echoing(request: pytest.FixtureRequest) -> Iterator[tuple[Editor, str]]:
    with started(request.param, *AT_ONCE) as editor:
        yield editor, request.param
        assert editor.shut_down() == 0


@pytest.fixture
def echoing(shared_echoing: tuple[Editor, str]) -> Iterator[tuple[Editor, str]]:
    """A server that echoes at once, and the encoding of its positions."""
    yield shared_echoing
    is_well(shared_echoing[0])


@pytest.fixture(scope="module")
def real(default_model: str) -> Iterator[Editor]:
    """The real server with its model."""
    with Editor("--stdio", command=REAL_SERVER) as editor:
        editor.initialize()
        editor.wait_ready(LOAD_S)
        yield editor
        is_well(editor)
        assert editor.shut_down() == 0


def is_well(editor: Editor) -> None:
    assert editor.process.poll() is None, editor.stderr
    assert "Traceback" not in editor.stderr


def answer(editor: Editor, line: int, character: int, uri: str) -> str | None:
    """The text of the one item, or ``None`` where the server names a reason that is no failure."""
    items = editor.items(editor.ask_completion(line, character, uri), HANGING_S)
    why = editor.request("fimble/why", {"textDocument": {"uri": uri}}, HANGING_S)
    assert why["reasonCode"] != "FAILED", why
    assert bool(items) == (why["reasonCode"] is None), why
    return items[0]["insertText"] if items else None


def sane(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def change_of(text: str, start: tuple[int, int], end: tuple[int, int]) -> types.TextDocumentContentChangePartial:
    """The change that ``replacing`` describes, as the naive twin takes it."""
    return types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(*start), types.Position(*end)), text=text
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😀😀\n",
        "a\r\nb\rc\nd",
        "\r",
        "\ttab\té𝕏\r\n\t\t😀",
        "x = '\ud83d'\ny = '\ude00\ud83d'\r\n",
        "<|fim_prefix|>😀<|fim_suffix|>\n<|fim_middle|>",
        "\ufeffbom\u2028one line\x0b\x0c\x85still",
        "‹quoted›\n" * 3,
    ],
)
def test_every_position_of_a_strange_text(echoing: tuple[Editor, str], text: str) -> None:
    editor, encoding = echoing
    uri = f"file:///strange/{abs(hash(text))}.py"
    editor.open(text, uri)
    text = sane(text)
    for line in range(len(re.findall(r"\r\n|\r|\n", text)) + 1):
        for character in range(8):
            offset = naive_offset(text, types.Position(line, character), encoding)
            assert answer(editor, line, character, uri) == echo(text, offset)


def test_an_edit_inside_a_character_keeps_it_whole(echoing: tuple[Editor, str]) -> None:
    """As the protocol has no word for it, such a place means the one before the character."""
    editor, encoding = echoing
    uri, text = "file:///inside.py", "a😀b😀\n"
    editor.open(text, uri)
    for version, (start, end) in enumerate([(2, 2), (2, 3), (1, 2), (0, 99), (3, 1)], start=2):
        editor.change(version, replacing((0, start), (0, end), "é\ud83d"), uri=uri)
        text = naive_change(text, change_of("é\ud83d", (0, start), (0, end)), encoding)
        assert answer(editor, 0, 4, uri) == echo(text, naive_offset(text, types.Position(0, 4), encoding))


def test_versions_that_jump(echoing: tuple[Editor, str]) -> None:
    editor, _ = echoing
    uri = "file:///versions.py"
    editor.open("", uri, version=7)
    text = ""
    for version in (8, 5000, 12, 12, -3, 2**31 - 1, 0):
        editor.change(version, replacing((0, 0), (0, 0), "x"), uri=uri)
        text += "x"
        assert answer(editor, 0, 1, uri) == echo(text, 1)


def test_a_storm_of_two_thousand_edits(echoing: tuple[Editor, str]) -> None:
    editor, encoding = echoing
    choice = random.Random(23)
    uri, text = "file:///storm.py", "def f(x):\r\n    return '😀'\n" * 20
    editor.open(text, uri)
    version = 1
    while version < 2001:
        changes = []
        for _ in range(choice.choice([1, 1, 1, 5])):
            start = choice.randrange(45), choice.randrange(20)
            end = start if choice.random() < 0.7 else (start[0] + choice.randrange(2), choice.randrange(20))
            new = choice.choice(["a", "é", "😀", "\n", "\r\n", "", "𝕏y"])
            changes.append(replacing(start, end, new))
            text = naive_change(text, change_of(new, start, end), encoding)
            version += 1
        editor.change(version, *changes, uri=uri)
        if choice.random() < 0.05:
            editor.ask_completion(choice.randrange(40), 5, uri)
    position = types.Position(20, 3)
    if position.line >= len(re.findall(r"\r\n|\r|\n", text)) + 1:
        position = types.Position(0, 0)
    whole = echo(text, naive_offset(text, position, encoding))
    assert answer(editor, position.line, position.character, uri) == whole


def test_a_storm_of_requests_and_cancellations_while_typing() -> None:
    choice = random.Random(29)
    with started("utf-16", "--seed", "29", "--longest-s", "0.01") as editor:
        texts = {f"file:///storm/{name}.py": "" for name in "ab"}
        for uri in texts:
            editor.open("", uri)
        asked: list[tuple[int, str]] = []
        for version in range(2, 402):
            uri = choice.choice(list(texts))
            texts[uri] += choice.choice("ab")
            editor.change(version, {"text": texts[uri]}, uri=uri)
            for _ in range(choice.randrange(3)):
                expected = echo(texts[uri], len(texts[uri]))
                asked.append((editor.ask_completion(0, len(texts[uri]), uri), expected))
                if choice.random() < 0.5:
                    editor.notify("$/cancelRequest", {"id": choice.choice(asked)[0]})
        for uri, text in texts.items():
            assert answer(editor, 0, len(text), uri) == echo(text, len(text))
        for msg_id, expected in asked:
            response = editor.response(msg_id)
            if "error" in response:
                assert response["error"]["code"] == REQUEST_CANCELLED
            else:
                assert [item["insertText"] for item in response["result"]["items"]] in ([], [expected])
        answered = [message["id"] for message in editor.received if "method" not in message]
        assert len(answered) == len(set(answered)), "each request is answered once"
        is_well(editor)


def test_a_document_closed_and_opened_again_while_its_answer_is_written() -> None:
    uri = "file:///closing.py"
    with started("utf-16", "--longest-s", "0.05") as editor:
        for number in range(20):
            old, new = f"old {number}", f"new {number}"
            editor.open(old, uri)
            late = editor.ask_completion(0, 3, uri)
            editor.close_document(uri)
            gone = editor.ask_completion(0, 3, uri)
            editor.open(new, uri)
            assert answer(editor, 0, 3, uri) == echo(new, 3)
            assert editor.items(late) == []
            assert editor.items(gone) == []
        is_well(editor)


def test_two_editors_with_one_file() -> None:
    with started("utf-8", *AT_ONCE) as one, started("utf-16", *AT_ONCE) as other:
        for editor in (one, other):
            editor.open("x = '😀'\n")
        one.change(2, replacing((0, 0), (0, 0), "first "))
        other.change(2, replacing((0, 0), (1, 0), "other"))
        assert answer(one, 0, 99, "file:///project/main.py") == echo("first x = '😀'\n", 13)
        assert answer(other, 0, 99, "file:///project/main.py") == echo("other", 5)
        is_well(one)
        is_well(other)


STATEMENT = "function f(a,b){return a+b}var x=f(1,2);"
MINIFIED = STATEMENT * (1_000_000 // len(STATEMENT))
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(25_000))
MARKERS = "<|fim_prefix|><|fim_suffix|><|fim_middle|><|endoftext|><|file_sep|><|repo_name|>\n" * 300


@pytest.mark.parametrize(
    ("language", "text", "line", "character"),
    [
        pytest.param("python", "", 0, 0, id="an empty file"),
        pytest.param("python", LONG + "def g(x):\n    return ", 50_001, 11, id="50,000 lines, at the end"),
        pytest.param("python", LONG, 25_001, 13, id="50,000 lines, in the middle"),
        pytest.param("javascript", MINIFIED, 0, len(MINIFIED), id="a line of 1 MB, at the end"),
        pytest.param("javascript", MINIFIED, 0, len(MINIFIED) // 2, id="a line of 1 MB, in the middle"),
        pytest.param("python", MARKERS + "x = ", 300, 4, id="fill-in-the-middle markers"),
        pytest.param("python", "<|fim_suffix|>", 0, 5, id="inside a marker"),
        pytest.param("python", "x = '\ud83d'\ny = '\ude00' + \n", 1, 10, id="lone surrogates"),
        pytest.param("python", "x = '😀'\n", 0, 6, id="inside a surrogate pair"),
        pytest.param(
            "python", "def f(x):\r    if x:\r\n        return 1\n    return \r\n", 3, 11, id="mixed line ends"
        ),
        pytest.param("python", "def f(x):\n\tif x:\n\t\t", 2, 2, id="tabs"),
        pytest.param("python", "x = '\x00'\ny = ", 1, 4, id="a zero byte"),
        pytest.param("python", "(" * 5000, 0, 5000, id="5,000 open brackets"),
        pytest.param("python", " " * 100_000, 0, 50_000, id="nothing but blanks"),
    ],
)
def test_the_real_model_in_a_strange_text(real: Editor, language: str, text: str, line: int, character: int) -> None:
    uri = "file:///strange/real"
    real.open(text, uri, language=language)
    answer(real, line, character, uri)
    for version, key in enumerate("x(", start=2):
        real.change(version, replacing((line, character), (line, character), key), uri=uri)
        character += 1
    answer(real, line, character, uri)
    real.close_document(uri)
    is_well(real)


def test_the_real_model_after_a_storm(real: Editor) -> None:
    """Edits, requests and cancellations at random, then a line that the model knows."""
    choice = random.Random(31)
    uri = "file:///strange/storm.py"
    text = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return a - "
    real.open(text, uri)
    asked: list[int] = []
    for version in range(2, 2002):
        real.change(version, replacing((0, 0), (0, version % 2), "#" * (version % 2)), uri=uri)
        if version % 100 == 0:
            asked.append(real.ask_completion(5, 15, uri))
            if choice.random() < 0.5:
                real.notify("$/cancelRequest", {"id": choice.choice(asked)})
    shown = answer(real, 5, 15, uri)
    assert shown is None or shown.startswith("b")
    for msg_id in asked:
        response: Any = real.response(msg_id, HANGING_S)
        if "error" in response:
            assert response["error"]["code"] == REQUEST_CANCELLED
        else:
            texts = [item["insertText"] for item in response["result"]["items"]]
            assert all(text.startswith("b") for text in texts), "the text was the same at each request"
