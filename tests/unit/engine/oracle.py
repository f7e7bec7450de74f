"""The slow twin of the engine: everything computed again in one run from an empty cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fimble.engine.base import CancelToken, GenerateRequest
from fimble.engine.onnx import OnnxEngine
from fimble.engine.session import KvCache


def answer(engine: OnnxEngine, prompt: Sequence[int], max_tokens: int, cancel: CancelToken | None = None) -> list[int]:
    """The engine's greedy answer."""
    request = GenerateRequest(tuple(prompt), max_tokens)
    return [token.id for token in engine.generate(request, cancel)]


def assert_equals_recompute(engine: OnnxEngine, prompt: Sequence[int], tokens: Sequence[int], margin: float) -> int:
    """Each of ``tokens`` is the best one by full recomputation, near ties aside.

    A near tie is a position whose two best logits differ by at most ``margin``. Returns how
    many positions were not near ties.
    """
    cache = KvCache(engine.session, engine.info.context_length)
    logits = engine.session.run([*prompt, *tokens[:-1]], cache, 0, num_logits=len(tokens))
    two_best = np.sort(logits, axis=-1)[:, -2:]
    clear = two_best[:, 1] - two_best[:, 0] > margin
    best = logits.argmax(axis=-1)
    assert [int(token) for token in best[clear]] == [
        token for token, is_clear in zip(tokens, clear, strict=True) if is_clear
    ]
    return int(clear.sum())
