"""Whatever moment a process that indexes is killed at: the next one ends with what a fresh index would say."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import fimble
from fimble.index.chunks import cut
from fimble.index.places import place_of
from fimble.index.reader import Reader
from fimble.syntax.languages import LANGUAGES
from tests.e2e.editor import ROOT
from tests.unit.index.contents import everything

SOURCES = sorted(Path(fimble.__file__).parent.rglob("*.py"))
TIMEOUT_S = 120.0


class Follower:
    """``fimble index --follow`` in a process of its own."""

    def __init__(self, *roots: Path) -> None:
        """One folder is named on the command line, several are by orders."""
        named = [str(roots[0])] if len(roots) == 1 else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fimble", "index", *named, "--follow"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self.lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        for root in roots if not named else ():
            self.tell(root=str(root), follow={"max_files": 50_000, "max_mb": 1024})

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def wait(self, name: str) -> Any:
        """What the next line with ``name`` says."""
        return self.line(name)[name]

    def line(self, name: str) -> dict[str, Any]:
        """The next line with ``name``."""
        until_s = time.monotonic() + TIMEOUT_S
        while True:
            line = self.lines.get(timeout=max(until_s - time.monotonic(), 0.001))
            if name in line:
                return line

    def all_ready(self, *roots: Path) -> None:
        """Until all words of each folder can be searched."""
        left = {str(root) for root in roots}
        while left:
            line = self.line("ready")
            assert line["ready"] == "words"
            left.discard(line["root"])

    def tell(self, **order: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """By itself, where it was not killed."""
        if self.process.returncode is None and self.process.stdin:
            self.process.stdin.close()
            assert self.process.wait(timeout=TIMEOUT_S) == 0


@contextmanager
def follow(*roots: Path) -> Iterator[Follower]:
    follower = Follower(*roots)
    try:
        yield follower
        follower.end()
    finally:
        follower.kill()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of a few hundred files."""
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    root = tmp_path / "work"
    for number, source in enumerate(SOURCES):
        file = root / f"part{number % 7}" / f"{number:04}_{source.name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source.read_bytes())
    return root


def fresh(root: Path, home: Path) -> dict[str, object]:
    """What an index says that was made in one go."""
    environment = {**os.environ, "FIMBLE_HOME": str(home)}
    command = [sys.executable, "-m", "fimble", "index", str(root)]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, timeout=TIMEOUT_S)
    return everything(home / "index" / place_of(root).folder.name)


def test_killed_again_and_again_and_whole_in_the_end(work: Path, tmp_path: Path) -> None:
    folder = place_of(work).folder
    seen: list[int] = []
    for delay_s in (0.0, 0.05, 0.15, 0.3, 0.2):
        with follow(work) as follower:
            follower.wait("phase")
            time.sleep(delay_s)
            follower.kill()
        reader = Reader(folder)
        counts = reader.counts()
        seen.append(counts.num_files)
        for path in sorted(reader.paths())[:50]:
            whole = cut(path, LANGUAGES["python"], (work / path).read_text(encoding="utf-8"))
            assert [stored.chunk.qualified for stored in reader.in_file(path)] == [
                chunk.qualified for chunk in whole.chunks
            ], path
        reader.close()
    assert seen == sorted(seen), "what was read once is kept"
    with follow(work) as follower:
        assert follower.wait("ready") == "words"
    assert everything(folder) == fresh(work, tmp_path / "other")


def test_killed_while_files_are_saved(work: Path, tmp_path: Path) -> None:
    files = sorted(work.rglob("*.py"))[:40]
    with follow(work) as follower:
        assert follower.wait("ready") == "words"
        for number, file in enumerate(files):
            file.write_text(f"def saved_{number}():\n    return {number}\n")
            follower.tell(changed=[str(file)])
        follower.wait("updated")
        follower.kill()
    with follow(work) as follower:
        assert follower.wait("ready") == "words"
    assert everything(place_of(work).folder) == fresh(work, tmp_path / "other")


def test_two_servers_on_one_workspace(work: Path) -> None:
    with follow(work) as first:
        first.wait("phase")
        with follow(work) as second:
            assert "takes over" in second.wait("note")
            assert first.wait("ready") == "words"
            first.kill()
            assert second.wait("ready") == "words"
            file = work / "new.py"
            file.write_text("def brand_new():\n    pass\n")
            second.tell(changed=[str(file)])
            assert second.wait("updated") == ["new.py"]
            assert Reader(place_of(work).folder).named("brand_new")


@pytest.fixture
def pair(work: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two workspaces, which share no file."""
    other = tmp_path / "second"
    for number, source in enumerate(SOURCES[::3]):
        file = other / f"piece{number % 3}" / source.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source.read_bytes())
    return work, other


def test_one_process_with_two_folders_is_killed_again_and_again(pair: tuple[Path, Path], tmp_path: Path) -> None:
    folders = [place_of(root).folder for root in pair]
    seen: list[list[int]] = []
    for delay_s in (0.0, 0.1, 0.3, 0.2):
        with follow(*pair) as follower:
            told = {follower.line("phase")["root"]}
            while len(told) < len(pair):
                told.add(follower.line("phase")["root"])
            time.sleep(delay_s)
            follower.kill()
        readers = [Reader(folder) for folder in folders]
        seen.append([reader.counts().num_files for reader in readers])
        for root, reader in zip(pair, readers, strict=True):
            for path in sorted(reader.paths())[:20]:
                whole = cut(path, LANGUAGES["python"], (root / path).read_text(encoding="utf-8"))
                assert [stored.chunk.qualified for stored in reader.in_file(path)] == [
                    chunk.qualified for chunk in whole.chunks
                ], path
            reader.close()
    assert all(
        before <= after for earlier, later in pairwise(seen) for before, after in zip(earlier, later, strict=True)
    )
    with follow(*pair) as follower:
        follower.all_ready(*pair)
    for number, (root, folder) in enumerate(zip(pair, folders, strict=True)):
        assert everything(folder) == fresh(root, tmp_path / f"fresh{number}")


def test_damage_of_one_of_two_folders_is_its_own_affair(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with follow(*pair) as follower:
        follower.all_ready(*pair)
        follower.kill()
    first, second = (place_of(root).folder / "index.db" for root in pair)
    for file in first.parent.glob("index.db*"):
        file.write_bytes(os.urandom(50_000))
    untouched = second.stat().st_ino
    with follow(*pair) as follower:
        assert follower.line("note")["root"] == str(pair[0])
        follower.all_ready(*pair)
        new = pair[1] / "new.py"
        new.write_text("def brand_new():\n    pass\n")
        follower.tell(root=str(pair[1]), changed=[str(new)])
        assert follower.line("updated") == {"root": str(pair[1]), "updated": ["new.py"]}
    assert second.stat().st_ino == untouched
    for number, root in enumerate(pair):
        assert everything(place_of(root).folder) == fresh(root, tmp_path / f"fresh{number}")


@pytest.mark.parametrize("damage", ["cut", "garbage", "log"])
def test_a_damaged_index_is_built_anew(work: Path, tmp_path: Path, damage: str) -> None:
    with follow(work) as follower:
        assert follower.wait("ready") == "words"
        follower.kill()
    database = place_of(work).folder / "index.db"
    log = database.with_name("index.db-wal")
    if damage == "cut":
        log.unlink(missing_ok=True)
        database.write_bytes(database.read_bytes()[:-20_000])
    elif damage == "garbage":
        log.unlink(missing_ok=True)
        database.write_bytes(os.urandom(100_000))
    else:
        log.write_bytes(os.urandom(100_000))
    with follow(work) as follower:
        assert follower.wait("ready") == "words"
    assert everything(place_of(work).folder) == fresh(work, tmp_path / "other")
