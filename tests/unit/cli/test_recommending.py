"""``fimble models recommend``: real measurements of tiny models, and what is said of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fimble.cli.recommendation import facts
from fimble.engine.device import Gpu
from fimble.engine.speed import Speed
from fimble.errors import ModelFolderInvalid
from fimble.weights import catalog, stand_in, store
from fimble.weights.entry_text import to_toml
from tests.unit import tiny
from tests.unit.cli.commands import run

DEFAULT, LARGER = "qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIMBLE_PROVIDER", "cpu")
    monkeypatch.setenv("COLUMNS", "500")
    monkeypatch.delenv("FIMBLE_MODEL", raising=False)
    monkeypatch.setattr(
        stand_in, "SIZE", replace(stand_in.SIZE, num_layers=2, hidden=128, num_heads=2, ffn=256, vocabulary_size=512)
    )
    return tmp_path / "home"


def install(name: str) -> None:
    """A tiny model in the place of the catalogue's ``name``, or an entry of its own."""
    if name not in catalog.names():
        catalog.user_folder().mkdir(parents=True, exist_ok=True)
        entry = replace(tiny.entry(tiny.QWEN2, name), sources=catalog.find(DEFAULT).sources)
        catalog.user_file(name).write_text(to_toml(entry))
    with store.lock(name), store.staging(name, "int8") as folder:
        tiny.prepared(folder)
        written = json.loads((folder / "manifest.json").read_text()) | {"model": name, "precision": "int8"}
        (folder / "manifest.json").write_text(json.dumps(written))


def rows(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["model"]: row for row in record["models"]}


def test_without_any_model_a_stand_in_is_measured_and_all_figures_are_estimates() -> None:
    record = json.loads(run("models", "recommend", "--json"))
    (measured,) = record["measured"]
    assert "stand-in" in measured["model"]
    assert set(rows(record)) == set(catalog.names())
    assert not any(row["measured"] or row["installed"] for row in record["models"])
    small, large = (rows(record)[name] for name in (DEFAULT, LARGER))
    assert 0 < small["write_ms"] < large["write_ms"]
    assert small["read_tokens_per_s"] > large["read_tokens_per_s"] > 0
    assert small["memory_mb"] < large["memory_mb"]
    assert record["machine"]["free_bytes"] > 0


def test_the_configured_model_is_measured_where_it_is_installed() -> None:
    install("another")
    install(DEFAULT)
    record = json.loads(run("models", "recommend", "--json"))
    assert [one["model"] for one in record["measured"]] == [DEFAULT]
    assert rows(record)[DEFAULT]["measured"]
    assert not rows(record)["another"]["measured"]
    record = json.loads(run("models", "recommend", "--every", "--json"))
    assert [one["model"] for one in record["measured"]] == [DEFAULT, "another"]


def test_one_that_cannot_be_measured_is_said_and_the_next_one_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    install("another")
    install(DEFAULT)
    from fimble.cli import measuring

    measure = measuring.speed_of

    def fail(options: Any) -> Speed:
        if options.model == DEFAULT:
            raise ModelFolderInvalid("It is damaged.")
        return measure(options)

    monkeypatch.setattr(measuring, "speed_of", fail)
    record = json.loads(run("models", "recommend", "--json"))
    assert [one["model"] for one in record["measured"]] == ["another"]
    assert record["failures"] == [f"{DEFAULT} could not be measured: It is damaged."]


def say(monkeypatch: pytest.MonkeyPatch, speed: Speed, free_bytes: int = 32 * 10**9) -> str:
    """What is printed on a machine on which the default model has that speed."""
    install(DEFAULT)
    monkeypatch.setattr("fimble.cli.measuring.speed_of", lambda options: speed)
    monkeypatch.setattr("fimble.engine.device.free_memory_bytes", lambda: free_bytes)
    monkeypatch.setattr("fimble.engine.device.num_cores", lambda: 2)
    monkeypatch.setattr("fimble.engine.device.busy_share", lambda: 0.0)
    return run("models", "recommend")


def test_two_slow_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    output = say(monkeypatch, Speed(480, 25))
    assert "This machine: 2 cores, 32 GB of memory free, no GPU that fimble can use." in output
    assert f"Measured {DEFAULT} on the CPU" in output
    assert f"Recommended: {DEFAULT} (int8). A suggestion takes 0.32 s: it comes in a short pause" in output
    assert f"* is recommended. Installed: {DEFAULT} (int8). Too slow to type with: {LARGER} (int8)." in output
    assert "Righter" not in output
    line = next(line for line in output.splitlines() if line.strip().startswith(LARGER))
    assert line.split()[1:5] == ["int8", "2.4", "GB", "~131/s"]


def test_a_fast_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    output = say(monkeypatch, Speed(5000, 5))
    assert f"Recommended: {LARGER} (int8). A suggestion takes about 0.19 s: it is there when you look." in output
    assert f"To have it: fimble setup {LARGER}" in output


def test_one_between(monkeypatch: pytest.MonkeyPatch) -> None:
    output = say(monkeypatch, Speed(1000, 15))
    assert f"Recommended: {DEFAULT} (int8). A suggestion takes 0.19 s" in output
    assert f"Righter, but slower: {LARGER} (int8) takes about 0.5" in output


def test_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    output = say(monkeypatch, Speed(5000, 5), free_bytes=400_000_000)
    assert "Recommended: a model on another machine" in output
    assert f"Needs more memory than is free: {DEFAULT} (int8), {LARGER} (int8)." in output


def test_the_table_fits_into_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    output = say(monkeypatch, Speed(480, 25))
    assert max(len(line) for line in output.splitlines()) <= 80
    assert "…" not in output
    (row,) = (line for line in output.splitlines() if line.startswith("* qwen"))
    *first, _, _ = row.split()[:5]
    assert [*first, *row.split()[5:]] == ["*", DEFAULT, "int8", "480/s", "25", "ms", "0.32", "s", "1.23", "s"]


def test_a_machine_that_is_busy_or_whose_gpu_is_not_used_says_so() -> None:
    assert len(facts(1, 10**9, None, "", 0.1)) == 1
    assert facts(1, 10**9, None, "", 0.5)[1].startswith("It is busy: other programs take 50%")
    assert facts(4, 10**9, None, "The driver is old.", 0)[1] == "A GPU is here, but not used: The driver is old."
    assert facts(4, 10**9, Gpu("L4", 10**9), "", 0) == [
        "This machine: 4 cores, 1.0 GB of memory free, L4 with 1.0 GB free."
    ]
