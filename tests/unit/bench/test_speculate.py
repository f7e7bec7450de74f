"""The speculation benchmark on a tiny model: its figures add up, and the engine is left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.bench.corpus import SourceFile
from fimble.bench.spans import spans
from fimble.bench.speculate import measure, requests_at
from fimble.engine.onnx import OnnxEngine
from fimble.engine.tokenizer import Tokenizer
from fimble.prompt.templates import FAMILIES
from tests.unit import tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.prepared(tmp_path_factory.mktemp("tiny"))


def test_both_ways_answer_every_request(folder: Path) -> None:
    engine = OnnxEngine(folder / "graph.onnx", "tiny", num_threads=1, context_length=1024, kv_cache_mb=16)
    tokenizer = Tokenizer(folder / "tokenizer.json")
    text = "".join(f"def name_{number}(value):\n    return value + {number}\n\n\n" for number in range(20))
    holes = spans([SourceFile("names.py", "python", text)], 4, 11, "rest")
    requests = requests_at(holes, tokenizer, FAMILIES["qwen2.5-coder"], prompt_tokens=200, max_new_tokens=16)
    seen: list[int] = []
    result = measure(engine, requests, on_request=seen.append)
    assert seen == [0, 1, 2, 3]
    assert result["num_requests"] == 4
    assert 0 < result["num_tokens"] <= 64
    assert result["same_answer_share"] == 1.0
    assert result["ratio"] > 0
    assert result["num_accepted_draft_tokens"] <= result["num_drafted_tokens"]
    assert engine.max_draft_tokens == 7
    engine.close()
