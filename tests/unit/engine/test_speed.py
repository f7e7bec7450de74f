"""How fast an engine is, told from when its tokens arrive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fimble.engine.base import EngineInfo, GenerateRequest, GenerationStats, Token
from fimble.engine.speed import NUM_READ, NUM_WRITTEN, measure


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Metronome:
    """An engine that takes the same time for each token, and longer in its first answer."""

    info = EngineInfo("metronome", "cpu", 4096, 100)

    def __init__(self, clock: Clock) -> None:
        self.clock, self.prompts = clock, list[tuple[int, ...]]()
        self.stats = GenerationStats()

    def generate(self, request: GenerateRequest, cancel: object = None) -> Metronome:
        self.prompts.append(request.prompt)
        self.num = request.max_tokens
        return self

    def __iter__(self) -> Iterator[Token]:
        slow = 10 if len(self.prompts) == 1 else 1
        self.clock.now_s += 0.5 * slow
        for _ in range(self.num):
            yield Token(0, 1, -1.0)
            self.clock.now_s += 0.02 * slow


def test_reading_and_writing_are_told_apart_and_the_first_round_is_left_out() -> None:
    clock = Clock()
    engine = Metronome(clock)
    speed = measure(engine, range(100), 3, clock)  # type: ignore[arg-type]
    assert speed.read_tokens_per_s == pytest.approx(NUM_READ / 0.5)
    assert speed.write_ms == pytest.approx(20)
    assert len(engine.prompts) == 4
    assert engine.num == NUM_WRITTEN + 1


def test_no_prompt_begins_as_another_did_so_that_no_cache_helps() -> None:
    clock = Clock()
    engine = Metronome(clock)
    measure(engine, range(1000, 20_000), 3, clock)  # type: ignore[arg-type]
    assert len({prompt[:2] for prompt in engine.prompts}) == 4
    assert all(len(prompt) == NUM_READ for prompt in engine.prompts)
