"""What is known of a project's tests, and what is not looked at."""

from __future__ import annotations

import os
from pathlib import Path

from fimble.lsp.project import MAX_CHARS, known_tests
from fimble.privacy import Privacy
from fimble.text import Snapshot


def known(tmp_path: Path, *opened: Snapshot, private: tuple[str, ...] = ()) -> str:
    return known_tests((tmp_path / "src" / "tool.py").as_uri(), opened, Privacy(private))


def write(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_open_ones_first_then_those_near(tmp_path: Path) -> None:
    write(tmp_path, "src/test_beside.py", "beside")
    write(tmp_path, "tests/test_above.py", "above")
    write(tmp_path, "src/test_other.js", "javascript")
    write(tmp_path, "src/latest.txt", "not one")
    snapshot = Snapshot((tmp_path / "x" / "tool_test.py").as_uri(), "python", 1, "opened")
    source = Snapshot((tmp_path / "src" / "tool.py").as_uri(), "python", 1, "source")
    assert known(tmp_path, source, snapshot) == "opened\nbeside\nabove"


def test_nothing_private_is_read(tmp_path: Path) -> None:
    write(tmp_path, "src/test_a.py", "a")
    write(tmp_path, "src/test_b.py", "b")
    write(tmp_path, "src/test_key.py", "-----BEGIN RSA PRIVATE KEY-----")
    write(tmp_path, "src/.fimbleignore", "test_a.py\n")
    secret = Snapshot((tmp_path / "src" / "test_c.py").as_uri(), "python", 1, "c")
    assert known(tmp_path, secret, private=("test_c.py",)) == "b"


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    assert known(tmp_path) == ""
    write(tmp_path, "src/test_a.py", "x" * (2 * MAX_CHARS))
    (tmp_path / "src" / "test_b.py").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "src" / "test_pipe.py")
    (tmp_path / "src" / "test_dir.py").mkdir()
    assert known(tmp_path) == "x" * MAX_CHARS
    assert known_tests("untitled:Untitled-1", [], Privacy()) == ""


def test_the_nearest_manifest_is_read_no_further_than_the_repository(tmp_path: Path) -> None:
    write(tmp_path, "package.json", "outside")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    source = tmp_path / "repo" / "src" / "tool.js"

    def manifest(private: tuple[str, ...] = ()) -> str:
        return known_tests(source.as_uri(), [], Privacy(private))

    assert manifest() == ""
    write(tmp_path, "repo/package.json", '{"devDependencies": {"jest": "1"}}')
    assert "jest" in manifest() and manifest(("package.json",)) == ""
    write(tmp_path, "repo/src/package.json", "nearer")
    assert manifest() == "nearer"
    (tmp_path / "repo" / "src" / "package.json").unlink()
    os.mkfifo(tmp_path / "repo" / "src" / "package.json")
    assert "jest" in manifest()
