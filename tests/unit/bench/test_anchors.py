"""The bench of anchors: the true line is asked for after the right prompt, once."""

from __future__ import annotations

import pytest

from fimble.bench.anchors import BASE, PLACES, measure
from fimble.bench.spans import Span
from fimble.engine.fake import ScriptedEngine
from fimble.prompt.build import bind
from fimble.prompt.templates import FAMILIES
from tests.unit.cursor_mark import CharTokenizer

TOKENIZER = CharTokenizer()
HOLE = Span("a.py", "python", "a = 1\nb = 2\ndef f():\n    ", "\n    return x\n", "x = a + b", "line")


def test_every_place_is_asked_for_the_whole_line_after_the_same_text() -> None:
    asked: list[tuple[str, str]] = []

    def fit(prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
        asked.append((TOKENIZER.decode(prompt), TOKENIZER.decode(answer)))
        return -0.5

    prompts = bind(FAMILIES["qwen2.5-coder"], TOKENIZER)
    result = measure(ScriptedEngine(lambda _: [], fit=fit), TOKENIZER, prompts, [HOLE], 200, lambda _: None)
    assert len(asked) == len(PLACES)
    for prompt, answer in asked:
        assert answer.endswith("x = a + b\n")
        before = (prompt + answer).removesuffix("x = a + b\n")
        assert before.replace(HOLE.suffix, "", 1) == HOLE.prefix
    assert result[BASE]["difference"] == 0
    assert result["cursor"]["nats"] == pytest.approx(0.5 * len("x = a + b\n"))
