"""How wrong a network is about the next token, with logits only where a token counts.

A vocabulary of 150,000 makes the head a quarter of a small model's work, and its logits the largest thing in
memory. A frozen head therefore works some positions at a time, and its gradient is found in the same pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fimble.training.lessons import Lesson

_CHUNK_POSITIONS = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """Lessons side by side, shorter ones filled up on the right. All are torch tensors."""

    inputs: Any
    """[lessons, n] int64"""
    targets: Any
    """[lessons, n], the token after each of ``inputs``."""
    weights: Any
    """[lessons, n] float32, of ``targets``; 0 where there is none."""
    judged: Any
    """[lessons, n] bool, the targets that a validation loss counts."""
    source: Any = None
    """[lessons, m] int64, for an encoder."""
    source_mask: Any = None
    """[lessons, m] int64, 1 where ``source`` is no filling."""


def batch_of(lessons: Sequence[Lesson], device: str) -> Batch:
    """``lessons`` on ``device``. Nothing sees the filling: it comes after what attends only to what is before."""
    import torch

    length = max(len(lesson.tokens) for lesson in lessons) - 1
    inputs, targets = (np.zeros((len(lessons), length), np.int64) for _ in range(2))
    weights, judged = np.zeros((len(lessons), length), np.float32), np.zeros((len(lessons), length), bool)
    for row, lesson in enumerate(lessons):
        n = len(lesson.tokens) - 1
        inputs[row, :n], targets[row, :n] = lesson.tokens[:-1], lesson.tokens[1:]
        weights[row, :n] = lesson.weights[1:]
        judged[row, max(0, n - lesson.num_judged) : n] = lesson.num_judged > 0
    arrays = [inputs, targets, weights, judged]
    if any(lesson.source is not None for lesson in lessons):
        sources = [lesson.source if lesson.source is not None else np.zeros(0, np.int32) for lesson in lessons]
        source, mask = (np.zeros((len(lessons), max(map(len, sources))), np.int64) for _ in range(2))
        for row, tokens in enumerate(sources):
            source[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
        arrays += [source, mask]
    return Batch(*(torch.from_numpy(array).to(device, non_blocking=True) for array in arrays))


def losses(model: Any, batch: Batch, chosen: Any) -> tuple[Any, Any]:
    """Negative log-likelihoods, in nats, of the targets where ``chosen`` [lessons, n] is true.

    Returns their sum, weighted with ``batch.weights``, for the gradient, and each of them [chosen] without one.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    targets, weights = batch.targets[chosen], batch.weights[chosen]
    head = inner.get_output_embeddings() if hasattr(inner, "get_output_embeddings") else None
    body = getattr(inner, "model", None)
    if batch.source is None and head is not None and head.bias is None and body is not None:
        hidden = body(input_ids=batch.inputs, use_cache=False).last_hidden_state[chosen]
        if not head.weight.requires_grad:
            total, each = _frozen_head().apply(hidden, head.weight, targets, weights)
            return total, each.detach()
        logits = head(hidden)
    elif batch.source is None:
        logits = model(input_ids=batch.inputs).logits[chosen]
    else:
        logits = model(
            input_ids=batch.source, attention_mask=batch.source_mask, decoder_input_ids=batch.inputs, use_cache=False
        ).logits[chosen]
    from torch.nn import functional

    each = functional.cross_entropy(logits.float(), targets, reduction="none")
    return (each * weights).sum(), each.detach()


_FUNCTION: list[Any] = []


def _frozen_head() -> Any:
    """The function's class, made once: torch is imported late."""
    if not _FUNCTION:
        _FUNCTION.append(_make_frozen_head())
    return _FUNCTION[0]


def _make_frozen_head() -> Any:
    import torch

    class FrozenHead(torch.autograd.Function):  # type: ignore[misc]
        """hidden [n, h], weight [v, h], targets [n], weights [n] -> weighted sum, each [n]."""

        @staticmethod
        def forward(ctx: Any, hidden: Any, weight: Any, targets: Any, weights: Any) -> tuple[Any, Any]:
            with torch.autocast(hidden.device.type, enabled=False):
                gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
                each = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
                for start in range(0, len(targets), _CHUNK_POSITIONS):
                    part = slice(start, start + _CHUNK_POSITIONS)
                    logits = (hidden[part].to(weight.dtype) @ weight.T).float()
                    norm = logits.logsumexp(-1)
                    rows = torch.arange(len(norm), device=hidden.device)
                    each[part] = norm - logits[rows, targets[part]]
                    if gradient is not None:
                        logits.sub_(norm[:, None]).exp_()
                        logits[rows, targets[part]] -= 1
                        logits.mul_(weights[part, None])
                        gradient[part] = (logits.to(weight.dtype) @ weight).to(hidden.dtype)
                if gradient is not None:
                    ctx.save_for_backward(gradient)
            ctx.mark_non_differentiable(each)
            return (each * weights).sum(), each

        @staticmethod
        def backward(ctx: Any, total: Any, each: Any) -> tuple[Any, ...]:
            (gradient,) = ctx.saved_tensors
            return gradient * total, None, None, None

    return FrozenHead
