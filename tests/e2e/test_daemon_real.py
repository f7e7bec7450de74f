"""The daemon with the real model: what it answers, what it shares, and what is left after it was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fimble.config import home
from fimble.daemon.address import address_of
from fimble.daemon.locking import holder_of
from tests.e2e.editor import REAL_SERVER, ROOT, URI, Editor, replacing

TEXT = 'def add(a, b):\n    """Return the sum of two numbers."""\n    return a + b\n\n\ndef subtract(a, b):\n    '
TYPED = 'return a - b\n\n\ndef multiply(a, b):\n    """Pro'
SOON_S = 60.0


class Home:
    """A home of its own with the real models in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("models", "encoders"):
            (folder / name).symlink_to(home() / name)
        self.environ = {"FIMBLE_HOME": str(folder), "FIMBLE_DAEMON_IDLE_MINUTES": "0"}

    @property
    def pid(self) -> int:
        return holder_of(address_of(self.folder).life_lock)

    def open(self, *arguments: str) -> Editor:
        return Editor(*(arguments or ("--daemon",)), command=REAL_SERVER, environ=self.environ)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, **self.environ, "PYTHONPATH": str(ROOT / "server")}
        command = [sys.executable, "-m", "fimble", *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SOON_S)

    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("daemon", "--json").stdout)
        return found

    def wait(self, is_so: Callable[[], object], what: str) -> None:
        deadline_s = time.monotonic() + SOON_S
        while not is_so():
            assert time.monotonic() < deadline_s, what
            time.sleep(0.05)


@pytest.fixture
def own_home(default_model: str) -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="fh") as folder:
        found = Home(Path(folder))
        yield found
        found.wait(lambda: not found.pid, "the daemon ends with its last window")


def typing(editor: Editor) -> list[Any]:
    """What is answered best on the way through ``TYPED``; how many more there are is a matter of time."""
    editor.open(TEXT)
    answers: list[Any] = []
    for number, character in enumerate(TYPED):
        line, column = TYPED[:number].count("\n"), len((TEXT + TYPED[:number]).rpartition("\n")[2])
        here = (6 + line, column)
        if number % 8 == 0:
            answers.append(editor.complete(*here, invoked=True)[:1])
        editor.change(number + 2, replacing(here, here, character))
    return answers


def test_the_answers_are_those_of_a_server_in_process(own_home: Home) -> None:
    with own_home.open("--in-process") as editor:
        expected = typing(editor.start())
        assert own_home.pid == 0
    assert sum(map(len, expected)) > 2
    with own_home.open() as editor, own_home.open() as other:
        assert typing(editor.start()) == expected
        assert typing(other.start()) == expected


def test_one_copy_of_the_weights_serves_all(own_home: Home, default_model: str) -> None:
    assert own_home.facts() is None
    assert own_home.run("daemon").returncode == 1
    with own_home.open() as first:
        first.start()
        with own_home.open() as second:
            second.start()
            facts = own_home.facts()["facts"]
            assert facts["windows"] == 2
            assert [(model["model"], model["sessions"]) for model in facts["models"]] == [(default_model, 2)]
            assert second.shut_down() == 0
        own_home.wait(lambda: own_home.facts()["facts"]["models"][0]["sessions"] == 1, "its part is given back")
        assert default_model in own_home.run("daemon").stdout
        pid = own_home.pid
        assert "1 open window will start another one" in own_home.run("daemon", "stop").stdout
        own_home.wait(lambda: own_home.pid not in (0, pid), "another daemon")
        first.open(TEXT + "return a")
        own_home.wait(lambda: first.complete(6, 12, invoked=True), "the session goes on")
    own_home.wait(lambda: own_home.run("daemon", "stop").stdout == "No daemon runs.\n", "it ends with its last window")


def test_killed_in_mid_answer_both_windows_are_back(own_home: Home) -> None:
    with own_home.open() as first, own_home.open() as second:
        for editor in (first, second):
            editor.start()
            editor.open(TEXT)
            editor.change(2, replacing((6, 4), (6, 4), "return"), uri=URI)
        asked = [editor.ask_completion(6, 10, invoked=True) for editor in (first, second)]
        os.kill(own_home.pid, signal.SIGKILL)
        for editor, msg_id in zip((first, second), asked, strict=True):
            assert "result" in editor.response(msg_id)
            own_home.wait(lambda editor=editor: editor.complete(6, 10, invoked=True), "the model is back")  # type: ignore[misc]
            (item, *_) = editor.complete(6, 10, invoked=True)
            assert "a - b" in item["insertText"]
            assert len([said for said in editor.said("window/showMessage") if "ended" in said["message"]]) == 1
