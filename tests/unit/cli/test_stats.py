"""``fimble stats`` shows what was counted, and deletes it when asked."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fimble.acceptance.records import Ending, Record, Surface
from fimble.acceptance.store import Store
from tests.unit.cli.commands import run

RECORD = Record(Surface.INLINE, "python", Ending.ACCEPTED, 10, 10, 0.6, 5.0, 1.0)
DAY_S = 86_400


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    return Store(tmp_path / "stats")


@pytest.fixture
def counted(store: Store) -> Store:
    now_s = time.time()
    store.add([RECORD] * 3 + [replace(RECORD, language="go", ending=Ending.REJECTED, kept_share=None)], "small", now_s)
    store.add([RECORD], "small", now_s - 10 * DAY_S)
    store.add([RECORD], "small", now_s - 40 * DAY_S)
    store.add([replace(RECORD, surface=Surface.POPUP, kept_share=0.2)], "small", now_s)
    return store


def test_nothing_counted_is_said() -> None:
    assert "Nothing was counted" in run("stats")


def test_nothing_counted_because_it_is_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_RECORD_ACCEPTANCE", "off")
    assert "record_acceptance is off" in run("stats")


def test_the_tables_hold_languages_and_totals(counted: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    printed = run("stats")
    rows = [line.split() for line in printed.splitlines()]
    assert ["python", "3", "3", "0", "0", "0", "100%", "3", "of", "3"] in rows
    assert ["go", "1", "0", "0", "0", "1", "0%", "-"] in rows
    assert ["total", "4", "3", "0", "0", "1", "75%", "3", "of", "3"] in rows
    assert ["total", "5", "4", "0", "0", "1", "80%", "4", "of", "4"] in rows
    assert ["python", "1", "1", "0", "0", "0", "100%", "0", "of", "1"] in rows
    assert "Suggestions in a popup, last 7 days" in printed


def test_a_program_gets_one_object(counted: Store) -> None:
    found = json.loads(run("stats", "--json"))
    week = found["inline"]["last_7_days"]
    assert week["by_language"].keys() == {"python", "go"}
    assert week["total"] == {
        "shown": 4,
        "accepted": 3,
        "partly": 0,
        "typed": 0,
        "rejected": 1,
        "withdrawn": 0,
        "num_looked_at": 3,
        "still_there": 3,
        "accepted_chars": 40,
        "accepted_share": 0.75,
        "still_there_share": 1.0,
    }
    assert found["inline"]["last_30_days"]["total"]["shown"] == 5
    assert found["popup"]["last_7_days"]["total"]["still_there"] == 0


def test_an_object_without_counts_has_no_shares() -> None:
    total = json.loads(run("stats", "--json"))["inline"]["last_7_days"]["total"]
    assert (total["shown"], total["accepted_share"]) == (0, None)


def test_deleting_asks_first(counted: Store) -> None:
    with pytest.raises(SystemExit, match="Aborted"):
        run("stats", "--delete", answer="n\n")
    assert counted.read()
    assert "deleted" in run("stats", "--delete", answer="y\n")
    assert counted.read() == []
    assert "nothing to delete" in run("stats", "--delete")


def test_yes_does_not_ask(counted: Store) -> None:
    run("stats", "--delete", "--yes")
    assert not counted.has_files


def test_a_damaged_file_is_said_and_nothing_is_shown(store: Store) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"no database" * 1000)
    printed = run("stats")
    assert "counting begins anew" in printed
    assert "Nothing was counted" in printed
