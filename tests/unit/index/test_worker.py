from __future__ import annotations

import io
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fimble.index import indexer as indexing
from fimble.index import schema
from fimble.index import worker as module
from fimble.index.indexer import Encoding, Indexer
from fimble.index.orders import Order, order_of, read_orders
from fimble.index.places import Place, place_of
from fimble.index.reader import Reader
from fimble.index.reading import FileText, Unread, read
from fimble.index.store import Store
from fimble.index.worker import Worker
from fimble.privacy import Privacy
from tests.unit.index.contents import cut

TIMEOUT_S = 20.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    # A worker is a process of its own; the one of these tests holds what all the others have loaded.
    monkeypatch.setattr(module, "MAX_MEMORY_MB", 1_000_000)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "work").mkdir()
    return place_of(tmp_path / "work")


def write(place: Place, path: str, text: str = "def x():\n    pass\n") -> Path:
    file = place.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


class Told:
    """What a worker says, and a wait for it."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._condition = threading.Condition()

    def __call__(self, line: dict[str, Any]) -> None:
        with self._condition:
            self.lines.append(line)
            self._condition.notify_all()

    def wait(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first line for which it ``holds``; it and those before it are taken away."""
        until_s = time.monotonic() + TIMEOUT_S
        with self._condition:
            while True:
                for number, line in enumerate(self.lines):
                    if holds(line):
                        del self.lines[: number + 1]
                        return line
                assert self._condition.wait(max(until_s - time.monotonic(), 0)), self.lines

    def key(self, name: str) -> Any:
        return self.wait(lambda line: name in line)[name]


@contextmanager
def following(
    place: Place, encoding: Encoding | None = None, max_mb: int = 64, **options: Any
) -> Iterator[tuple[Worker, Told, list[BaseException]]]:
    told, failures = Told(), list[BaseException]()

    def make(store: Store, privacy: Privacy, on_note: Callable[[str], None]) -> Indexer:
        return Indexer(place.root, store, privacy, cut, encoding, 1000, on_note)

    worker = Worker(place, make, options.get("disabled", ()), max_mb, told)

    def run() -> None:
        try:
            worker.run()
        except BaseException as error:  # noqa: BLE001 (looked at by the test)
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield worker, told, failures
    finally:
        worker.orders.put(None)
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()


def order(worker: Worker, **values: Any) -> None:
    worker.orders.put(Order(**values))


def test_a_workspace_is_read_and_followed(place: Place) -> None:
    file = write(place, "a.py")
    with following(place) as (worker, told, failures):
        assert told.key("ready") == "words"
        reader = Reader(place.folder)
        assert reader.paths() == {"a.py"}
        file.write_text("def other():\n    pass\n")
        order(worker, changed=(file,))
        assert told.key("updated") == ["a.py"]
        assert [one.chunk.name for one in reader.in_file("a.py")] == ["other"]
        file.unlink()
        order(worker, changed=(file,))
        assert told.key("updated") == ["a.py"]
        assert reader.paths() == frozenset()
        write(place, "b.py")
        order(worker, is_rescan=True)
        assert told.key("ready") == "words"
        assert reader.paths() == {"b.py"}
        write(place, ".gitignore", "b.py\n")
        order(worker, changed=(place.root / ".gitignore",))
        assert told.key("ready") == "words"
        assert reader.paths() == frozenset()
    assert failures == [] and (place.folder / "root.txt").read_text() == f"{place.root}\n"


def test_disabled_paths_are_forgotten_and_come_back(place: Place) -> None:
    for name in ("a.py", "b.py", "c.py"):
        write(place, name)
    with following(place, disabled=("a.py",)) as (worker, told, _):
        assert told.key("ready") == "words"
        reader = Reader(place.folder)
        assert reader.paths() == {"b.py", "c.py"}
        order(worker, disabled_paths=(("b.py",),))
        assert told.key("ready") == "words"
        assert reader.paths() == {"c.py"}
        order(worker, disabled_paths=())
        assert told.key("ready") == "words"
        assert reader.paths() == {"b.py", "c.py"}


def test_a_file_that_every_window_tells_of_is_read_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = write(place, "a.py"), write(place, "b.py")
    read_paths: list[Path] = []
    is_free = threading.Event()

    def counted(path: Path) -> FileText | Unread:
        assert is_free.wait(TIMEOUT_S)
        read_paths.append(path)
        return read(path)

    with following(place) as (worker, told, failures):
        assert told.key("ready") == "words"
        monkeypatch.setattr(indexing, "read", counted)
        order(worker, changed=(first,))
        for _ in range(5):
            order(worker, changed=(first,))
            order(worker, changed=(second, first))
        order(worker, pause_ms=1)
        order(worker, changed=(second,))
        is_free.set()
        while read_paths[-1:] != [second] or len(read_paths) < 3:
            told.key("updated")
        order(worker, is_rescan=True)
        assert told.key("ready") == "words"
    assert failures == [] and 3 <= len(read_paths) <= 5, "not once for each window"


def embed(texts: Sequence[str]) -> npt.NDArray[np.float16]:
    return np.ones((len(texts), 3), np.float16)


def test_while_a_person_types_nothing_heavy_is_done(place: Place) -> None:
    is_typing, num_embedded = threading.Event(), [0]

    def watched(texts: Sequence[str]) -> npt.NDArray[np.float16]:
        assert not is_typing.is_set()
        num_embedded[0] += len(texts)
        time.sleep(0.02)
        return embed(texts)

    file = write(place, "a.py", "".join(f"def f{number}():\n    pass\n" for number in range(400)))
    with following(place, Encoding(watched, "ones")) as (worker, told, failures):
        told.wait(lambda line: line.get("phase") == "meaning")
        # far longer than what follows takes, on a busy machine too
        order(worker, pause_ms=4000)
        order(worker, changed=(write(place, "saved.py"),))
        assert told.key("updated") == ["saved.py"]
        is_typing.set()
        before = num_embedded[0]
        time.sleep(0.4)
        assert num_embedded[0] == before < 400
        is_typing.clear()
        assert told.key("ready") == "meaning"
        assert Reader(place.folder).counts().num_missing_vectors == 0
        file.write_text("def only():\n    pass\n")
        order(worker, changed=(file,))
        assert told.key("ready") == "meaning"
        assert Reader(place.folder).counts().num_missing_vectors == 0
    assert failures == []


def test_progress_is_told_now_and_then(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "STEP_S", 0.0)
    for number in range(300):
        write(place, f"{number}.py")
    begun_s = time.monotonic()
    with following(place) as (_, told, _):
        lines = []
        while "ready" not in (line := told.wait(lambda _: True)):
            lines.append(line)
        took_s = time.monotonic() - begun_s
    assert 1 <= len(lines) <= took_s * 4 + 3
    assert lines[-1] == {"phase": "words", "done": 301, "total": 301}


def test_a_second_one_waits_and_takes_over(place: Place) -> None:
    write(place, "a.py")
    with following(place) as (first, told, _):
        assert told.key("ready") == "words"
        with following(place) as (_, told_second, failures):
            assert "takes over" in told_second.key("note")
            write(place, "b.py")
            first.orders.put(None)
            assert told_second.key("ready") == "words"
            assert Reader(place.folder).paths() == {"a.py", "b.py"}
    assert failures == []


def test_an_index_that_is_full_is_told_once_and_stays_fresh(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "STEP_S", 0.001)
    for number in range(200):
        write(place, f"{number:03}.py", f"def f{number}():\n" + f"    word{number}()\n" * 1000)
    with following(place, max_mb=3) as (worker, told, failures):
        assert "index_mb" in told.key("problem")
        reader = Reader(place.folder)
        assert reader.named("f0") and not reader.counts().is_words_complete
        order(worker, changed=(write(place, "000.py", "def small():\n    pass\n"),))
        assert told.key("updated") == ["000.py"]
        assert reader.named("small")
        order(worker, is_rescan=True)
        assert "index_mb" in told.key("problem")
    assert failures == []


def test_damage_while_it_runs_is_mended_aloud(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_CACHE_KIB", 4)
    for number in range(200):
        write(place, f"{number}.py", f"def f{number}():\n    pass\n" * 20)
    with following(place) as (worker, told, failures):
        assert told.key("ready") == "words"
        for file in place.folder.glob("index.db*"):
            if file.suffix != ".db-shm":
                file.write_bytes(b"\xff" * file.stat().st_size)
        order(worker, is_rescan=True)
        assert "built anew" in told.key("note")
        assert told.key("ready") == "words"
        assert len(Reader(place.folder).paths()) == 200
    assert failures == []


def test_an_index_that_is_deleted_under_it_is_built_anew(place: Place) -> None:
    file = write(place, "a.py")
    with following(place) as (worker, told, failures):
        assert told.key("ready") == "words"
        shutil.rmtree(place.folder)
        order(worker, changed=(file,))
        assert "built anew" in told.key("note")
        assert told.key("ready") == "words"
        assert Reader(place.folder).paths() == {"a.py"}
    assert failures == []


def test_a_file_that_is_being_written_is_read_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.01)
    real, left = read, [3]

    def busy(path: Path) -> FileText | Unread:
        left[0] -= 1
        return Unread.CHANGING if left[0] >= 0 else real(path)

    monkeypatch.setattr(indexing, "read", busy)
    file = write(place, "a.py")
    with following(place) as (worker, told, _):
        assert told.key("ready") == "words"
        assert told.key("updated") == ["a.py"]
        left[0] = 1_000_000
        order(worker, changed=(file,))
        time.sleep(1.5)
        assert 1_000_000 - left[0] == 1 + module._MAX_TRIES


def test_too_much_memory_ends_the_search_for_meaning(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEMORY_MB", 1)
    file = write(place, "a.py")
    with following(place, Encoding(embed, "ones")) as (worker, told, failures):
        assert "memory" in told.key("problem")
        order(worker, changed=(file,))
        assert told.key("updated") == ["a.py"]
    assert failures == []


def test_a_workspace_that_is_gone_is_told(place: Place) -> None:
    shutil.rmtree(place.root)
    with following(place) as (_, _, failures):
        pass
    assert "not a folder" in str(failures[0])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"changed": ["/a", "/b"]}', Order(changed=(Path("/a"), Path("/b")))),
        ('{"deleted": ["/a"]}', Order(changed=(Path("/a"),))),
        ('{"pause_ms": 1500}', Order(pause_ms=1500)),
        ('{"pause_ms": -5}', Order()),
        ('{"pause_ms": 1e12}', Order(pause_ms=60_000)),
        ('{"disabled_paths": []}', Order(disabled_paths=())),
        ('{"disabled_paths": ["*"], "rescan": true}', Order(disabled_paths=(("*",),), is_rescan=True)),
        ('{"changed": ["/a\\u0000b"], "later": 1}', Order()),
    ],
)
def test_orders(line: str, expected: Order) -> None:
    assert order_of(line) == expected


@pytest.mark.parametrize(
    "line", ["", "x", "[]", "1", '{"changed": [1]}', '{"changed": 5}', '{"pause_ms": "soon"}', "[" * 100_000,
             '{"disabled_paths": 3}', '{"pause_ms": 1e999}', '{"changed": "/a/b"}'],
)  # fmt: skip
def test_what_is_no_order_is_told(line: str) -> None:
    assert order_of(line).problem


def test_orders_come_in_turn_and_their_end_is_noticed() -> None:
    orders: queue.Queue[Order | None] = queue.Queue()
    is_over = threading.Event()
    read_orders(io.StringIO('{"pause_ms": 1}\n\n{"rescan": true}\nnonsense\n'), orders.put, is_over.set).join(TIMEOUT_S)
    assert is_over.is_set()
    assert orders.get() == Order(pause_ms=1) and orders.get() == Order(is_rescan=True)
    (last,) = [orders.get()]
    assert last is not None and last.problem and orders.empty()
