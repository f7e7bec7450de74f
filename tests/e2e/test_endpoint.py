"""An endpoint in the place of a model: ghost text from it, an offline state, and nothing that freezes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fimble.daemon.address import address_of
from fimble.daemon.locking import holder_of
from tests.e2e.editor import REAL_SERVER, Editor
from tests.endpoint import Asked, Endpoint, Script, answer, raw, silent, stream

STATUS = {"experimental": {"fimble": {"status": True}}, "textDocument": {"inlineCompletion": {}}}
CODE = "def add(a, b):\n    "


def environ_for(endpoint: Endpoint, tmp_path: Path, **more: str) -> dict[str, str]:
    """A machine without a model."""
    return {
        "FIMBLE_HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "FIMBLE_ENDPOINT": endpoint.url,
        "FIMBLE_ENDPOINT_TIMEOUT_S": "3",
        "FIMBLE_INDEX": "off",
        **more,
    }


def editor_on(endpoint: Endpoint, tmp_path: Path, **more: str) -> Editor:
    return Editor("--in-process", command=REAL_SERVER, environ=environ_for(endpoint, tmp_path, **more))


def ghost_text(editor: Editor, text: str = CODE, uri: str = "file:///project/main.py") -> list[str]:
    """What is suggested at the end of a document, to a person who asks."""
    editor.open(text, uri)
    return at_end(editor, text, uri)


def at_end(editor: Editor, text: str, uri: str) -> list[str]:
    lines = text.split("\n")
    params = {
        "textDocument": {"uri": uri},
        "position": {"line": len(lines) - 1, "character": len(lines[-1])},
        "context": {"triggerKind": 1},
    }
    items: Any = editor.request("textDocument/inlineCompletion", params)
    found = items["items"] if isinstance(items, dict) else items or []
    return [str(item["insertText"]) for item in found]


def condition(editor: Editor, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next state for which ``wanted`` holds, or the one that is."""
    said: dict[str, Any] = editor.wait(lambda m: m.get("method") == "didChangeStatus" and wanted(m["params"]))
    params: dict[str, Any] = said["params"]
    return params


def warnings(editor: Editor) -> list[str]:
    return [one["message"] for one in editor.said("window/showMessage") if one["type"] <= 2]


def test_ghost_text_comes_from_the_endpoint(tmp_path: Path) -> None:
    with Endpoint(stream("return", " a", " + b", "\n")) as endpoint, editor_on(endpoint, tmp_path) as editor:
        editor.start(capabilities=STATUS)
        ready = condition(editor, lambda said: "endpoint" in said)
        host = f"127.0.0.1:{endpoint.port}"
        assert ready["kind"] == "Normal"
        assert ready["message"] == f"qwen2.5-coder-7b ready on {host}, which is sent code"
        assert ready["endpoint"] == host
        assert ghost_text(editor) == ["return a + b"]
        why = editor.request("fimble/why")
        assert (why["endpoint"], why["shown"]) == (host, True)
        assert "def add(a, b):" in endpoint.answers[0].body["prompt"]
        assert warnings(editor) == []
    assert not (tmp_path / "home" / "models").exists()


def test_private_files_are_not_sent(tmp_path: Path) -> None:
    with Endpoint() as endpoint, editor_on(endpoint, tmp_path) as editor:
        editor.start(capabilities=STATUS)
        condition(editor, lambda said: "endpoint" in said)
        secret = "PASSWORD = 'hunter2'\nx = "
        assert ghost_text(editor, secret, "file:///project/.env") == []
        assert ghost_text(editor) == ["pass"]
        assert "hunter2" not in json.dumps([asked.body for asked in endpoint.asked])


def test_nothing_is_asked_while_nobody_waits(tmp_path: Path) -> None:
    script = stream("    return", " a", "\n", "x = 1", then_hang=True)
    with Endpoint(script) as endpoint, editor_on(endpoint, tmp_path) as editor:
        editor.start(capabilities=STATUS)
        condition(editor, lambda said: "endpoint" in said)
        editor.open(CODE, "file:///project/main.py")
        assert editor.complete(1, 4, "file:///project/main.py")
        editor.request("shutdown")
        assert len(endpoint.answers) == 1


def test_offline_is_told_once_and_is_over_without_a_restart(tmp_path: Path) -> None:
    with Endpoint() as endpoint, editor_on(endpoint, tmp_path) as editor:
        editor.start(capabilities=STATUS)
        condition(editor, lambda said: "endpoint" in said)
        assert ghost_text(editor) == ["pass"]
        endpoint.stop()
        for number in range(3):
            assert ghost_text(editor, f"x{number} = ", f"file:///project/{number}.py") == []
        offline = condition(editor, lambda said: said["kind"] == "Warning")
        assert offline["message"].startswith(f"offline: 127.0.0.1:{endpoint.port} cannot be reached")
        assert editor.request("fimble/why")["reasonCode"] == "FAILED"
        seen = len(editor.said("didChangeStatus"))
        endpoint.start()
        editor.wait(lambda _: any(said["kind"] == "Normal" for said in editor.said("didChangeStatus")[seen:]))
        assert ghost_text(editor, "y = ", "file:///project/again.py") == ["pass"]
        assert len(warnings(editor)) == 1


def test_an_endpoint_that_is_not_there_at_the_start(tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        endpoint.stop()
        with editor_on(endpoint, tmp_path) as editor:
            editor.initialize(capabilities=STATUS)
            editor.notify("initialized", {})
            condition(editor, lambda said: said["message"].startswith("offline: "))
            endpoint.start()
            condition(editor, lambda said: said["kind"] == "Normal" and "qwen" in said["message"])
            assert ghost_text(editor) == ["pass"]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (silent(), "gave no answer within 3 s"),
        (answer(401), "wants a key"),
        (answer(429, b"", "Retry-After: 60"), "answers 429"),
        (answer(500), "answers 500"),
        (answer(200, b"<html>", "Content-Type: text/html"), "answers with text/html"),
        (answer(404), "answers 404"),
        (raw(b"garbage"), "closed the connection"),
    ],
)
def test_whatever_an_endpoint_does_the_editor_is_told_and_goes_on(script: Script, told: str, tmp_path: Path) -> None:
    with Endpoint() as endpoint, editor_on(endpoint, tmp_path) as editor:
        editor.start(capabilities=STATUS)
        condition(editor, lambda said: "endpoint" in said)
        endpoint.script = script
        assert ghost_text(editor) == []
        assert told in condition(editor, lambda said: said["kind"] == "Warning")["message"]
        assert told in editor.request("fimble/why")["detail"]
        assert len(warnings(editor)) == 1
        assert "Traceback" not in editor.stderr


def test_a_silent_endpoint_does_not_keep_the_next_request_waiting(tmp_path: Path) -> None:
    async def first_is_silent(asked: Asked) -> AsyncIterator[bytes]:
        async for data in (silent() if len(endpoint.answers) == 1 else stream("pass"))(asked):
            yield data

    with Endpoint(first_is_silent) as endpoint, editor_on(endpoint, tmp_path, FIMBLE_ENDPOINT_TIMEOUT_S="60") as editor:
        editor.start(capabilities=STATUS)
        condition(editor, lambda said: "endpoint" in said)
        editor.open(CODE, "file:///project/main.py")
        position = {"line": 1, "character": 4}
        params = {"textDocument": {"uri": "file:///project/main.py"}, "position": position}
        first = editor.ask("textDocument/inlineCompletion", {**params, "context": {"triggerKind": 2}})
        endpoint.wait(lambda: endpoint.answers)
        editor.notify("$/cancelRequest", {"id": first})
        assert at_end(editor, CODE, "file:///project/main.py") == ["pass"]
        endpoint.wait(endpoint.answers[0].gone.is_set)


def test_a_workspace_cannot_choose_the_endpoint(tmp_path: Path) -> None:
    with Endpoint() as theirs, Endpoint() as endpoint, editor_on(endpoint, tmp_path) as editor:
        editor.start(initializationOptions={"endpoint": theirs.url, "endpoint_key_name": "x"}, capabilities=STATUS)
        condition(editor, lambda said: "endpoint" in said)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"fimble": {"endpoint": theirs.url}}})
        assert ghost_text(editor) == ["pass"]
        told = warnings(editor)
        assert [message for message in told if "endpoint is taken from your own fimble.toml" in message]
        assert [message for message in told if "endpoint_key_name is taken from" in message]
        assert theirs.asked == []


def test_a_key_in_a_file_is_refused_and_not_sent(tmp_path: Path) -> None:
    (tmp_path / "config" / "fimble").mkdir(parents=True)
    (tmp_path / "config" / "fimble" / "fimble.toml").write_text('endpoint_key = "s3cret"\n', encoding="utf-8")
    with Endpoint() as endpoint, editor_on(endpoint, tmp_path) as editor:
        editor.start(capabilities=STATUS)
        condition(editor, lambda said: "endpoint" in said)
        assert "endpoint_key is no option of a file" in warnings(editor)[0]
        assert ghost_text(editor) == ["pass"]
        assert [asked for asked in endpoint.asked if "authorization" in asked.headers] == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://gpu.example.com/v1", "without encryption"),
        ("https://me:s3cret@gpu.example.com/v1", "holds a name or a password"),
        ("gpu", "must begin with https://"),
    ],
)
def test_an_address_that_nothing_may_be_sent_to(address: str, told: str, tmp_path: Path) -> None:
    with Endpoint() as endpoint, editor_on(endpoint, tmp_path, FIMBLE_ENDPOINT=address) as editor:
        editor.initialize(capabilities=STATUS)
        editor.notify("initialized", {})
        failed = condition(editor, lambda said: said["kind"] == "Error")
        assert told in failed["message"] and failed["code"] == "ConfigError"
        assert "s3cret" not in json.dumps(editor.received)
        assert "s3cret" not in editor.stderr
        assert ghost_text(editor) == []


def test_windows_of_one_daemon_have_endpoints_and_keys_of_their_own() -> None:
    with tempfile.TemporaryDirectory(prefix="fe") as folder, Endpoint(stream("return a")) as one, Endpoint() as other:
        environs = [
            environ_for(endpoint, Path(folder), FIMBLE_ENDPOINT_KEY=key, FIMBLE_DAEMON_IDLE_MINUTES="0")
            for endpoint, key in ((one, "k1"), (other, "k2"))
        ]
        lock = address_of(Path(folder) / "home").life_lock
        with ExitStack() as stack:
            windows = [stack.enter_context(Editor("--daemon", command=REAL_SERVER, environ=own)) for own in environs]
            for window in windows:
                window.start(capabilities=STATUS)
            assert [ghost_text(window) for window in windows] == [["return a"], ["pass"]]
            assert holder_of(lock)
        one.wait(lambda: not holder_of(lock))
        assert {asked.headers["authorization"] for asked in one.asked} == {"Bearer k1"}
        assert {asked.headers["authorization"] for asked in other.asked} == {"Bearer k2"}
