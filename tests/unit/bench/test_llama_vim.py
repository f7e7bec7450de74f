"""llama.vim's policy in front of a server that answers truly: what is asked, what is shown, and when."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fimble.bench.llama_server import LlamaServer, Options
from fimble.bench.llama_vim import LlamaVim
from fimble.bench.replay import Answer
from fimble.bench.script import Kind, Step

TARGET = "def area(width, height):\n    return width * height\n\nprint(area(2, 3))\n"
WAIT_S = 10.0


class Desk:
    """A buffer that is typed into, and what the server was asked."""

    def __init__(self, side: LlamaVim, log: Path) -> None:
        self.side, self._log = side, log

    def press(self, text: str, cursor: int | None = None) -> None:
        offset = len(text) if cursor is None else cursor
        self.side.press(Step(Kind.CHARACTER, 0.0, "a.py", offset, offset, "", ""), text, text)

    def type(self, text: str, cursor: int | None = None) -> Answer | None:
        self.press(text, cursor)
        return self.side.answer(time.perf_counter() + WAIT_S)

    def settle(self) -> None:
        self.side._changed.acquire()
        self.side._changed.wait_for(self.side._is_quiet, WAIT_S)
        self.side._changed.release()

    def asked(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()]


@contextmanager
def desk(folder: Path, delay_s: float = 0.0) -> Iterator[Desk]:
    target, log = folder / "target", folder / "log"
    target.write_text(TARGET, encoding="utf-8")
    log.touch()
    command = [sys.executable, str(Path(__file__).with_name("oracle_server.py")), str(target), str(log), str(delay_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        side = LlamaVim(LlamaServer(process, Options()))
        try:
            yield Desk(side, log)
            side.clear()
        finally:
            side.close()
            process.kill()


def test_typing_what_is_shown_asks_nothing_at_that_place(tmp_path: Path) -> None:
    with desk(tmp_path) as d:
        first = d.type("def ar")
        assert first is not None and first.text == "ea(width, height):\n    return width * height"
        d.settle()
        assert [request["middle"] for request in d.asked()] == ["def ar", "    return width * height"]
        second = d.type("def are")
        assert second is not None and second.text == "a(width, height):\n    return width * height"
        assert d.side.effort().source == "cache"


def test_the_first_request_has_250_ms_and_the_one_ahead_1000(tmp_path: Path) -> None:
    with desk(tmp_path) as d:
        d.type("def ar")
        d.settle()
        assert [request["t_max_predict_ms"] for request in d.asked()] == [250, 1000]
        assert all(request["n_predict"] == 128 for request in d.asked())


def test_typing_through_a_line_break_is_in_the_cache(tmp_path: Path) -> None:
    with desk(tmp_path) as d:
        d.type("def area(width, height):")
        d.settle()
        num_asked = len(d.asked())
        answer = d.type("def area(width, height):\n    ")
        assert answer is not None and answer.text == "return width * height"
        d.settle()
        assert num_asked == 2


def test_no_request_where_much_stands_to_the_right(tmp_path: Path) -> None:
    with desk(tmp_path) as d:
        answer = d.type("def ar(one, two)", 6)
        assert answer is not None and answer.text == ""
        d.settle()
        assert d.asked() == []


def test_a_key_waits_for_the_request_before(tmp_path: Path) -> None:
    with desk(tmp_path, delay_s=0.4) as d:
        d.press("x")
        assert d.side.answer(time.perf_counter() + 0.05) is None
        answer = d.type("def ar")
        assert answer is not None and answer.text.startswith("ea(")
        assert answer.latency_ms > 500
        assert [request["middle"] for request in d.asked()][:2] == ["x", "def ar"]


def test_an_empty_answer_is_an_answer(tmp_path: Path) -> None:
    with desk(tmp_path) as d:
        answer = d.type("nothing known")
        assert answer is not None and answer.text == ""


def test_clear_forgets(tmp_path: Path) -> None:
    with desk(tmp_path) as d:
        d.type("def ar")
        d.side.clear()
        assert d.side.effort().num_run_tokens == 0
        d.type("def ar")
        d.settle()
        assert [request["middle"] for request in d.asked()].count("def ar") == 2


def test_tokens_are_counted_ahead_too(tmp_path: Path) -> None:
    with desk(tmp_path) as d:
        d.type("def ar")
        d.settle()
        assert d.side.effort().num_run_tokens == 2 * (10 - 4 + 2)
