"""The slow twin of the engine: everything computed again in one run from an empty cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fimble.engine.base import CancelToken, Constraint, GenerateRequest
from fimble.engine.onnx import OnnxEngine


def answer(engine: OnnxEngine, prompt: Sequence[int], max_tokens: int, cancel: CancelToken | None = None) -> list[int]:
    """The engine's greedy answer."""
    request = GenerateRequest(tuple(prompt), max_tokens)
    return [token.id for token in engine.generate(request, cancel)]


def assert_equals_recompute(
    engine: OnnxEngine,
    prompt: Sequence[int],
    tokens: Sequence[int],
    margin: float,
    constraint: Constraint | None = None,
) -> int:
    """Each of ``tokens`` is the best allowed one by full recomputation, near ties aside.

    A near tie is a position whose two best allowed logits differ by at most ``margin``. Returns how
    many positions were not near ties.
    """
    if not tokens:
        return 0
    cache = engine.session.new_cache(engine.info.context_length)
    rows = engine.session.run([*prompt, *tokens[:-1]], cache, 0, num_logits=len(tokens))
    num_clear = 0
    for place, (token, logits) in enumerate(zip(tokens, rows, strict=True)):
        allowed = None if constraint is None else constraint.allowed(tokens[:place])
        ids = np.arange(len(logits)) if allowed is None else allowed
        order = ids[np.argsort(-logits[ids], kind="stable")]
        if len(order) > 1 and logits[order[0]] - logits[order[1]] <= margin:
            assert token in ids
            continue
        assert token == order[0]
        num_clear += 1
    return num_clear


def assert_same_outside_margin(
    engine: OnnxEngine, prompt: Sequence[int], left: Sequence[int], right: Sequence[int], margin: float
) -> None:
    """Two answers to one prompt are the same up to the first near tie, after which they may go their own ways."""
    parting = next((place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), None)
    if parting is None:
        assert len(left) == len(right)
        return
    cache = engine.session.new_cache(engine.info.context_length)
    (logits,) = engine.session.run([*prompt, *left[:parting]], cache, 0)
    second, first = np.sort(logits)[-2:]
    assert first - second <= margin, f"tokens {left[parting]} and {right[parting]} at {parting}"
