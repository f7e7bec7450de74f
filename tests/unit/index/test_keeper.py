"""Several workspaces in one process: each for itself, told of by its name."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fimble.errors import FolderTooWide, IndexUnavailable
from fimble.index import worker as working
from fimble.index.indexer import Indexer
from fimble.index.keeper import Keeper
from fimble.index.orders import Order, Wish, order_of
from fimble.index.places import place_of
from fimble.index.reader import Reader
from fimble.index.store import Store
from fimble.index.worker import Tell, Worker
from fimble.privacy import Privacy
from tests.unit.index.contents import cut
from tests.unit.index.test_worker import Told

TIMEOUT_S = 20.0
WISH = Wish(1000, 64)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    # a keeper has a process of its own; the one of these tests holds what all the others have loaded
    monkeypatch.setattr(working, "MAX_MEMORY_MB", 1_000_000)


@pytest.fixture
def roots(tmp_path: Path) -> list[str]:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.py").write_text(f"def in_{name}():\n    pass\n")
        made.append(str(tmp_path / name))
    return made


def make_worker(root: str, wish: Wish, disabled: Sequence[Sequence[str]], tell: Tell) -> Worker:
    place = place_of(Path(root))
    if "wide" in root and not wish.is_allowed:
        raise FolderTooWide(f"{root} is wide.", "Name another.")

    def make(store: Store, privacy: Privacy, on_note: Callable[[str], None]) -> Indexer:
        return Indexer(place.root, store, privacy, cut, None, wish.max_files, on_note)

    return Worker(place, make, (), wish.max_mb, tell, also_disabled=disabled)


class Kept:
    """A keeper and what it says."""

    def __init__(self, make: Callable[..., Worker] = make_worker) -> None:
        self.told = Told()
        self.keeper = Keeper(make, self.told, delays_s=(0.05, 0.05))

    def ready(self, root: str) -> None:
        self.told.wait(lambda line: line == {"root": root, "ready": "words"})

    def order(self, **values: Any) -> None:
        self.keeper.hear(Order(**values))


@pytest.fixture
def kept() -> Iterator[Kept]:
    kept = Kept()
    yield kept
    kept.keeper.close(TIMEOUT_S)
    assert not [one for one in threading.enumerate() if one.name == "fimble-index"]


def names(root: str) -> set[str]:
    return set(Reader(place_of(Path(root)).folder).paths())


def test_each_is_told_of_by_its_name_and_told_what_concerns_it(kept: Kept, roots: list[str]) -> None:
    for root in roots:
        kept.order(root=root, wish=WISH)
        kept.ready(root)
    new = Path(roots[1]) / "new.py"
    new.write_text("def brand_new():\n    pass\n")
    kept.order(root=roots[1], changed=(new,))
    assert kept.told.wait(lambda line: "updated" in line) == {"root": roots[1], "updated": ["new.py"]}
    assert [names(root) for root in roots] == [{"one.py"}, {"two.py", "new.py"}]


def test_what_names_no_folder_is_for_all(kept: Kept, roots: list[str]) -> None:
    for root in roots:
        kept.order(root=root, wish=WISH)
        kept.ready(root)
        (Path(root) / "more.py").write_text("")
    kept.order(is_rescan=True)
    for _ in roots:
        kept.told.wait(lambda line: line.get("ready") == "words")
    assert all("more.py" in names(root) for root in roots)


def test_what_is_disabled_is_never_read_and_an_exception_opens_nothing(kept: Kept, roots: list[str]) -> None:
    root = roots[0]
    (Path(root) / "hidden.py").write_text("def hidden():\n    pass\n")
    (Path(root) / "open.py").write_text("def open_to_all():\n    pass\n")
    kept.order(root=root, wish=WISH, disabled_paths=(("hidden.py",), ("one.py", "!hidden.py")))
    kept.ready(root)
    assert names(root) == {"open.py"}
    kept.order(root=root, disabled_paths=(("one.py", "!hidden.py"),))
    kept.ready(root)
    assert names(root) == {"open.py", "hidden.py"}


def test_one_that_fails_leaves_the_others_alone_and_is_given_up(roots: list[str], tmp_path: Path) -> None:
    tries: list[str] = []

    def failing(root: str, *rest: Any) -> Worker:
        worker = make_worker(root, *rest)
        if root == roots[0]:
            run = worker.run

            def counted() -> None:
                tries.append(root)
                run()

            worker.run = counted  # type: ignore[method-assign]
        return worker

    kept = Kept(failing)
    place = place_of(Path(roots[0]))
    place.folder.parent.mkdir(parents=True)
    place.folder.write_text("a file where the index should be")
    kept.order(root=roots[0], wish=WISH)
    kept.order(root=roots[1], wish=WISH)
    kept.told.wait(lambda line: line == {"root": roots[0], "ended": True})
    assert tries == [roots[0]] * 3
    kept.order(is_rescan=True)
    kept.ready(roots[1])
    place.folder.unlink()
    kept.order(root=roots[0], wish=WISH)
    kept.ready(roots[0])
    kept.keeper.close(TIMEOUT_S)


def test_whatever_fails_is_told(roots: list[str]) -> None:
    def failing(root: str, *rest: Any) -> Worker:
        raise IndexUnavailable("It cannot be.", "Leave it.") if root == roots[0] else RuntimeError("boom")

    kept = Kept(failing)
    kept.order(root=roots[0], wish=WISH)
    assert kept.told.key("problem") == "It cannot be. Leave it."
    kept.told.wait(lambda line: line == {"root": roots[0], "ended": True})
    kept.order(root=roots[1], wish=WISH)
    assert kept.told.key("problem") == "The index fails (RuntimeError: boom)."
    kept.keeper.close(TIMEOUT_S)


def test_a_wide_folder_is_followed_once_it_is_allowed(kept: Kept, tmp_path: Path) -> None:
    root = tmp_path / "wide"
    root.mkdir()
    kept.order(root=str(root), wish=WISH)
    problem = kept.told.wait(lambda line: "problem" in line)
    assert problem == {"root": str(root), "problem": f"{root} is wide.", "code": "home"}
    kept.order(root=str(root), wish=Wish(10, 64, is_allowed=True))
    kept.ready(str(root))


def test_one_that_is_left_ends_and_can_come_back(kept: Kept, roots: list[str]) -> None:
    for _ in range(3):
        kept.order(root=roots[0], wish=WISH)
        kept.ready(roots[0])
        kept.order(root=roots[0], is_leaving=True)
    assert not [line for line in kept.told.lines if "note" in line], "it does not wait for itself"
    kept.order(root=roots[0], wish=WISH)
    kept.order(root=roots[0], wish=Wish(1000, 32))
    kept.ready(roots[0])
    assert not [line for line in kept.told.lines if "note" in line]


def test_one_that_another_process_keeps_is_waited_for_and_can_be_left(kept: Kept, roots: list[str]) -> None:
    with place_of(Path(roots[0])).locked(wait=False):
        kept.order(root=roots[0], wish=WISH)
        assert "takes over" in kept.told.key("note")
        kept.order(root=roots[1], wish=WISH)
        kept.ready(roots[1])
        kept.order(root=roots[0], is_leaving=True)
        kept.keeper.close(TIMEOUT_S)
    assert names(roots[0]) == set()


def test_a_workspace_that_is_deleted_under_it_is_its_own_affair(kept: Kept, roots: list[str]) -> None:
    for root in roots:
        kept.order(root=root, wish=WISH)
        kept.ready(root)
    shutil.rmtree(roots[0])
    kept.order(root=roots[0], is_rescan=True)
    assert "is not there" in kept.told.wait(lambda line: "note" in line)["note"]
    kept.order(root=roots[1], is_rescan=True)
    kept.ready(roots[1])


def test_what_is_no_order_is_told(kept: Kept) -> None:
    kept.keeper.hear(order_of("nonsense"))
    assert "does not understand" in kept.told.key("note")
    for line in ('{"root": "/none", "changed": ["/none/a"]}', '{"root": "/none", "leave": true}', "{}"):
        kept.keeper.hear(order_of(line))
    assert kept.told.lines == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '{"root": "/w", "follow": {"max_files": 5, "max_mb": 6}, "disabled_paths": [["a"], ["b", "!a"]]}',
            Order(root="/w", wish=Wish(5, 6), disabled_paths=(("a",), ("b", "!a"))),
        ),
        (
            '{"root": "/w", "follow": {"max_files": 5, "max_mb": 6, "is_allowed": true}}',
            Order(root="/w", wish=Wish(5, 6, True)),
        ),
        ('{"root": "/w", "follow": {"max_files": 5, "max_mb": 6, "is_allowed": 1}}', Order(root="/w", wish=Wish(5, 6))),
        ('{"root": "/w", "leave": true}', Order(root="/w", is_leaving=True)),
        ('{"root": "/w", "disabled_paths": []}', Order(root="/w", disabled_paths=())),
        ('{"follow": {"max_files": 5, "max_mb": 6}}', Order()),
    ],
)
def test_orders_about_a_folder(line: str, expected: Order) -> None:
    assert order_of(line) == expected


@pytest.mark.parametrize(
    "line",
    ['{"root": 3}', '{"root": "a\\u0000b"}', '{"root": "/w", "follow": {}}', '{"root": "/w", "follow": 3}',
     '{"root": "/w", "follow": {"max_files": "x", "max_mb": 1}}', '{"disabled_paths": [["a"], "b"]}',
     '{"disabled_paths": [[1]]}'],
)  # fmt: skip
def test_what_means_nothing_has_a_problem(line: str) -> None:
    assert order_of(line).problem
