"""Which message of the protocol is answered by whom; each handler is convert -> feature -> convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.lsp import inline, messages, offers, popup, search
from fimble.lsp.greeting import ACCEPTED, ACT, SEARCH, JsonObject

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer


def register(server: FimbleServer) -> None:
    """Make ``server`` answer."""

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        server.start()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(params: types.DidChangeConfigurationParams) -> None:
        await server.configuration.change(params.settings)

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION)
    async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        server.shows_inline = True
        return await inline.complete(server, params)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION)
    async def completion(params: types.CompletionParams) -> types.CompletionList:
        return await popup.complete(server, params)

    @server.feature(types.COMPLETION_ITEM_RESOLVE)
    def resolve(item: types.CompletionItem) -> types.CompletionItem:
        return popup.resolve(server.client, item)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION)
    async def code_action(params: types.CodeActionParams) -> list[offers.Entry]:
        return await offers.entries(server, params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve_action(action: types.CodeAction) -> types.CodeAction:
        return await server.actions.resolve(action)

    @server.feature(types.WORKSPACE_SYMBOL)
    async def symbols(params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
        return await search.symbols(server, params)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.workspace_index.saved(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        server.workspace_index.files_changed(params.changes)

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancel(params: types.WorkDoneProgressCancelParams) -> None:
        server.actions.cancel(params.token)

    @server.command(ACCEPTED)
    def accepted(params: types.ExecuteCommandParams) -> None:
        server.acceptance.was_accepted(params.arguments or ())

    @server.command(ACT)
    async def act(params: types.ExecuteCommandParams) -> None:
        await server.actions.act(params)

    @server.command(SEARCH)
    async def searched(params: types.ExecuteCommandParams) -> JsonObject:
        return await search.search(server, params)

    @server.feature(messages.DID_SHOW)
    def did_show(params: messages.ShownParams) -> None:
        server.acceptance.was_shown(params.item)

    @server.feature(messages.DID_PARTIALLY_ACCEPT)
    def did_partially_accept(params: messages.PartlyAcceptedParams) -> None:
        server.acceptance.was_partly_accepted(params.item, params.acceptedLength)

    @server.feature(messages.DID_FOCUS)
    def did_focus(params: messages.FocusParams) -> None:
        if params.textDocument is not None:
            server.focus_document(params.textDocument.uri)

    @server.feature(messages.WHY)
    def why(params: messages.WhyParams | None) -> JsonObject | None:
        document = params.textDocument if params else None
        answer = server.status.answers.last(document.uri if document else None, params.position if params else None)
        about = {"numRunTokens": server.model.num_run_tokens, "endpoint": server.model.endpoint or None}
        return answer.to_json() | about if answer else None

    @server.feature(messages.PING)
    def ping(_: None) -> None:
        """The answer is all there is to say."""
