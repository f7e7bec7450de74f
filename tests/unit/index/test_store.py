from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from fimble.errors import IndexDamaged, IndexFull, IndexUnavailable
from fimble.index.reader import Counts, Reader
from fimble.index.records import FileContent, Import, Kind, Reference, Stamp, Use
from fimble.index.store import Store
from tests.unit.index.contents import STAMP, content, digests, function, split

UPLOAD = content(
    "app/client.py",
    function("Client", "class Client:\n", kind=Kind.CLASS, docstring="Talks to the server."),
    function("upload", qualified="Client.upload", kind=Kind.METHOD, parent=0, uses=["retry", "open"], line=3),
    function("_close", uses=["retry"], line=7),
    imports=[Import("app.retry", "retry", "again"), Import(".net", "", "net")],
)
RETRY = content("app/retry.py", function("retry", "def retry():\n    'Try it once more.'\n", docstring="Try it again."))


def put(store: Store, content: FileContent, stamp: Stamp = STAMP) -> None:
    store.put(content, stamp, digests(content))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, split=split)


def test_what_was_put_comes_back_whole(tmp_path: Path, store: Store) -> None:
    put(store, UPLOAD)
    put(store, RETRY)
    reader = Reader(tmp_path)
    found = reader.in_file("app/client.py")
    assert [stored.chunk for stored in found] == list(UPLOAD.chunks)
    assert {(stored.path, stored.language) for stored in found} == {("app/client.py", "python")}
    assert reader.imports_of("app/client.py") == UPLOAD.imports
    assert reader.paths() == {"app/client.py", "app/retry.py"}
    assert store.stamps() == {"app/client.py": STAMP, "app/retry.py": STAMP}
    assert reader.counts() == Counts(2, 4, 0, 4, False)
    assert reader.chunk(found[1].id) == found[1]
    assert reader.chunks([found[2].id, 10_000, found[0].id]) == [found[2], found[0]]
    with pytest.raises(KeyError):
        reader.chunk(10_000)


def test_chunks_are_found_by_name_by_use_and_by_words(tmp_path: Path, store: Store) -> None:
    put(store, UPLOAD)
    put(store, RETRY)
    put(store, content("notes.md", function("retry", kind=Kind.SECTION)))
    reader = Reader(tmp_path)
    assert [one.path for one in reader.named("retry")] == ["app/retry.py"]
    assert [one.chunk.name for one in reader.using("retry")] == ["upload", "_close"]
    assert [one.chunk.name for one in reader.using("retry", limit=1)] == ["upload"]
    assert [one.chunk.qualified for one in reader.name_like("UPL", 5)] == ["Client.upload"]
    assert [one.chunk.qualified for one in reader.name_like("client.up", 5)] == ["Client.upload"]
    assert [one.chunk.name for one in reader.name_like("cl", 5)] == ["Client", "_close"]
    assert [one.chunk.name for one in reader.name_like("_", 5)] == ["_close"]
    assert reader.name_like("%", 5) == []
    (best, score), *others = reader.match(["server", "try"], 10)
    assert score > 0 and all(less <= score for _, less in others)
    assert reader.chunk(best).chunk.name in ("Client", "retry")
    assert len(reader.match(["retry"], 2)) == 2
    assert reader.match([], 5) == []
    assert reader.match(['"', "\0", "NEAR(", "*"], 5) == []


def test_a_file_put_again_replaces_what_was_there(tmp_path: Path, store: Store) -> None:
    put(store, UPLOAD)
    reader = Reader(tmp_path)
    old = {one.id for one in reader.in_file("app/client.py")}
    other = content("app/client.py", function("download", "def download(): bytes\n"))
    put(store, other, Stamp(5, 6))
    assert [one.chunk for one in reader.in_file("app/client.py")] == list(other.chunks)
    assert not old & {one.id for one in reader.in_file("app/client.py")}
    assert reader.using("retry") == [] and reader.imports_of("app/client.py") == ()
    assert reader.match(["upload"], 5) == [] and len(reader.match(["download"], 5)) == 1
    assert store.stamps() == {"app/client.py": Stamp(5, 6)}
    assert store.knows("app/client.py") and not store.knows("app") and store.num_files() == 1
    assert store.below("app") == ["app/client.py"] and store.below("ap") == []
    store.remove(["app/client.py", "never.py"])
    assert reader.counts() == Counts() and reader.match(["download"], 5) == []


def test_ids_never_come_back(tmp_path: Path, store: Store) -> None:
    put(store, RETRY)
    (before,) = Reader(tmp_path).in_file("app/retry.py")
    store.remove(["app/retry.py"])
    store.close()
    put(Store.open(tmp_path, split=split), RETRY)
    (after,) = Reader(tmp_path).in_file("app/retry.py")
    assert after.id > before.id


def test_a_transaction_is_seen_whole_or_not_at_all(tmp_path: Path, store: Store) -> None:
    reader = Reader(tmp_path)
    with store.transaction():
        put(store, UPLOAD)
        put(store, RETRY)
        assert reader.paths() == frozenset()
    assert len(reader.paths()) == 2
    with pytest.raises(RuntimeError), store.transaction():
        store.remove(["app/client.py"])
        raise RuntimeError
    assert len(reader.paths()) == 2


def test_the_generation_tells_of_writes_and_of_nothing_else(tmp_path: Path, store: Store) -> None:
    reader = Reader(tmp_path)
    first = reader.generation
    assert reader.generation == first
    put(store, RETRY)
    second = reader.generation
    assert second != first
    assert reader.named("retry") and reader.generation == second
    assert reader.paths() is reader.paths()


def test_vectors_belong_to_what_a_chunk_says(tmp_path: Path, store: Store) -> None:
    put(store, UPLOAD)
    put(store, RETRY, Stamp(1, STAMP.modified_ns + 1))
    put(store, content("copy.py", *RETRY.chunks), Stamp(1, 1))
    missing = store.missing_vectors(10)
    assert [one.chunk.name for _, one in missing] == ["retry", "Client", "upload", "_close"]
    assert len(store.missing_vectors(2)) == 2 and store.num_missing_vectors() == 4
    store.use_encoder("one")
    store.put_vectors([(missing[0][0], np.arange(4, dtype=np.float16))])
    reader = Reader(tmp_path)
    ids, vectors = reader.vectors()
    assert [reader.chunk(one).path for one in ids] == ["app/retry.py", "copy.py"]
    assert vectors.dtype == np.float16 and vectors.tolist() == [[0, 1, 2, 3]] * 2
    assert reader.counts() == Counts(3, 5, 2, 3, False)
    store.drop_unused_vectors()
    store.use_encoder("one")
    assert reader.counts().num_vectors == 2
    store.remove(["app/retry.py", "copy.py"])
    store.drop_unused_vectors()
    put(store, RETRY)
    assert reader.counts().num_vectors == 0
    store.put_vectors([(missing[0][0], np.ones(4, dtype=np.float16))])
    store.use_encoder("two")
    assert reader.vectors()[0] == [] and reader.meta("encoder") == "two"


def test_everything_for_the_graph(tmp_path: Path, store: Store) -> None:
    put(store, UPLOAD)
    put(store, RETRY)
    rows = Reader(tmp_path).all_for_graph()
    assert rows.names == ["Client", "upload", "_close", "retry"]
    assert rows.parents == [None, rows.ids[0], None, None]
    assert [rows.paths[one] for one in rows.file_ids] == ["app/client.py"] * 3 + ["app/retry.py"]
    assert rows.references[rows.ids[2]] == [Reference("retry", Use.CALL)]
    assert rows.imports[rows.file_ids[0]] == list(UPLOAD.imports)
    assert rows.kinds[0] is Kind.CLASS


def test_no_index_reads_as_an_empty_one(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "none")
    assert reader.counts() == Counts() and reader.paths() == frozenset()
    assert reader.named("x") == [] and reader.match(["x"], 5) == [] and reader.all_for_graph().ids == []
    assert reader.vectors()[0] == [] and reader.imports_of("x") == () and reader.meta("x") is None
    assert not (tmp_path / "none").exists()
    before = reader.generation
    put(Store.open(tmp_path / "none", split=split), RETRY)
    assert reader.generation != before and len(reader.named("retry")) == 1


@pytest.mark.parametrize(
    "damage", [b"this is no database", b"SQLite format 3\0" + b"\xff" * 5000, "cut", "version", "words", "refs"]
)
def test_a_damaged_index_is_built_anew_aloud(tmp_path: Path, store: Store, damage: bytes | str) -> None:
    for number in range(50):
        put(store, content(f"{number}.py", function(f"f{number}")))
    reader = Reader(tmp_path)
    assert len(reader.paths()) == 50
    store.close()
    reader.close()
    broken = {
        "version": "PRAGMA user_version = 99",
        "words": "UPDATE words_data SET block = x'00112233' WHERE id > 10",
        "refs": "DROP TABLE refs",
    }
    if damage in broken:
        with sqlite3.connect(store.path) as database:
            database.execute(broken[str(damage)])
        database.close()
        assert damage != "version" or reader.paths() == frozenset()
    else:
        whole = store.path.read_bytes()
        store.path.write_bytes(whole[: len(whole) // 2] if isinstance(damage, str) else damage)
    notes: list[str] = []
    again = Store.open(tmp_path, notes.append, split=split)
    assert len(notes) == 1 and "built anew" in notes[0]
    assert again.stamps() == {}
    put(again, RETRY)
    assert reader.paths() == {"app/retry.py"}


def test_a_reader_of_a_damaged_index_says_so(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"this is no database" * 300)
    with pytest.raises(IndexUnavailable, match="damaged"):
        Reader(tmp_path).named("x")


def test_an_index_built_anew_under_a_reader_is_seen(tmp_path: Path, store: Store) -> None:
    put(store, UPLOAD)
    reader = Reader(tmp_path)
    assert reader.named("upload") and reader.generation
    store.close()
    for file in tmp_path.glob("index.db*"):
        file.unlink()
    assert reader.named("upload") == []
    put(Store.open(tmp_path, split=split), RETRY)
    assert reader.named("upload") == [] and len(reader.named("retry")) == 1


def test_a_full_index_says_so_and_can_still_be_read(tmp_path: Path) -> None:
    store = Store.open(tmp_path, max_mb=1, split=split)
    put(store, RETRY)
    with pytest.raises(IndexFull, match="index_mb") as caught:
        for number in range(1000):
            put(store, content(f"{number}.py", function(f"f{number}", f"word{number} " * 3000)))
    assert "raise index_mb" in caught.value.hint
    assert len(Reader(tmp_path).named("retry")) == 1
    assert store.path.stat().st_size <= 2**20
    store.remove(["1.py"])
    assert "1.py" not in store.stamps()


def test_many_threads_read_while_one_writes(tmp_path: Path, store: Store) -> None:
    reader = Reader(tmp_path)
    failures: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        try:
            while not is_over.is_set():
                assert len(reader.named("retry")) <= 1
                assert len(reader.in_file("app/client.py")) in (0, 3)
                assert reader.generation >= 0
        except BaseException as error:  # noqa: BLE001 (told by the test)
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        put(store, UPLOAD)
        put(store, RETRY)
        store.remove(["app/client.py"])
    is_over.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexUnavailable, match="cannot be used"):
        Store.open(tmp_path / "file", split=split)


def test_a_part_of_a_transaction_that_fails_leaves_the_rest(tmp_path: Path, store: Store) -> None:
    with store.transaction():
        put(store, UPLOAD)
        with pytest.raises(RuntimeError), store.transaction():
            put(store, RETRY)
            raise RuntimeError
    assert Reader(tmp_path).paths() == {"app/client.py"}


def test_an_index_that_was_deleted_is_not_written_into_nothing(tmp_path: Path, store: Store) -> None:
    put(store, RETRY)
    for file in tmp_path.glob("index.db*"):
        file.unlink()
    with pytest.raises(IndexDamaged, match="deleted"):
        put(store, UPLOAD)
