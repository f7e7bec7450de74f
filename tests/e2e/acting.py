"""What an editor does with code actions: asks for the list, chooses, and applies what it is given."""

from __future__ import annotations

from typing import Any

from fimble.lsp.convert import column_of, split_lines
from tests.e2e.editor import Editor, Message

CAN_ALL: Message = {
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}},
            "dataSupport": True,
            "disabledSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "tagSupport": {"valueSet": [1]},
        }
    },
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"], "snippetEditSupport": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}
"""The capabilities of an editor that can do all that code actions know."""
APPLIED, SHOWN = {"applied": True}, {"success": True}


def agree(editor: Editor) -> None:
    """Apply edits and show documents, as an editor does that nothing keeps from it."""
    editor.answers = {"workspace/applyEdit": APPLIED, "window/showDocument": SHOWN}


def listed(
    editor: Editor,
    uri: str,
    start: tuple[int, int],
    end: tuple[int, int] | None = None,
    diagnostics: list[Message] | None = None,
    **context: Any,
) -> list[Message]:
    """The list of actions for a selection."""
    params = {
        "textDocument": {"uri": uri},
        "range": span(start, end or start),
        "context": {"diagnostics": diagnostics or [], **context},
    }
    result: list[Message] = editor.request("textDocument/codeAction", params)
    return result


def chosen(entries: list[Message], kind: str, title: str = "") -> Message:
    """The first entry of ``kind`` whose title holds ``title``."""
    found = [entry for entry in entries if str(entry.get("kind", "")).startswith(kind) and title in entry["title"]]
    assert found, [(entry.get("kind"), entry["title"]) for entry in entries]
    return found[0]


def span(start: tuple[int, int], end: tuple[int, int]) -> Message:
    return {
        "start": {"line": start[0], "character": start[1]},
        "end": {"line": end[0], "character": end[1]},
    }


def text_edits(edit: Message, uri: str, version: int | None = None) -> list[Message]:
    """The edits of one document in a workspace edit, which must be for ``version`` where one is given."""
    if "changes" in edit:
        changed: list[Message] = edit["changes"][uri]
        return changed
    (change,) = edit["documentChanges"]
    assert change["textDocument"]["uri"] == uri
    if version is not None:
        assert change["textDocument"]["version"] == version
    edits: list[Message] = change["edits"]
    return edits


def applied(text: str, edits: list[Message], encoding: str = "utf-16") -> str:
    """``text`` with ``edits``, plain ones or snippets, applied as an editor does."""
    lines = split_lines(text)

    def offset(position: Message) -> int:
        line = position["line"]
        return sum(map(len, lines[:line])) + column_of(lines[line], position["character"], encoding)

    for edit in sorted(edits, key=lambda edit: offset(edit["range"]["start"]), reverse=True):
        new = inserted(edit["snippet"]["value"]) if "snippet" in edit else edit["newText"]
        text = text[: offset(edit["range"]["start"])] + new + text[offset(edit["range"]["end"]) :]
    return text


def inserted(snippet: str) -> str:
    """What a snippet with one final tab stop inserts."""
    plain, _, rest = _without_escapes(snippet).partition("\x00")
    assert "\x00" not in rest, "one tab stop"
    return plain + rest


def _without_escapes(snippet: str) -> str:
    result, place = "", 0
    while place < len(snippet):
        if snippet[place] == "\\":
            result += snippet[place + 1]
            place += 2
        elif snippet.startswith("$0", place):
            result += "\x00"
            place += 2
        else:
            assert snippet[place] not in "$}", f"not escaped: {snippet[place:]}"
            result += snippet[place]
            place += 1
    return result
