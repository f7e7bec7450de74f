"""What keys and values that grow by concatenation cost: a random CodeGen of some size, exported, in fp32 and 8 bits.

    python tests/bench/growing_kv.py [--layers 20 --hidden 1024]     # CodeGen-350M's sizes; needs the `export` extra

Prints a token's time behind texts of several lengths, a prompt's per token, and the memory that it all takes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from fimble.engine.growing import GrowingSession
from fimble.weights.export import export, narrow
from tests.unit import random_models

LENGTHS = (128, 512, 1024, 1536)
NUM_STEPS = 16
CHUNK = 128


def write_source(folder: Path, num_layers: int, hidden: int) -> None:
    from transformers import CodeGenConfig, CodeGenForCausalLM

    tokenizer = random_models.codegen_like()
    size = CodeGenConfig(vocab_size=51200, n_embd=hidden, n_layer=num_layers, n_head=hidden // 64, rotary_dim=32)
    CodeGenForCausalLM(size).save_pretrained(str(folder), safe_serialization=True)
    tokenizer.save(str(folder / "tokenizer.json"))


def measure(folder: Path) -> dict[str, Any]:
    process = psutil.Process()
    before_mb = process.memory_info().rss / 2**20
    session = GrowingSession(folder / "graph.onnx")
    loaded_mb = process.memory_info().rss / 2**20
    cache, random = session.new_cache(max(LENGTHS)), np.random.default_rng(1)
    result: dict[str, Any] = {"weights_mb": round(loaded_mb - before_mb)}
    for length in LENGTHS:
        started = time.perf_counter()
        num_read = cache.num_tokens
        for begin in range(num_read, length, CHUNK):
            session.run(random.integers(0, 50000, min(CHUNK, length - begin)).tolist(), cache, begin, 0)
        prompt_ms = (time.perf_counter() - started) * 1e3 / max(1, length - num_read)
        steps = []
        for step in range(NUM_STEPS):
            started = time.perf_counter()
            session.run([step], cache, length + step, 1)
            steps.append((time.perf_counter() - started) * 1e3)
        cache.cut(length)
        result[f"behind {length} tokens"] = {
            "step_ms": round(median(steps), 1),
            "prompt_token_ms": round(prompt_ms, 2),
            "kept_mb": round(length * session.layout.bytes_per_token / 2**20),
        }
    result["grown_by_mb"] = round(process.memory_info().rss / 2**20 - loaded_mb)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=20)
    parser.add_argument("--hidden", type=int, default=1024)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        source, exact, coarse = (Path(temporary) / name for name in ("source", "fp32", "int8"))
        write_source(source, options.layers, options.hidden)
        export(source, exact, lambda stage, share: None)
        narrow(exact, coarse, lambda stage, share: None)
        result = {}
        for folder in (exact, coarse):  # each in a process of its own, whose memory is its own
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                result[folder.name] = process.submit(measure, folder).result()
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
