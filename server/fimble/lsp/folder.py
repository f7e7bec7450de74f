"""One folder of the workspace: it can be searched, its index is kept, and a person sees how far that is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.features.search import OpenSearch, Search
from fimble.lsp.follower import Line
from fimble.lsp.followers import IS_HOME, Subscription, Wanted
from fimble.lsp.progress import Progress

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.index.names import Names
    from fimble.lsp.followers import Followers
    from fimble.lsp.server import FimbleServer

SHOWN_AFTER_S = 3.0
"""A first index that takes longer is shown; what is done sooner is not worth a person's look."""
_TOLD_EVERY_S = 1.0
INDEX_IT, LEAVE_IT = "Index it", "No"


class Folder:
    """Used on the event loop's thread; ``search`` on any."""

    def __init__(self, server: FimbleServer, root: Path, open_search: OpenSearch, problems: set[str]) -> None:
        """``problems`` are those that the person knows of, in any folder."""
        self.root = root
        self.is_left_out = False
        """Whether it is so wide that it is not indexed unless a person says so."""
        config = server.config
        self.search = Search(lambda: _open_names(root), lambda: open_search(root, config, server.in_english))
        self._server = server
        self._subscription: Subscription | None = None
        self._is_first = False
        """Whether the index is made for the first time."""
        self._progress: Progress | None = None
        self._begun_s: float | None = None
        self._told_s = 0.0
        self._problems = problems
        self._asking: asyncio.Task[None] | None = None
        self._is_left = False

    async def follow(self, followers: Followers) -> None:
        """Keep the index from now on, as the options say it; otherwise where they have changed."""
        wanted = _wanted(self._server.config)
        if self._subscription is not None:
            if wanted != self._subscription.wanted:
                self._subscription.change(wanted)
            return
        root, is_read = await asyncio.to_thread(_known_of, self.root)
        if self._is_left:  # the session ended meanwhile
            return
        self._is_first = not is_read
        self._subscription = followers.subscribe(root, wanted, self._heard)

    async def leave(self) -> None:
        """Keep the index no more."""
        self._is_left = True
        subscription, self._subscription = self._subscription, None
        if self._asking is not None:
            self._asking.cancel()
        self._end_progress("")
        self.search.close()
        if subscription is not None:
            await subscription.leave()

    def tell(self, order: Line) -> None:
        """Pass on what happened to files."""
        if self._subscription is not None:
            self._subscription.tell(order)

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
            self.is_left_out = False
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
        if chosen == INDEX_IT and self.is_left_out and self._subscription is not None:
            self.is_left_out = False
            self._is_first = True
            self._subscription.allow()


async def _answer(server: FimbleServer, question: types.ShowMessageRequestParams) -> str:
    """What the person chose; empty where they chose nothing, or the editor cannot ask."""
    from pygls.exceptions import JsonRpcException

    try:
        chosen = await server.window_show_message_request_async(question)
    except JsonRpcException:
        return ""
    return chosen.title if chosen is not None else ""


def _open_names(root: Path) -> Names:
    from fimble.index.places import place_of
    from fimble.index.shared import NAMES

    return NAMES.get(place_of(root).folder)


def _known_of(root: Path) -> tuple[Path, bool]:
    """The folder without links, and whether all of it was read once."""
    from fimble.errors import FimbleError
    from fimble.index.places import place_of
    from fimble.index.reader import Reader

    try:
        place = place_of(root)
        reader = Reader(place.folder)
        try:
            return place.root, reader.meta("words_complete") == "1"
        finally:
            reader.close()
    except FimbleError:
        return root, False


def _wanted(config: Config) -> Wanted:
    return Wanted(config.disabled_paths, config.index_max_files, config.index_mb)
