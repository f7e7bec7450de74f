"""One daemon for several windows, and all that can happen to it: no window loses its session or a document."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from fimble.daemon.address import Address
from fimble.daemon.hello import STATUS, STOP, Hello, Reply
from fimble.daemon.launching import find
from fimble.daemon.locking import holder_of
from tests.e2e.editor import URI, Editor, replacing

SOON_S = 20.0
NEWER = "99.0"


class Windows:
    """Editors of one person, who share a daemon."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.address = Address(folder / "daemon", "test")

    def open(self, *arguments: str, **environ: str) -> Editor:
        """A window; its server is starting."""
        own = {"TMPDIR": str(self.folder), **environ}
        return self._stack.enter_context(Editor("--daemon", *arguments, environ=own))

    @property
    def pid(self) -> int:
        """Of the daemon that listens; 0 where none does."""
        return holder_of(self.address.life_lock)

    def ask(self, wants: str) -> Reply | None:
        met = find(self.address, Hello("0.0", wants))
        if met is not None:
            met.socket.close()
        return met.reply if met else None

    def wait(self, is_so: Callable[[], object], what: str) -> None:
        deadline_s = time.monotonic() + SOON_S
        while not is_so():
            assert time.monotonic() < deadline_s, f"{what}; the daemon says {self.log}"
            time.sleep(0.02)

    def wait_other(self, pid: int) -> None:
        """Until another daemon than ``pid`` listens."""
        self.wait(lambda: self.pid not in (0, pid), "another daemon")

    @property
    def log(self) -> str:
        return self.address.log.read_text() if self.address.log.exists() else ""


@pytest.fixture
def windows() -> Iterator[Windows]:
    with tempfile.TemporaryDirectory(prefix="fd") as folder:
        with ExitStack() as stack:
            found = Windows(Path(folder), stack)
            yield found
        found.wait(lambda: not found.pid, "the daemon ends with its last window")


def typed(editor: Editor, name: str) -> str:
    """A document that was opened and edited; its answer at the end of line 2."""
    uri = f"file:///project/{name}.py"
    editor.open("one\ntwo\n", uri)
    editor.change(2, replacing((1, 3), (1, 3), f" {name}😀"), uri=uri)
    editor.change(3, replacing((0, 0), (1, 0), ""), uri=uri)
    return uri


def answer(editor: Editor, name: str, uri: str) -> str:
    """What stands at the end of the edited line is completed with all that the server knows of the document."""
    (item,) = editor.complete(0, 6 + len(name), uri)
    return str(item["insertText"])


def expected(name: str) -> str:
    line = f"two {name}😀"
    return f"[v3 {len(line) + 1} {len(line)} {line}]0"


def messages(editor: Editor) -> list[str]:
    return [said["message"] for said in editor.said("window/showMessage") if "CUDA" not in said["message"]]


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_two_windows_share_one_daemon_which_ends_with_the_last(windows: Windows) -> None:
    first = windows.open().start()
    pid = windows.pid
    second = windows.open().start()
    assert windows.pid == pid != 0
    assert answer(first, "a", typed(first, "a")) == expected("a")
    assert answer(second, "b", typed(second, "b")) == expected("b")
    reply = windows.ask(STATUS)
    assert reply is not None
    assert (reply.pid, reply.facts["windows"]) == (pid, 2)
    assert first.shut_down() == 0
    assert answer(second, "b", "file:///project/b.py") == expected("b")
    assert second.shut_down() == 0
    windows.wait(lambda: is_gone(pid), "it ends")
    assert not windows.address.socket.exists()


def test_the_way_to_it_is_closed_to_others(windows: Windows) -> None:
    windows.open().start()
    assert windows.address.folder.stat().st_mode & 0o777 == 0o700
    assert windows.address.socket.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_killed_in_mid_answer_every_window_is_back_with_its_documents(windows: Windows, encoding: str) -> None:
    offered = {"general": {"positionEncodings": [encoding]}, "window": {"workDoneProgress": True}}
    both = [windows.open(), windows.open()]
    for editor in both:
        editor.start(capabilities=offered)
    width = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding]
    for editor in both:
        editor.open("😀a\r\nb", "file:///project/x.py")
        editor.change(2, replacing((0, width), (0, width + 1), "😀cd"), uri="file:///project/x.py")
        editor.open("slow", URI)
    asked = [editor.ask_completion(0, 4) for editor in both]
    pid = windows.pid
    for editor in both:
        editor.wait_said("window/logMessage", " ready on ")
    windows.wait(lambda: windows.log.count("begun slow") == 2, "both answers are begun")
    os.kill(pid, signal.SIGKILL)
    windows.wait_other(pid)
    for editor, msg_id in zip(both, asked, strict=True):
        assert "result" in editor.response(msg_id)
        (item,) = editor.complete(0, 2 * width + 2, "file:///project/x.py") or wait_ready(editor, width)
        assert item["insertText"] == "[v2 7 4 😀😀cd]0"
        assert messages(editor) == ["fimble: the engine ended unexpectedly and is started again. No document is lost."]
        assert sum("CUDA" in said["message"] for said in editor.said("window/showMessage")) == 1


def wait_ready(editor: Editor, width: int) -> Any:
    """The items, once the model is loaded again."""
    editor.wait(lambda _: num_loads(editor) >= 2)
    return editor.complete(0, 2 * width + 2, "file:///project/x.py")


def num_loads(editor: Editor) -> int:
    return sum(" ready on " in said["message"] for said in list(editor.said("window/logMessage")))


def test_what_may_have_done_something_is_not_done_twice(windows: Windows) -> None:
    editor = windows.open().start(capabilities={"workspace": {"applyEdit": True}})
    editor.open("# slow\n\n\ndef add(a, b):\n    ...\n")
    params = {
        "textDocument": {"uri": URI},
        "range": replacing((3, 0), (3, 0), "")["range"],
        "context": {"diagnostics": []},
    }
    entry = next(each for each in editor.request("textDocument/codeAction", params) if "Implement" in each["title"])
    command = entry.get("command") if isinstance(entry.get("command"), dict) else entry
    msg_id = editor.ask("workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]})
    windows.wait(lambda: "act begun" in windows.log, "it is begun")
    os.kill(windows.pid, signal.SIGKILL)
    error = editor.response(msg_id)["error"]
    assert error["code"] == -32803 and "Ask again" in error["message"]
    editor.wait(lambda _: num_loads(editor) >= 2)
    assert windows.log.count("act begun") == 1


def test_progress_that_was_shown_is_ended(windows: Windows) -> None:
    editor = windows.open("--load-s", "2")
    editor.initialize(capabilities={"window": {"workDoneProgress": True}})
    editor.wait_said("$/progress", '"begin"')
    pid = windows.pid
    os.kill(pid, signal.SIGKILL)
    editor.wait_said("$/progress", '"end"')
    windows.wait_other(pid)
    editor.wait_ready()
    kinds = [said["value"]["kind"] for said in editor.said("$/progress")]
    assert kinds.count("begin") == 2
    editor.wait(lambda _: [said["value"]["kind"] for said in editor.said("$/progress")].count("end") == 2)


def test_a_request_that_ends_each_daemon_is_given_up_and_the_session_is_not(windows: Windows) -> None:
    editor = windows.open().start()
    editor.open("die")
    uri = typed(editor, "a")
    editor.wait_said("window/logMessage", " ready on ")
    msg_id = editor.ask_completion(0, 3)
    editor.wait(lambda _: num_loads(editor) >= 2)
    if "error" not in (said := editor.response(msg_id)):  # the model was still loading when it was asked again
        assert said["result"]["items"] == []
    windows.wait(lambda: answer_or_none(editor, uri) == expected("a"), "the session goes on")
    assert editor.shut_down() == 0


def answer_or_none(editor: Editor, uri: str) -> str:
    items = editor.complete(0, 7, uri)
    return str(items[0]["insertText"]) if items else ""


def test_a_daemon_that_is_frozen_is_replaced(windows: Windows) -> None:
    editor = windows.open(FIMBLE_DAEMON_FREEZE_S="1").start()
    uri = typed(editor, "a")
    pid = windows.pid
    os.kill(pid, signal.SIGSTOP)
    editor.ask_completion(0, 7, uri)
    windows.wait_other(pid)
    assert is_gone(pid)
    windows.wait(lambda: answer_or_none(editor, uri) == expected("a"), "the session goes on")
    (said,) = messages(editor)
    assert "did not answer" in said


def test_a_window_that_comes_while_the_daemon_is_frozen(windows: Windows) -> None:
    first = windows.open().start()
    pid = windows.pid
    os.kill(pid, signal.SIGSTOP)
    second = windows.open(FIMBLE_DAEMON_FREEZE_S="1").start()
    assert windows.pid not in (0, pid)
    assert answer(second, "b", typed(second, "b")) == expected("b")
    assert messages(second) == []
    assert first.process.poll() is None


def test_a_socket_that_nobody_listens_at_and_a_dead_daemons_lock(windows: Windows) -> None:
    windows.address.folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(windows.address.socket))
    windows.address.socket.chmod(0o600)
    windows.address.life_lock.write_text("1")
    editor = windows.open().start()
    assert answer(editor, "a", typed(editor, "a")) == expected("a")
    assert windows.pid not in (0, 1)
    assert messages(editor) == []


def test_windows_that_race_start_one_daemon(windows: Windows) -> None:
    editors = [windows.open() for _ in range(5)]
    for editor in editors:
        editor.start()
    reply = windows.ask(STATUS)
    assert reply is not None and reply.facts["windows"] == 5
    assert windows.log.count(" listens, process ") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("what", ["folder", "socket"])
def test_what_belongs_to_another_user_is_not_used(windows: Windows, what: str) -> None:
    windows.address.folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(windows.address.socket))
        foreign.listen()
        os.chown(windows.address.folder if what == "folder" else windows.address.socket, 12345, 12345)
        editor = windows.open().start()
        assert answer(editor, "a", typed(editor, "a")) == expected("a")
        (said,) = messages(editor)
        assert "belongs to another user" in said and "serves itself" in said
        assert editor.shut_down() == 0


def test_a_socket_that_others_may_use_is_not_used(windows: Windows) -> None:
    windows.open().start()
    windows.address.socket.chmod(0o666)
    editor = windows.open().start()
    (said,) = messages(editor)
    assert "Others may connect" in said
    assert answer(editor, "a", typed(editor, "a")) == expected("a")


def test_where_no_daemon_can_be_a_window_serves_itself_aloud_and_survives_that_too(windows: Windows) -> None:
    windows.address.folder.write_text("not a folder")
    editor = windows.open().start()
    uri = typed(editor, "a")
    assert answer(editor, "a", uri) == expected("a")
    (said,) = messages(editor)
    assert "serves itself" in said
    children = Path(f"/proc/{editor.process.pid}/task/{editor.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    windows.wait(lambda: answer_or_none(editor, uri) == expected("a"), "the session goes on")
    assert len(messages(editor)) == 2
    windows.address.folder.unlink()
    assert editor.shut_down() == 0


def test_a_newer_fimble_takes_over_and_older_windows_move_to_it(windows: Windows) -> None:
    older = windows.open().start()
    uri = typed(older, "a")
    assert answer(older, "a", uri) == expected("a")
    pid = windows.pid
    newer = windows.open("--version", NEWER).start()
    assert newer.received[0]["result"]["serverInfo"]["version"] == NEWER
    windows.wait(lambda: is_gone(pid), "the older daemon ends")
    windows.wait(lambda: answer_or_none(older, uri) == expected("a"), "the older window is served")
    reply = windows.ask(STATUS)
    assert reply is not None
    assert reply.version.startswith(NEWER) and reply.facts["windows"] == 2
    assert messages(older) == messages(newer) == []
    windows.open().start()
    assert windows.pid == reply.pid


def test_it_can_be_told_to_stop_and_windows_start_another_one(windows: Windows) -> None:
    editor = windows.open().start()
    uri = typed(editor, "a")
    assert answer(editor, "a", uri) == expected("a")
    pid = windows.pid
    assert windows.ask(STOP) is not None
    windows.wait(lambda: is_gone(pid), "it ends")
    windows.wait(lambda: answer_or_none(editor, uri) == expected("a"), "the session goes on")
    assert messages(editor) == []


def test_a_daemon_that_ends_again_and_again_is_left_alone_with_a_word(windows: Windows) -> None:
    editor = windows.open("--fail", "die")
    editor.initialize()
    said = editor.wait_said("window/showMessage", "in a row")
    assert "fimble daemon" in said["message"]
    assert len(messages(editor)) == 2
    editor.open("x")
    assert editor.complete(0, 1) == []
    assert editor.request("textDocument/codeAction", {}) == []
    assert editor.shut_down() == 0


def test_an_editor_that_dies_while_others_hold_its_pipes(windows: Windows) -> None:
    editor = windows.open()
    helper = os.fork()
    if helper == 0:
        time.sleep(60)
        os._exit(0)
    editor.start(processId=helper)
    os.kill(helper, signal.SIGKILL)
    os.waitpid(helper, 0)
    assert editor.process.wait(SOON_S) == 1


def test_options_of_the_window_that_starts_it_reach_no_other_process(windows: Windows) -> None:
    own = {"FIMBLE_ENDPOINT_KEY": "secret", "FIMBLE_DISABLED_PATHS": "theirs"}
    project = windows.folder / "project"
    project.mkdir()
    windows.open("--index", FIMBLE_HOME=str(windows.folder), **own).start(rootUri=project.as_uri())

    windows.wait(lambda: psutil.Process(windows.pid).children(), "an index is kept")
    (index,) = psutil.Process(windows.pid).children()
    windows.wait(lambda: "index" in index.cmdline(), "the program runs")
    options = {name: value for name, value in index.environ().items() if name.startswith("FIMBLE_")}
    assert options == {"FIMBLE_HOME": str(windows.folder)}


def test_an_editor_whose_process_has_no_possible_number_is_served(windows: Windows) -> None:
    editor = windows.open().start(processId=2**40)
    assert answer(editor, "odd", typed(editor, "odd")) == expected("odd")


def test_what_a_window_was_loading_when_it_closed_is_freed(windows: Windows) -> None:
    other = windows.open("--load-s", "1.5")
    other.initialize()
    early = windows.open()
    early.initialize()
    early.wait_said("window/logMessage", "reading ")
    early.shut_down()
    windows.wait(lambda: windows.log.count("model closed") == 1, "the window's part is freed once it is loaded")
    other.wait_ready()


def test_what_a_window_was_doing_when_it_closed_keeps_nothing(windows: Windows) -> None:
    windows.open().start()
    busy = windows.open().start()
    busy.open("stubborn\n")
    busy.ask_completion(0, 8)
    windows.wait(lambda: "begun stubborn" in windows.log, "it is at work")
    busy.shut_down()
    windows.wait(lambda: windows.log.count("model closed") == 1, "the window's part is freed when it is done")


def test_each_window_has_its_own_options_and_its_own_log(windows: Windows) -> None:
    quiet = windows.open().start()
    loud = windows.open("--log-level", "info", FIMBLE_EAGERNESS="no").start()
    loud.wait_said("window/showMessage", "eagerness must be")
    assert messages(quiet) == []
    quiet.open("x")
    loud.open("loud")
    assert quiet.complete(0, 1) and loud.complete(0, 4)
    loud.wait_said("window/logMessage", "1 suggestion")
    windows.wait(lambda: "main.py:1:5" in own_stderr(loud), "its lines reach its editor")
    assert own_stderr(quiet) == ""


def own_stderr(editor: Editor) -> str:
    editor.stderr_file.seek(0)
    return editor.stderr_file.read().decode()
