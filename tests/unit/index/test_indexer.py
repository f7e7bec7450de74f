from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from fimble.errors import IndexFull
from fimble.index import indexer as module
from fimble.index.indexer import MEANING, WORDS, Encoding, Indexer, Progress, Updated
from fimble.index.reader import Reader
from fimble.index.reading import Unread
from fimble.index.store import Store
from fimble.privacy import Privacy
from tests.unit.index.contents import cut, everything, split


def embed(texts: Sequence[str]) -> npt.NDArray[np.float16]:
    return np.array([[len(text), text.count("a"), 1] for text in texts], np.float16)


class Workspace:
    """A folder with its index beside it."""

    def __init__(self, tmp_path: Path, name: str = "index") -> None:
        self.root = tmp_path.resolve() / "work"
        self.root.mkdir(exist_ok=True)
        self.folder = tmp_path / name
        self.store = Store.open(self.folder, split=split)
        self.reader = Reader(self.folder)
        self.notes: list[str] = []
        self.indexer = self.make()

    def make(
        self, encoding: Encoding | None = None, disabled: tuple[str, ...] = (), max_files: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> Indexer:  # fmt: skip
        privacy = Privacy(disabled, [self.root])
        return Indexer(self.root, self.store, privacy, cut, encoding, max_files, self.notes.append, clock)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def names(self) -> list[str]:
        return sorted(one.chunk.name for path in self.reader.paths() for one in self.reader.in_file(path))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_a_scan_reads_everything_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.write("a.py", "import os\ndef one():\n    two()\n")
    workspace.write("sub/b.py", "def two():\n    pass\n")
    workspace.write("notes.md", "words only\n")
    assert not workspace.reader.counts().is_words_complete
    told: list[Progress] = []
    workspace.indexer.scan(told.append)
    assert workspace.names() == ["one", "two"]
    assert workspace.reader.paths() == {"a.py", "sub/b.py", "notes.md"}
    assert [one.chunk.name for one in workspace.reader.using("two")] == ["one"]
    assert workspace.reader.counts().is_words_complete
    assert told[-1] == Progress(WORDS, 4, 4) and told[-1].is_over
    monkeypatch.setattr(module, "read", lambda path: pytest.fail(f"{path} was read again"))
    workspace.indexer.scan()


def test_a_scan_reads_what_has_changed_and_forgets_what_is_gone(workspace: Workspace) -> None:
    for name in "abcd":
        workspace.write(f"{name}.py", f"def {name}():\n    pass\n")
    workspace.indexer.scan()
    workspace.write("a.py", "def other():\n    pass\n")
    (workspace.root / "b.py").unlink()
    (workspace.root / "c.py").rename(workspace.root / "e.py")
    workspace.write("d.py", "binary\0")
    workspace.indexer.scan()
    assert workspace.names() == ["c", "other"]
    assert workspace.reader.paths() == {"a.py", "e.py"}


def test_what_has_become_private_is_forgotten(workspace: Workspace) -> None:
    for path in ("a.py", "b/c.py", "b/d.py"):
        workspace.write(path, "def x():\n    pass\n")
    workspace.indexer.scan()
    workspace.make(disabled=("c.py",)).scan()
    assert workspace.reader.paths() == {"a.py", "b/d.py"}
    workspace.write(".fimbleignore", "a.py\n")
    time.sleep(0.6)
    workspace.indexer.scan()
    assert workspace.reader.paths() == {"b/c.py", "b/d.py"}


def test_a_file_that_comes_to_hold_a_key_is_forgotten(workspace: Workspace) -> None:
    file = workspace.write("a.py", "def x():\n    pass\n")
    workspace.indexer.scan()
    file.write_text("def x():\n    return '" + "AKIA" + "ABCDEFGH12345678'\n")
    assert workspace.indexer.update([file]).paths == ("a.py",)
    assert workspace.reader.paths() == frozenset() and workspace.reader.match(["akiaabcdefgh12345678"], 5) == []


def test_a_saved_file_is_searchable_at_once(workspace: Workspace) -> None:
    file = workspace.write("a.py", "def one():\n    pass\n")
    workspace.indexer.scan()
    file.write_text("def uno():\n    pass\n")
    os.utime(file, ns=(1, workspace.store.stamps()["a.py"].modified_ns))
    assert workspace.indexer.update([file]) == Updated(("a.py",))
    assert workspace.names() == ["uno"]
    file.unlink()
    assert workspace.indexer.update([file]) == Updated(("a.py",))
    assert workspace.indexer.update([file]) == Updated(())
    assert workspace.reader.paths() == frozenset()


def test_only_what_a_scan_would_find_is_updated(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("def outside():\n    pass\n")
    (workspace.root / "link.py").symlink_to(outside)
    private = workspace.write(".env", "x=1")
    vendored = workspace.write("node_modules/a.js", "def a():\n")
    ignored = workspace.write("ignored.py", "def a():\n")
    workspace.write(".gitignore", "ignored.py")
    odd = os.fsdecode(b"\xff.py")
    others = [workspace.root / "link.py", workspace.root / ".." / "outside.py", Path("/etc/passwd"), Path("/" + odd)]
    everywhere = [outside, private, vendored, ignored, *others, workspace.root / odd]
    assert workspace.indexer.update(everywhere) == Updated(())
    assert workspace.reader.paths() == frozenset()


def test_a_link_in_the_way_leads_to_the_file(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write("sub/a.py", "def a():\n    pass\n")
    (tmp_path / "other").symlink_to(workspace.root)
    (workspace.root / "again").symlink_to("sub")
    assert workspace.indexer.update([tmp_path / "other" / "sub" / "a.py"]).paths == ("sub/a.py",)
    assert workspace.indexer.update([workspace.root / "again" / "a.py"]).paths == ("sub/a.py",)
    assert workspace.reader.paths() == {"sub/a.py"}


def test_rules_and_folders_ask_for_a_scan(workspace: Workspace) -> None:
    workspace.write("sub/a.py", "def a():\n    pass\n")
    ignore = workspace.write(".gitignore", "x\n")
    for path in (ignore, workspace.write("sub/.fimbleignore", ""), workspace.root / "sub", workspace.root):
        assert workspace.indexer.update([path]).is_scan_due, path
    workspace.indexer.scan()
    shutil.rmtree(workspace.root / "sub")
    assert workspace.indexer.update([workspace.root / "sub"]) == Updated(("sub/a.py",))
    assert workspace.reader.paths() == frozenset()


def test_a_file_in_the_place_of_a_folder(workspace: Workspace) -> None:
    workspace.write("a.py/b.py", "def b():\n    pass\n")
    workspace.indexer.scan()
    shutil.rmtree(workspace.root / "a.py")
    workspace.write("a.py", "def a():\n    pass\n")
    assert set(workspace.indexer.update([workspace.root / "a.py"]).paths) == {"a.py", "a.py/b.py"}
    assert workspace.names() == ["a"]


def test_a_file_that_is_being_written_keeps_what_was_known(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = workspace.write("a.py", "def a():\n    pass\n")
    workspace.indexer.scan()
    assert not workspace.indexer.changing
    file.write_text("def other():\n    pass\n")
    monkeypatch.setattr(module, "read", lambda path: Unread.CHANGING)
    assert workspace.indexer.update([file]) == Updated((), changing=(file,))
    workspace.indexer.scan()
    assert workspace.indexer.changing == (file,) and workspace.names() == ["a"]


def test_the_limit_on_files_holds_for_updates(workspace: Workspace) -> None:
    indexer = workspace.make(max_files=2)
    for name in "abc":
        workspace.write(f"{name}.py", f"def {name}():\n    pass\n")
    indexer.scan()
    assert indexer.update([workspace.root / "c.py"]) == Updated(())
    assert indexer.update([workspace.root / "b.py"]) == Updated(("b.py",))
    assert workspace.names() == ["a", "b"] and "index_max_files" in workspace.notes[0]


def test_every_chunk_gets_its_vector(workspace: Workspace) -> None:
    for number in range(40):
        workspace.write(f"{number}.py", f"def f{number}():\n    pass\n" * 3)
    told: list[Progress] = []
    indexer = workspace.make(Encoding(embed, "lengths"))
    indexer.scan(told.append)
    counts = workspace.reader.counts()
    assert (counts.num_vectors, counts.num_missing_vectors) == (120, 0)
    assert [one.phase for one in told if one.is_over] == [WORDS, MEANING]
    assert told[-1].done == told[-1].total
    file = workspace.write("0.py", "def changed():\n    pass\n")
    indexer.update([file])
    assert workspace.reader.counts().num_missing_vectors == 1
    list(indexer.meaning())
    assert workspace.reader.counts().num_missing_vectors == 0
    workspace.make(Encoding(lambda texts: embed(texts) * 2, "twice")).scan()
    assert workspace.reader.counts().num_vectors == workspace.reader.counts().num_chunks


def test_batches_are_as_large_as_a_step_allows(workspace: Workspace) -> None:
    workspace.write("a.py", "".join(f"def f{number}():\n    pass\n" for number in range(200)))
    now_s, sizes = [0.0], []

    def slow(texts: Sequence[str]) -> npt.NDArray[np.float16]:
        sizes.append(len(texts))
        now_s[0] += per_text_s * len(texts)
        return embed(texts)

    per_text_s = 0.001
    workspace.make(Encoding(slow, "fast"), clock=lambda: now_s[0]).scan()
    assert sizes[:4] == [4, 8, 16, 16]
    sizes.clear()
    per_text_s = 0.08
    workspace.make(Encoding(slow, "slow"), clock=lambda: now_s[0]).scan()
    assert sizes[:4] == [4, 2, 1, 1]


def test_a_pause_is_kept(workspace: Workspace) -> None:
    workspace.write("a.py", "def a():\n    pass\n")
    asked: list[bool] = []

    def is_paused() -> bool:
        asked.append(True)
        return len(asked) == 1

    workspace.indexer.scan(is_paused=is_paused)
    assert len(asked) > 1 and workspace.names() == ["a"]


def test_between_any_two_steps_the_index_is_whole(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(30):
        workspace.write(f"{number:02}.py", f"def f{number}():\n    pass\n")
    now_s = iter(range(10_000))
    encoding = Encoding(embed, "lengths")
    expected = Workspace(tmp_path, "expected")
    expected.make(encoding).scan()
    num_steps = 0
    for _ in workspace.make(encoding, clock=lambda: float(next(now_s))).steps():
        num_steps += 1
        copy = tmp_path / f"copy{num_steps}"
        shutil.copytree(workspace.folder, copy)
        if num_steps % 10 == 0:
            store = Store.open(copy, split=split)
            Indexer(workspace.root, store, Privacy(), cut, encoding).scan()
            assert everything(copy) == everything(expected.folder)
    assert num_steps > 30
    assert everything(workspace.folder) == everything(expected.folder)


def test_a_workspace_that_is_not_there_for_a_while_keeps_its_index(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write("a.py", "def a():\n    pass\n")
    workspace.indexer.scan()
    workspace.root.rename(tmp_path / "elsewhere")
    workspace.indexer.scan()
    assert workspace.names() == ["a"] and "not there" in workspace.notes[0]


def test_an_index_that_is_full_keeps_what_it_has(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(300):
        workspace.write(f"{number:03}.py", f"def f{number}():\n" + f"    word{number}()\n" * 500)
    workspace.store = Store.open(tmp_path / "small", max_mb=1, split=split)
    with pytest.raises(IndexFull):
        workspace.make().scan()
    reader = Reader(tmp_path / "small")
    assert 0 < reader.counts().num_files < 300 and not reader.counts().is_words_complete
    assert len(reader.match(["word0"], 5)) == 1
