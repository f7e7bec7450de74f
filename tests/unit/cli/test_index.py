"""``fimble index`` makes a workspace searchable, and asks before it takes a home folder for one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fimble.errors import ConfigError, IndexUnavailable
from fimble.index.places import place_of
from fimble.index.reader import Reader
from tests.unit.cli.commands import run


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.py").write_text("def upload(path):\n    '''Send it.'''\n    return retry(path)\n")
    (tmp_path / "work" / "b.py").write_text("def retry(path):\n    pass\n")
    return tmp_path / "work"


def as_json(*arguments: str) -> dict[str, Any]:
    """What the command prints, without what it tells of its progress beside it."""
    text = run("index", *arguments, "--json")
    found: dict[str, Any] = json.loads(text[text.index("{") :])
    return found


def follow(folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and what is said where the input ends at once."""
    command = [sys.executable, "-m", "fimble", "index", str(folder), "--follow"]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_workspace_is_indexed_shown_and_forgotten(work: Path) -> None:
    assert "is not indexed" in run("index", str(work), "--status")
    assert "2 files, 2 pieces in" in run("index", str(work))
    reader = Reader(place_of(work).folder)
    assert [one.path for one in reader.named("retry")] == ["b.py"]
    assert [one.path for one in reader.using("retry")] == ["a.py"]
    assert len(reader.match(["send"], 5)) == 1
    status = as_json(str(work), "--status")
    assert status["num_files"] == 2 and status["is_words_complete"] and status["seconds"] is None
    assert status["workspace"] == str(work) and status["num_bytes"] > 0
    assert as_json(str(work))["seconds"] >= 0
    with pytest.raises(SystemExit):
        run("index", str(work), "--remove", answer="n\n")
    assert "is deleted" in run("index", str(work), "--remove", answer="y\n")
    assert not place_of(work).folder.exists()
    assert "no index" in run("index", str(work), "--remove")


def test_an_index_whose_workspace_is_gone_can_be_removed(work: Path) -> None:
    run("index", str(work))
    for file in work.iterdir():
        file.unlink()
    work.rmdir()
    assert "is deleted" in run("index", str(work), "--remove", "--yes")


def test_what_is_no_folder_is_refused(work: Path) -> None:
    for path in (work / "a.py", work / "none"):
        with pytest.raises(IndexUnavailable, match="not a folder"):
            run("index", str(path))


def test_one_at_a_time(work: Path) -> None:
    with place_of(work).locked(wait=False):
        for arguments in ((), ("--remove", "--yes")):
            if arguments:
                place_of(work).begin()
            with pytest.raises(IndexUnavailable, match="Another fimble"):
                run("index", str(work), *arguments)


def test_the_home_folder_is_asked_about(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(work))
    monkeypatch.setenv("USERPROFILE", str(work))
    for folder in (work, work.parent):
        with pytest.raises(ConfigError, match="home folder"):
            run("index", str(folder))
    assert "2 files" in run("index", str(work), "--yes")
    code, (line,) = follow(work)
    assert code == 2 and line["code"] == "home" and "home folder" in line["problem"]


def test_an_option_says_how_many_files(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_INDEX_MAX_FILES", "100")
    for number in range(120):
        (work / f"x{number}.py").write_text("")
    assert as_json(str(work))["num_files"] == 100


def test_what_the_settings_disable_is_not_read(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_DISABLED_PATHS", "a.py")
    run("index", str(work))
    assert Reader(place_of(work).folder).paths() == {"b.py"}


def test_it_is_over_when_the_input_is(work: Path) -> None:
    code, lines = follow(work)
    assert code == 0 and all("problem" not in line for line in lines)


def test_it_is_not_followed_where_the_option_is_off(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_INDEX", "off")
    assert follow(work) == (0, [{"note": "The option index is off."}])


def test_what_cannot_be_followed_is_told(work: Path) -> None:
    code, (line,) = follow(work / "none")
    assert code == 1 and "not a folder" in line["problem"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system as Linux answers")
def test_it_works_at_the_lowest_priority(work: Path) -> None:
    command = [sys.executable, "-m", "fimble", "index", str(work), "--follow"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        for line in process.stdout:
            if json.loads(line) == {"ready": "words"}:
                break
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
        assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_without_a_path_it_is_the_index_that_search_asks(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / ".git").mkdir()
    (work / "src").mkdir()
    monkeypatch.chdir(work / "src")
    assert as_json()["workspace"] == str(work)
    assert as_json("--status")["num_files"] == 2
    assert as_json(str(work / "src"))["workspace"] == str(work / "src")


def test_a_private_folder_is_not_read(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_DISABLED_PATHS", "*")
    with pytest.raises(IndexUnavailable, match="disabled_paths"):
        run("index", str(work))
