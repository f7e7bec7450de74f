"""What the editor says of options and workspace folders, at the start and later, and what follows from it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fimble.lsp.settings import SECTION, ours
from fimble.privacy import Privacy, path_of

if TYPE_CHECKING:
    from fimble.lsp.greeting import Client
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)


class Configuration:
    """Keeps a session's settings and privacy as the editor wants them. Used on the event loop's thread."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self._roots: list[str] = []

    def begin(self, client: Client) -> None:
        """What ``initialize`` says."""
        server = self._server
        server.settings.begin(client.options)
        self._roots = list(client.roots)
        self._govern()

    async def follow(self) -> None:
        """Learn the settings of an editor that wants to be asked for them, and have it announce their changes."""
        client = self._server.client
        if client.tells_settings:
            method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
            wanted = types.Registration("fimble/settings", method, {"section": SECTION})
            try:
                await self._server.client_register_capability_async(types.RegistrationParams([wanted]))
            except JsonRpcException as error:
                logger.info("The editor does not announce changes of settings: %s", error)
        if client.is_asked_for_settings:
            options = await self._asked()
            if options is not None:
                await self._take(options)

    async def change(self, settings: object) -> None:
        """The settings have changed, to ``settings``, or to what the editor answers when it is asked."""
        options = ours(settings)
        if options is None and self._server.client.is_asked_for_settings:
            options = await self._asked()
        await self._take(options)

    def change_folders(self, event: types.WorkspaceFoldersChangeEvent) -> None:
        """Folders came to the workspace, or left it."""
        removed = {folder.uri for folder in event.removed}
        kept = [root for root in self._roots if root not in removed]
        self._roots = list(dict.fromkeys((*kept, *(folder.uri for folder in event.added))))
        self._govern()

    async def _take(self, options: object) -> None:
        server = self._server
        before = server.config
        for complaint in server.settings.change(options):
            server.status.warn(complaint)
        server.condition.tell()
        if server.config != before:
            self._govern()
            await server.model.configure(server.config)

    async def _asked(self) -> object:
        """What the editor answers to ``workspace/configuration``; ``None`` where it has nothing to say."""
        wanted = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        try:
            answer = await self._server.workspace_configuration_async(wanted)
        except JsonRpcException as error:
            logger.info("The editor tells no settings: %s", error)
            return None
        return answer[0] if answer else None

    def _govern(self) -> None:
        """The rules of what may be read, or what they rest on, have changed."""
        server = self._server
        roots = [Path(path_of(root)) for root in self._roots]
        server.privacy = Privacy(server.config.disabled_paths, roots)
        server.elsewhere.govern(server.privacy)
        server.workspace_index.govern(self._roots)
