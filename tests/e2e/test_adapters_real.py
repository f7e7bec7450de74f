"""A running server with the real model answers each workspace with its own adapter, and nothing is started again."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fimble.config import home
from fimble.weights import adapters
from fimble.weights.adapter import ABOUT, TENSORS, read_about, write_adapter
from tests.e2e.acting import CAN_ALL, chosen, listed
from tests.e2e.editor import REAL_SERVER, Editor, Message
from tests.e2e.swapping import swapping

TEXT = '''def add(a, b):
    """Return the sum of two numbers."""
    return a + b


def multiply(a, b):
    """Return the product of two numbers."""
    return\x20
'''
LINE, COLUMN = 7, 11
PLAIN, TUNED = "a * b", "a - b"
MISSING = '''def pick(a, b):
    """Return one of the two numbers."""
    pass
'''


class Desk:
    """An editor with two workspaces, and the folder where the server looks for adapters."""

    def __init__(self, editor: Editor, ours: Path, theirs: Path, model: str) -> None:
        self.editor, self.ours, self.theirs, self.model = editor, ours, theirs, model
        self._numbers = itertools.count(1)

    def train(self, root: Path, wanted: str = " -", **changes: Any) -> Path:
        """Put an adapter in place that writes ``wanted`` for ``*``; returns its folder."""
        about, tensors = swapping(self.model, root, " *", wanted)
        folder = adapters.folder_for(root)
        write_adapter(folder, about, tensors)
        if changes:
            values = json.loads((folder / ABOUT).read_text())
            (folder / ABOUT).write_text(json.dumps({**values, **changes}))
        return folder

    def ask(self, root: Path | None, uri: str = "") -> str:
        """What the server suggests in a new document of ``root``: what is known of older ones does not count."""
        uri = uri or (f"{root.as_uri()}/file_{next(self._numbers)}.py" if root else "untitled:Untitled-1")
        self.editor.open(TEXT, uri)
        answer = self.again(uri)
        self.editor.close_document(uri)
        return answer

    def again(self, uri: str) -> str:
        """What it suggests in an open document."""
        items = self.editor.complete(LINE, COLUMN, uri, invoked=True)
        assert items, self.why(uri)
        return str(items[0]["insertText"])

    def why(self, uri: str) -> Message:
        answer: Message = self.editor.request("fimble/why", {"textDocument": {"uri": uri}})
        return answer

    def warnings(self) -> list[str]:
        """What the person was shown so far."""
        return [said["message"] for said in self.editor.said("window/showMessage") if "adapter" in said["message"]]

    def status(self) -> Message:
        said: Message = self.editor.said("didChangeStatus")[-1]
        return said


@pytest.fixture(scope="module")
def shared_desk(default_model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A home of its own: the models are the person's, the adapters are not."""
    own, ours, theirs = (tmp_path_factory.mktemp(name) for name in ("home", "ours", "theirs"))
    for name in ("models", "sources"):
        (own / name).symlink_to(home() / name)
    patch = pytest.MonkeyPatch()
    patch.setenv("FIMBLE_HOME", str(own))
    folders = [{"uri": root.as_uri(), "name": root.name} for root in (ours, theirs)]
    capabilities = {**CAN_ALL, "experimental": {"fimble": {"status": True}}}
    options = {"index": False, "thorough": False}
    with Editor("--stdio", command=REAL_SERVER, environ={"FIMBLE_HOME": str(own)}) as editor:
        editor.start(workspaceFolders=folders, capabilities=capabilities, initializationOptions=options)
        yield Desk(editor, ours, theirs, default_model)
        assert editor.shut_down() == 0
    patch.undo()


@pytest.fixture
def desk(shared_desk: Desk) -> Iterator[Desk]:
    """The desk without adapters; what the person was told before is forgotten."""
    shutil.rmtree(adapters.adapters_folder(), ignore_errors=True)
    shared_desk.editor.received.clear()
    yield shared_desk
    assert shared_desk.editor.process.poll() is None
    assert "Traceback" not in shared_desk.editor.stderr


def test_a_workspace_is_answered_by_its_adapter_and_others_are_not(desk: Desk) -> None:
    uri = f"{desk.ours.as_uri()}/open.py"
    desk.editor.open(TEXT, uri)
    assert desk.again(uri) == PLAIN
    assert desk.why(uri)["adapter"] is None
    folder = desk.train(desk.ours)
    answer = desk.again(uri)
    assert answer == TUNED, desk.why(uri)
    assert desk.why(uri)["adapter"] == read_about(folder).sha256
    assert desk.ask(desk.theirs) == PLAIN
    assert desk.ask(None) == PLAIN
    assert desk.again(uri) == TUNED
    desk.train(desk.theirs, " +")
    assert [desk.ask(desk.theirs), desk.again(uri), desk.ask(None)] == ["a + b", TUNED, PLAIN]
    adapters.remove(adapters.named(str(desk.ours)))
    assert desk.again(uri) == PLAIN
    assert desk.why(uri)["adapter"] is None
    assert desk.ask(desk.theirs) == "a + b"
    assert desk.warnings() == []
    desk.editor.close_document(uri)


def test_a_better_adapter_takes_the_place_of_the_old_one(desk: Desk) -> None:
    desk.train(desk.ours)
    assert desk.ask(desk.ours) == TUNED
    desk.train(desk.ours, " +")
    assert desk.ask(desk.ours) == "a + b"


def test_suggestions_that_nobody_asked_for_and_what_is_known_of_them_follow(desk: Desk) -> None:
    """Ghost text as one types, of which a part is known already when the adapter changes."""
    uri = f"{desk.ours.as_uri()}/typed.py"
    desk.train(desk.ours)
    desk.editor.open(TEXT, uri)
    assert desk.again(uri) == TUNED
    desk.train(desk.ours, " +")
    desk.editor.change(2, {"text": TEXT[:-1] + "a\n"}, uri=uri)
    for _ in range(10):
        items = desk.editor.complete(LINE, COLUMN + 1, uri)
        if items:
            break
    assert items[0]["insertText"] == " + b"
    desk.editor.close_document(uri)


def test_a_damaged_adapter_falls_back_aloud_and_once(desk: Desk) -> None:
    folder = desk.train(desk.ours)
    assert desk.ask(desk.ours) == TUNED
    data = bytearray((folder / TENSORS).read_bytes())
    data[-1] ^= 1
    replace(folder / TENSORS, bytes(data))
    assert [desk.ask(desk.ours) for _ in range(3)] == [PLAIN] * 3
    desk.editor.wait_said("window/showMessage", "not those that were written")
    assert len(desk.warnings()) == 1
    assert "fimble models remove-adapter" in desk.warnings()[0]
    assert (desk.status()["kind"], "adapter" in desk.status()["message"]) == ("Warning", True)
    replace(folder / TENSORS, b"")
    assert desk.ask(desk.ours) == PLAIN
    assert len(desk.warnings()) == 2, "another damage is told again"
    desk.train(desk.ours)
    assert desk.ask(desk.ours) == TUNED
    assert len(desk.warnings()) == 2
    assert desk.status()["kind"] == "Normal"


def replace(file: Path, data: bytes) -> None:
    """At once: a server that looks ahead would find a file half written, which is a damage of its own."""
    made = file.with_name("made")
    made.write_bytes(data)
    made.replace(file)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base_sha256": "0" * 64}, "trained on other weights"),
        ({"model": "another-model"}, "trained on another-model"),
        ({"format": 9}, "format 9"),
    ],
)
def test_a_foreign_adapter_falls_back_aloud(desk: Desk, changes: dict[str, Any], said: str) -> None:
    desk.train(desk.ours, **changes)
    assert [desk.ask(desk.ours), desk.ask(desk.ours), desk.ask(desk.theirs)] == [PLAIN] * 3
    desk.editor.wait_said("window/showMessage", said)
    assert len(desk.warnings()) == 1


def test_a_notebook_is_answered_by_the_model_as_it_is(desk: Desk) -> None:
    desk.train(desk.ours)
    cell = f"vscode-notebook-cell:{desk.ours.as_posix()}/one.ipynb#W0"
    assert desk.ask(desk.ours, cell) == PLAIN


def test_the_option_switches_adapters_off_and_on(desk: Desk) -> None:
    desk.train(desk.ours)
    assert desk.ask(desk.ours) == TUNED
    for is_on, expected in ((False, PLAIN), (True, TUNED)):
        settings = {"fimble": {"adapters": is_on}}
        desk.editor.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert desk.ask(desk.ours) == expected


def test_code_actions_are_answered_by_the_adapter(desk: Desk) -> None:
    """What Implement makes of a body that is missing, before, with and after an adapter."""
    uri = f"{desk.ours.as_uri()}/missing.py"
    desk.editor.open(MISSING, uri)
    before = implemented(desk, uri)
    about, tensors = swapping(desk.model, desk.ours, " a", " b")
    write_adapter(adapters.folder_for(desk.ours), about, tensors)
    tuned = implemented(desk, uri)
    assert tuned not in (before, "null")
    adapters.remove(adapters.named(str(desk.ours)))
    assert implemented(desk, uri) == before
    desk.editor.close_document(uri)


def implemented(desk: Desk, uri: str) -> str:
    """What Implement writes, as JSON; null where no answer holds up."""
    entries = listed(desk.editor, uri, (0, 6))
    action = desk.editor.request("codeAction/resolve", chosen(entries, "refactor.rewrite.fimble.implement"), 120.0)
    return json.dumps(action.get("edit"))
