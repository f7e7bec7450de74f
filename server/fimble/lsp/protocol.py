"""The life of a session as LSP defines it, on top of pygls' dispatch.

pygls answers nothing to a message that it cannot read, lets requests through before
``initialize`` and ignores those after ``shutdown``. Here each request gets an answer,
documents are kept by our own store, and ``exit`` ends the session instead of the
process.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.protocol.language_server import lsp_method
from pygls.workspace import Workspace

from fimble.lsp import messages
from fimble.lsp.framing import from_body
from fimble.lsp.greeting import JsonObject, is_id, read_client, result_for

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)

_INVALID = (ExceptionGroup, ValueError, TypeError, LookupError, AttributeError)
"""What the converter raises for data that does not fit a type."""


class VersionedIdentifier(types.TextDocumentIdentifier):
    """A document and the version a request means; Copilot-style clients send it, lsprotocol drops it."""

    version: int


def make_converter() -> Any:
    """pygls' converter, which keeps the version in a document identifier."""
    converter = default_converter()  # type: ignore[no-untyped-call]

    def identifier(data: JsonObject, _: type) -> types.TextDocumentIdentifier:
        version = data.get("version")
        if version is None:
            return types.TextDocumentIdentifier(uri=data["uri"])
        if type(version) is not int:
            raise ValueError(f"version must be a whole number, not {version!r}")
        versioned = VersionedIdentifier(uri=data["uri"])
        versioned.version = version
        return versioned

    converter.register_structure_hook(types.TextDocumentIdentifier, identifier)
    return converter


class FimbleProtocol(LanguageServerProtocol):
    """One session."""

    _server: FimbleServer

    initialized = False

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        """As pygls', whose cache holds on to who asked, and so to sessions that are over."""
        return types.METHOD_TO_TYPES.get(method, (None,))[0]

    def get_result_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        """See ``get_message_type``."""
        return types.METHOD_TO_TYPES.get(method, (None, None))[1]

    @property
    def shut_down(self) -> bool:
        return self._shutdown

    def receive(self, body: bytes, answered: bool = False) -> None:
        """Handle one message as it came off the wire, whatever it holds.

        ``answered`` says that it is an ``initialize`` whose answer has been sent.
        """
        try:
            message = from_body(body)
        except (ValueError, RecursionError) as error:
            self.refuse(None, types.ErrorCodes.ParseError, f"The message is not JSON: {error}")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self.refuse(None, types.ErrorCodes.InvalidRequest, "The message is not a JSON-RPC 2.0 object.")
        elif "method" not in message:
            self._receive_response(message)
        elif not isinstance(message["method"], str):
            self.refuse(None, types.ErrorCodes.InvalidRequest, "The method is not a string.")
        elif "id" not in message:
            self._receive_notification(message)
        elif is_id(message["id"]):
            self._receive_request(message, answered)
        else:
            self.refuse(None, types.ErrorCodes.InvalidRequest, "The id is neither a number nor a string.")

    def refuse(self, msg_id: int | str | None, code: int, message: str) -> None:
        """Answer with an error."""
        logger.warning("%s", message)
        error = {"code": int(code), "message": message}
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": error})

    def refuse_frame(self, problem: str) -> None:
        """Answer bytes that hold no message."""
        self.refuse(None, types.ErrorCodes.ParseError, f"The bytes make no message: {problem}.")

    def _receive_request(self, message: JsonObject, answered: bool) -> None:
        msg_id, method = message["id"], message["method"]
        if self.shut_down:
            self.refuse(msg_id, types.ErrorCodes.InvalidRequest, f"{method}: the server is shut down.")
        elif method == types.INITIALIZE:
            self._initialize(message, answered)
        elif not self.initialized:
            self.refuse(msg_id, types.ErrorCodes.ServerNotInitialized, f"{method}: initialize comes first.")
        elif not self._known(method):
            self.refuse(msg_id, types.ErrorCodes.MethodNotFound, f"{method} is not a method of this server.")
        else:
            try:
                request = self._structure(message)
            except _INVALID as error:
                self._refuse_params(message, error)
                return
            self.handle_message(request)

    def _refuse_params(self, message: JsonObject, error: BaseException) -> None:
        problem = f"{message['method']}: the parameters are not valid: {_first_cause(error)}"
        self.refuse(message["id"], types.ErrorCodes.InvalidParams, problem)

    def _initialize(self, message: JsonObject, answered: bool) -> None:
        if self.initialized:
            problem = "initialize: the session has begun already."
            self.refuse(message["id"], types.ErrorCodes.InvalidRequest, problem)
            return
        try:
            client = read_client(message.get("params"))
        except ValueError as error:
            self._refuse_params(message, error)
            return
        self.initialized = True
        self._workspace = Workspace(None, position_encoding=client.encoding)
        if client.trace in [value.value for value in types.TraceValue]:
            self.trace = types.TraceValue(client.trace)
        self._server.welcome(client)
        if not answered:
            self._send_data({"jsonrpc": self.VERSION, "id": message["id"], "result": result_for(client)})

    def _receive_notification(self, message: JsonObject) -> None:
        method = message["method"]
        if method != types.EXIT and (self.shut_down or not self.initialized):
            logger.warning("%s is ignored: no session is running.", method)
        elif method != types.CANCEL_REQUEST and not self._known(method):
            logger.info("The notification %s is not known.", method)
        else:
            try:
                notification = self._structure(message)
            except _INVALID as error:
                problem = f"its parameters are not valid: {_first_cause(error)}"
                self._server.status.log(f"{method} is ignored: {problem}")
                return
            self.handle_message(notification)

    def _receive_response(self, message: JsonObject) -> None:
        if "id" not in message or message["id"] not in self._request_futures:
            logger.info("A response to nothing that was asked is ignored.")
            return
        try:
            self.handle_message(self.structure_message(message))
        except (*_INVALID, JsonRpcException) as error:
            problem = f"The response is not valid: {_first_cause(error.__cause__ or error)}"
            logger.warning("%s", problem)
            self._handle_response(message["id"], None, types.ResponseError(types.ErrorCodes.InvalidParams, problem))

    def _handle_response(self, msg_id: int | str, result: Any = None, error: types.ResponseError | None = None) -> None:
        """Hand the answer to whoever asked, unless nobody waits for it any more."""
        asked = self._request_futures.get(msg_id)
        if isinstance(asked, Future) and not asked.done():
            super()._handle_response(msg_id, result, error)

    def _known(self, method: str) -> bool:
        return method in self.fm.builtin_features or method in self.fm.features

    def _structure(self, message: JsonObject) -> Any:
        """The typed message; raises whatever the converter raises."""
        method = message["method"]
        kind: Any = messages.TYPES.get(method) or self.get_message_type(method)
        return self._converter.structure(message, kind)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Generator[Any, Any, None]:
        """End the session: 0 after ``shutdown``, 1 without."""
        self._server.stop(0 if self.shut_down else 1)
        yield from ()

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command, which is handed all of ``params``; in one task, which the request's cancellation reaches."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"{params.command} is not a command of this server.")
        result = handler(params)
        return await result if inspect.isawaitable(result) else result

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Follow a document."""
        self._server.open_document(params.text_document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Follow an edit."""
        self._server.change_document(params.text_document, params.content_changes)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a document."""
        self._server.close_document(params.text_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Follow a notebook."""
        self._server.notebooks.open(params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Follow a notebook's edit."""
        self._server.notebooks.change(params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget a notebook."""
        self._server.notebooks.close(params)

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Follow the workspace's folders."""
        self._server.configuration.change_folders(params.event)


def _first_cause(error: BaseException) -> str:
    """The innermost complaint of a converter's tree of exceptions, in one line."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    text = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return " ".join(text.split())[:200] or type(error).__name__
