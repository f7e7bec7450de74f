"""``fimble search`` finds the workspace, indexes what it must, and prints places that a terminal opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fimble.errors import ConfigError, IndexUnavailable
from fimble.index import store
from fimble.index.places import place_of
from fimble.index.reader import Reader
from tests.unit.cli.commands import run

SOURCE = '''def sendAgain(path):
    """Try the transfer once more after a failure."""
    return path
'''


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, and a folder in it where the person is."""
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    root = tmp_path / "work"
    (root / ".git").mkdir(parents=True)
    (root / "src").mkdir()
    (root / "src" / "up.py").write_text(SOURCE)
    (root / "other.py").write_text("def transfer_nothing():\n    pass\n")
    monkeypatch.chdir(root / "src")
    return root


def as_json(*arguments: str) -> dict[str, Any]:
    text = run("search", *arguments, "--json")
    found: dict[str, Any] = json.loads(text[text.index("{") :])
    return found


def test_one_object_for_programs(work: Path) -> None:
    found = as_json("what happens after a failure of a transfer")
    assert found["query"] == "what happens after a failure of a transfer"
    assert found["workspace"] == str(work)
    assert found["notes"] == ["Search by meaning is not set up. Run `fimble setup`."]
    hit = found["hits"][0]
    assert hit["path"] == "src/up.py" and (hit["line"], hit["end_line"]) == (1, 3)
    assert hit["name"] == "sendAgain" and hit["kind"] == "function" and hit["score"] == 1.0
    assert hit["snippet"].startswith("def sendAgain") and hit["why"]


def test_plain_lines_where_it_is_no_terminal(work: Path) -> None:
    text = run("search", "after a failure", "--limit", "1")
    assert "\nup.py:1  function sendAgain  1.00  " in "\n" + text
    assert "\n    def sendAgain(path):\n" in text and "\x1b" not in text


def test_all_of_the_workspace_or_a_part_of_it(work: Path) -> None:
    assert {hit["path"] for hit in as_json("transfer")["hits"]} == {"src/up.py", "other.py"}
    for part in (".", str(work / "src"), "up.py", str(work / "src" / "up.py")):
        assert {hit["path"] for hit in as_json("transfer", part)["hits"]} == {"src/up.py"}, part
    assert len(as_json("transfer", str(work))["hits"]) == 2
    assert Reader(place_of(work).folder).counts().num_files == 2, "one index, of the whole"


def test_what_was_changed_is_found(work: Path) -> None:
    as_json("transfer")
    (work / "src" / "new.py").write_text("def brand_new():\n    pass\n")
    (work / "other.py").unlink()
    assert as_json("brandNew")["hits"][0]["name"] == "brand_new"
    assert {hit["path"] for hit in as_json("transfer")["hits"]} == {"src/up.py"}


def test_nothing_found(work: Path) -> None:
    assert "Nothing was found." in run("search", "xyzzy")
    assert as_json("xyzzy")["hits"] == []


def test_an_index_that_another_keeps_is_searched_as_it_is(work: Path) -> None:
    as_json("transfer")
    with place_of(work).locked(wait=False):
        assert as_json("transfer")["hits"]
        assert as_json("transfer", "--wait")["hits"]


def test_an_index_that_is_full_is_searched_as_it_is(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_json("transfer")
    (work / "src" / "new.py").write_text("def brand_new():\n    pass\n")
    monkeypatch.setattr(store, "_SCANNED_SHARE", 0)
    found = as_json("transfer")
    assert found["hits"] and any("cannot grow" in note for note in found["notes"])


@pytest.mark.parametrize("query", ["", "  ", "\n"])
def test_an_empty_query_is_refused(work: Path, query: str) -> None:
    with pytest.raises(ConfigError, match="query is empty"):
        run("search", query)


def test_a_long_query_is_cut_and_told(work: Path) -> None:
    found = as_json("transfer failure " * 600)
    assert any("long" in note for note in found["notes"]) and found["hits"][0]["name"] == "sendAgain"


def test_a_path_that_is_not_there_is_refused(work: Path) -> None:
    with pytest.raises(IndexUnavailable, match="nowhere does not exist"):
        run("search", "transfer", "nowhere")


def test_links_in_a_circle_and_names_too_long_are_refused(work: Path) -> None:
    (work / "circle.py").symlink_to("circle.py")
    for path in (str(work / "circle.py"), "a" * 300):
        with pytest.raises(IndexUnavailable, match="does not exist"):
            run("search", "transfer", path)


def test_a_home_folder_is_refused_and_is_never_taken_for_a_project_above(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(work))
    monkeypatch.setenv("USERPROFILE", str(work))
    for folder in (str(work), str(work.parent)):
        with pytest.raises(ConfigError, match="home folder"):
            run("search", "transfer", folder)
    assert as_json("transfer", str(work), "--yes")["hits"]
    assert as_json("transfer")["workspace"] == str(work / "src"), "a home folder may be a repository, too"


def test_a_private_folder_is_not_read(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_DISABLED_PATHS", "*")
    with pytest.raises(IndexUnavailable, match="disabled_paths"):
        run("search", "transfer")


def test_nothing_steers_a_terminal(work: Path) -> None:
    (work / "src" / "odd.py").write_text(
        "def odd():\n    return '\x1b[31m zebra\x07 \u202e gnirts'\n", encoding="utf-8"
    )
    text = run("search", "zebra")
    assert "zebra" in text and not {"\x1b", "\x07", "\u202e"} & set(text)
