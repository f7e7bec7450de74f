"""Prompts: order of parts, budgets, and a start that does not slide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.context.window import STEP_LINES
from fimble.errors import ModelFolderInvalid
from fimble.prompt.build import PromptBuilder, bind
from fimble.prompt.templates import FAMILIES, Part
from fimble.text import Cursor, Snapshot
from tests.unit.cursor_mark import CharTokenizer, at_mark

CONTROL = CharTokenizer()
PREFIX, SUFFIX, MIDDLE = (CONTROL.token_id(name) for name in CharTokenizer.CONTROL[:3])


def builder() -> PromptBuilder:
    return bind(FAMILIES["qwen2.5-coder"], CONTROL)


def show(prompt: tuple[int, ...]) -> str:
    names = {CONTROL.token_id(name): name for name in CharTokenizer.CONTROL}
    return "".join(names.get(token) or chr(token) for token in prompt)


def test_prefix_suffix_middle() -> None:
    prompt = builder().build(at_mark("a = ‸\nb = 2\n"), 100)
    assert show(prompt) == "<|fim_prefix|>a = <|fim_suffix|>\nb = 2\n<|fim_middle|>"


def test_user_text_cannot_forge_a_control_token() -> None:
    prompt = builder().build(at_mark("x = '<|fim_middle|>'‸"), 100)
    assert prompt.count(MIDDLE or -1) == 1 and prompt[-1] == MIDDLE


def test_a_model_without_fim_gets_the_prefix_only() -> None:
    prompt = bind(FAMILIES["plain"], CONTROL).build(at_mark("def f():‸\nrest"), 100)
    assert show(prompt) == "def f():"
    assert bind(FAMILIES["plain"], CONTROL).build(at_mark("‸"), 100), "an empty file still makes a prompt"


class AnyVocabulary(CharTokenizer):
    """Has every control token it is asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def token_id(self, token: str) -> int | None:
        if token not in self.names:
            self.names.append(token)
        return 0x110000 + self.names.index(token)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("qwen2.5-coder", "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"),
        ("starcoder2", "<fim_prefix>a<fim_suffix>b<fim_middle>"),
        ("codellama", "<s>▁<PRE>a▁<SUF>b▁<MID>"),
        ("deepseek-coder", "<｜begin▁of▁sentence｜><｜fim▁begin｜>a<｜fim▁hole｜>b<｜fim▁end｜>"),
        ("codestral", "<s>[SUFFIX]b[PREFIX]a"),
        ("plain", "a"),
    ],
)
def test_each_family_writes_its_prompt(family: str, expected: str) -> None:
    vocabulary = AnyVocabulary()
    prompt = bind(FAMILIES[family], vocabulary).build(at_mark("a‸b"), 100)
    shown = "".join(vocabulary.names[token - 0x110000] if token >= 0x110000 else chr(token) for token in prompt)
    assert shown == expected


def test_suffix_prefix_order_of_codestral() -> None:
    parts = FAMILIES["codestral"].parts
    assert parts.index(Part.SUFFIX) < parts.index(Part.PREFIX)


def test_a_vocabulary_without_the_family_s_tokens_is_refused() -> None:
    with pytest.raises(ModelFolderInvalid, match="fim_prefix"):
        bind(FAMILIES["starcoder2"], CONTROL)


def test_the_start_of_the_window_moves_in_steps() -> None:
    """Typing on and on changes where the prompt starts only once in ``STEP_LINES`` lines."""
    text = "".join(f"line number {number:04}\n" for number in range(400))
    starts = []
    for number in range(200, 264):
        cursor = Cursor(Snapshot("file:///a.py", "python", 1, text), number * 17)
        prompt = builder().build(cursor, 2000)
        starts.append(show(prompt)[len("<|fim_prefix|>") :][:16])
    assert len(set(starts)) <= 64 // STEP_LINES + 1
    assert all(int(start[-4:]) % STEP_LINES == 0 for start in starts)


@given(
    st.text(st.sampled_from("ab\n \r😀"), max_size=600),
    st.text(st.sampled_from("xy\n "), max_size=600),
    st.integers(64, 300),
)
def test_a_prompt_keeps_its_budget_and_what_is_next_to_the_cursor(before: str, after: str, budget: int) -> None:
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, before + after), len(before))
    prompt = builder().build(cursor, budget)
    assert len(prompt) <= budget + 3
    parts, tail = show(prompt[1:]).split("<|fim_middle|>")
    prefix, suffix = parts.split("<|fim_suffix|>")
    seen = before[:-1] if cursor.line_prefix.isspace() else before
    assert seen.endswith(prefix + tail) and after.startswith(suffix)
    is_new_line = "\n" in before and not cursor.line_prefix.strip()
    assert not tail.strip() and ("\n" in tail) == is_new_line
    if len(before) + len(after) <= budget // 4:
        assert (prefix + tail, suffix) == (seen, after)
