from __future__ import annotations

import json
import random
from typing import Any

import pytest

from fimble.daemon.relay import Relay

DICE = random.Random(8)
METHODS = (
    "initialize",
    "initialized",
    "shutdown",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "notebookDocument/didOpen",
    "notebookDocument/didChange",
    "notebookDocument/didClose",
    "workspace/didChangeConfiguration",
    "workspace/didChangeWorkspaceFolders",
    "textDocument/didFocus",
    "$/setTrace",
    "$/cancelRequest",
    "$/progress",
)
NAMES = (
    "textDocument", "contentChanges", "notebookDocument", "cellTextDocuments", "change", "cells", "structure", "array",
    "start", "end", "deleteCount", "range", "line", "character", "text", "uri", "version", "languageId", "event",
    "added", "removed", "id", "value", "workspaceFolders", "rootUri", "capabilities", "experimental", "processId",
    "data", "textContent", "document", "changes", "didOpen", "didClose", "token",
)  # fmt: skip


def nonsense(depth: int = 0) -> Any:
    """Some JSON with names that the protocol knows."""
    kinds = 4 if depth > 5 else 8
    match DICE.randrange(kinds):
        case 0:
            return DICE.choice([0, 1, -1, 2**40, 2**70, 1.5, True, None])
        case 1 | 2:
            return DICE.choice(["u", "v", "", "file:///p", "\ud800", "begin"])
        case 3:
            return []
        case 4:
            return [nonsense(depth + 1) for _ in range(DICE.randrange(3))]
        case _:
            return {DICE.choice(NAMES): nonsense(depth + 1) for _ in range(DICE.randrange(7))}


def test_no_nonsense_of_an_editors_stops_a_proxy() -> None:
    for _ in range(300):
        relay = Relay()
        relay.begin()
        relay.mirror.initialize({})
        for _ in range(30):
            params = DICE.choice([nonsense(), {"event": {"added": [nonsense()], "removed": [nonsense()]}}])
            message = {"jsonrpc": "2.0", "method": DICE.choice(METHODS), "params": params}
            if DICE.random() < 0.3:
                message["id"] = nonsense(5)
            relay.from_editor(json.dumps(message).encode())
        relay.lose()
        relay.begin()


@pytest.mark.parametrize("event", [{"added": [{"name": "q"}]}, {"removed": [{}]}, {"added": "q"}, {"added": [1]}])
def test_folders_without_an_address_change_nothing(event: Any) -> None:
    relay = Relay()
    relay.mirror.initialize({"rootUri": "file:///p"})
    relay.mirror.told("workspace/didChangeWorkspaceFolders", {"event": event})
    assert relay.mirror.params == {"rootUri": "file:///p"}
