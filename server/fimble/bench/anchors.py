"""Where the prefix of a prompt should end: how well the model knows the true line with each place.

Not by what it writes, which is right or wrong, but by the probability it gives to what really stood there: that
tells two prompts apart with far fewer holes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fimble.bench.spans import Span
from fimble.engine.base import Engine
from fimble.prompt.build import Encoder, PromptBuilder

PLACES: dict[str, int | None] = {
    "cursor": None,
    "line": 0,
    "1 line up": 1,
    "2 lines up": 2,
    "4 lines up": 4,
    "7 lines up": 7,
    "10 lines up": 10,
}
"""Name -> how many line breaks before the cursor the prefix ends, 0 being the start of its line; ``None``: at the
cursor, where nothing is left to heal, so that the line alone is paid for."""
BASE = "1 line up"
"""What the others are held against: the end of the line before."""


def measure(
    engine: Engine,
    encoder: Encoder,
    prompts: PromptBuilder,
    holes: Sequence[Span],
    max_tokens: int,
    on_hole: Callable[[int], None],
) -> dict[str, Any]:
    """Nats that the true line costs, for each of ``PLACES``: the mean, and the mean difference to ``BASE``."""
    nats: dict[str, list[float]] = {name: [] for name in PLACES}
    for number, hole in enumerate(holes):
        on_hole(number)
        for name, num_lines in PLACES.items():
            nats[name].append(_nats(engine, encoder, prompts, hole, max_tokens, num_lines))
    base = np.array(nats[BASE])
    result: dict[str, Any] = {"num_holes": len(holes), "base": BASE}
    for name, values in nats.items():
        less = np.array(values) - base
        result[name] = {
            "nats": round(float(np.mean(values)), 3),
            "difference": round(float(less.mean()), 3),
            "standard_error": round(float(less.std() / len(holes) ** 0.5), 3),
        }
    return result


def _nats(
    engine: Engine, encoder: Encoder, prompts: PromptBuilder, hole: Span, max_tokens: int, num_lines: int | None
) -> float:
    cursor = hole.cursor
    end = cursor.offset
    if num_lines is not None:
        end = hole.prefix.rfind("\n") + 1
        for _ in range(num_lines):
            end = max(0, hole.prefix.rfind("\n", 0, end))
    tail = hole.prefix[end:]
    anchor = prompts.anchor(cursor, max_tokens, end=end)
    healed = prompts.prompt(anchor, tail).tokens[len(anchor.head) :] if tail else ()
    whole = encoder.encode(tail + hole.expected + "\n")
    num_shared = 0
    while num_shared < len(healed) and healed[num_shared] == whole[num_shared]:
        num_shared += 1
    return -sum(engine.logprobs((*anchor.head, *whole[:num_shared]), whole[num_shared:]))
