"""The answer to ``initialize``, without lsprotocol: importing that takes longer than all the rest.

An editor waits for this answer before it does anything else. So it is made from the raw
message, and the slow import happens while the editor reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import fimble
from fimble.lsp.abilities import Abilities, read_abilities
from fimble.lsp.framing import from_body
from fimble.lsp.kinds import KINDS

ENCODINGS = ("utf-8", "utf-16", "utf-32")
ACCEPTED = "fimble.accepted"
"""The command of an inline item: run by the editor after it has inserted the item."""
ACT = "fimble.act"
"""The command of a code action: does the work and hands the result to the editor."""
SEARCH = "fimble.search"
"""The command that answers a question about the workspace: ``[{query, limit?}]``."""
_INCREMENTAL = 2
_AS_IS = 1

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """What this server reads of an editor's ``initialize``."""

    encoding: str = "utf-16"
    """How columns count: the first of ``ENCODINGS`` that the editor lists, as it lists the best first."""
    shows_progress: bool = False
    process_id: int | None = None
    options: object = field(default=None, repr=False)
    shows_inline: bool = False
    """Whether it says that it shows inline completion; lsp-mode does without saying so."""
    shows_label_details: bool = False
    """In its completion popup."""
    reads_markdown: bool = False
    """In the documentation of a popup's entry."""
    inserts_as_is: bool = False
    """Whether it can leave the indentation of a popup's entry alone."""
    roots: tuple[str, ...] = ()
    """URIs of the workspace's folders."""
    shows_status: bool = False
    """Whether it takes ``didChangeStatus``."""
    is_asked_for_settings: bool = False
    """Whether it answers ``workspace/configuration``."""
    tells_settings: bool = False
    """Whether it can be told, after ``initialize``, to announce changes of our settings."""
    watches_files: bool = False
    """Whether it can be told, after ``initialize``, to tell of files that change on disk."""
    trace: str = "off"
    can: Abilities = field(default_factory=Abilities)
    """What it can do about code actions."""


def read_client(params: object) -> Client:
    """Read the parameters of ``initialize``; raises ``ValueError`` when they are none.

    Unknown values are passed over, so that an editor may be newer than this server.
    """
    if not isinstance(params, dict) or not isinstance(params.get("capabilities"), dict):
        raise ValueError("capabilities is missing or not an object")
    process_id = params.get("processId")
    if process_id is not None and type(process_id) is not int:
        raise ValueError(f"processId must be a whole number or null, not {process_id!r}")
    capabilities = params["capabilities"]
    document = _object(capabilities, "textDocument")
    workspace = _object(capabilities, "workspace")
    entry = _object(_object(document, "completion"), "completionItem")
    offered = _object(capabilities, "general").get("positionEncodings")
    known = [name for name in offered if name in ENCODINGS] if isinstance(offered, list) else []
    return Client(
        encoding=known[0] if known else "utf-16",
        shows_progress=_object(capabilities, "window").get("workDoneProgress") is True,
        process_id=process_id,
        options=params.get("initializationOptions"),
        shows_inline=isinstance(document.get("inlineCompletion"), dict),
        shows_label_details=entry.get("labelDetailsSupport") is True,
        reads_markdown="markdown" in _list(entry, "documentationFormat"),
        inserts_as_is=_AS_IS in _list(_object(entry, "insertTextModeSupport"), "valueSet"),
        roots=_roots(params),
        shows_status=_object(_object(capabilities, "experimental"), "fimble").get("status") is True,
        is_asked_for_settings=workspace.get("configuration") is True,
        tells_settings=_object(workspace, "didChangeConfiguration").get("dynamicRegistration") is True,
        watches_files=_object(workspace, "didChangeWatchedFiles").get("dynamicRegistration") is True,
        trace=str(params.get("trace", "off")),
        can=read_abilities(capabilities),
    )


def result_for(client: Client) -> JsonObject:
    """The result of ``initialize``.

    Inline completion is offered to every client: Emacs' lsp-mode asks for it without
    having said that it can. The popup is not offered to those that say they show
    suggestions inline: in VS Code the mere presence of one more popup provider makes
    inline completion give up after 750 ms.
    """
    capabilities: JsonObject = {
        "positionEncoding": client.encoding,
        "textDocumentSync": {"openClose": True, "change": _INCREMENTAL, "save": True},
        "notebookDocumentSync": {"notebookSelector": [{"notebook": "*"}]},
        "inlineCompletionProvider": {},
        "codeActionProvider": {"codeActionKinds": [*KINDS.values()], "resolveProvider": True},
        "executeCommandProvider": {"commands": [ACCEPTED, ACT, SEARCH]},
        "workspaceSymbolProvider": True,
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    }
    if not client.shows_inline:
        capabilities["completionProvider"] = {
            "triggerCharacters": ["."],
            "resolveProvider": True,
            "completionItem": {"labelDetailsSupport": True},
        }
    return {"capabilities": capabilities, "serverInfo": {"name": "fimble", "version": fimble.__version__}}


def early_answer(body: bytes) -> JsonObject | None:
    """The response to a session's first message if that is a sound ``initialize``, else ``None``."""
    try:
        message = from_body(body)
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return None
        if message.get("method") != "initialize" or not is_id(message.get("id")):
            return None
        return {
            "jsonrpc": "2.0",
            "id": message["id"],
            "result": result_for(read_client(message.get("params"))),
        }
    except (ValueError, RecursionError):
        return None


def is_id(value: object) -> bool:
    """Whether ``value`` can be the id of a request."""
    return isinstance(value, str) or type(value) is int


def _object(parent: JsonObject, name: str) -> JsonObject:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _list(parent: JsonObject, name: str) -> list[Any]:
    value = parent.get(name)
    return value if isinstance(value, list) else []


def _roots(params: JsonObject) -> tuple[str, ...]:
    folders = params.get("workspaceFolders")
    uris = [folder.get("uri") for folder in folders if isinstance(folder, dict)] if isinstance(folders, list) else []
    found = tuple(uri for uri in uris if isinstance(uri, str))
    root = params.get("rootUri")
    return found or ((root,) if isinstance(root, str) else ())
