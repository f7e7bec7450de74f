"""Somebody types in Neovim 0.12: late answers come, and are accepted, and the buffer is never corrupted.

``Neovim`` does what ``vim.lsp.inline_completion`` does. A request waits for 200 ms without
a key. Typing cancels none; whatever answer comes is drawn at its range, in the buffer as
it is now, and what is accepted is put there. So every answer to a text that has moved on
must come without items.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.editor import REAL_SERVER, Editor, replacing
from tests.e2e.profiles import read_profile
from tests.e2e.slow_server import echo

SLOW_SERVER = [sys.executable, str(Path(__file__).with_name("slow_server.py"))]
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
URI = "file:///project/replay.py"
DEBOUNCE_S = 0.2
LOAD_S = 120.0
HANGING_S = 60.0
"""No answer is measured here, but one that takes so long never comes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the text that it was asked in."""

    version: int
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Ghost:
    """What is drawn: the item as it came, where its range lies in the buffer, and what it answers."""

    text: str
    start: tuple[int, int]
    end: tuple[int, int]
    asked: Asked


class Neovim:
    """One buffer in insert mode. Lines have no ends; columns count code points."""

    def __init__(self, editor: Editor, text: str, *, line_end: str = "\n", debounce_s: float = DEBOUNCE_S) -> None:
        self.editor, self.line_end, self.debounce_s = editor, line_end, debounce_s
        self.codec, self.unit_bytes = CODECS[editor.capabilities["positionEncoding"]]
        self.lines, self.row, self.column = text.split("\n"), 0, 0
        self.version = 1
        self.ghost: Ghost | None = None
        self.num_drawn = self.num_late = self.num_accepted = 0
        self._pending: dict[int, Asked] = {}
        self._barriers: dict[int, int] = {}
        self._known_version = 1
        self._due_s: float | None = None
        self._num_read = len(editor.received)
        editor.open(self.text, URI)

    @property
    def text(self) -> str:
        """The document, as the server is told."""
        return self.line_end.join(self.lines)

    @property
    def offset(self) -> int:
        return self.offset_of(self.row, self.column)

    @property
    def is_fresh(self) -> bool:
        """Whether the ghost answers the text as it is. One that was drawn before the last key was pressed is the
        editor's to hide: it keeps it, and no server can help that."""
        return self.ghost is not None and self.ghost.asked.version == self.version

    def offset_of(self, row: int, column: int) -> int:
        return sum(len(line) + len(self.line_end) for line in self.lines[:row]) + column

    def type(self, key: str) -> None:
        """One key: a character, a line break, or ``\\b`` for the key that deletes backwards."""
        self.listen()
        if key != "\b":
            self._change((self.row, self.column), (self.row, self.column), key.split("\n"))
        elif self.column:
            self._change((self.row, self.column - 1), (self.row, self.column), [""])
        elif self.row:
            self._change((self.row - 1, len(self.lines[self.row - 1])), (self.row, 0), [""])
        self._moved()

    def go(self, row: int, column: int) -> None:
        """Move the cursor."""
        self.listen()
        self.row = row % len(self.lines)
        self.column = min(column, len(self.lines[self.row]))
        self._moved()

    def listen(self, for_s: float = 0.0) -> None:
        """Let the time pass: send the request that is due, draw the answers that come."""
        until_s = time.monotonic() + for_s
        while True:
            if self._due_s is not None and time.monotonic() >= self._due_s:
                self._request()
            self._read()
            if time.monotonic() >= until_s:
                return
            time.sleep(0.001)

    def wait_for_answer(self, timeout_s: float = HANGING_S) -> None:
        """Let the time pass until everything asked is answered."""
        until_s = time.monotonic() + timeout_s
        while self._due_s is not None or self._pending:
            assert time.monotonic() < until_s, f"no answer; {self.editor.stderr[-2000:]}"
            self.listen(0.002)

    def wait_for_ghost(self) -> None:
        """Ask again and again until there is a ghost: an answer that was cut off in haste is written on meanwhile."""
        until_s = time.monotonic() + HANGING_S
        self.wait_for_answer()
        while not self.is_fresh:
            assert time.monotonic() < until_s, f"nothing shown; {self.editor.stderr[-2000:]}"
            self.listen(0.5)
            self.go(self.row, self.column)
            self.wait_for_answer()

    def leave_insert_mode(self) -> None:
        """Requests in flight are cancelled, the ghost is hidden."""
        for msg_id in self._pending:
            self.editor.notify("$/cancelRequest", {"id": msg_id})
        self._pending.clear()
        self._due_s, self.ghost = None, None

    def accept(self) -> None:
        """Put the item's text in place of its range, in the buffer as it is now."""
        ghost = self.ghost
        assert ghost is not None
        seen, place = self.seen(), self.offset
        before = self.text
        self.leave_insert_mode()
        rows = ghost.text.split("\n")
        self._change(ghost.start, ghost.end, rows)
        shown = self.line_end.join(seen.split("\n"))
        assert self.text == before[:place] + shown + before[place:], "what was seen, where it was seen"
        assert not any("\r" in line for line in self.lines), "no stray ^M"
        self.num_accepted += 1
        self._moved()

    def seen(self) -> str:
        """The ghost text, which begins where the buffer stops agreeing with the item."""
        assert self.ghost is not None
        row, column = self.ghost.start
        typed = self.lines[row][column : self.column] if row == self.row else ""
        assert self.ghost.text.startswith(typed)
        return self.ghost.text[len(typed) :]

    def _moved(self) -> None:
        self._due_s = time.monotonic() + self.debounce_s

    def _change(self, start: tuple[int, int], end: tuple[int, int], rows: list[str]) -> None:
        """Edit the buffer, and tell the server. The cursor goes behind the new text."""
        change = replacing(self._units(start), self._units(end), self.line_end.join(rows))
        (first, left), (last, right) = start, end
        head, tail = self.lines[first][:left], self.lines[last][right:]
        self.row = first + len(rows) - 1
        self.column = len(rows[-1]) + (left if len(rows) == 1 else 0)
        new = [*rows[:-1], rows[-1] + tail]
        self.lines[first : last + 1] = [head + new[0], *new[1:]]
        self.version += 1
        self.editor.change(self.version, change, uri=URI)
        self._barriers[self.editor.ask("fimble/why", {})] = self.version

    def _request(self) -> None:
        """A pending request is not cancelled by a newer one."""
        self._due_s = None
        line, character = self._units((self.row, self.column))
        msg_id = self.editor.ask_completion(line, character, URI)
        self._pending[msg_id] = Asked(self.version, self.text, self.offset)

    def _read(self) -> None:
        while self._num_read < len(self.editor.received):
            message = self.editor.received[self._num_read]
            self._num_read += 1
            if "method" in message:
                continue
            if message["id"] in self._barriers:
                self._known_version = self._barriers.pop(message["id"])
            elif message["id"] in self._pending:
                asked = self._pending.pop(message["id"])
                assert "error" not in message, message
                self._handle(asked, message["result"])

    def _handle(self, asked: Asked, result: Any) -> None:
        """Draw what has come, wherever the cursor is by now."""
        assert result is not None, "null would leave the old ghost on the screen"
        self.ghost = None
        if asked.version < self.version:
            self.num_late += 1
        if not result["items"]:
            return
        assert asked.version >= self._known_version, "an answer to a text that the server knew to be gone"
        item = result["items"][0]
        places = [self._place(item["range"][end]) for end in ("start", "end")]
        self.ghost = Ghost(item["insertText"], places[0], places[1], asked)
        self.num_drawn += 1

    def _units(self, place: tuple[int, int]) -> tuple[int, int]:
        row, column = place
        return row, len(self.lines[row][:column].encode(self.codec)) // self.unit_bytes

    def _place(self, position: dict[str, int]) -> tuple[int, int]:
        row = min(position["line"], len(self.lines) - 1)
        data = self.lines[row].encode(self.codec)[: position["character"] * self.unit_bytes]
        return row, len(data.decode(self.codec, "ignore"))


def neovim_profile(encoding: str) -> dict[str, Any]:
    """What Neovim sends first, offering only ``encoding``."""
    profile: dict[str, Any] = json.loads(json.dumps(read_profile("neovim")))
    assert encoding in profile["capabilities"]["general"]["positionEncodings"]
    profile["capabilities"]["general"]["positionEncodings"] = [encoding]
    return profile


START = "def f(x):\n    # 😀𝕏é\n    return x\n\n\n😀 = 1"
KEYS = ["a", "b", " ", "é", "😀", "𝕏", "\t", ")", "\n", "\b", "\b"]


def press(neovim: Neovim, choice: random.Random, unit_s: float) -> None:
    """One thing that a person does."""
    what = choice.random()
    if what < 0.7:
        neovim.type(choice.choice(KEYS))
    elif what < 0.78:
        neovim.go(choice.randrange(len(neovim.lines)), choice.randrange(12))
    elif what < 0.82:
        neovim.leave_insert_mode()
        neovim.go(neovim.row, neovim.column)
    else:
        neovim.wait_for_answer()
        if neovim.is_fresh:
            ghost = neovim.ghost
            assert ghost is not None
            assert ghost.text == echo(neovim.text, neovim.offset), "the text as it is, nothing lost and nothing old"
            neovim.accept()
    neovim.listen(choice.choice([0.0, 0.2, 0.5, 1.0, 1.5]) * unit_s)


@pytest.mark.parametrize(
    ("encoding", "line_end", "seed"), [("utf-8", "\n", 1), ("utf-16", "\r\n", 2), ("utf-32", "\n", 3)]
)
def test_two_hundred_steps_of_typing_with_late_answers(encoding: str, line_end: str, seed: int) -> None:
    choice, unit_s = random.Random(seed), DEBOUNCE_S / 20
    with Editor("--seed", str(seed), "--longest-s", str(2 * unit_s), command=SLOW_SERVER) as editor:
        editor.start(**neovim_profile(encoding))
        neovim = Neovim(editor, START, line_end=line_end, debounce_s=unit_s)
        for _ in range(200):
            press(neovim, choice, unit_s)
        neovim.go(0, 0)
        neovim.wait_for_answer()
        assert neovim.ghost is not None
        assert neovim.ghost.text == echo(neovim.text, 0), "the server has the whole text"
        assert neovim.num_accepted > 5
        assert neovim.num_late > 5, "answers that came too late were part of it"
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr


@pytest.mark.real_model
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_typing_with_the_real_model(default_model: str, line_end: str) -> None:
    text = 'smile = "😀"\n\n\ndef add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return '
    choice = random.Random(5)
    with Editor("--stdio", command=REAL_SERVER) as editor:
        editor.capabilities = editor.initialize(**neovim_profile("utf-16"))
        editor.wait_ready(LOAD_S)
        neovim = Neovim(editor, text, line_end=line_end)
        neovim.go(len(neovim.lines) - 1, 99)
        for key in "a":
            neovim.type(key)
            neovim.listen(choice.uniform(0.05, 0.3))
        neovim.wait_for_ghost()
        neovim.accept()
        for key in "\n\n\ndef multiply(":
            neovim.type(key)
            neovim.listen(choice.uniform(0.01, 0.35))
        neovim.wait_for_answer()
        if neovim.is_fresh:
            neovim.accept()
        neovim.go(0, len('smile = "😀'))
        neovim.type("😀")
        neovim.wait_for_answer()
        if neovim.is_fresh:
            neovim.accept()
        assert neovim.lines[0].startswith('smile = "😀😀'), "the line with the emoji is whole"
        assert neovim.lines[8].startswith("    return a")
        assert neovim.num_accepted >= 1
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr
