"""``fimble models recommend`` on this machine, with the real model."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fimble.config import DEFAULT_MODEL

pytestmark = pytest.mark.usefixtures("default_model")


def test_the_installed_model_is_measured_and_the_others_are_scaled_from_it() -> None:
    command = (sys.executable, "-m", "fimble", "models", "recommend", "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    record = json.loads(done.stdout)
    assert record["failures"] == []
    assert DEFAULT_MODEL in [measured["model"] for measured in record["measured"]]
    rows = {row["model"]: row for row in record["models"] if row["provider"] == "cpu"}
    ours, larger = rows[DEFAULT_MODEL], rows["qwen2.5-coder-1.5b-instruct"]
    assert ours["measured"]
    assert not larger["measured"]
    assert larger["write_ms"] == pytest.approx(3.12 * ours["write_ms"], rel=0.01)
    assert larger["read_tokens_per_s"] == pytest.approx(ours["read_tokens_per_s"] / 3.66, rel=0.01)
    assert 800 < ours["memory_mb"] < 1600
    recommended = record["recommended"]
    assert recommended is None or rows[recommended["model"]]["fits"]
