"""Names and places for new documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.lsp.papers import Papers, safe_name, uri_beside


def beside(source: str, name: str, *taken: str, roots: tuple[str, ...] = ()) -> str | None:
    return uri_beside(source, name, roots, lambda uri: uri in taken)


def test_a_free_name_beside_the_source(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c"
    folder.mkdir()
    source = (folder / "tool.py").as_uri()
    first = (folder / "tool.js").as_uri()
    assert beside(source, "tool.js") == first
    (folder / "tool.js").touch()
    second = (folder / "tool_2.js").as_uri()
    assert beside(source, "tool.js") == second
    assert beside(source, "tool.js", second) == (folder / "tool_3.js").as_uri(), "the editor has it, not saved yet"
    (folder / "tool_2.js").symlink_to(folder / "tool.js")
    assert beside(source, "tool.js") == (folder / "tool_3.js").as_uri()


@pytest.mark.parametrize(
    ("name", "next_name"),
    [
        ("test_tool.py", "test_tool_2.py"),
        ("tool_test.go", "tool_2_test.go"),
        ("tool.test.mjs", "tool_2.test.mjs"),
        ("a.b.js", "a.b_2.js"),
        ("noending", "noending_2"),
    ],
)
def test_a_number_leaves_the_ending_alone(tmp_path: Path, name: str, next_name: str) -> None:
    (tmp_path / name).touch()
    assert beside((tmp_path / "tool.py").as_uri(), name) == (tmp_path / next_name).as_uri()


def test_a_source_in_no_file_has_the_workspace(tmp_path: Path) -> None:
    root = tmp_path.as_uri()
    assert beside("untitled:Untitled-1", "a.js", roots=(root,)) == f"{root}/a.js"
    assert beside("untitled:Untitled-1", "a.js", roots=(f"{root}/",)) == f"{root}/a.js"
    assert beside("untitled:Untitled-1", "a.js") is None
    assert beside("git:/x/tool.py", "a.js", roots=("vscode-vfs://x",)) is None


@pytest.mark.parametrize("name", ["../../x.js", "/etc/x.js", "a\\..\\b.js", ".hidden", "\0x", "...", ""])
def test_a_name_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    safe = safe_name(name)
    assert safe and "/" not in safe and "\\" not in safe and not safe.startswith(".") and "\0" not in safe
    papers = Papers()
    path = papers.read_once(name, "text")
    try:
        assert path.parent.name.startswith("fimble-") and path.read_text() == "text"
    finally:
        papers.close()


def test_what_is_only_read_goes_with_the_session_and_the_rest_stays() -> None:
    papers = Papers()
    read, again, kept = papers.read_once("a.md", "1"), papers.read_once("a.md", "2"), papers.keep("a.js", "3\r\n")
    try:
        assert read != again and read.read_text() == "1"
        assert read.parent.stat().st_mode & 0o077 == 0 and kept.parent.stat().st_mode & 0o077 == 0
        papers.close()
        papers.close()
        assert not read.exists() and not read.parent.exists()
        assert kept.read_bytes() == b"3\r\n"
    finally:
        kept.unlink()
        kept.parent.rmdir()
