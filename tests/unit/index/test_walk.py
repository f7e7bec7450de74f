from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fimble.index.walk import Walk
from fimble.privacy import Privacy


def tree(root: Path, *paths: str) -> Path:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")
    return root


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def walk(root: Path, max_files: int = 1000, disabled: tuple[str, ...] = (), notes: list[str] | None = None) -> Walk:
    told = (lambda _: None) if notes is None else notes.append
    return Walk(root.resolve(), Privacy(disabled, [root]), max_files, told)


def paths(root: Path, **options: object) -> list[str]:
    one = walk(root, **options)  # type: ignore[arg-type]
    found = [file.path for file in one.files()]
    everything = [file.relative_to(root).as_posix() for file in root.rglob("*")]
    if options.get("max_files") is None:
        assert sorted(path for path in everything if one.takes(path)) == sorted(found)
    return found


def test_what_people_write_is_found_in_order(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "b.py",
        "a/z.ts",
        "a/b/c.go",
        "README.md",
        "notes.TXT",
        "empty/.keep",
        "INSTALL",
        "plan.org",
        "LICENSE",
        "data",
        "photo.png",
        "data.bin",
        "x.c",
    )
    assert paths(tmp_path) == ["INSTALL", "README.md", "b.py", "notes.TXT", "plan.org", "x.c", "a/z.ts", "a/b/c.go"]


@pytest.mark.parametrize(
    "path",
    ["node_modules/a.js", "web/vendor/a.js", "third_party/a.c", "lib/site-packages/a.py", ".venv/a.py", "dist/a.js",
     "build/a.py", "target/a.rs", "a/__pycache__/a.py", ".tox/a.py", ".mypy_cache/a.json", "a.min.js", "uv.lock",
     "package-lock.json", "pnpm-lock.yaml", "a.egg-info/a.txt", ".git/a.py", ".env", "secrets.py", ".ssh/config.py",
     "LICENSE.txt", ".aws/config", "env.py/x.unknown"],
)  # fmt: skip
def test_what_others_or_programs_wrote_and_secrets_are_not(tmp_path: Path, path: str) -> None:
    tree(tmp_path, path, "mine.py")
    assert paths(tmp_path) == ["mine.py"]


def test_an_environment_is_known_by_its_mark(tmp_path: Path) -> None:
    tree(tmp_path, "python3/pyvenv.cfg", "python3/lib/a.py", "mine.py")
    assert paths(tmp_path) == ["mine.py"]


def test_a_workspace_within_such_a_folder_is_read(tmp_path: Path) -> None:
    tree(tmp_path / "build" / "app", "mine.py")
    assert paths(tmp_path / "build" / "app") == ["mine.py"]


def test_gitignore_counts_at_every_level(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b.py", "sub/a.py", "sub/b.py", "sub/c.py", "out/a.py", "out/keep.py", "log/x.py", "e.py")
    write(tmp_path, ".gitignore", "\n# comment\nb.py\n/out/\n!out/keep.py\nlog/*\n[z-a\n")
    write(tmp_path, "sub/.gitignore", "!b.py\nc.py\n")
    write(tmp_path, ".git/info/exclude", "e.py\n!a.py\n")
    assert paths(tmp_path) == ["a.py", "sub/a.py", "sub/b.py"]


def test_a_nested_exclude_file_is_weaker_than_gitignore(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b.py")
    write(tmp_path, ".gitignore", "!a.py\n")
    write(tmp_path, ".git/info/exclude", "*.py\n")
    assert paths(tmp_path) == ["a.py"]


def test_the_repository_around_a_workspace_has_its_say(tmp_path: Path) -> None:
    tree(tmp_path, "app/a.py", "app/b.py", "app/core/b.py")
    write(tmp_path, ".git/HEAD", "")
    write(tmp_path, ".gitignore", "/app/core/\n")
    write(tmp_path / "app", ".gitignore", "b.py\n")
    assert paths(tmp_path / "app") == ["a.py"]
    write(tmp_path, ".gitignore", "/app\n")
    assert paths(tmp_path / "app") == ["a.py"]


def test_as_git_sees_it(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "sub/deep/b.py", "sub/deep/c.py", "sub/x.py", "tmp/y.py", "sub/tmp/z.py")
    write(tmp_path, ".gitignore", "**/deep/*\n!sub/deep/c.py\ntmp\n!/tmp\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    command = ["git", "-C", str(tmp_path), "ls-files", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert sorted(paths(tmp_path)) == sorted(listed)


def test_privacy_rules_hold(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "private/a.py", "private/b.py", "off/c.py")
    write(tmp_path, ".fimbleignore", "private/*\n!private/b.py\n")
    assert paths(tmp_path, disabled=("off/",)) == ["a.py", "private/b.py"]
    assert paths(tmp_path, disabled=("*",)) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    tree(tmp_path / "outside", "a.py", "deep/b.py")
    root = tree(tmp_path / "work", "mine.py", "sub/c.py")
    (root / "loop").symlink_to(root)
    (root / "sub" / "up").symlink_to("..")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "out.py").symlink_to(tmp_path / "outside" / "a.py")
    (root / "again.py").symlink_to("mine.py")
    (root / "nowhere.py").symlink_to("nothing.py")
    (root / "self.py").symlink_to("self.py")
    assert [file.path for file in walk(root).files()] == ["mine.py", "sub/c.py"]
    for path in ("loop/mine.py", "out/a.py", "out.py", "again.py", "nowhere.py", "self.py", "sub/up/mine.py"):
        assert not walk(root).takes(path)
    for path in (
        "",
        ".",
        "..",
        "../outside/a.py",
        "sub",
        "sub/../mine.py",
        "/etc/passwd.py",
        "mine.py/x.py",
        "sub//c.py",
    ):
        assert not walk(root).takes(path), path


def test_pipes_and_devices_are_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / ".gitignore")
    assert paths(tree(tmp_path, "a.py")) == ["a.py"]


def test_large_files_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "large.py", "#\n" * 2**19 + "#")
    write(tmp_path, "data.json", "1\n" * 2**17)
    write(tmp_path, "just.py", "#\n" * 2**19)
    assert paths(tmp_path) == ["just.py"]


def test_more_files_than_allowed_end_with_a_note(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{folder}/{number}.py" for folder in "ab" for number in range(5)))
    notes: list[str] = []
    assert paths(tmp_path, max_files=7, notes=notes) == [*(f"a/{number}.py" for number in range(5)), "b/0.py", "b/1.py"]
    assert len(notes) == 1 and "index_max_files" in notes[0]
    notes.clear()
    assert len(paths(tmp_path, max_files=10, notes=notes)) == 10 and notes == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "closed/b.py")
    (tmp_path / "closed").chmod(0)
    notes: list[str] = []
    try:
        assert [file.path for file in walk(tmp_path, notes=notes).files()] == ["a.py"]
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert len(notes) == 1 and "closed" in notes[0]


def test_folders_that_cannot_be_read_are_told_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "a.py", *(f"closed{number}/b.py" for number in range(9)))
    real = os.scandir

    def scandir(path: str) -> object:
        if "closed" in path:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    notes: list[str] = []
    assert [file.path for file in walk(tmp_path, notes=notes).files()] == ["a.py"]
    assert len(notes) == 6 and "Permission denied" in notes[0] and "More folders" in notes[-1]


def test_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "häß lich#1?.py", "50%.py", "new\nline.py")
    (tmp_path / os.fsdecode(b"\xff.py")).write_text("")
    assert [file.path for file in walk(tmp_path).files()] == ["50%.py", "a.py", "häß lich#1?.py", "new\nline.py"]


def test_one_folder_is_walked_as_a_part_of_the_whole(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "sub/b.py", "sub/c/d.py", "sub/e.py", "dist/x.py")
    write(tmp_path, ".gitignore", "e.py\n")
    one = walk(tmp_path)
    assert [file.path for file in one.files("sub")] == ["sub/b.py", "sub/c/d.py"]
    assert one.enters("sub/c") and not one.enters("dist") and not one.enters("none") and not one.enters("a.py")


def test_a_workspace_that_is_gone_is_empty(tmp_path: Path) -> None:
    notes: list[str] = []
    assert list(walk(tmp_path / "gone", notes=notes).files()) == [] and len(notes) == 1


def test_many_files_are_walked_in_little_time(tmp_path: Path) -> None:
    """A million in proportion: the folder's ignored part costs no more than its names."""
    for folder in range(20):
        (tmp_path / f"data{folder}").mkdir()
        for number in range(500):
            (tmp_path / f"data{folder}" / f"{number}.bin").touch()
    tree(tmp_path, "mine.py")
    assert [file.path for file in walk(tmp_path).files()] == ["mine.py"]


def test_fimbles_own_files_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "cache"))
    assert paths(tree(tmp_path, "a.py", "cache/index/x/root.txt", "cache2/b.py")) == ["a.py", "cache2/b.py"]
