"""The folders that an editor has open: which of them are indexed, what their indexes are told, and searching them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fimble.errors import FimbleError
from fimble.features.search import OpenSearch, is_name, merged
from fimble.index.records import Answer, Hit
from fimble.lsp.folder import Folder
from fimble.lsp.followers import Followers
from fimble.privacy import Privacy, path_of

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)

MAX_FOLDERS = 8
"""Each takes memory; editors that open every project a person ever had do not mean them all."""
RESCAN_EVERY_S = 60.0
"""Where the editor watches no files, a save makes the index look at all of them again, at most so often."""
MAX_NAMED = 500
"""Changed files that are named one by one; more are found sooner by looking at all."""
_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules"})
"""Folders in which files change all the time and none is indexed."""

Found = list[tuple[Path, Hit]]
"""Hits, each with the folder that its path is relative to."""


class Workspace:
    """Used on the event loop's thread."""

    def __init__(
        self, server: FimbleServer, open_search: OpenSearch | None, followers: Followers | None = None
    ) -> None:
        """Without ``open_search`` nothing is indexed or searched.

        ``followers``: those of all sessions of this process; its own where there are none, ended with the session.
        """
        self.folders: list[Folder] = []
        self._server, self._open_search = server, open_search
        self._followers = followers if followers is not None else Followers()
        self._uris: tuple[str, ...] = ()
        self._problems: set[str] = set()
        self._is_following = False
        self._is_watching = False
        self._settling = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._scanned_s = float("-inf")
        # names are asked for at every key: they do not wait for an encoder that is being loaded
        self._names_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fimble-names")
        self._search_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fimble-search")

    def govern(self, uris: Sequence[str]) -> None:
        """The folders are ``uris`` now, or the options or the privacy rules may be others."""
        self._uris = tuple(uris)
        if self._open_search is not None:
            task = asyncio.ensure_future(self._settled())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def follow(self) -> None:
        """From now on the indexes are made and kept: whatever a person waits for at the start is done."""
        self._is_following = True
        if self._server.client.watches_files and self._open_search is not None:
            await self._watch()
        await self._settled()

    async def _settled(self) -> None:
        async with self._settling:
            if self._open_search is not None:
                await self._settle(self._open_search)

    async def _settle(self, open_search: OpenSearch) -> None:
        config, privacy = self._server.config, self._server.privacy
        uris = self._uris if config.index else ()
        roots = await asyncio.to_thread(_roots, uris, privacy)
        gone = [folder for folder in self.folders if folder.root not in roots]
        known = {folder.root: folder for folder in self.folders if folder.root in roots}
        self.folders = [known.get(root) or Folder(self._server, root, open_search, self._problems) for root in roots]
        for folder in gone:
            await folder.leave()
        if self._is_following:
            for folder in self.folders[:MAX_FOLDERS]:
                await folder.follow(self._followers)
            if len(self.folders) > MAX_FOLDERS:
                self._server.status.log(f"Only {MAX_FOLDERS} of {len(self.folders)} folders are indexed.")

    async def _watch(self) -> None:
        watcher = types.FileSystemWatcher("**/*")
        options = types.DidChangeWatchedFilesRegistrationOptions([watcher])
        wanted = types.Registration("fimble/files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        try:
            await self._server.client_register_capability_async(types.RegistrationParams([wanted]))
            self._is_watching = True
        except JsonRpcException as error:
            logger.info("The editor watches no files: %s", error)

    def typed(self) -> None:
        """A person types, or waits for something: what is heavy pauses."""
        self._followers.pause()

    def saved(self, uri: str) -> None:
        """A document was saved."""
        now_s = asyncio.get_running_loop().time()
        is_scan_due = not self._is_watching and now_s - self._scanned_s >= RESCAN_EVERY_S
        if is_scan_due:
            self._scanned_s = now_s
        path = _local(uri)
        for folder in self.folders:
            if path is not None and path.is_relative_to(folder.root):
                folder.tell({"changed": [str(path)], "rescan": is_scan_due})

    def files_changed(self, events: Iterable[types.FileEvent]) -> None:
        """Files were written, made or deleted, by the editor or by anybody."""
        changes = [(path, event.type) for event in events if (path := _local(event.uri)) is not None]
        for folder in self.folders:
            own = [
                (str(path), kind)
                for path, kind in changes
                if path.is_relative_to(folder.root) and _SKIPPED.isdisjoint(path.relative_to(folder.root).parts)
            ]
            if len(own) > MAX_NAMED:
                folder.tell({"rescan": True})
            elif own:
                deleted = [path for path, kind in own if kind == types.FileChangeType.Deleted]
                changed = [path for path, kind in own if kind != types.FileChangeType.Deleted]
                folder.tell({"changed": changed, "deleted": deleted})

    async def symbols(self, query: str, limit: int) -> Found:
        """What is called so; where the query is no name, or nothing has it, the answers to it as a question."""
        if is_name(query):
            found, _ = await self._of_all(self._names_thread, lambda folder: folder.search.named(query, limit), limit)
            if found or not query.strip():
                return found
        return (await self.ask(query, limit))[0]

    async def ask(self, query: str, limit: int) -> tuple[Found, tuple[str, ...]]:
        """The best answers to a question in plain words, and what a person should know of them."""
        found, notes = await self._of_all(self._search_thread, lambda folder: folder.search.ask(query, limit), limit)
        return found, tuple(dict.fromkeys((*notes, *self._lacking())))

    def _lacking(self) -> list[str]:
        """Why there may be less than a person expects."""
        if not self._server.config.index:
            return ["The option index is off, so nothing can be searched."]
        if not self.folders:
            return ["No folder is open, so there is nothing to search."]
        return [
            f"{folder.root} is your home folder, so it is not indexed." for folder in self.folders if folder.is_left_out
        ]

    async def _of_all(
        self, thread: Executor, answer: Callable[[Folder], Answer], limit: int
    ) -> tuple[Found, tuple[str, ...]]:
        """Every folder's answer, without files that may not be read; what fails is a note."""
        privacy = self._server.privacy
        loop = asyncio.get_running_loop()

        def on_thread(folder: Folder) -> Answer:
            try:
                given = answer(folder)
            except FimbleError as error:
                return Answer((), (str(error),))
            except Exception as error:
                logger.exception("Searching failed")
                return Answer((), (f"Searching {folder.root} failed ({type(error).__name__}: {error}).",))
            readable = tuple(hit for hit in given.hits if privacy.may_read(folder.root / hit.path))
            return Answer(readable, given.notes)

        folders = list(self.folders)
        answers = await asyncio.gather(*(loop.run_in_executor(thread, on_thread, folder) for folder in folders))
        notes = dict.fromkeys(note for each in answers for note in each.notes)
        return merged(zip((folder.root for folder in folders), answers, strict=True), limit), tuple(notes)

    async def close(self) -> None:
        """The session ends: no process is left behind."""
        self._open_search = None
        for task in self._tasks:
            task.cancel()
        folders, self.folders = self.folders, []
        for thread in (self._names_thread, self._search_thread):
            thread.shutdown(wait=False, cancel_futures=True)
        await asyncio.gather(*(folder.leave() for folder in folders))


def _roots(uris: Sequence[str], privacy: Privacy) -> list[Path]:
    """The folders that are here and may be read, in their order."""
    paths = dict.fromkeys(path for uri in uris if (path := _local(uri)) is not None)
    return [path for path in paths if path.is_dir() and privacy.may_read(path)]


def _local(uri: str) -> Path | None:
    """The path of a file on this machine; nothing for whatever else an editor opens."""
    if not uri.lower().startswith("file:"):
        return None
    path = path_of(uri)
    return None if path.startswith("//") or "\0" in path else Path(path)
