from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fimble.acceptance.records import Ending, Record, Surface
from fimble.acceptance.store import KEPT_DAYS, Store
from fimble.errors import AcceptanceUnavailable
from tests.e2e.editor import ROOT

RECORD = Record(Surface.INLINE, "python", Ending.ACCEPTED, 13, 12, 0.5, 12.5, 1.0)
REJECTED = Record(Surface.POPUP, "c++", Ending.REJECTED, 3, 0, 0.25, 7.0)
DAY_S = 86_400


def test_what_was_counted_comes_back_newest_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "stats")
    assert store.read() == []
    assert not store.path.exists()
    store.add([RECORD], "small", now_s=1000)
    store.add([REJECTED], "small", now_s=2000)
    rows = store.read()
    assert [(row.time_s, row.model, row.record) for row in rows] == [
        (2000, "small", REJECTED),
        (1000, "small", RECORD),
    ]
    assert [row.time_s for row in store.read(since_s=1500)] == [2000]
    assert [row.time_s for row in store.read(limit=1)] == [2000]


def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([RECORD], "small", now_s=1000)
    store.add([REJECTED], "small", now_s=1001 + KEPT_DAYS * DAY_S)
    assert [row.record for row in store.read()] == [REJECTED]


def test_deleting_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([RECORD], "small")
    store.delete()
    assert list(tmp_path.iterdir()) == []
    assert store.read() == []
    store.delete()


def test_a_language_that_holds_a_path_or_code_is_reduced_to_a_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    odd = "/home/me/secret.py print('x') " * 5
    store.add([Record(Surface.INLINE, odd, Ending.TYPED, 1, 0, 1, 1)], "models/mine")
    (row,) = store.read()
    assert len(row.record.language) == 40
    assert "/" not in row.record.language + row.model and " " not in row.record.language


@pytest.mark.parametrize("damage", [b"this is no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_put_aside_with_a_word(tmp_path: Path, damage: bytes) -> None:
    said: list[str] = []
    store = Store(tmp_path, said.append)
    store.path.write_bytes(damage)
    store.add([RECORD], "small")
    assert [row.record for row in store.read()] == [RECORD]
    (word,) = said
    assert "acceptance.damaged.db" in word
    assert (tmp_path / "acceptance.damaged.db").read_bytes() == damage


def test_damage_inside_the_file_ends_in_a_fresh_one(tmp_path: Path) -> None:
    said: list[str] = []
    store = Store(tmp_path, said.append)
    store.add([RECORD] * 2000, "small")
    data = bytearray(store.path.read_bytes())
    data[4096 + 200 :] = b"\xff" * (len(data) - 4096 - 200)
    store.path.write_bytes(data)
    for _ in range(2):
        try:
            store.add([RECORD], "small")
        except AcceptanceUnavailable:
            continue
    assert store.read()[0].record == RECORD
    assert said


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with sqlite3.connect(store.path) as database:
        database.execute("PRAGMA user_version = 99")
    before = store.path.read_bytes()
    with pytest.raises(AcceptanceUnavailable, match="another version"):
        store.add([RECORD], "small")
    assert store.path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AcceptanceUnavailable):
        Store(tmp_path / "file" / "stats").add([RECORD], "small")


def test_several_servers_write_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from fimble.acceptance.store import Store\n"
        "from tests.unit.acceptance.test_store import RECORD\n"
        "for _ in range(20): Store(Path(sys.argv[1])).add([RECORD], 'small')\n"
    )
    path = {"PYTHONPATH": f"{ROOT / 'server'}:{ROOT}"}
    command = [sys.executable, "-c", script, str(tmp_path)]
    writers = [subprocess.Popen(command, env=path, stderr=subprocess.PIPE) for _ in range(3)]
    errors = [writer.communicate()[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], errors
    assert len(Store(tmp_path).read()) == 60
