"""One folder of the workspace: it can be searched, its index is kept, and a person sees how far that is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.features.search import OpenSearch, Search
from fimble.lsp.follower import IS_HOME, Follower, Line
from fimble.lsp.progress import Progress

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.index.names import Names
    from fimble.lsp.server import FimbleServer

SHOWN_AFTER_S = 3.0
"""A first index that takes longer is shown; what is done sooner is not worth a person's look."""
_TOLD_EVERY_S = 1.0
INDEX_IT, LEAVE_IT = "Index it", "No"


class Folder:
    """Used on the event loop's thread; ``search`` on any."""

    def __init__(self, server: FimbleServer, root: Path, open_search: OpenSearch) -> None:
        self.root = root
        self.is_left_out = False
        """Whether it is so wide that it is not indexed unless a person says so."""
        config = server.config
        self.search = Search(lambda: _open_names(root), lambda: open_search(root, config, server.in_english))
        self._server = server
        self._follower: Follower | None = None
        self._environ: dict[str, str] = {}
        self._disabled_paths: tuple[str, ...] = ()
        self._is_first = False
        """Whether the index is made for the first time."""
        self._progress: Progress | None = None
        self._begun_s: float | None = None
        self._told_s = 0.0
        self._problems: set[str] = set()
        self._asking: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that keeps the index, while it runs."""
        return self._follower.pid if self._follower else None

    async def follow(self) -> None:
        """Keep the index from now on, as the options say it; anew where they have changed."""
        config = self._server.config
        environ = _environ(config)
        if self._follower is not None and environ == self._environ:
            if config.disabled_paths != self._disabled_paths:
                self._disabled_paths = config.disabled_paths
                self._follower.tell({"disabled_paths": list(config.disabled_paths)})
            return
        await self.leave()
        self._environ, self._disabled_paths = environ, config.disabled_paths
        self._is_first = not await asyncio.to_thread(_is_read, self.root)
        self._start(is_allowed=False)

    async def leave(self) -> None:
        """Keep the index no more."""
        follower, self._follower = self._follower, None
        if self._asking is not None:
            self._asking.cancel()
        self._end_progress("")
        if follower is not None:
            await follower.close()

    def tell(self, order: Line) -> None:
        """Pass on what happened to files, or that a person types."""
        if self._follower is not None:
            self._follower.tell(order)

    def _start(self, is_allowed: bool) -> None:
        self._follower = Follower(self.root, self._environ, self._heard)
        disabled = [{"disabled_paths": list(self._disabled_paths)}] if self._disabled_paths else []
        self._follower.start(disabled, is_allowed)

    def _heard(self, line: Line) -> None:
        status = self._server.status
        if line.get("code") == IS_HOME:
            self._ask()
        elif "problem" in line:
            problem = str(line["problem"])
            status.log(problem)
            if problem not in self._problems:
                self._problems.add(problem)
                status.warn(problem)
        elif "note" in line:
            status.log(f"{self.root.name}: {line['note']}")
        elif "ready" in line:
            status.log(f"{self.root.name}: {line['ready']} can be searched")
            self._end_progress("it can be searched")
        elif line.get("phase") == "words" and self._is_first:
            self._show(line.get("done"), line.get("total"))

    def _show(self, done: object, total: object) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._begun_s is None:
            self._begun_s = now_s
        if now_s - self._begun_s < SHOWN_AFTER_S or now_s - self._told_s < _TOLD_EVERY_S:
            return
        self._told_s = now_s
        if self._progress is None:
            self._progress = Progress(self._server, f"fimble: reading {self.root.name}", f"fimble/index/{self.root}")
        self._progress.report(f"{done} of {total} files")

    def _end_progress(self, message: str) -> None:
        self._is_first, self._begun_s = False, None
        if self._progress is not None:
            self._progress.end(message)
            self._progress = None

    def _ask(self) -> None:
        """Whether a folder that holds all of a person's files shall be read."""
        self.is_left_out = True
        self._end_progress("")
        self._asking = asyncio.ensure_future(self._asked())

    async def _asked(self) -> None:
        question = types.ShowMessageRequestParams(
            types.MessageType.Info,
            f"fimble: {self.root} is or holds your home folder. Shall all of it be indexed for search?",
            [types.MessageActionItem(INDEX_IT), types.MessageActionItem(LEAVE_IT)],
        )
        chosen = await _answer(self._server, question)
        if chosen == INDEX_IT and self.is_left_out:
            self.is_left_out = False
            self._is_first = True
            self._start(is_allowed=True)


async def _answer(server: FimbleServer, question: types.ShowMessageRequestParams) -> str:
    """What the person chose; empty where they chose nothing, or the editor cannot ask."""
    from pygls.exceptions import JsonRpcException

    try:
        chosen = await server.window_show_message_request_async(question)
    except JsonRpcException:
        return ""
    return chosen.title if chosen is not None else ""


def _open_names(root: Path) -> Names:
    from fimble.index.names import Names
    from fimble.index.places import place_of
    from fimble.index.reader import Reader

    return Names(Reader(place_of(root).folder))


def _is_read(root: Path) -> bool:
    """Whether all of the workspace was read once."""
    from fimble.errors import FimbleError
    from fimble.index.places import place_of
    from fimble.index.reader import Reader

    try:
        reader = Reader(place_of(root).folder)
        try:
            return reader.meta("words_complete") == "1"
        finally:
            reader.close()
    except FimbleError:
        return False


def _environ(config: Config) -> dict[str, str]:
    """The options of this session for a process that reads the person's own."""
    return {
        "FIMBLE_INDEX": "on",
        "FIMBLE_INDEX_MAX_FILES": str(config.index_max_files),
        "FIMBLE_INDEX_MB": str(config.index_mb),
    }
