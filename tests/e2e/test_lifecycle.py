"""From ``initialize`` to the exit code, and what happens when an editor just dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.editor import REAL_SERVER, Editor

PROGRESS = {"window": {"workDoneProgress": True}}


def progress_of(editor: Editor) -> list[dict[str, Any]]:
    return [params["value"] for params in editor.said("$/progress")]


def test_a_session_from_start_to_end() -> None:
    with Editor() as editor:
        editor.start(capabilities=PROGRESS)
        editor.wait_said("$/progress", '"end"')
        kinds = [value["kind"] for value in progress_of(editor)]
        assert (kinds[0], kinds[-1]) == ("begin", "end")
        assert progress_of(editor)[-1]["message"] == "scripted ready on CPU"
        assert editor.wait_said("window/showMessage", "CUDA")["type"] == 3
        editor.open("x")
        assert editor.complete(0, 1)
        assert editor.shut_down() == 0
        assert len(editor.said("window/showMessage")) == 1
        assert editor.stderr == "begun x\nmodel closed\n"


def test_initialize_is_answered_and_requests_too_while_the_model_loads() -> None:
    with Editor("--load-s", "1.5") as editor:
        editor.initialize(capabilities=PROGRESS)
        assert time.perf_counter() - editor.started_s < 1.0
        editor.open("x")
        assert editor.complete(0, 1) == []
        editor.wait_said("window/logMessage", "the model is still loading")
        editor.wait_said("$/progress", '"begin"')
        assert not any(value["kind"] == "end" for value in progress_of(editor))
        editor.wait_ready()
        assert editor.complete(0, 1)


def test_without_progress_in_the_client_the_log_tells() -> None:
    with Editor() as editor:
        editor.start()
        assert editor.said("$/progress") == editor.said("window/workDoneProgress/create") == []
        editor.wait_said("window/logMessage", "scripted ready on CPU")


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("known", ["is not installed", "Run `fimble setup`"]),
        ("unknown", ["disk is on fire", "fimble doctor"]),
    ],
)
def test_a_model_that_cannot_be_loaded_is_told_once_and_the_server_lives(failure: str, words: list[str]) -> None:
    with Editor("--fail", failure) as editor:
        editor.initialize(capabilities=PROGRESS)
        message = editor.wait_said("window/showMessage")
        assert message["type"] == 1
        assert all(word in message["message"] for word in words)
        editor.wait_said("$/progress", '"end"')
        editor.open("x")
        assert editor.complete(0, 1) == []
        editor.wait_said("window/logMessage", "no model is loaded")
        assert editor.shut_down() == 0
        assert len(editor.said("window/showMessage")) == 1


def test_exit_without_shutdown_is_1() -> None:
    with Editor() as editor:
        editor.start()
        editor.notify("exit")
        assert editor.process.wait(2) == 1


def test_exit_before_initialize_is_1() -> None:
    with Editor() as editor:
        editor.notify("exit")
        assert editor.process.wait(5) == 1


def test_a_closed_input_ends_the_server_even_while_it_computes() -> None:
    with Editor() as editor:
        editor.start()
        editor.open("slow")
        editor.ask_completion(0, 4)
        assert editor.process.stdin is not None
        editor.process.stdin.close()
        assert editor.process.wait(2) == 1
        assert "Traceback" not in editor.stderr


def test_a_closed_input_ends_the_server_while_the_model_loads() -> None:
    with Editor("--load-s", "30") as editor:
        editor.initialize()
        editor.wait_said("window/logMessage", "reading")
        assert editor.process.stdin is not None
        editor.process.stdin.close()
        assert editor.process.wait(2) == 1
        assert editor.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be watched there")
def test_a_dead_editor_ends_the_server_though_its_input_stays_open() -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with Editor() as editor:
        editor.start(processId=parent.pid)
        editor.open("x")
        assert editor.complete(0, 1)
        parent.kill()
        assert editor.process.wait(2) == 1
        assert "Traceback" not in editor.stderr
    parent.communicate()


def test_an_editor_that_stopped_reading_does_not_keep_the_server() -> None:
    with Editor(reads=False) as editor:
        editor.ask("initialize", {"capabilities": {}})
        for number in range(3000):
            editor.ask_completion(number, 0, uri=f"file:///never/opened/{'x' * 100}")
        assert editor.process.stdin is not None
        editor.process.stdin.close()
        assert editor.process.wait(3) == 1
        assert "Traceback" not in editor.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM there")
def test_sigterm_ends_the_server_in_order() -> None:
    with Editor() as editor:
        editor.start()
        editor.open("slow")
        editor.ask_completion(0, 4)
        editor.process.send_signal(signal.SIGTERM)
        assert editor.process.wait(2) == 0
        assert "Traceback" not in editor.stderr


def test_a_print_inside_the_server_reaches_stderr_and_not_the_editor() -> None:
    with Editor() as editor:
        editor.start()
        editor.open("loud")
        assert editor.complete(0, 4)
        assert "begun loud" in editor.stderr
        assert editor.shut_down() == 0


def test_the_real_command_answers_at_once_and_says_that_no_model_is_installed(tmp_path: Path) -> None:
    with Editor(command=REAL_SERVER, environ={"FIMBLE_HOME": str(tmp_path)}) as editor:
        editor.initialize(capabilities=PROGRESS)
        assert time.perf_counter() - editor.started_s < 1.0
        message = editor.wait_said("window/showMessage", "is not installed")
        assert message["type"] == 1
        assert "fimble setup" in message["message"]
        editor.open("x")
        assert editor.complete(0, 1) == []
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr
