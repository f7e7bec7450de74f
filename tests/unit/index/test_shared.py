"""What is open of an index is open once, and answers as if it were open for one alone."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from fimble.index import view
from fimble.index.indexer import Indexer
from fimble.index.names import Names
from fimble.index.places import Place, place_of
from fimble.index.reader import Reader
from fimble.index.searcher import Searcher
from fimble.index.shared import NAMES, READERS, VIEWS, Shared
from fimble.index.store import Store
from fimble.index.view import Views
from fimble.privacy import Privacy
from tests.unit.index.contents import cut

QUERIES = ("upload a file", "send", "number 3", "client number 17", "nothing of the kind", "")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    (tmp_path / "work").mkdir()
    for number in range(30):
        write(tmp_path / "work", number)
    place = place_of(tmp_path / "work")
    index(place)
    return place


def write(root: Path, number: int, verb: str = "upload") -> None:
    text = f'def {verb}_{number}(path):\n    """Send the file number {number} to the client."""\n    return path\n'
    (root / f"part{number}.py").write_text(text)


def index(place: Place) -> None:
    store = Store.open(place.folder)
    Indexer(place.root, store, Privacy([], [place.root]), cut).scan()
    store.close()


def answers(searcher: Searcher, names: Names) -> list[object]:
    found: list[object] = [searcher.search(query, 10) for query in QUERIES]
    return [*found, *(names.like(query, 10) for query in QUERIES)]


def test_there_is_one_while_anybody_holds_it(place: Place) -> None:
    views, names, reader = VIEWS.get(place.folder), NAMES.get(place.folder), READERS.get(place.folder)
    assert VIEWS.get(place.folder) is views and NAMES.get(place.folder) is names
    assert views._reader is names._reader is reader
    views.latest()
    names.like("up", 3)
    database = place.folder / "index.db"
    assert str(database) in {one.path for one in psutil.Process().open_files()}
    del views
    gc.collect()
    assert len(VIEWS) == 0, "who only asks for names keeps no vectors"
    del names, reader
    gc.collect()
    assert len(READERS) == len(NAMES) == 0
    assert str(database) not in {one.path for one in psutil.Process().open_files()}


def test_many_at_once_are_answered_as_one_alone(place: Place) -> None:
    alone_reader = Reader(place.folder)
    alone = answers(Searcher(alone_reader, Views(alone_reader)), Names(alone_reader))

    def session(_: int) -> list[object]:
        reader, views, names = READERS.get(place.folder), VIEWS.get(place.folder), NAMES.get(place.folder)
        return answers(Searcher(reader, views), names)

    with ThreadPoolExecutor(8) as pool:
        assert all(found == alone for found in pool.map(session, range(24)))
    alone_reader.close()


def test_what_is_saved_is_found_by_all(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # the machine may be busy: what was saved is waited for
    monkeypatch.setattr(view, "_PATIENCE_S", 60.0)
    held = [(Searcher(READERS.get(place.folder), VIEWS.get(place.folder)), NAMES.get(place.folder)) for _ in range(3)]
    for searcher, names in held:
        answers(searcher, names)
    write(place.root, 3, "retract")
    index(place)
    fresh = Reader(place.folder)
    for searcher, _ in held:
        assert searcher.search("retract", 3).hits == Searcher(fresh, Views(fresh)).search("retract", 3).hits != ()
    fresh.close()


def test_one_that_leaves_closes_nothing_for_the_others(place: Place) -> None:
    first = READERS.get(place.folder)
    second = READERS.get(place.folder)
    expected = second.paths()
    del first
    gc.collect()
    assert second.paths() == expected and second.named("upload_3")


def test_it_is_made_once_for_all_threads() -> None:
    class Made:
        pass

    num_made = [0]
    barrier = threading.Barrier(8)

    def make(_: str) -> Made:
        num_made[0] += 1
        return Made()

    shared: Shared[str, Made] = Shared(make)

    def get(_: int) -> Made:
        barrier.wait()
        return shared.get("a")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(get, range(8)))) == 1
    assert num_made == [1]
