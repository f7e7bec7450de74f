"""What the indexes of a workspace are told, and how often."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from lsprotocol import types

from fimble.config import Config
from fimble.errors import IndexUnavailable
from fimble.features.search import Search
from fimble.index.records import Answer, Hit, Kind
from fimble.lsp.folder import Folder
from fimble.lsp.followers import Followers
from fimble.lsp.workspace import MAX_NAMED, Workspace
from fimble.privacy import Privacy

HIT = Hit("a.py", "upload", Kind.FUNCTION, 3, 9, "def upload()", "def upload():", 3, 1.0, ("its name",))


class Told:
    """A folder that only remembers what it was told."""

    is_left_out = False

    def __init__(self, root: Path, search: Search | None = None) -> None:
        self.root, self.search = root, search
        self.orders: list[dict[str, Any]] = []

    def tell(self, order: dict[str, Any]) -> None:
        self.orders.append(order)

    async def leave(self) -> None:
        pass


def workspace(*folders: Told, disabled: tuple[str, ...] = (), **options: Any) -> Workspace:
    server = SimpleNamespace(config=Config(**options), privacy=Privacy(disabled))
    made = Workspace(cast(Any, server), None)
    made.folders = cast("list[Folder]", list(folders))
    return made


def search_that(answer: Answer | Exception) -> Search:
    class Scripted:
        def search(self, query: str, limit: int = 20) -> Answer:
            if isinstance(answer, Exception):
                raise answer
            return answer

        def like(self, name: str, limit: int) -> list[Hit]:
            return list(answer.hits) if isinstance(answer, Answer) and name == "upload" else []

    return Search(lambda: cast(Any, Scripted()), Scripted)


async def test_a_save_is_told_where_it_was_and_elsewhere_all_is_looked_at_now_and_then() -> None:
    one, two = Told(Path("/w/one")), Told(Path("/w/two"))
    made = workspace(one, two)
    for uri in ("file:///w/one/a%20b.py", "file:///w/one/c.py", "untitled:Untitled-1", "file:///w/other.py"):
        made.saved(uri)
    assert one.orders == [
        {"changed": ["/w/one/a b.py"], "rescan": True},
        {"changed": ["/w/one/c.py"], "rescan": False},
    ]
    assert two.orders == []
    await made.close()


async def test_files_that_change_are_told_to_the_folder_that_holds_them() -> None:
    one, two = Told(Path("/w/one")), Told(Path("/w/two"))
    made = workspace(one, two)
    changed, deleted = types.FileChangeType.Changed, types.FileChangeType.Deleted
    made.files_changed(
        [
            types.FileEvent("file:///w/one/a.py", changed),
            types.FileEvent("file:///w/one/b.py", deleted),
            types.FileEvent("file:///w/one/.git/index", changed),
            types.FileEvent("file:///w/one/node_modules/x/y.js", changed),
            types.FileEvent("file:///w/two/.git/HEAD", changed),
            types.FileEvent("git:/w/two/a.py", changed),
        ]
    )
    assert one.orders == [{"changed": ["/w/one/a.py"], "deleted": ["/w/one/b.py"]}]
    assert two.orders == []
    await made.close()


async def test_very_many_changes_are_one_order() -> None:
    folder = Told(Path("/w"))
    made = workspace(folder)
    events = [types.FileEvent(f"file:///w/{n}.py", types.FileChangeType.Changed) for n in range(MAX_NAMED + 1)]
    made.files_changed(events)
    assert folder.orders == [{"rescan": True}]
    await made.close()


async def test_a_folder_that_fails_is_a_note_and_the_others_answer() -> None:
    broken = Told(Path("/w/broken"), search_that(IndexUnavailable("The index cannot be read.", "Free the disk.")))
    odd = Told(Path("/w/odd"), search_that(RuntimeError("boom")))
    whole = Told(Path("/w/whole"), search_that(Answer((HIT,), ("The index is not finished.",))))
    made = workspace(broken, odd, whole)
    found, notes = await made.ask("where is it", 5)
    assert found == [(Path("/w/whole"), HIT)]
    assert notes == (
        "The index cannot be read. Free the disk.",
        "Searching /w/odd failed (RuntimeError: boom).",
        "The index is not finished.",
    )
    assert await made.symbols("where is it", 5) == found
    assert await made.symbols("upload", 5) == found
    await made.close()


async def test_private_files_are_in_no_answer() -> None:
    made = workspace(Told(Path("/w"), search_that(Answer((HIT,)))), disabled=("a.py",))
    assert await made.ask("where is it", 5) == ([], ())
    assert await made.symbols("upload", 5) == []
    await made.close()


async def test_why_there_is_nothing() -> None:
    made = workspace(index=False)
    assert (await made.ask("x y", 5))[1] == ("The option index is off, so nothing can be searched.",)
    await made.close()


async def test_a_folder_that_is_left_while_it_is_looked_at_is_not_followed(tmp_path: Path) -> None:
    """Nobody would ever leave it again, and its window would be kept as long as the process lives."""
    server = SimpleNamespace(config=Config())
    folder = Folder(cast(Any, server), tmp_path, cast(Any, None), set())
    followers = Followers()
    following = asyncio.ensure_future(folder.follow(followers))
    await asyncio.sleep(0)
    await folder.leave()
    await following
    assert followers.roots == ()
