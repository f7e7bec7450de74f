from __future__ import annotations

from pathlib import Path

import pytest

from fimble.training.gitlog import parse
from fimble.training.history import History, in_chinese, read_history
from tests.unit.training.repository import Repository

CODE = "def area(width, height):\n    return width * height\n\n\ndef edge(width, height):\n    return width + height\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def history(repository: Repository) -> History:
    return read_history(repository.root, lambda path: path.endswith(".py"))


def test_an_edit_is_what_changed_and_what_was_said(repository: Repository) -> None:
    repository.commit("Begin with two functions", {"shape.py": CODE})
    repository.commit(
        "Double the edge: both sides count", {"shape.py": CODE.replace("width + height", "2 * (width + height)")}
    )
    repository.commit(
        "面积不能是负数", {"shape.py": CODE.replace("return width * height", "return abs(width * height)")}
    )
    found = history(repository)
    assert (found.num_commits, found.note) == (2, ""), "of those that changed a file"
    assert [edit.subject for edit in found.edits] == ["面积不能是负数"] * 2 + ["Double the edge: both sides count"]
    edit = found.edits[-1]
    assert (edit.path, edit.change.before) == ("shape.py", "def edge(width, height):\n    return width + height")
    assert edit.change.after == "def edge(width, height):\n    return 2 * (width + height)"
    assert edit.before_text == CODE
    assert edit.time[:2] == "20"


def test_a_renamed_file_has_its_name_of_today(repository: Repository) -> None:
    repository.commit("Begin with two functions", {"old.py": CODE})
    repository.commit("Take the absolute value", {"old.py": CODE.replace("width * height", "abs(width * height)")})
    repository.git("mv", "old.py", "new.py")
    repository.commit("Give the file a better name")
    repository.commit("Another file of the old name", {"old.py": "def other():\n    return 'something else'\n"})
    repository.commit("Say more in the other", {"old.py": "def other():\n    return 'something more'\n"})
    found = {edit.subject: edit.path for edit in history(repository).edits}
    assert found == {"Take the absolute value": "new.py", "Say more in the other": "old.py"}


def test_merges_and_messages_that_say_little_are_passed_over(repository: Repository) -> None:
    repository.commit("Begin with two functions", {"shape.py": CODE})
    for number, subject in enumerate(["wip", "fix", "Bump version to 1.2", "更新", "Merge branch 'x'"]):
        repository.commit(subject, {"shape.py": CODE.replace("height", f"height{number}")})
    repository.git("checkout", "-q", "-b", "side", "HEAD~1")
    repository.commit("Say it in the side branch", {"other.py": CODE})
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-edit", "side")
    found = history(repository)
    assert found.edits == []
    assert found.passed_over["a message that says little"] == 5


def test_large_changes_binaries_and_broken_encodings_are_left_out(repository: Repository) -> None:
    lines = "".join(f"value_{number} = {number}\n" for number in range(600))
    repository.commit("Begin", {"large.py": lines, "torn.py": b"# caf\xe9\nx = 1\n", "bin.py": b"\0\1\2"})
    repository.commit("Change a great many lines", {"large.py": lines.replace("value", "other")})
    repository.commit("Change what cannot be read", {"torn.py": b"# caf\xe9\nx = 2\n", "bin.py": b"\0\1\3"})
    repository.commit(
        "Only the layout is another", {"large.py": lines.replace("value", "other").replace(" = 5\n", "  =  5\n")}
    )
    repository.commit("Import more than before", {"import.py": "import os\n\nx = os.name\n"})
    repository.commit("Import more than that", {"import.py": "import os\nimport sys\n\nx = os.name\n"})
    assert history(repository).edits == []


def test_a_folder_of_a_repository_has_paths_of_its_own(repository: Repository) -> None:
    repository.commit("Begin with two functions", {"inner/shape.py": CODE, "outer.py": CODE})
    changed = CODE.replace("width * height", "abs(width * height)")
    repository.commit("Take the absolute value", {"inner/shape.py": changed, "outer.py": changed})
    found = read_history(repository.root / "inner", lambda _: True)
    assert [edit.path for edit in found.edits] == ["shape.py"]


def test_without_a_history_there_is_a_note(tmp_path: Path, repository: Repository) -> None:
    assert read_history(tmp_path, lambda _: True).note == "There is no git history here."
    assert history(repository).note == "There is no git history here."


def test_without_git_there_is_a_note(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.root))
    assert history(repository).note == "git is not installed, so no edits were read."


def test_a_damaged_repository_is_told_of(repository: Repository) -> None:
    repository.commit("Begin with two functions", {"shape.py": CODE})
    repository.commit("Take the absolute value", {"shape.py": CODE.replace("width *", "abs(width) *")})
    for file in (repository.root / ".git" / "objects").glob("??/*"):
        file.chmod(0o644)
        file.write_bytes(b"broken")
    found = history(repository)
    assert found.edits == []
    assert found.note.startswith("git could not read all of the history")


def test_nothing_of_the_repository_is_run(repository: Repository, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    repository.commit("Begin with two functions", {"shape.py": CODE, ".gitattributes": "*.py diff=evil\n"})
    (repository.root / ".gitattributes").write_text("*.py diff=evil\n")
    repository.commit("Take the absolute value", {"shape.py": CODE.replace("width *", "abs(width) *")})
    for name in (
        "diff.evil.textconv",
        "diff.evil.command",
        "diff.external",
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
    ):
        repository.git("config", name, f"touch {mark};")
    repository.git("config", "log.showSignature", "true")
    assert len(history(repository).edits) == 1
    assert not mark.exists()


def test_what_a_file_says_is_not_taken_for_gits_words() -> None:
    said = (
        b"\x01fimble abc\t2024-01-01T00:00:00+00:00\tSay it\tall\n\n"
        b"diff --git a/x.py b/x.py\nindex " + b"a" * 40 + b".." + b"b" * 40 + b" 100644\n--- a/x.py\n+++ b/x.py\n"
        b"@@ -3,0 +4,2 @@ def f\n+@@ -1 +1 @@\n+diff --git a/y.py b/y.py\n@@ -9 +11 @@\n-old\n"
        b"\\ No newline at end of file\n+new\n\\ No newline at end of file\n"
    )
    (commit,) = parse(said.splitlines(keepends=True))
    (file,) = commit.files
    assert (commit.subject, file.path, file.before) == ("Say it\tall", "x.py", "a" * 40)
    hunks = [(one.start_before, one.num_before, one.start_after, one.num_after) for one in file.hunks]
    assert hunks == [(3, 0, 3, 2), (8, 1, 10, 1)]


def test_chinese_is_told_from_english() -> None:
    assert in_chinese("修复 parse_args 的错误")
    assert not in_chinese("Fix 中 in the parser of arguments")
