"""Code actions over the protocol, with a scripted model: the list, the work, what becomes of it, and its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from fimble.privacy import path_of
from tests.e2e.acting import APPLIED, CAN_ALL, SHOWN, agree, applied, chosen, listed, span, text_edits
from tests.e2e.editor import REFUSED, SILENCE, URI, Editor, Message, frame, replacing
from tests.e2e.test_cancellation import wait_stderr

REQUEST_CANCELLED = -32800
IMPLEMENT, DOCUMENT = "refactor.rewrite.fimble.implement", "refactor.rewrite.fimble.document"
TRANSLATE, EXPLAIN, TESTS, FIX = (
    "refactor.rewrite.fimble.translate",
    "fimble.explain",
    "fimble.tests",
    "quickfix.fimble",
)
BODY = "\n\nclass Sum:\n    def add(self, a, b):\n        pass\n\n\ndef total(a, b):\n    return a + b\n"
"""After a line that tells the script what to do: an empty method, and a function that is written."""
EMPTY, WRITTEN = (3, 10), (7, 6)
STOP_S = 0.5
"""Much longer than stopping takes, much shorter than the work."""


@pytest.fixture(scope="module")
def able() -> Iterator[Editor]:
    """A server whose editor can do everything."""
    with Editor("--log-level", "info") as editor:
        yield editor.start(capabilities=CAN_ALL)


@pytest.fixture
def editor(able: Editor) -> Iterator[Editor]:
    """The same, which must survive the test, and agrees to everything."""
    agree(able)
    able.received.clear()
    yield able
    assert able.process.poll() is None, able.stderr
    assert "Traceback" not in able.stderr.replace("the script says so", ""), able.stderr


def opened(editor: Editor, script: str, uri: str = URI, body: str = BODY) -> str:
    text = f"# {script}{body}"
    editor.open(text, uri)
    return text


def ask_edit(editor: Editor, script: str, uri: str = URI) -> int:
    """Choose Implement for the empty method. Returns the request's id."""
    opened(editor, script, uri)
    return editor.ask("codeAction/resolve", chosen(listed(editor, uri, EMPTY), IMPLEMENT))


def ask_command(editor: Editor, script: str, kind: str, uri: str = URI, **more: Any) -> int:
    opened(editor, script, uri)
    entry = chosen(listed(editor, uri, WRITTEN, (8, 16)), kind)
    return editor.ask("workspace/executeCommand", {**command_of(entry), **more})


def command_of(entry: Message) -> Message:
    command = entry["command"] if isinstance(entry["command"], dict) else entry
    return {"command": command["command"], "arguments": command["arguments"]}


def result(editor: Editor, msg_id: int, timeout_s: float = 30.0) -> Any:
    response = editor.response(msg_id, timeout_s)
    assert "error" not in response, response
    return response["result"]


def messages(editor: Editor) -> list[tuple[int, str]]:
    return [(said["type"], said["message"]) for said in editor.said("window/showMessage")]


def test_the_list_comes_at_once_with_a_kind_and_a_tag_each(editor: Editor) -> None:
    text = opened(editor, "list")
    started_s = time.perf_counter()
    entries = listed(editor, URI, EMPTY)
    assert time.perf_counter() - started_s < 1, "the model is not asked"
    assert {entry["kind"] for entry in entries} >= {IMPLEMENT, DOCUMENT, EXPLAIN}
    assert all(entry["tags"] == [1] and "isPreferred" not in entry and "edit" not in entry for entry in entries)
    assert "add" in chosen(entries, IMPLEMENT)["title"]
    selected = listed(editor, URI, (0, 0), (8, 16))
    assert {"JavaScript", "Go"} <= {entry["title"].split()[-1] for entry in selected if entry["kind"] == TRANSLATE}
    assert {entry["kind"] for entry in listed(editor, URI, WRITTEN)} >= {TESTS, DOCUMENT, EXPLAIN}
    assert text.count("\n") < 99 and listed(editor, URI, (99, 0)) == [], "past the end there is nothing"
    assert listed(editor, URI, (3, 4000), (3, 5000)), "past a line's end is its end"
    assert listed(editor, "file:///nowhere.py", EMPTY) == []


def test_a_fix_carries_the_diagnostics_it_is_for(editor: Editor) -> None:
    opened(editor, "list")
    wrong = {"range": span((8, 11), (8, 12)), "message": "undefined name 'c'", "source": "pyflakes", "severity": 1}
    other = {"range": span((8, 15), (8, 16)), "message": "bad style", "code": "E1", "data": {"x": 1}}
    past = {"range": span((800, 1), (800, 2)), "message": "nowhere"}
    fixes = [entry for entry in listed(editor, URI, (8, 11), None, [wrong, other, past]) if entry["kind"] == FIX]
    assert [fix["diagnostics"] for fix in fixes] == [[wrong], [other]]


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], set()),
        (["refactor"], {IMPLEMENT, DOCUMENT}),
        (["refactor.rewrite.fimble.document"], {DOCUMENT}),
        (["refactor.rewrite.fimble.doc"], set()),
        (["fimble"], {EXPLAIN}),
        (["source.fixAll", "source.organizeImports"], set()),
        (["no.such.kind"], set()),
        ([""], {IMPLEMENT, DOCUMENT, EXPLAIN}),
    ],
)
def test_only_what_is_asked_for_is_listed(editor: Editor, only: list[str], kinds: set[str]) -> None:
    opened(editor, "list")
    assert {entry["kind"] for entry in listed(editor, URI, EMPTY, only=only)} == kinds


def test_saving_never_writes_tests(editor: Editor) -> None:
    opened(editor, "list")
    assert TESTS in [entry["kind"] for entry in listed(editor, URI, WRITTEN)]
    assert listed(editor, URI, WRITTEN, only=["source"]) == []


def test_a_chosen_edit_is_written_for_its_version_with_the_cursor_after_it(editor: Editor) -> None:
    text = opened(editor, "quick")
    entry = chosen(listed(editor, URI, EMPTY), IMPLEMENT)
    action = editor.request("codeAction/resolve", entry)
    (edit,) = text_edits(action["edit"], URI, 1)
    assert edit["range"]["start"] == {"line": 3, "character": 0}, "editors indent further lines of a snippet"
    assert edit["snippet"] == {"kind": "snippet", "value": "    <implement \\${1\\}>\n    done$0"}
    assert applied(text, [edit]) == text.replace("def add(self, a, b):\n        pass", "<implement ${1}>\n    done")
    assert {name: action[name] for name in ("title", "kind", "tags")} == {
        name: entry[name] for name in ("title", "kind", "tags")
    }
    documented = editor.request("codeAction/resolve", chosen(listed(editor, URI, EMPTY), DOCUMENT))
    (plain,) = text_edits(documented["edit"], URI, 1)
    assert "snippet" not in plain and plain["newText"].startswith("<document ${1}>")
    editor.wait_said("window/logMessage", "done in")


def test_progress_shows_the_line_being_written(editor: Editor) -> None:
    msg_id = ask_edit(editor, "while")
    token = editor.wait_said("window/workDoneProgress/create")["token"]
    result(editor, msg_id)
    values = [said["value"] for said in editor.said("$/progress") if said["token"] == token]
    assert values[0]["kind"] == "begin" and values[0]["cancellable"] is True
    assert values[0]["title"].startswith("fimble: Implement")
    assert values[-1]["kind"] == "end"
    lines = [value["message"] for value in values[:-1] if "message" in value]
    assert lines[0] == "line 0" and len(set(lines)) == len(lines) > 2
    assert len(lines) < 15, "not one a token"


def test_an_editors_own_token_is_used(editor: Editor) -> None:
    result(editor, ask_command(editor, "quick", EXPLAIN, workDoneToken="mine"))
    values = [said["value"]["kind"] for said in editor.said("$/progress") if said["token"] == "mine"]
    assert values[0] == "begin" and values[-1] == "end"
    assert editor.said("window/workDoneProgress/create") == []


@pytest.mark.parametrize("way", ["progress", "request", "close"])
def test_every_way_to_stop_it_stops_it_at_once(editor: Editor, way: str) -> None:
    msg_id = ask_edit(editor, f"slow {way}")
    wait_stderr(editor, f"act begun # slow {way}")
    token = editor.wait_said("window/workDoneProgress/create")["token"]
    started_s = time.perf_counter()
    if way == "progress":
        editor.notify("window/workDoneProgress/cancel", {"token": token})
    elif way == "request":
        editor.notify("$/cancelRequest", {"id": msg_id})
    else:
        editor.close_document()
    response = editor.response(msg_id, 5)
    assert time.perf_counter() - started_s < STOP_S
    wait_stderr(editor, f"act cancelled # slow {way}")
    if way == "request":
        assert response["error"]["code"] == REQUEST_CANCELLED
    else:
        assert "edit" not in response["result"]
    editor.wait(lambda m: m.get("method") == "$/progress" and m["params"]["value"]["kind"] == "end", 5)
    assert [text for _, text in messages(editor)] == [] or way == "close"


def test_a_cancelled_command_stops_its_work(editor: Editor) -> None:
    msg_id = ask_command(editor, "slow command", EXPLAIN)
    wait_stderr(editor, "act begun # slow command")
    editor.notify("$/cancelRequest", {"id": msg_id})
    assert editor.response(msg_id, 5)["error"]["code"] == REQUEST_CANCELLED
    wait_stderr(editor, "act cancelled # slow command")
    assert editor.said("window/showDocument") == []


def test_a_document_that_changes_meanwhile_is_not_touched(editor: Editor) -> None:
    msg_id = ask_edit(editor, "slow change")
    wait_stderr(editor, "act begun # slow change")
    editor.change(2, replacing((0, 0), (0, 0), "#"))
    assert "edit" not in result(editor, msg_id, 5)
    wait_stderr(editor, "act cancelled # slow change")
    (message,) = messages(editor)
    assert message[0] == 2 and "The document changed while fimble wrote; nothing was changed. Ask again." in message[1]


def test_a_text_to_read_does_not_mind_a_change(editor: Editor) -> None:
    msg_id = ask_command(editor, "while changing", EXPLAIN)
    wait_stderr(editor, "act begun # while changing")
    editor.change(2, replacing((0, 0), (0, 0), "#"))
    result(editor, msg_id)
    assert len(editor.said("window/showDocument")) == 1


def test_what_was_listed_for_another_version_is_refused(editor: Editor) -> None:
    opened(editor, "quick")
    entry = chosen(listed(editor, URI, EMPTY), IMPLEMENT)
    editor.change(2, replacing((0, 0), (0, 0), "#"))
    assert "edit" not in editor.request("codeAction/resolve", entry)
    assert "changed after the list was made" in messages(editor)[0][1]
    editor.close_document()
    assert "edit" not in editor.request("codeAction/resolve", entry)


@pytest.mark.parametrize(
    ("script", "level", "words"),
    [
        ("refuse", 2, "No version passed the checks: line 2: no."),
        ("nothing", 2, "There is nothing to change."),
        ("unknown", 2, "There is no such language. Choose another."),
        ("boom", 1, "RuntimeError: the script says so"),
    ],
)
def test_what_goes_wrong_is_said_and_changes_nothing(editor: Editor, script: str, level: int, words: str) -> None:
    action = result(editor, ask_edit(editor, script))
    assert "edit" not in action
    (message,) = messages(editor)
    assert message[0] == level and words in message[1]
    assert words in editor.wait_said("window/logMessage", words)["message"]
    if script == "boom":
        able_stderr = editor.stderr
        assert able_stderr.count("Traceback") == 1, able_stderr
        editor.stderr_file.truncate(0)


def test_an_insecure_pattern_is_warned_of_after_the_edit(editor: Editor) -> None:
    action = result(editor, ask_edit(editor, "insecure"))
    assert "edit" in action
    said = editor.wait_said("window/showMessage", "use of eval")
    assert said["type"] == 2 and "line 2" in said["message"]


def test_ghost_text_goes_first_and_the_work_goes_on(editor: Editor) -> None:
    msg_id = ask_edit(editor, "while ghost")
    wait_stderr(editor, "act begun # while ghost")
    editor.open("quick", uri="file:///ghost.py")
    assert editor.complete(0, 5, uri="file:///ghost.py")
    wait_stderr(editor, "act gave way # while ghost")
    assert "act finished # while ghost" not in editor.stderr
    assert "edit" in result(editor, msg_id)
    assert editor.stderr.count("act begun # while ghost") == 1


def test_actions_wait_in_line_and_the_newest_of_a_document_wins(editor: Editor) -> None:
    other = "file:///project/other.py"
    first = ask_edit(editor, "while first")
    wait_stderr(editor, "act begun # while first")
    second = ask_edit(editor, "while second", other)
    time.sleep(0.1)
    assert "act begun # while second" not in editor.stderr
    third = editor.ask("codeAction/resolve", chosen(listed(editor, other, EMPTY), DOCUMENT))
    assert "edit" not in result(editor, second, 5), "its document has a newer one"
    assert "edit" in result(editor, first)
    assert "edit" in result(editor, third)
    assert "act begun # while second implement" not in editor.stderr
    assert editor.stderr.index("finished # while first") < editor.stderr.index("begun # while second document")


def test_a_list_with_something_to_implement_prepares_for_it(editor: Editor) -> None:
    text = opened(editor, "warm")
    listed(editor, URI, EMPTY)
    wait_stderr(editor, f"warmed {text.index('def add') + 6}")


def test_a_translation_gets_a_file_of_its_own(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "tool.js").write_text("mine")
    uri = (tmp_path / "tool.py").as_uri()
    result(editor, ask_command(editor, "quick", TRANSLATE, uri))
    (params,) = editor.said("workspace/applyEdit")
    create, fill = params["edit"]["documentChanges"]
    target = (tmp_path / "tool_2.js").as_uri()
    assert create["kind"] == "create" and create["uri"] == target, "tool.js is there already"
    assert create["options"] == {"overwrite": False, "ignoreIfExists": False}
    assert fill["textDocument"] == {"uri": target, "version": None}
    assert applied("", fill["edits"]) == "const a = 1;\n"
    assert editor.said("window/showDocument") == [{"uri": target, "takeFocus": True}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tool.js"], "the editor writes, not the server"
    assert messages(editor) == []


def test_tests_know_the_projects_own_but_nothing_private(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "test_known.py").write_text("import unittest")
    (tmp_path / "test_secret.py").write_text("password")
    (tmp_path / ".fimbleignore").write_text("*_secret.py\n")
    uri = (tmp_path / "tool.py").as_uri()
    opened(editor, "quick", uri)
    entry = chosen(listed(editor, uri, WRITTEN), TESTS)
    editor.request("workspace/executeCommand", command_of(entry))
    (params,) = editor.said("workspace/applyEdit")
    assert applied("", params["edit"]["documentChanges"][1]["edits"]) == "# knows: import unittest\n"


def test_an_explanation_is_shown_as_a_document(editor: Editor) -> None:
    result(editor, ask_command(editor, "quick", EXPLAIN))
    (shown,) = editor.said("window/showDocument")
    file = Path(unquote(path_of(shown["uri"])))
    assert file.suffix == ".md" and file.read_text().startswith("### Explained")
    assert file.parent.stat().st_mode & 0o077 == 0, "nobody else reads it"
    assert editor.said("workspace/applyEdit") == []


def test_an_unsaved_document_works(editor: Editor) -> None:
    uri = "untitled:Untitled-1"
    text = opened(editor, "quick", uri)
    action = editor.request("codeAction/resolve", chosen(listed(editor, uri, EMPTY), IMPLEMENT))
    assert applied(text, text_edits(action["edit"], uri, 1)).count("done") == 1
    result(editor, ask_command(editor, "quick", TRANSLATE, uri))
    assert editor.said("workspace/applyEdit") == [], "there is no folder to create a file in"
    (shown,) = editor.said("window/showDocument")
    assert Path(path_of(shown["uri"])).read_text() == "const a = 1;\n"


@pytest.mark.parametrize("answer", [{"applied": False, "failureReason": "it is read-only"}, REFUSED, None])
def test_an_edit_that_the_editor_does_not_apply(answer: Any, tmp_path: Path) -> None:
    no_resolve = {**CAN_ALL, "textDocument": {"codeAction": {"codeActionLiteralSupport": {}}}}
    with Editor() as editor:
        editor.start(capabilities=no_resolve)
        agree(editor)
        editor.answers["workspace/applyEdit"] = answer
        opened(editor, "quick")
        entry = chosen(listed(editor, URI, EMPTY), IMPLEMENT)
        assert "data" not in entry and "tags" not in entry
        assert editor.request("workspace/executeCommand", command_of(entry)) is None
        said = editor.wait_said("window/showMessage", "did not apply the edit")
        assert said["type"] == 2 and "Nothing was changed" in said["message"]
        if isinstance(answer, dict):
            assert "it is read-only" in said["message"]
        result(editor, ask_command(editor, "quick", TRANSLATE, (tmp_path / "tool.py").as_uri()))
        (shown,) = editor.said("window/showDocument")
        assert Path(path_of(shown["uri"])).read_text() == "const a = 1;\n", "what was written is not lost"
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr


def test_an_editor_that_knows_only_commands(tmp_path: Path) -> None:
    with Editor() as editor:
        editor.start(capabilities={"workspace": {"applyEdit": True}})
        editor.answers = {"workspace/applyEdit": APPLIED, "window/showDocument": SHOWN}
        text = opened(editor, "quick", (tmp_path / "tool.py").as_uri())
        entries = listed(editor, (tmp_path / "tool.py").as_uri(), EMPTY)
        assert all(set(entry) == {"title", "command", "arguments"} for entry in entries)
        (implement,) = [entry for entry in entries if entry["title"].startswith("Implement")]
        editor.request("workspace/executeCommand", command_of(implement))
        (params,) = editor.said("workspace/applyEdit")
        edits = text_edits(params["edit"], (tmp_path / "tool.py").as_uri())
        assert set(params["edit"]) == {"changes"}, "it does not read versions"
        assert applied(text, edits).count("<implement ${1}>") == 1
        (explain,) = [entry for entry in entries if entry["title"].startswith("Explain")]
        editor.request("workspace/executeCommand", command_of(explain))
        assert "### Explained" in editor.wait_said("window/showMessage", "Explained")["message"]
        selected = listed(editor, (tmp_path / "tool.py").as_uri(), WRITTEN, (8, 16))
        (translate,) = [entry for entry in selected if entry["title"] == "Translate to JavaScript"]
        editor.request("workspace/executeCommand", command_of(translate))
        where = editor.wait_said("window/showMessage", "It is written to")["message"]
        assert Path(where.partition("written to ")[2].rstrip(".")).read_text() == "const a = 1;\n"
        assert editor.said("window/showDocument") == [] and list(tmp_path.iterdir()) == []
        assert editor.said("window/workDoneProgress/create") == [] == editor.said("$/progress")


def test_an_editor_that_can_take_no_edit_is_offered_none() -> None:
    with Editor() as editor:
        editor.start(capabilities={"textDocument": {"codeAction": {"codeActionLiteralSupport": {}}}})
        opened(editor, "quick")
        assert {entry["kind"] for entry in listed(editor, URI, EMPTY)} == {EXPLAIN}


@pytest.mark.parametrize(
    "change",
    [
        {"uri": 5},
        {"version": "1"},
        {"version": 7},
        {"kind": "rm -rf"},
        {"kind": None},
        {"start": -1},
        {"start": 10, "end": 3},
        {"end": 10**9},
        {"end": 1.5},
        {"start": True},
        {"argument": None},
        {"uri": "file:///nowhere.py"},
        None,
    ],
)
def test_what_comes_back_is_not_trusted(editor: Editor, change: Message | None) -> None:
    opened(editor, "quick")
    entry = chosen(listed(editor, URI, EMPTY), IMPLEMENT)
    entry["data"] = {**entry["data"], **change} if change else [1, 2]
    assert "edit" not in editor.request("codeAction/resolve", entry)
    command = {"command": "fimble.act", "arguments": [entry["data"]]}
    assert editor.request("workspace/executeCommand", command) is None
    assert [level for level, _ in messages(editor)] == [2, 2]
    assert editor.said("workspace/applyEdit") == []


def test_commands_that_mean_nothing(editor: Editor) -> None:
    for arguments in (None, [], [None], ["x", 1]):
        assert editor.request("workspace/executeCommand", {"command": "fimble.act", "arguments": arguments}) is None
    assert len(messages(editor)) == 4
    foreign = {"title": "Another server's", "data": {"theirs": True}, "command": {"title": "x", "command": "theirs"}}
    assert editor.request("codeAction/resolve", foreign)["command"]["command"] == "theirs"
    editor.notify("window/workDoneProgress/cancel", {"token": "nobody's"})


def test_a_private_document_has_no_actions(tmp_path: Path) -> None:
    with Editor(environ={"FIMBLE_DISABLED_PATHS": "*.secret.py"}) as editor:
        editor.start(capabilities=CAN_ALL)
        uri = (tmp_path / "a.secret.py").as_uri()
        opened(editor, "quick warm", uri)
        assert listed(editor, uri, EMPTY) == []
        data = {"uri": uri, "version": 1, "kind": "explain", "title": "Explain", "start": 0, "end": 9, "argument": ""}
        editor.request("workspace/executeCommand", {"command": "fimble.act", "arguments": [data]})
        assert "never reads" in messages(editor)[-1][1]
        assert "act begun" not in editor.stderr and "warmed" not in editor.stderr


@pytest.mark.parametrize("argument", ["--base", "--fail=known"])
def test_without_a_model_the_reason_is_there_for_who_asks(argument: str) -> None:
    with Editor(argument) as editor:
        editor.initialize(capabilities=CAN_ALL)
        editor.wait_said("window/logMessage", "no model is loaded" if "fail" in argument else " ready on ")
        opened(editor, "quick")
        assert listed(editor, URI, EMPTY) == [] == listed(editor, URI, EMPTY, triggerKind=2)
        (entry,) = listed(editor, URI, EMPTY, triggerKind=1)
        reason = entry["disabled"]["reason"]
        assert "is not installed" in reason if "fail" in argument else "follow instructions" in reason
        assert "data" not in entry and "command" not in entry


def test_the_session_ends_while_an_action_runs() -> None:
    with Editor() as editor:
        editor.start(capabilities=CAN_ALL)
        editor.answers["workspace/applyEdit"] = SILENCE
        msg_id = ask_edit(editor, "slow end")
        wait_stderr(editor, "act begun # slow end")
        assert editor.shut_down() == 0
        assert editor.response(msg_id)["error"]["code"] == REQUEST_CANCELLED
        assert "Traceback" not in editor.stderr and "never retrieved" not in editor.stderr


def test_the_session_ends_while_the_editor_thinks() -> None:
    with Editor() as editor:
        editor.start(capabilities=CAN_ALL)
        editor.answers["workspace/applyEdit"] = SILENCE
        msg_id = ask_command(editor, "quick", TRANSLATE, "file:///nowhere/tool.py")
        editor.wait_said("workspace/applyEdit")
        assert editor.shut_down() == 0
        assert editor.response(msg_id)["error"]["code"] == REQUEST_CANCELLED
        assert "Traceback" not in editor.stderr and "never retrieved" not in editor.stderr


def test_a_request_that_is_cancelled_while_the_editor_thinks() -> None:
    """The edit is on its way already, and what the editor says of it must harm nobody."""
    with Editor() as editor:
        editor.start(capabilities=CAN_ALL)
        editor.answers["workspace/applyEdit"] = SILENCE
        msg_id = ask_command(editor, "quick", TRANSLATE, "file:///nowhere/tool.py")
        asked = editor.wait(lambda m: m.get("method") == "workspace/applyEdit")
        editor.notify("$/cancelRequest", {"id": msg_id})
        assert editor.response(msg_id)["error"]["code"] == REQUEST_CANCELLED
        for _ in range(2):
            editor.send_bytes(frame({"jsonrpc": "2.0", "id": asked["id"], "result": APPLIED}))
        assert editor.wait_said("window/showDocument")["uri"] == "file:///nowhere/tool.js"
        assert editor.shut_down() == 0
        assert "Traceback" not in editor.stderr and "never retrieved" not in editor.stderr


def test_an_editor_that_never_agrees_to_progress_gets_its_edit() -> None:
    with Editor() as editor:
        editor.start(capabilities=CAN_ALL)
        editor.answers["window/workDoneProgress/create"] = SILENCE
        assert "edit" in result(editor, ask_edit(editor, "quick"))
        assert editor.said("$/progress") == [] or all(
            said["token"] == "fimble/load" for said in editor.said("$/progress")
        )
