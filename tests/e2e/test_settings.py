"""Options that change while the server runs: told by the editor, or asked of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.editor import REFUSED, Editor

STATUS = {"experimental": {"fimble": {"status": True}}}
ASKED = {"workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}}


def set_to(editor: Editor, options: Any) -> None:
    editor.notify("workspace/didChangeConfiguration", {"settings": {"fimble": options}})


def test_suggestions_are_switched_off_and_on_again() -> None:
    with Editor() as editor:
        editor.start(capabilities=STATUS)
        editor.open("x")
        assert editor.complete(0, 1)
        set_to(editor, {"enabled": False})
        assert editor.complete(0, 1) == []
        editor.wait_said("window/logMessage", "suggestions are switched off")
        set_to(editor, {"disabled_languages": ["python", "go"]})
        assert editor.complete(0, 1) == []
        editor.wait_said("window/logMessage", "switched off for this language (python)")
        set_to(editor, {})
        assert editor.complete(0, 1)
        assert not editor.said("window/showMessage")[1:]


def test_the_status_says_how_the_server_is() -> None:
    with Editor("--load-s", "0.5") as editor:
        editor.start(capabilities=STATUS)
        ready = {"kind": "Normal", "busy": False, "message": "scripted ready on CPU"}
        ready |= {"model": "scripted", "provider": "cpu"}
        editor.wait_said("didChangeStatus", '"loading')
        editor.wait_said("didChangeStatus", "ready on CPU")
        set_to(editor, {"enabled": False})
        editor.wait_said("didChangeStatus", '"Inactive"')
        set_to(editor, {"eagerness": -1})
        assert "eagerness" in editor.wait_said("didChangeStatus", '"Warning"')["message"]
        set_to(editor, {"eagerness": 3})
        editor.complete(0, 0)
        said = editor.said("didChangeStatus")
        assert [status["kind"] for status in said] == ["Normal", "Normal", "Inactive", "Warning", "Normal"]
        assert [status["busy"] for status in said] == [True, False, False, False, False]
        assert said[1] == said[-1] == ready


def test_an_editor_that_does_not_ask_for_the_status_is_not_told() -> None:
    with Editor() as editor:
        editor.start()
        set_to(editor, {"enabled": False})
        editor.complete(0, 0)
        assert editor.said("didChangeStatus") == []


def test_a_failed_model_is_a_status() -> None:
    with Editor("--fail", "known") as editor:
        editor.initialize(capabilities=STATUS)
        said = editor.wait_said("didChangeStatus", '"Error"')
        assert "fimble setup" in said["message"]
        assert said["code"] == "ModelNotInstalled"


def test_the_model_goes_on_with_the_new_options() -> None:
    with Editor() as editor:
        editor.start()
        set_to(editor, {"eagerness": 70})
        editor.open("x")
        editor.complete(0, 1)
        assert editor.shut_down() == 0
        assert "configured eagerness 70\nbegun x\n" in editor.stderr


def test_the_editor_is_asked_for_its_settings() -> None:
    with Editor() as editor:
        editor.answers["workspace/configuration"] = [{"enabled": False}]
        editor.start(capabilities=ASKED)
        registered = editor.wait_said("client/registerCapability")["registrations"][0]
        assert registered["method"] == "workspace/didChangeConfiguration"
        assert editor.wait_said("workspace/configuration") == {"items": [{"section": "fimble"}]}
        editor.open("x")
        editor.wait_said("window/logMessage", "ready on CPU")
        while editor.complete(0, 1):  # until the editor's answer has arrived
            continue
        editor.answers["workspace/configuration"] = [None]
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        assert len(editor.wait(lambda m: m.get("method") == "workspace/configuration")) > 0
        while not editor.complete(0, 1):
            continue


def test_an_editor_that_refuses_to_tell_is_served_all_the_same() -> None:
    with Editor() as editor:
        editor.answers |= {"workspace/configuration": REFUSED, "client/registerCapability": REFUSED}
        editor.start(capabilities=ASKED)
        editor.open("x")
        assert editor.complete(0, 1)
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        assert editor.complete(0, 1)


def test_wrong_settings_are_told_once_and_change_nothing_else() -> None:
    with Editor() as editor:
        editor.start()
        for _ in range(3):
            set_to(editor, {"eagerness": "very", "num_threads": 5, "unheard": 1})
        editor.notify("workspace/didChangeConfiguration", {"settings": "text"})
        editor.open("x")
        assert editor.complete(0, 1)
        told = [message["message"] for message in editor.said("window/showMessage")][1:]
        assert len(told) == 4
        assert "from 0 to 100" in told[0]
        assert "unheard is not an option" in told[1]
        assert "num_threads takes effect when" in told[2]
        assert "must be an object" in told[3]


def test_folders_that_come_later_count_for_disabled_paths(tmp_path: Path) -> None:
    with Editor() as editor:
        editor.start(initializationOptions={"disabled_paths": ["/hidden.py"]})
        uri = (tmp_path / "hidden.py").as_uri()
        editor.open("x", uri=uri)
        assert editor.complete(0, 1, uri=uri)
        folder = {"uri": tmp_path.as_uri(), "name": "it"}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
        assert editor.complete(0, 1, uri=uri) == []
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
        assert editor.complete(0, 1, uri=uri)


def test_a_trace_is_kept_for_who_asks() -> None:
    with Editor() as editor:
        editor.start(trace="messages")
        editor.open("x")
        editor.complete(0, 1)
        assert "verbose" not in editor.wait_said("$/logTrace", "main.py:1:2: 1 suggestion")
        editor.notify("$/setTrace", {"value": "verbose"})
        editor.complete(0, 1)
        assert "[v1 1 1 x]0" in editor.wait_said("$/logTrace", '"verbose"')["verbose"]
        editor.notify("$/setTrace", {"value": "off"})
        editor.complete(0, 1)
        editor.shut_down()
        assert len(editor.said("$/logTrace")) == 2
