"""Files are written whole or not at all, and stay what they were otherwise."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from fimble.cli.saving import check_new, check_writable, save, save_change
from fimble.errors import ActionRefused, DocumentError

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")


def test_a_change_keeps_line_ends_mark_and_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    path.chmod(0o750)
    before = stat.S_IMODE(path.stat().st_mode)
    save_change(path, "x = 1\r\n", "x = 2\r\né")
    assert path.read_bytes() == b"\xef\xbb\xbfx = 2\r\n\xc3\xa9"
    assert stat.S_IMODE(path.stat().st_mode) == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 3\n", encoding="utf-8")
    with pytest.raises(ActionRefused, match="was changed while the model wrote"):
        save_change(path, "x = 1\n", "x = 2\n")
    assert path.read_text(encoding="utf-8") == "x = 3\n"
    path.unlink()
    with pytest.raises(DocumentError, match="cannot be written"):
        save_change(path, "x = 1\n", "x = 2\n")
    assert not path.exists()


@posix_only
def test_a_link_stays_one(tmp_path: Path) -> None:
    path, link = tmp_path / "a.py", tmp_path / "link.py"
    path.write_text("x = 1\n", encoding="utf-8")
    link.symlink_to(path)
    save_change(link, "x = 1\n", "x = 2\n")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "x = 2\n"


@posix_only
def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n", encoding="utf-8")

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DocumentError, match="No space left on device"):
        save(path, b"x = 2\n")
    assert [found.name for found in tmp_path.iterdir()] == ["a.py"]
    assert path.read_text(encoding="utf-8") == "x = 1\n"


@posix_only
def test_a_new_file_has_the_permissions_of_new_files(tmp_path: Path) -> None:
    save(tmp_path / "new", b"x")
    (tmp_path / "other").write_bytes(b"x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n", encoding="utf-8")
    check_writable(path)
    path.chmod(0o444)
    with pytest.raises(ActionRefused, match="may only be read"):
        check_writable(path)


def test_where_a_new_file_may_go(tmp_path: Path) -> None:
    source, other = tmp_path / "a.py", tmp_path / "b.js"
    source.write_text("x = 1\n", encoding="utf-8")
    check_new(other, source, force=False)
    other.write_text("", encoding="utf-8")
    check_new(other, source, force=True)
    check_new(other, None, force=True)
    for out, force, says in [
        (other, False, "exists already. With --force"),
        (source, True, "is the source itself"),
        (tmp_path / "x" / ".." / "a.py", True, "is the source itself|There is no folder"),
        (tmp_path, True, "is a folder"),
        (tmp_path / "nosuch" / "b.js", False, "There is no folder"),
    ]:
        with pytest.raises(ActionRefused, match=says):
            check_new(out, source, force)


@posix_only
def test_another_name_of_the_source_is_the_source(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("x = 1\n", encoding="utf-8")
    for name, make in (("soft", os.symlink), ("hard", os.link)):
        make(source, tmp_path / name)
        with pytest.raises(ActionRefused, match="is the source itself"):
            check_new(tmp_path / name, source, force=True)
