"""How fast this machine is, learned from what it does: what can be afforded while a person waits."""

from __future__ import annotations

from fimble.engine.base import GenerationStats

COLD_PREFILL_MS = 380.0
"""What the first answer in a place may spend on reading: with the writing it stays under VS Code's 750 ms."""
MIN_COLD_TOKENS = 96
_MIN_MEASURED_TOKENS = 48
_WEIGHT = 0.3


class Pace:
    """Moving averages of the engine's speed. Written on the engine's thread, read on any."""

    def __init__(self, prefill_tokens_per_s: float = 450.0, answer_ms: float = 250.0) -> None:
        self.prefill_tokens_per_s = prefill_tokens_per_s
        self.answer_ms = answer_ms
        """From a keystroke that the model has to answer to its answer."""

    def learn(self, stats: GenerationStats, answer_ms: float) -> None:
        """Take in one whole answer."""
        self.learn_prefill(stats)
        self.answer_ms += _WEIGHT * (answer_ms - self.answer_ms)

    def learn_prefill(self, stats: GenerationStats) -> None:
        """Take in a prefill, if it was long enough to say something."""
        num_read = stats.num_prompt_tokens - stats.num_reused_tokens
        if num_read >= _MIN_MEASURED_TOKENS and stats.prefill_ms > 0:
            measured = num_read * 1000.0 / stats.prefill_ms
            self.prefill_tokens_per_s += _WEIGHT * (measured - self.prefill_tokens_per_s)

    @property
    def cold_tokens(self) -> int:
        """How many prompt tokens can be read while a person waits for the first answer in a place."""
        return max(MIN_COLD_TOKENS, int(self.prefill_tokens_per_s * COLD_PREFILL_MS / 1000))
