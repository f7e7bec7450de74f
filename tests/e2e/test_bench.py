"""The typing and infilling benchmarks against real servers: that they run, and that they see what is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fimble.bench import fimble_side
from fimble.bench.replay import closed_loop, states
from fimble.bench.script import Kind, Script, write
from fimble.errors import EngineError
from tests.e2e.editor import SCRIPTED_SERVER
from tests.unit.bench.test_foreign import OTHER, TOOLS, USER, project_in
from tests.unit.bench.texts import TEXT, files

COMMAND = (*SCRIPTED_SERVER, "--stdio")
ITEM = {
    "task_id": "Line/0",
    "prompt": "def add(a, b):\n",
    "suffix": "\n\nprint(add(1, 2))\n",
    "canonical_solution": "    return a + b\n",
    "test": "def check(f):\n    assert f(2, 3) == 5\n",
    "entry_point": "add",
}


def script(num_keystrokes: int) -> Script:
    return write(files(), num_keystrokes, 11)


def test_the_server_sees_every_key_where_it_was_pressed() -> None:
    keys = script(40)
    with fimble_side.start(keys, COMMAND) as side:
        seen = closed_loop(keys, side, lambda number: None)
    for (step, _, after), one in zip(states(keys), seen, strict=True):
        line = after[after.rfind("\n", 0, step.cursor) + 1 : step.cursor]
        assert one.answer is not None
        if one.text:
            assert f" {len(after)} {step.cursor} {line}]" in one.text
    assert sum(bool(one.text) for one in seen) > 20
    assert {step.kind for step in keys.steps} >= {Kind.JUMP, Kind.CHARACTER, Kind.NEWLINE}


def test_a_server_that_ends_is_an_error() -> None:
    with (
        pytest.raises(EngineError, match=r"did not|ended"),
        fimble_side.start(script(3), (sys.executable, "-c", "pass")),
    ):
        pass


def bench(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "fimble", "bench", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.usefixtures("default_model")
def test_typing_reports_what_the_model_did(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(TEXT, encoding="utf-8")
    trace = tmp_path / "trace.jsonl"
    result = bench("typing", "--corpus", str(tmp_path), "--keystrokes", "12", "--trace", str(trace))
    assert result["num_keystrokes"] == 12
    assert result["shown_per_100"] > 0 and result["p50_ms"] > 0 and result["unanswered"] == 0
    records = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    assert [record["loop"] for record in records] == ["closed"] * 12 + ["open"] * 12
    assert any(record["prompt_tokens"] for record in records)


@pytest.mark.usefixtures("default_model")
def test_fill_compares_the_pipeline_with_the_bare_model(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(ITEM) + "\n", encoding="utf-8")
    result = bench("fill", "--data", str(data), "--execute", "--against-raw")
    assert (result["exact_match"], result["pass_at_1"], result["num_items"]) == (100.0, 100.0, 1)
    assert result["raw"]["num_items"] == 1 and result["raw"]["pass_at_1"] in (0.0, 100.0)
    assert result["difference"]["pass_at_1"]["difference_points"] == 100.0 - result["raw"]["pass_at_1"]


@pytest.mark.usefixtures("default_model")
def test_crossfile_compares_the_index_with_none(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    project_in(project, tools=TOOLS, user=USER, other=OTHER)
    trace = tmp_path / "trace.txt"
    result = bench("crossfile", "--corpus", str(project), "--limit", "2", "--cursor", "name", "--trace", str(trace))
    assert result["num_items"] == 1 and result["cursor"] == "name"
    assert {"exact_match", "edit_similarity", "mean_ms"} <= result["with_index"].keys() & result["without_index"].keys()
    assert "definition of SPEED_LIMIT" in trace.read_text(encoding="utf-8")


@pytest.mark.usefixtures("default_model")
def test_windows_that_type_at_once_share_one_model(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"module{number}.py").write_text(TEXT, encoding="utf-8")
    result = bench("load", "--sessions", "2", "--keystrokes", "6", "--corpus", str(tmp_path))
    fastest, other = result["sessions"]
    assert (fastest["keys"], other["keys"]) == (12, 6)
    assert result["unanswered"] == 0
    assert fastest["asked_model"] > 0 and fastest["p95_ms"] >= fastest["p50_ms"] > 0
    first, second, after = result["memory"]
    assert second["pss_mb"] - first["pss_mb"] < first["pss_mb"] / 2, "the weights are there once"
    assert after["kv_mb"] > 0
