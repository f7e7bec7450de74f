"""``.fimbleignore``, disabled paths, links, and what happens where rules cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fimble.privacy import Privacy
from fimble.privacy.ignorefile import MAX_BYTES
from fimble.privacy.patterns import IGNORES_CASE
from fimble.privacy.rules import MAX_DEPTH, RECHECK_S


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


IGNORE = {
    ".fimbleignore": "# ours\n*.log\n!keep.log\n/build/\ninner/\n!inner/shown.txt\ndeep/**/x.txt\n\\!odd\n",
    "sub/.fimbleignore": "only_here.txt\n!again.log\n",
}


@pytest.mark.parametrize(
    ("name", "is_private"),
    [
        ("a.log", True),
        ("sub/a.log", True),
        ("keep.log", False),
        ("sub/keep.log", False),
        ("sub/again.log", False),
        ("again.log", True),
        ("build/a.txt", True),
        ("sub/build/a.txt", False),
        ("inner/shown.txt", True),
        ("sub/inner/a.txt", True),
        ("deep/1/2/x.txt", True),
        ("deep/1/2/y.txt", False),
        ("only_here.txt", False),
        ("sub/only_here.txt", True),
        ("sub/further/only_here.txt", True),
        ("!odd", True),
        ("build", False),
    ],
)
@pytest.mark.parametrize("has_root", [True, False])
def test_patterns_as_git_reads_them(tmp_path: Path, name: str, is_private: bool, has_root: bool) -> None:
    write(tmp_path, IGNORE)
    privacy = Privacy(roots=[tmp_path] if has_root else [])
    assert privacy.may_read(tmp_path / name) is not is_private
    assert privacy.may_read((tmp_path / name).as_uri()) is not is_private


def test_the_sentence_names_file_and_pattern(tmp_path: Path) -> None:
    write(tmp_path, IGNORE)
    assert Privacy().why_not(tmp_path / "a.log") == f"{tmp_path.as_posix()}/.fimbleignore names it: *.log."


def test_a_folder_itself_may_be_asked_about(tmp_path: Path) -> None:
    write(tmp_path, IGNORE)
    (tmp_path / "build").mkdir()
    assert not Privacy().may_read(tmp_path / "build")
    assert Privacy().may_read(tmp_path / "sub")


def test_files_above_the_workspace_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, {".fimbleignore": "*.py", "work/.fimbleignore": "*.log", "work/in/.fimbleignore": "*.txt"})
    outer, inner = Privacy(roots=[tmp_path / "work"]), Privacy(roots=[tmp_path / "work" / "in", tmp_path / "work"])
    for privacy in (outer, inner):
        assert privacy.may_read(tmp_path / "work/in/a.py")
        assert not privacy.may_read(tmp_path / "work/in/a.log")
        assert not privacy.may_read(tmp_path / "work/in/a.txt")
        assert not privacy.may_read(tmp_path / "a.py")


def test_without_a_workspace_the_repository_is_the_border(tmp_path: Path) -> None:
    write(tmp_path, {".fimbleignore": "*.py", "repo/.git/HEAD": "", "repo/src/x": ""})
    assert Privacy().may_read(tmp_path / "repo/src/a.py")
    assert not Privacy().may_read(tmp_path / "other/a.py")


def test_an_edited_rule_takes_effect(tmp_path: Path) -> None:
    clock = Clock()
    privacy = Privacy(clock=clock)
    assert privacy.may_read(tmp_path / "a.txt")
    write(tmp_path, {".fimbleignore": "a.txt"})
    clock.now += RECHECK_S
    assert not privacy.may_read(tmp_path / "a.txt")
    write(tmp_path, {".fimbleignore": "b.txt and more"})
    clock.now += RECHECK_S
    assert privacy.may_read(tmp_path / "a.txt")
    assert RECHECK_S < 1


def test_no_rule_opens_what_is_private_by_name(tmp_path: Path) -> None:
    write(tmp_path, {".fimbleignore": "!.env\n!*.pem\n"})
    assert not Privacy(["!.env"]).may_read(tmp_path / ".env")


class TestFailsClosed:
    def closed(self, folder: Path, part: str) -> None:
        privacy = Privacy(roots=[folder])
        why = privacy.why_not(folder / "sub" / "main.py")
        assert why is not None and part in why and ".fimbleignore" in why
        assert Privacy(roots=[folder]).may_read(folder.parent / "elsewhere.py")

    @pytest.mark.parametrize(
        "raw",
        [b"caf\xe9\n", "secret.txt".encode("utf-16"), "secret.txt".encode("utf-16-le"), b"a\0b"],
        ids=["latin-1", "utf-16", "utf-16 without mark", "nul"],
    )
    def test_not_utf8(self, tmp_path: Path, raw: bytes) -> None:
        (tmp_path / "p").mkdir()
        (tmp_path / "p/.fimbleignore").write_bytes(raw)
        self.closed(tmp_path / "p", "not UTF-8")

    @pytest.mark.parametrize("line", ["!", "a\\", "[z-a]", "secret[1.txt", "/"])
    def test_pattern_without_meaning(self, tmp_path: Path, line: str) -> None:
        write(tmp_path, {"p/.fimbleignore": f"ok.txt\n{line}\n"})
        self.closed(tmp_path / "p", "has no meaning")

    def test_folder_of_that_name(self, tmp_path: Path) -> None:
        (tmp_path / "p/.fimbleignore").mkdir(parents=True)
        self.closed(tmp_path / "p", "not a file")

    def test_pipe_of_that_name(self, tmp_path: Path) -> None:
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no pipes with names")
        (tmp_path / "p").mkdir()
        os.mkfifo(tmp_path / "p/.fimbleignore")
        self.closed(tmp_path / "p", "not a file")

    def test_link_to_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "p").mkdir()
        (tmp_path / "p/.fimbleignore").symlink_to("gone")
        self.closed(tmp_path / "p", "the link leads nowhere")

    def test_too_large(self, tmp_path: Path) -> None:
        write(tmp_path, {"p/.fimbleignore": "x\n" * (MAX_BYTES // 2 + 1)})
        self.closed(tmp_path / "p", "larger than")

    def test_unreadable(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, {"p/.fimbleignore": "x"})
        (tmp_path / "p/.fimbleignore").chmod(0)
        if os.access(tmp_path / "p/.fimbleignore", os.R_OK):
            refuse_to_open(monkeypatch)
        self.closed(tmp_path / "p", "Permission denied")

    def test_disabled_path_without_meaning(self) -> None:
        why = Privacy(["*.csv", "[z-a]"]).why_not("/p/main.py")
        assert why is not None and "disabled_paths" in why and "[z-a]" in why

    def test_rules_that_raise(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(path: str) -> None:
            raise RecursionError("too deep")

        monkeypatch.setattr("fimble.privacy.rules.rule_for", fail)
        why = Privacy().why_not(tmp_path / "main.py")
        assert why is not None and "too deep" in why

    def test_deeper_than_anyone_looks(self) -> None:
        assert not Privacy().may_read("/a" * (MAX_DEPTH + 1) + "/main.py")


def refuse_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system does for a person without the right; the administrator has every right."""

    def refused(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refused)


def test_a_byte_order_mark_and_any_line_end_are_fine(tmp_path: Path) -> None:
    (tmp_path / ".fimbleignore").write_bytes(b"\xef\xbb\xbfa.txt\r\nb.txt\rc.txt\n")
    for name in ("a.txt", "b.txt", "c.txt"):
        assert not Privacy().may_read(tmp_path / name)
    assert Privacy().may_read(tmp_path / "d.txt")


class TestLinks:
    def test_to_a_private_file(self, tmp_path: Path) -> None:
        write(tmp_path, {".env": "A=1"})
        (tmp_path / "notes.txt").symlink_to(".env")
        why = Privacy().why_not(tmp_path / "notes.txt")
        assert why is not None and ".env" in why

    def test_with_a_private_name(self, tmp_path: Path) -> None:
        write(tmp_path, {"notes.txt": ""})
        (tmp_path / ".env").symlink_to("notes.txt")
        assert not Privacy().may_read(tmp_path / ".env")

    def test_through_a_folder(self, tmp_path: Path) -> None:
        write(tmp_path, {"real/.fimbleignore": "a.txt", "real/a.txt": "", "real/b.txt": ""})
        (tmp_path / "link").symlink_to("real", target_is_directory=True)
        assert not Privacy(roots=[tmp_path / "link"]).may_read(tmp_path / "link/a.txt")
        assert not Privacy(roots=[tmp_path / "real"]).may_read(tmp_path / "link/a.txt")
        assert Privacy().may_read(tmp_path / "link/b.txt")

    def test_out_of_the_workspace_into_another_that_forbids_it(self, tmp_path: Path) -> None:
        write(tmp_path, {"other/.fimbleignore": "*", "other/a.txt": "", "work/x": ""})
        (tmp_path / "work/a.txt").symlink_to(tmp_path / "other/a.txt")
        assert not Privacy(roots=[tmp_path / "work"]).may_read(tmp_path / "work/a.txt")

    def test_in_a_circle(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").symlink_to("a.txt")
        Privacy().why_not(tmp_path / "a.txt")


class TestDisabledPaths:
    def test_below_the_workspace_and_absolute(self, tmp_path: Path) -> None:
        work = tmp_path / "work"
        privacy = Privacy(["/src/gen/", "*.csv", f"{tmp_path.as_posix()}/notes/**"], [work])
        assert not privacy.may_read(work / "src/gen/a.py")
        assert privacy.may_read(work / "lib/src/gen/a.py")
        assert not privacy.may_read(work / "any/a.csv")
        assert not privacy.may_read(tmp_path / "notes/a.md")
        assert privacy.may_read(work / "notes/a.md")
        assert privacy.why_not(work / "a.csv") == "The setting disabled_paths names it: *.csv."

    def test_home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        assert not Privacy(["~/diary/"]).may_read(tmp_path / "diary/a.txt")

    def test_documents_without_a_file(self) -> None:
        assert not Privacy(["Untitled-*"]).may_read("untitled:Untitled-1")

    def test_a_later_pattern_may_allow_again(self, tmp_path: Path) -> None:
        privacy = Privacy(["*.csv", "!small.csv"], [tmp_path])
        assert privacy.may_read(tmp_path / "small.csv")
        assert not privacy.may_read(tmp_path / "large.csv")


class TestNamesOfOneFile:
    def test_where_case_is_no_part_of_a_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, {".fimbleignore": "Notes.txt\n[A-C]x\n"})
        assert Privacy(["*.CSV"]).may_read(tmp_path / "a.csv") is not IGNORES_CASE
        monkeypatch.setattr("fimble.privacy.patterns.IGNORES_CASE", True)
        for name in ("notes.TXT", "NOTES.txt", "bX", "a.csv"):
            assert not Privacy(["*.CSV"]).may_read(tmp_path / name)

    def test_either_unicode_form(self, tmp_path: Path) -> None:
        write(tmp_path, {".fimbleignore": "caf\u00e9.txt\n"})
        assert not Privacy().may_read(tmp_path / "cafe\u0301.txt")
