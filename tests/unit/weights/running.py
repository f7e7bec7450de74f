"""Runs a written graph in the real session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fimble.engine.cache import KvCache
from fimble.engine.session import Session
from fimble.weights.checkpoint import Checkpoint
from fimble.weights.graph import write_graph
from fimble.weights.recipe import FP32, Recipe
from fimble.weights.samples import calibration_tokens

NUM_POSITIONS = 1024
Runner = Callable[[Sequence[int]], NDArray[np.float32]]


def runner(folder: Path, chunk: int | None = None) -> Runner:
    """Token ids -> logits [tokens, vocabulary], in one run or in chunks over the cache."""
    session = Session(folder / "graph.onnx", "cpu", num_threads=1)
    cache = KvCache(session, NUM_POSITIONS)

    def run(tokens: Sequence[int]) -> NDArray[np.float32]:
        size = chunk or len(tokens)
        parts = [
            session.run(tokens[start : start + size], cache, start, num_logits=len(tokens[start : start + size]))
            for start in range(0, len(tokens), size)
        ]
        return np.concatenate(parts)

    return run


def written(checkpoint: Checkpoint, folder: Path, recipe: Recipe = FP32, chunk: int | None = None) -> Runner:
    """A runner for the graph of ``checkpoint``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_graph(checkpoint, recipe, folder, NUM_POSITIONS, calibration_tokens(checkpoint.tokenizer()))
    return runner(folder, chunk)
