"""Typing with the real model: what is known is not computed again, and work in idle time comes to an end."""

from __future__ import annotations

import inspect
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.editor import REAL_SERVER, Editor, replacing

LOAD_S = 120.0
ANSWER_S = 60.0
REST_S = 180.0
"""Much longer than work in idle time takes: other programs may be busy too."""
IDLE_S = 30.0
"""What work in idle time may take, in processor time of each core."""
SETTLED_S = 0.3
"""Processor time of an answer that is known, with a look at whether anything is left to do after it."""
NUM_ASKS = 10
"""How often to ask, at most, for what a slow machine cannot do at the first request."""
WAITS_S = (0.04, 0.01, 0.2, 0.1, 0.3, 0.02, 0.5, 0.15, 0.4, 0.7, 1.0, 0.25)
"""After how long the next key may meet an answer in flight: that depends on the machine's speed."""
REUSED = 0.95

SMALL = '''"""Sizes of things."""


def report(width, height):
    """Print all there is to know."""
    total = width * height
    print("width", width)
    print("height", '''
SMALL_AFTER = """
    return total


def main():
    report(2, 3)
"""


@contextmanager
def serving() -> Iterator[Editor]:
    """A server with the default model, which must survive what is done to it."""
    with Editor("--stdio", command=REAL_SERVER, environ={"FIMBLE_PROVIDER": "cpu"}) as editor:
        editor.initialize()
        editor.wait_ready(LOAD_S)
        yield editor
        assert editor.process.poll() is None, editor.stderr
        assert "Traceback" not in editor.stderr, editor.stderr


@pytest.fixture(scope="module")
def server(default_model: str) -> Iterator[Editor]:
    """The server that the tests of this module share."""
    with serving() as editor:
        yield editor


@dataclass
class Typist:
    """One document in the editor, and the cursor in it. Its text is ASCII, where all encodings agree."""

    editor: Editor
    uri: str
    text: str
    offset: int
    version: int = 1
    answers: list[dict[str, Any]] = field(default_factory=list)
    """What ``fimble/why`` says of each answer."""
    changed_id: int = 0
    """A request made behind the last change: when it is answered, the server knows of the change."""

    def __post_init__(self) -> None:
        self.editor.open(self.text, self.uri)

    @property
    def position(self) -> tuple[int, int]:
        before = self.text[: self.offset]
        return before.count("\n"), len(before) - before.rfind("\n") - 1

    def insert(self, text: str) -> None:
        self._change(replacing(self.position, self.position, text))
        self.text = self.text[: self.offset] + text + self.text[self.offset :]
        self.offset += len(text)

    def backspace(self) -> None:
        end = self.position
        self.offset -= 1
        self._change(replacing(self.position, end, ""))
        self.text = self.text[: self.offset] + self.text[self.offset + 1 :]

    def ask(self) -> int:
        return self.editor.ask_completion(*self.position, self.uri)

    def answer(self, msg_id: int | None = None) -> str | None:
        """Wait for an answer, asked for now or as ``msg_id``. Returns the text shown."""
        items = self.editor.items(self.ask() if msg_id is None else msg_id, ANSWER_S)
        self.answers.append(self.editor.request("fimble/why", {"textDocument": {"uri": self.uri}}))
        return items[0]["insertText"] if items else None

    def whole_answer(self, msg_id: int | None = None) -> str | None:
        """As ``answer``. One that was cut off in haste is written on in idle time, so it is asked for again."""
        text = self.answer(msg_id)
        for _ in range(NUM_ASKS):
            if self.answers[-1]["reasonCode"] != "TOO_LONG":
                break
            rest(self.editor)
            text = self.answer()
        return text

    def settle(self) -> str | None:
        """Wait until work in idle time has nothing left to do here. Returns the text shown.

        It gives up some seconds after each answer, on a slow machine before all is done.
        """
        text = self.whole_answer()
        for _ in range(NUM_ASKS):
            if rest(self.editor) <= SETTLED_S:
                break
            text = self.whole_answer()
        return text

    def overtaken(self, msg_id: int) -> None:
        """Wait for the answer to what was asked before the last change: it belongs to an older text."""
        items = self.editor.items(msg_id, ANSWER_S)
        self.editor.response(self.changed_id, ANSWER_S)
        answered = [message["id"] for message in self.editor.received if "method" not in message]
        if answered.index(msg_id) > answered.index(self.changed_id):
            assert items == [], "the server knew that this text was gone"

    def type(self, text: str) -> str | None:
        """Insert, and wait for the answer."""
        self.insert(text)
        return self.answer()

    def _change(self, change: dict[str, Any]) -> None:
        self.version += 1
        self.editor.change(self.version, change, uri=self.uri)
        self.changed_id = self.editor.ask("fimble/why", {})


def cpu_s(editor: Editor) -> float:
    """Processor time of the server so far."""
    fields = Path(f"/proc/{editor.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def used_s(editor: Editor, for_s: float) -> float:
    """Processor time of the server in the next ``for_s`` seconds."""
    before_s = cpu_s(editor)
    time.sleep(for_s)
    return cpu_s(editor) - before_s


def is_running(editor: Editor) -> bool:
    """Whether a thread of the server runs, or would run if it had a core."""
    states = []
    for thread in Path(f"/proc/{editor.process.pid}/task").iterdir():
        try:
            states.append((thread / "stat").read_text().rpartition(")")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return "R" in states or "D" in states


def rest(editor: Editor) -> float:
    """Wait until work in idle time has ended. Returns the processor time that it took."""
    if sys.platform != "linux":
        time.sleep(IDLE_S)
        return 0.0
    begun_s = before_s = cpu_s(editor)
    deadline_s = time.monotonic() + REST_S
    while time.monotonic() < deadline_s:
        time.sleep(0.6)
        now_s = cpu_s(editor)
        if now_s - before_s <= 0.02 and not is_running(editor):
            return now_s - begun_s
        before_s = now_s
    raise AssertionError("work in idle time does not end")


def real_file(share: float, uri: str, editor: Editor, module: Any = textwrap) -> Typist:
    """A real file with the cursor on a new line inside a function, about that share down."""
    text = inspect.getsource(module)
    offset = text.index("\n        ", int(len(text) * share)) + 1
    return Typist(editor, uri, text[:offset] + "        \n" + text[offset:], offset + 8)


def reused(answer: dict[str, Any]) -> float:
    return float(answer["numReusedTokens"]) / max(1, int(answer["numPromptTokens"]))


def asked_model(typist: Typist) -> list[dict[str, Any]]:
    return [answer for answer in typist.answers if answer["numPromptTokens"]]


@pytest.fixture
def small(server: Editor, request: pytest.FixtureRequest) -> Callable[..., Typist]:
    """A small file that the model knows how to go on with."""
    uri = f"file:///project/{request.node.name}.py"
    return lambda head="": Typist(server, uri, head + SMALL + SMALL_AFTER, len(head + SMALL))


def test_typing_through_a_suggestion_asks_nobody(small: Callable[..., Typist]) -> None:
    typist = small()
    suggestion = typist.whole_answer()
    assert suggestion is not None and suggestion.startswith("height)")
    for index, char in enumerate("height"):
        assert typist.type(char) == suggestion[index + 1 :]
        assert typist.answers[-1]["source"] == "cache"
        assert typist.answers[-1]["numPromptTokens"] == 0
    latencies = [answer["latencyMs"] for answer in typist.answers[-len("height") :]]
    assert min(latencies) < 100, "under 5 on a machine that has nothing else to do, and with no delay for the next key"


def test_backspace_finds_what_was_there(small: Callable[..., Typist]) -> None:
    typist = small()
    suggestion = typist.whole_answer()
    assert suggestion is not None
    for char in suggestion[:3]:
        typist.type(char)
    for left in (2, 1, 0):
        typist.backspace()
        assert typist.answer() == suggestion[left:]
        assert typist.answers[-1]["source"] == "cache"
    typist.type("q")
    assert typist.answers[-1]["source"] == "model"
    typist.backspace()
    assert typist.answer() == suggestion, "after a typing error too"
    assert typist.answers[-1]["source"] == "cache"


def test_a_bracket_that_the_editor_closes_is_not_closed_twice(server: Editor) -> None:
    text = 'first = len("one")\nsecond = len("two")\nthird = '
    typist = Typist(server, "file:///project/closes.py", text + "\n", len(text))
    suggestion = typist.whole_answer()
    assert suggestion == 'len("three")'
    typist.insert("len()")
    typist.offset -= 1
    inside = typist.whole_answer()
    assert inside in (None, '"three"')


def test_a_typed_character_in_a_warm_file_costs_itself_only(server: Editor) -> None:
    typist = real_file(0.5, "file:///project/warm.py", server)
    typist.settle()
    typist.answers.clear()
    for char in "zebra = self":
        typist.type(char)
    asked = asked_model(typist)
    assert len(asked) >= 3, "the model cannot know this name"
    assert min(reused(answer) for answer in asked) >= REUSED
    typist.answers.clear()
    for text in ("\n        ", "q", "u", "\n        ", "w"):
        typist.type(text)
    asked = asked_model(typist)
    assert asked
    assert min(reused(answer) for answer in asked) >= REUSED, "and so does a new line"


def test_after_many_lines_the_prompt_has_moved_in_idle_time(server: Editor) -> None:
    typist = real_file(0.4, "file:///project/lines.py", server)
    typist.settle()
    for number in range(8):
        typist.answers.clear()
        typist.type(f"value_{number} = {number * 37}")
        typist.type("\n        ")
        rest(server)
        assert all(reused(answer) >= 0.9 for answer in asked_model(typist)), number


def test_an_answer_in_flight_is_joined(default_model: str) -> None:
    """By a server that has learned nothing yet, so that it asks the model at once, if it is not slow."""
    with serving() as server:
        one = Typist(server, "file:///project/one.py", SMALL + SMALL_AFTER, len(SMALL))
        suggestion = one.settle()
        assert suggestion is not None
        sources = []
        for number, wait_s in enumerate(WAITS_S):
            again = Typist(server, f"file:///project/again_{number}.py", one.text, one.offset)
            first = again.ask()
            time.sleep(wait_s)
            again.insert(suggestion[0])
            second = again.ask()
            again.overtaken(first)
            assert again.whole_answer(second) == suggestion[1:]
            sources.append(again.answers[0]["source"])
            if sources[-1] == "joined":
                return
            rest(server)
        raise AssertionError(f"no answer was met in flight: {sources}")


def test_an_answer_in_flight_that_is_contradicted_gives_way(small: Callable[..., Typist]) -> None:
    typist = small('"""Another file that begins as no other."""\n' + "import re\n" * 60)
    first = typist.ask()
    time.sleep(0.1)
    typist.insert("tot")
    second = typist.ask()
    typist.overtaken(first)
    assert (typist.answer(second) or "al").startswith("al"), "what is shown goes on from what was typed"


def test_after_accepting_the_next_line_is_known(small: Callable[..., Typist], server: Editor) -> None:
    typist = small()
    suggestion = typist.settle()
    assert suggestion is not None
    typist.type(suggestion)
    assert typist.answers[-1]["source"] == "cache"
    typist.settle()
    typist.type("\n    ")
    assert typist.answers[-1]["source"] == "cache", "what follows was written while nobody waited"


def test_work_in_idle_time_ends_and_the_server_sleeps(server: Editor) -> None:
    typist = real_file(0.6, "file:///project/idle.py", server)
    typist.answer()
    typist.type("x")
    num_cores = os.cpu_count() or 1
    assert rest(server) < IDLE_S * num_cores
    if sys.platform == "linux":
        assert any(used_s(server, 10) <= 0.06 for _ in range(NUM_ASKS)), "0.5 % of ten seconds, and one tick"


def test_a_document_closed_in_the_middle_of_an_answer(server: Editor) -> None:
    typist = real_file(0.7, "file:///project/closed.py", server)
    msg_id = typist.ask()
    time.sleep(0.05)
    server.close_document(typist.uri)
    assert server.items(msg_id, ANSWER_S) == []
    why = server.request("fimble/why", {"textDocument": {"uri": typist.uri}})
    assert why["reasonCode"] in ("NOT_OPEN", "STALE", "CANCELLED")
    assert server.complete(*typist.position, typist.uri) == []
    again = Typist(server, typist.uri, SMALL + SMALL_AFTER, len(SMALL))
    assert (again.whole_answer() or "").startswith("height)"), "what is open now is what counts"


def test_two_documents_in_turn_keep_what_they_have(server: Editor) -> None:
    typists = [
        real_file(0.5, "file:///project/one.py", server),
        real_file(0.5, "file:///project/two.py", server, inspect),
    ]
    for typist in typists:
        typist.settle()
        typist.answers.clear()
    for char in "zebra":
        for typist in typists:
            typist.type(char)
    for typist in typists:
        asked = asked_model(typist)
        assert asked
        assert min(reused(answer) for answer in asked) >= REUSED
