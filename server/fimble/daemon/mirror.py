"""What an editor has told its server, kept so that another server can be told it anew."""

from __future__ import annotations

from typing import Any

from fimble.daemon.desk import Desk

JsonObject = dict[str, Any]
Said = tuple[str, Any]
"""A notification's method and parameters."""

INITIALIZE, INITIALIZED, SHUTDOWN, EXIT = "initialize", "initialized", "shutdown", "exit"
_CONFIGURATION = "workspace/didChangeConfiguration"
_FOCUS = "textDocument/didFocus"


class Mirror:
    """One session as the editor sees it. Never raises: what makes no sense to a server changes nothing here."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.params: JsonObject | None = None
        """Those of ``initialize`` as a server would be told them now; nothing before it came."""
        self.is_answered = False
        """Whether the editor has an answer to ``initialize``."""
        self.is_initialized = False
        self.is_shut_down = False
        """Whether the editor has asked for that."""
        self._configuration: JsonObject | None = None
        self._focus: JsonObject | None = None

    @property
    def shows_status(self) -> bool:
        """Whether the editor takes ``didChangeStatus``."""
        return self._ability("experimental", "fimble", "status")

    @property
    def editors_pid(self) -> int | None:
        """The editor's process, where it tells."""
        pid = self.params.get("processId") if self.params else None
        return pid if type(pid) is int else None

    def initialize(self, params: object) -> None:
        """The first one counts."""
        if isinstance(params, dict) and self.params is None:
            self.params = params

    def answered(self, result: object) -> None:
        """The server's answer to ``initialize`` is on its way to the editor."""
        self.is_answered = True
        capabilities = result.get("capabilities") if isinstance(result, dict) else None
        encoding = capabilities.get("positionEncoding") if isinstance(capabilities, dict) else None
        if isinstance(encoding, str):
            self.desk.encoding = encoding

    def refused(self) -> None:
        """The server has refused ``initialize``: another one may come."""
        self.params = None

    def told(self, method: str, params: object) -> None:
        """A notification."""
        try:
            self._told(method, params if isinstance(params, dict) else {})
        except (ValueError, TypeError, AttributeError, LookupError):
            return  # the server passes over it, too

    def retelling(self) -> list[Said]:
        """What another server is told after ``initialize``, in this order."""
        if not self.is_initialized:
            return []
        said: list[Said] = [(INITIALIZED, {})]
        if self._configuration is not None:
            said.append((_CONFIGURATION, self._configuration))
        said += self.desk.opening()
        document = self._focus.get("textDocument") if self._focus else None
        if isinstance(document, dict) and self.desk.has(str(document.get("uri"))):
            said.append((_FOCUS, self._focus))
        return said

    def _told(self, method: str, params: JsonObject) -> None:
        desk = self.desk
        match method:
            case "initialized":
                self.is_initialized = self.is_initialized or self.is_answered
            case "textDocument/didOpen":
                desk.open(params.get("textDocument"))
            case "textDocument/didChange":
                desk.change(params.get("textDocument"), params.get("contentChanges"))
            case "textDocument/didClose":
                desk.close(params.get("textDocument"))
            case "notebookDocument/didOpen":
                desk.open_notebook(params.get("notebookDocument"), params.get("cellTextDocuments"))
            case "notebookDocument/didChange":
                desk.change_notebook(params.get("notebookDocument"), params.get("change"))
            case "notebookDocument/didClose":
                desk.close_notebook(params.get("notebookDocument"), params.get("cellTextDocuments"))
            case "workspace/didChangeConfiguration":
                self._configuration = params
            case "workspace/didChangeWorkspaceFolders":
                self._change_folders(params.get("event", {}))
            case "textDocument/didFocus":
                self._focus = params
            case "$/setTrace":
                if self.params is not None:
                    self.params = {**self.params, "trace": params.get("value")}
            case _:
                return

    def _change_folders(self, event: JsonObject) -> None:
        if self.params is None:
            return
        folders = self.params.get("workspaceFolders") or []
        root = self.params.get("rootUri")
        if not folders and isinstance(root, str):
            folders = [{"uri": root, "name": root.rpartition("/")[2]}]
        removed = {folder["uri"] for folder in event.get("removed") or []}
        added = {folder["uri"]: folder for folder in event.get("added") or []}
        kept = {folder["uri"]: folder for folder in folders if folder["uri"] not in removed}
        self.params = {**self.params, "rootUri": None, "workspaceFolders": [*(kept | added).values()]}

    def _ability(self, *names: str) -> bool:
        value: object = self.params.get("capabilities") if self.params else None
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value is True
