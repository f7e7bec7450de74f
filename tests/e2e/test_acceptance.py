"""What an editor shows and accepts, followed through the real server into the counts, and shown by `fimble stats`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fimble.acceptance.records import Record
from fimble.acceptance.store import Store
from tests.e2e.editor import ROOT, Editor, replacing

URI = "file:///project/accepted.py"
SEEN_S = 0.35
"""Longer than a suggestion must stand to have been read."""
UNREAD_S = 0.25
"""Shorter than that."""


@contextmanager
def recording(home: Path, **environ: str) -> Iterator[Editor]:
    with Editor(environ={"FIMBLE_HOME": str(home), "FIMBLE_RECORD_ACCEPTANCE": "1", **environ}) as editor:
        editor.start()
        editor.open("x = \n", URI)
        yield editor


def counted(home: Path, editor: Editor) -> list[Record]:
    """What was counted, once the server has ended."""
    assert editor.shut_down() == 0, editor.stderr
    return [row.record for row in reversed(Store(home / "stats").read())]


def shown(editor: Editor, character: int = 4) -> Any:
    (item,) = editor.complete(0, character, URI)
    time.sleep(SEEN_S)
    return item


def put(editor: Editor, version: int, text: str, at: int = 4) -> None:
    editor.change(version, replacing((0, at), (0, at), text), uri=URI)


def brief(records: list[Record]) -> list[tuple[str, str, int]]:
    return [(record.surface.value, record.ending.value, record.num_accepted_chars) for record in records]


def test_what_is_put_in_at_once_is_accepted(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        item = shown(editor)
        put(editor, 2, item["insertText"])
        (record,) = counted(tmp_path, editor)
    assert brief([record]) == [("inline", "accepted", len(item["insertText"]))]
    assert (record.language, record.num_chars, record.kept_share) == ("python", len(item["insertText"]), None)


def test_the_item_carries_a_command_that_the_server_runs(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        item = shown(editor)
        command = item["command"]
        assert command["command"] in editor.capabilities["executeCommandProvider"]["commands"]
        run = {"command": command["command"], "arguments": command["arguments"]}
        assert editor.request("workspace/executeCommand", run) is None
        assert editor.request("workspace/executeCommand", {"command": "fimble.accepted"}) is None
        assert editor.request("workspace/executeCommand", {**run, "arguments": [7, "unknown"]}) is None
        assert editor.error("workspace/executeCommand", {"command": "rm"})["code"] == -32602
        assert brief(counted(tmp_path, editor)) == [("inline", "accepted", len(item["insertText"]))]


def test_what_is_written_over_is_rejected_and_typed_through_is_typed(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        shown(editor)
        put(editor, 2, "!")
        text = shown(editor, 5)["insertText"]
        for number, letter in enumerate(text):
            put(editor, 3 + number, letter, 5 + number)
        assert brief(counted(tmp_path, editor)) == [("inline", "rejected", 0), ("inline", "typed", 0)]


def test_what_nobody_could_read_is_not_counted_unless_the_editor_says_so(tmp_path: Path) -> None:
    for number in range(20):
        home = tmp_path / str(number)
        with recording(home) as editor:
            started_s = time.monotonic()
            editor.complete(0, 4, URI)
            put(editor, 2, "!")
            editor.request("fimble/why", {})
            stood_s = time.monotonic() - started_s
            (item,) = editor.complete(0, 5, URI)
            editor.notify("textDocument/didShowCompletion", {"item": item})
            put(editor, 3, "!", 5)
            records = brief(counted(home, editor))
        if stood_s < UNREAD_S:
            assert records == [("inline", "rejected", 0)]
            return
    raise AssertionError("this machine is too slow to type over what nobody could read")


def test_the_editors_word_on_a_part(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        editor.change(2, replacing((0, 0), (0, 3), "😀 ="), uri=URI)
        item = shown(editor, 5)
        part = item["insertText"][: item["insertText"].index("=") + 1]
        put(editor, 3, part, 5)
        num_units = len(part.encode("utf-16-le")) // 2
        editor.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": num_units})
        put(editor, 4, "!", 5 + num_units)
        assert brief(counted(tmp_path, editor)) == [("inline", "partly", len(part))]


def test_large_and_whole_edits_elsewhere_hide_nothing(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        editor.open("\n" * 40 + "x = \n" + "\n" * 40, URI, version=2)
        (item,) = editor.complete(40, 4, URI)
        time.sleep(SEEN_S)
        editor.change(3, replacing((0, 0), (30, 0), ""), replacing((12, 0), (40, 0), "end()\n"), uri=URI)
        rest = "\n\nend()\n" + "\n" * 11
        editor.change(4, replacing((0, 0), (10, 0), "import os\n" * 10), uri=URI)
        editor.change(5, {"text": "import os\n" * 10 + "x = " + item["insertText"] + rest}, uri=URI)
        assert brief(counted(tmp_path, editor)) == [("inline", "accepted", len(item["insertText"]))]


def test_a_popups_entry_is_counted_apart(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        editor.open("ab\n", URI, version=2)
        params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 2}}
        item = editor.request("textDocument/completion", params)["items"][0]
        time.sleep(SEEN_S)
        editor.change(3, {**item["textEdit"], "text": item["textEdit"]["newText"]}, uri=URI)
        assert brief(counted(tmp_path, editor)) == [("popup", "accepted", len(item["textEdit"]["newText"]) - 2)]


def test_nothing_is_written_when_that_is_turned_off(tmp_path: Path) -> None:
    with recording(tmp_path, FIMBLE_RECORD_ACCEPTANCE="0") as editor:
        item = shown(editor)
        assert "command" not in item
        put(editor, 2, item["insertText"])
        assert counted(tmp_path, editor) == []
        assert not (tmp_path / "stats").exists()


def test_a_damaged_file_is_said_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "stats").mkdir()
    (tmp_path / "stats" / "acceptance.db").write_bytes(b"no database" * 1000)
    with recording(tmp_path) as editor:
        editor.wait_said("window/showMessage", "counting begins anew")
        item = shown(editor)
        put(editor, 2, item["insertText"])
        assert len(counted(tmp_path, editor)) == 1


def test_a_folder_that_cannot_be_written_is_said_once_and_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "stats").write_text("in the way")
    with recording(tmp_path) as editor:
        shown(editor)
        put(editor, 2, "!")
        editor.wait_said("window/showMessage", "is not counted")
        assert editor.complete(0, 5, URI)
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr


def test_messages_that_mean_nothing_break_nothing(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        item = shown(editor)
        nonsense: list[object] = [{}, {"item": 3}, {"item": {}}, {"item": {"command": {"arguments": "x"}}}, None, [1]]
        for wrong in nonsense:
            editor.notify("textDocument/didShowCompletion", wrong)
            editor.notify("textDocument/didPartiallyAcceptCompletion", wrong)
        for length in (-5, 10**9):
            editor.notify(
                "textDocument/didPartiallyAcceptCompletion", {"item": {"insertText": "a"}, "acceptedLength": length}
            )
        for focus in ({"textDocument": {"uri": URI}}, {"textDocument": {"uri": "x"}}, {}, {"textDocument": None}, None):
            editor.notify("textDocument/didFocus", focus)
        editor.notify("window/somethingNew", {"a": 1})
        assert item
        assert editor.complete(0, 4, URI)
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr


def test_no_text_and_no_file_name_is_kept(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        item = shown(editor)
        put(editor, 2, item["insertText"])
        counted(tmp_path, editor)
    for file in (tmp_path / "stats").iterdir():
        data = file.read_bytes()
        assert item["insertText"].encode() not in data
        assert b"x = " not in data and b"project" not in data


def test_stats_shows_what_was_counted(tmp_path: Path) -> None:
    with recording(tmp_path) as editor:
        put(editor, 2, shown(editor)["insertText"])
        counted(tmp_path, editor)
    environ = {"PYTHONPATH": str(ROOT / "server"), "FIMBLE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "fimble", "stats", "--json"], env=environ, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["inline"]["last_7_days"]["total"]["accepted"] == 1


@pytest.mark.parametrize("num_changes", [300])
def test_a_storm_of_edits_in_a_long_file_is_followed_in_time(tmp_path: Path, num_changes: int) -> None:
    with recording(tmp_path) as editor:
        editor.open("a = 1\n" * 50_000, URI, version=2)
        assert editor.complete(49_999, 5, URI)
        started_s = time.perf_counter()
        for number in range(num_changes):
            editor.change(3 + number, replacing((49_999, 5), (49_999, 5), "x"), uri=URI)
        assert editor.complete(0, 0, URI)
        assert time.perf_counter() - started_s < 30
        assert editor.shut_down() == 0
