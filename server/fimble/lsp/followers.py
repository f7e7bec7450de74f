"""Who follows which folder: any number of sessions, each folder once, all in one process.

What one window disables is read for none: an index is shared, and no window may find in it what its person
has disabled there. Of two limits the smaller holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fimble.lsp.follower import AGAIN_S, Follower, Line

logger = logging.getLogger(__name__)

IS_HOME = "home"
"""The ``code`` of a problem: the folder is so wide that a person has to be asked first."""
PAUSE_MS, PAUSE_EVERY_S = 1500, 0.5
"""A key stops what is heavy for so long, and is told at most so often."""
_MAX_PROBLEMS = 8
"""Of a folder, that a session which comes later is told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a session asks for one folder's index."""

    disabled_paths: tuple[str, ...] = ()
    max_files: int = 50_000
    max_mb: int = 1024


class Followers:
    """Used on one event loop's thread, by all sessions of it. Raises nothing."""

    def __init__(self, environ: Mapping[str, str] | None = None, delays_s: tuple[float, ...] = AGAIN_S) -> None:
        """``environ`` lies over this process's own, ``delays_s`` say when a process that failed is started again."""
        self._folders: dict[Path, _Folder] = {}
        self._follower = Follower(self._first_orders, self._heard, environ, delays_s)
        self._ending: asyncio.Task[None] | None = None
        self._paused_s = float("-inf")

    @property
    def pid(self) -> int | None:
        """Of the process that keeps the indexes, while it runs."""
        return self._follower.pid

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that are followed."""
        return tuple(self._folders)

    def subscribe(self, root: Path, wanted: Wanted, on_line: Callable[[Line], None]) -> Subscription:
        """Follow ``root``, resolved, from now on. ``on_line`` is handed what is said of it, and first what was said.

        Every subscription is to be left.
        """
        folder = self._folders.get(root)
        subscription = Subscription(self, root, wanted, on_line)
        if folder is None:
            folder = self._folders[root] = _Folder(root)
            folder.subscriptions.append(subscription)
            folder.combined = folder.combine()
            self._begin(folder)
        else:
            folder.subscriptions.append(subscription)
            self._settle(folder)
            if folder.has_failed or not self._follower.is_at_work:
                folder.forget()
                self._begin(folder)
            for line in folder.said():
                subscription.hear(line)
        return subscription

    def pause(self) -> None:
        """A person types, or waits for something: what is heavy pauses, in all folders."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._paused_s >= PAUSE_EVERY_S:
            self._paused_s = now_s
            self._follower.tell({"pause_ms": PAUSE_MS})

    async def close(self) -> None:
        """No folder is followed any more, and no process is left behind."""
        self._folders.clear()
        await self._ended()

    def tell(self, root: Path, order: Line) -> None:
        """Pass on what happened to files in ``root``."""
        if root in self._folders:
            self._follower.tell({"root": str(root), **order})

    def change(self, root: Path) -> None:
        """One of the subscriptions to ``root`` asks for something else."""
        if (folder := self._folders.get(root)) is not None:
            self._settle(folder)

    def allow(self, root: Path) -> None:
        """A person said that ``root`` is to be indexed, though it is so wide."""
        folder = self._folders.get(root)
        if folder is not None and not folder.is_allowed:
            folder.is_allowed = True
            folder.forget()
            self._follower.tell(folder.order())

    async def leave(self, subscription: Subscription) -> None:
        """The last that leaves a folder ends its work, and the last folder ends the process."""
        folder = self._folders.get(subscription.root)
        if folder is None or subscription not in folder.subscriptions:
            return
        folder.subscriptions.remove(subscription)
        if folder.subscriptions:
            self._settle(folder)
            return
        del self._folders[folder.root]
        self._follower.tell({"root": str(folder.root), "leave": True})
        if not self._folders:
            await self._ended()

    def _begin(self, folder: _Folder) -> None:
        if self._follower.is_at_work:
            self._follower.tell(folder.order())
        elif self._ending is None:
            for each in self._folders.values():
                each.forget()
            self._follower.start()

    async def _ended(self) -> None:
        """The process has ended; another one is started where somebody came meanwhile."""
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._follower.close())
        ending = self._ending
        await asyncio.shield(ending)
        if self._ending is ending:
            self._ending = None
            if self._folders:
                self._follower.start()

    def _settle(self, folder: _Folder) -> None:
        """Tell the process what the sessions ask for together, where that is something else now."""
        before, folder.combined = folder.combined, folder.combine()
        if folder.combined.limits != before.limits:
            folder.forget()
            self._follower.tell(folder.order())
        elif folder.combined != before:
            lists = [list(paths) for paths in folder.combined.disabled]
            self._follower.tell({"root": str(folder.root), "disabled_paths": lists})

    def _first_orders(self) -> Iterator[Line]:
        for folder in self._folders.values():
            yield folder.order()

    def _heard(self, line: Line) -> None:
        root = line.get("root")
        for folder in list(self._folders.values()):
            if root is None or root == str(folder.root):
                folder.heard(line)


class Subscription:
    """One session's share in a folder."""

    def __init__(self, followers: Followers, root: Path, wanted: Wanted, on_line: Callable[[Line], None]) -> None:
        self.root, self.wanted = root, wanted
        self._followers, self._on_line = followers, on_line

    def change(self, wanted: Wanted) -> None:
        """Ask for something else."""
        self.wanted = wanted
        self._followers.change(self.root)

    def allow(self) -> None:
        """The person said that the folder is to be indexed, though it is so wide."""
        self._followers.allow(self.root)

    def tell(self, order: Line) -> None:
        """Pass on what happened to files."""
        self._followers.tell(self.root, order)

    def hear(self, line: Line) -> None:
        """A session that fails over a line takes it from no other."""
        try:
            self._on_line(line)
        except Exception:
            logger.exception("What the index says is not understood")

    async def leave(self) -> None:
        """Follow no more; where that ends the process, it has ended then."""
        await self._followers.leave(self)


@dataclass(frozen=True, slots=True)
class _Combined:
    """What all sessions ask for together."""

    disabled: tuple[tuple[str, ...], ...]
    """Each list forbids by itself: an exception in one opens nothing that another forbids."""
    limits: tuple[int, int]
    """Files and MB."""


class _Folder:
    """One folder that is followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.subscriptions: list[Subscription] = []
        self.is_allowed = False
        self.combined = _Combined((), (0, 0))
        self.has_failed = False
        """Whether the process has given it up."""
        self._ready: dict[object, Line] = {}
        self._problems: dict[object, Line] = {}

    def combine(self) -> _Combined:
        wishes = [one.wanted for one in self.subscriptions]
        disabled = dict.fromkeys(one.disabled_paths for one in wishes if one.disabled_paths)
        limits = min(one.max_files for one in wishes), min(one.max_mb for one in wishes)
        return _Combined(tuple(sorted(disabled)), limits)

    def order(self) -> Line:
        """Follow it, from now on or otherwise than before."""
        max_files, max_mb = self.combined.limits
        return {
            "root": str(self.root),
            "follow": {"max_files": max_files, "max_mb": max_mb, "is_allowed": self.is_allowed},
            "disabled_paths": [list(paths) for paths in self.combined.disabled],
        }

    def heard(self, line: Line) -> None:
        if "ended" in line:
            self.has_failed = True
            return
        if "ready" in line:
            self._ready[line["ready"]] = line
        elif "problem" in line and (line["problem"] in self._problems or len(self._problems) < _MAX_PROBLEMS):
            self._problems[line["problem"]] = line
        for one in list(self.subscriptions):
            one.hear(line)

    def said(self) -> list[Line]:
        """What a session that comes later has to know."""
        return [*self._problems.values(), *self._ready.values()]

    def forget(self) -> None:
        """It is followed anew: what was said is not so any more."""
        self.has_failed = False
        self._ready.clear()
        self._problems.clear()
