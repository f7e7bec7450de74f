"""Searching over plain LSP, with a real index and the process that keeps it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.editor import TIMEOUT_S, Editor, replacing

UPLOAD = '''"""Uploads."""

MAX_TRIES = 3


class Client:
    def sendAgain(self, path):
        """Try the transfer once more after a failure."""
        return path
'''
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
ASKS: dict[str, Any] = {"window": {"workDoneProgress": True}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "upload.py").write_text(UPLOAD)
    (folder / "other.py").write_text("def unrelated():\n    return 1\n")
    (folder / ".env").write_text("SECRET_TOKEN=abcdef\n")
    return folder


@pytest.fixture
def editor(home: Path) -> Iterator[Editor]:
    with indexing(home) as editor:
        yield editor
        assert "Traceback" not in editor.stderr


def indexing(home: Path, **environ: str) -> Editor:
    return Editor("--index", "--log-level", "info", environ={"FIMBLE_HOME": str(home), **environ})


def begin(editor: Editor, *folders: Path, **changes: Any) -> Editor:
    """Start, and wait until the folders' indexes are made."""
    editor.start(workspaceFolders=[{"uri": one.as_uri(), "name": one.name} for one in folders], **changes)
    for folder in folders:
        editor.wait_said("window/logMessage", f"{folder.name}: words can be searched")
    return editor


def symbols(editor: Editor, query: str) -> list[str]:
    return [symbol["name"] for symbol in editor.request("workspace/symbol", {"query": query})]


def ask(editor: Editor, query: str, **more: Any) -> Any:
    params = {"command": "fimble.search", "arguments": [{"query": query, **more}]}
    return editor.request("workspace/executeCommand", params)


def until(holds: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.05)


def followers(editor: Editor) -> list[psutil.Process]:
    """The processes that keep the indexes."""
    found = []
    for child in psutil.Process(editor.daemon_pid or editor.process.pid).children():
        with contextlib.suppress(psutil.Error):  # it may have ended meanwhile
            if "--follow" in child.cmdline():
                found.append(child)
    return found


def test_names_are_symbols(editor: Editor, work: Path) -> None:
    begin(editor, work)
    (symbol,) = editor.request("workspace/symbol", {"query": "sAg"})
    assert symbol["name"] == "sendAgain" and symbol["containerName"] == "Client" and symbol["kind"] == 6
    assert symbol["location"]["uri"] == (work / "upload.py").as_uri()
    assert symbol["location"]["range"]["start"] == {"line": 6, "character": 0}
    assert symbols(editor, "client") == ["Client"]
    assert symbols(editor, "MAX_TRIES") == ["MAX_TRIES"]
    assert {"Client", "sendAgain", "unrelated"} <= set(symbols(editor, ""))


def test_a_question_is_answered_by_symbols_too(editor: Editor, work: Path) -> None:
    begin(editor, work)
    assert symbols(editor, "where is a transfer tried once more")[0] == "sendAgain"
    assert symbols(editor, "transfer")[0] == "sendAgain", "no name matches, so it is a question"


def test_the_command_says_where_what_and_why(editor: Editor, work: Path) -> None:
    begin(editor, work)
    assert "fimble.search" in editor.capabilities["executeCommandProvider"]["commands"]
    found = ask(editor, "what happens after a failure of a transfer?", limit=1)
    (hit,) = found["hits"]
    assert found["query"] == "what happens after a failure of a transfer?" and found["notes"] == [
        "Search by meaning is not set up. Run `fimble setup`."
    ]
    assert hit["uri"] == (work / "upload.py").as_uri() and hit["path"] == "upload.py"
    assert (hit["line"], hit["end_line"], hit["range"]["start"]["line"]) == (7, 9, 6)
    assert hit["name"] == "Client.sendAgain" and hit["kind"] == "method" and 0 < hit["score"] <= 1
    assert "def sendAgain" in hit["snippet"] and any("transfer" in why for why in hit["why"])


def test_odd_queries_are_answered_in_words(editor: Editor, work: Path) -> None:
    begin(editor, work)
    assert "is empty" in ask(editor, " \n ")["notes"][0]
    long = ask(editor, "transfer failure " * 600)
    assert "long" in long["notes"][0] and long["hits"][0]["name"] == "Client.sendAgain"
    for query in ('"', "\ud800", "a\0b", "* OR (", "名字", "😀 😀"):
        ask(editor, query)
    malformed: list[Any] = [[], [3], [{}], [{"query": 3}], [{"query": "x", "limit": "many"}]]
    for arguments in malformed:
        error = editor.error("workspace/executeCommand", {"command": "fimble.search", "arguments": arguments})
        assert "fimble.search takes one object" in error["message"]
    assert ask(editor, "transfer", limit=-5)["hits"]


def test_secrets_are_in_no_answer(editor: Editor, work: Path) -> None:
    begin(editor, work)
    assert ask(editor, "SECRET_TOKEN abcdef")["hits"] == []


def test_a_saved_file_is_found_soon_and_a_deleted_one_no_more(editor: Editor, work: Path) -> None:
    begin(editor, work, capabilities=WATCHES)
    wanted = editor.wait_said("client/registerCapability", "didChangeWatchedFiles")["registrations"][0]
    assert wanted["registerOptions"]["watchers"] == [{"globPattern": "**/*"}]
    new = work / "new.py"
    new.write_text("def brand_new():\n    pass\n")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": new.as_uri()}})
    until(lambda: symbols(editor, "brand_new") == ["brand_new"], "it is found")
    new.unlink()
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": new.as_uri(), "type": 3}]})
    until(lambda: symbols(editor, "brand_new") != ["brand_new"], "it is gone")
    other = work / "made.py"
    other.write_text("def made_elsewhere():\n    pass\n")
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": other.as_uri(), "type": 1}]})
    until(lambda: symbols(editor, "made_elsewhere") == ["made_elsewhere"], "it is found")


def test_what_is_disabled_later_is_in_no_answer(editor: Editor, work: Path) -> None:
    begin(editor, work)
    assert symbols(editor, "sendAgain") == ["sendAgain"]
    settings: dict[str, Any] = {"disabled_paths": ["upload.py"]}
    editor.notify("workspace/didChangeConfiguration", {"settings": {"fimble": settings}})
    until(lambda: "sendAgain" not in symbols(editor, "sendAgain"), "it is private")
    editor.notify("workspace/didChangeConfiguration", {"settings": {"fimble": {}}})
    until(lambda: symbols(editor, "sendAgain") == ["sendAgain"], "it is read again")


def test_folders_come_and_go(editor: Editor, work: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "extra.py").write_text("def in_the_other_folder():\n    pass\n")
    begin(editor, work)
    folder = {"uri": more.as_uri(), "name": "more"}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
    until(lambda: symbols(editor, "in_the_other_folder") == ["in_the_other_folder"], "it is found")
    (follower,) = followers(editor)
    assert {hit["uri"].rpartition("/")[2] for hit in ask(editor, "def")["hits"]} <= {
        "upload.py",
        "other.py",
        "extra.py",
    }
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
    until(lambda: "in_the_other_folder" not in symbols(editor, "in_the_other_folder"), "it is gone")
    assert followers(editor) == [follower], "one process keeps both"


def test_without_the_option_nothing_is_indexed(editor: Editor, work: Path) -> None:
    editor.start(workspaceFolders=[{"uri": work.as_uri(), "name": "w"}], initializationOptions={"index": False})
    assert ask(editor, "transfer") == {
        "query": "transfer", "hits": [], "notes": ["The option index is off, so nothing can be searched."],
    }  # fmt: skip
    assert symbols(editor, "sendAgain") == [] and followers(editor) == []
    editor.notify("workspace/didChangeConfiguration", {"settings": {"fimble": {"index": True}}})
    until(lambda: symbols(editor, "sendAgain") == ["sendAgain"], "it is indexed now")
    editor.notify("workspace/didChangeConfiguration", {"settings": {"fimble": {"index": False}}})
    until(lambda: not followers(editor), "its process has ended")


def test_without_a_folder_it_says_so(editor: Editor) -> None:
    editor.start()
    assert ask(editor, "transfer")["notes"] == ["No folder is open, so there is nothing to search."]
    editor.notify("textDocument/didSave", {"textDocument": {"uri": "untitled:1"}})
    assert symbols(editor, "x") == []


def test_only_folders_on_this_machine_are_indexed(editor: Editor, work: Path) -> None:
    uris = ["vscode-vfs://github/a/b", "file://server/share", f"{work.as_uri()}/upload.py", "untitled:1", "nonsense"]
    editor.start(workspaceFolders=[{"uri": uri, "name": "x"} for uri in uris])
    assert ask(editor, "transfer")["notes"] == ["No folder is open, so there is nothing to search."]
    assert followers(editor) == []


@pytest.mark.parametrize("answer", ["Index it", "No", None])
def test_a_home_folder_is_asked_about(home: Path, work: Path, answer: str | None) -> None:
    with indexing(home, HOME=str(work), USERPROFILE=str(work)) as editor:
        editor.answers["window/showMessageRequest"] = {"title": answer} if answer else None
        editor.start(workspaceFolders=[{"uri": work.as_uri(), "name": "w"}])
        asked = editor.wait_said("window/showMessageRequest")
        assert str(work) in asked["message"] and [one["title"] for one in asked["actions"]] == ["Index it", "No"]
        if answer == "Index it":
            editor.wait_said("window/logMessage", "words can be searched")
            assert symbols(editor, "sendAgain") == ["sendAgain"]
        else:
            assert symbols(editor, "sendAgain") == [], "nothing is read"
            assert any("is your home folder" in note for note in ask(editor, "transfer")["notes"])
        assert len(editor.said("window/showMessageRequest")) == 1


def test_a_process_that_is_killed_is_started_again_and_completion_goes_on(editor: Editor, work: Path) -> None:
    begin(editor, work)
    (follower,) = followers(editor)
    follower.kill()
    editor.open("x")
    assert editor.complete(0, 1)
    until(lambda: [one for one in followers(editor) if one.pid != follower.pid], "another one")
    (work / "new.py").write_text("def brand_new():\n    pass\n")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": (work / "new.py").as_uri()}})
    until(lambda: symbols(editor, "brand_new") == ["brand_new"], "it is found")


def test_no_process_outlives_the_server(home: Path, work: Path) -> None:
    with indexing(home) as editor:
        begin(editor, work)
        (follower,) = followers(editor)
        assert editor.shut_down() == 0
        until(lambda: not psutil.pid_exists(follower.pid), "it has ended")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a signal of other systems")
def test_no_process_outlives_a_server_that_is_killed(home: Path, work: Path) -> None:
    with indexing(home) as editor:
        begin(editor, work)
        (follower,) = followers(editor)
        os.kill(editor.process.pid, signal.SIGKILL)
        until(lambda: not psutil.pid_exists(follower.pid) or follower.status() == psutil.STATUS_ZOMBIE, "it has ended")


def test_a_short_first_index_makes_no_noise(editor: Editor, work: Path) -> None:
    begin(editor, work, capabilities=ASKS)
    shown = [one for one in editor.said("window/workDoneProgress/create") if "index" in str(one["token"])]
    assert shown == [] and [one for one in editor.said("window/showMessage") if "index" in one["message"]] == []


def test_an_index_of_before_is_searched_at_once(home: Path, work: Path) -> None:
    with indexing(home) as editor:
        begin(editor, work)
    with indexing(home) as editor:
        editor.initialize(workspaceFolders=[{"uri": work.as_uri(), "name": "w"}])
        until(lambda: symbols(editor, "sendAgain") == ["sendAgain"], "it is there before the model")


def test_typing_goes_on_while_it_is_searched(editor: Editor, work: Path) -> None:
    begin(editor, work)
    editor.open("")
    asked = []
    for number in range(30):
        editor.change(number + 2, replacing((0, number), (0, number), "x"))
        params = {"command": "fimble.search", "arguments": [{"query": f"transfer number {number}"}]}
        asked.append(editor.ask("workspace/executeCommand", params))
        assert editor.complete(0, number + 1)
    for msg_id in asked[:20]:
        editor.notify("$/cancelRequest", {"id": msg_id})
    assert all(editor.response(msg_id) for msg_id in asked)
    assert "error" not in editor.response(asked[-1])
