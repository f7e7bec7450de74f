"""Prompts: order of parts, budgets, and a start that does not slide."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.context.window import STEP_LINES
from fimble.errors import ModelFolderInvalid
from fimble.prompt.anchor import LEAD_CHARS, LEAD_LINES, LONG_LINE_CHARS, anchor_offset
from fimble.prompt.build import Prompt, PromptBuilder, bind
from fimble.prompt.templates import FAMILIES, Part
from fimble.text import Cursor, Snapshot, Snippet
from tests.unit.cursor_mark import CharTokenizer, at_mark

CONTROL = CharTokenizer()
MIDDLE = CONTROL.token_id(CharTokenizer.CONTROL[2])


LEAD = "".join(f"\n{number}" for number in range(LEAD_LINES))
"""Lines that lie between a new anchor and the cursor's."""


def builder() -> PromptBuilder:
    return bind(FAMILIES["qwen2.5-coder"], CONTROL)


def show(prompt: tuple[int, ...]) -> str:
    names = {CONTROL.token_id(name): name for name in CharTokenizer.CONTROL}
    return "".join(names.get(token) or chr(token) for token in prompt)


def build(prompts: PromptBuilder, cursor: Cursor, budget: int, snippets: Sequence[Snippet] = ()) -> Prompt:
    anchor = prompts.anchor(cursor, budget, snippets)
    tail = anchor.tail(cursor)
    assert tail is not None
    return prompts.prompt(anchor, tail)


def test_some_lines_and_the_line_break_before_them_follow_the_middle_token() -> None:
    prompt = build(builder(), at_mark(f"import os{LEAD}\na = ‸\nb = 2\n"), 100)
    assert show(prompt.tokens) == f"<|fim_prefix|>import os<|fim_suffix|>\nb = 2\n<|fim_middle|>{LEAD}\na ="
    assert prompt.required == " ", "the last token is left to the model, which may glue it to what follows"


@pytest.mark.parametrize(
    ("typed", "required"),
    [("np.lin", "lin"), ("x = np", " np"), ("f(a,", ","), ("x =  ", "  "), ("a" * 40, "a" * 24), ("名前", "名前")],
)
def test_the_word_at_the_cursor_is_left_to_the_model(typed: str, required: str) -> None:
    prompt = build(builder(), at_mark(f"\n{typed}‸\n"), 200)
    assert prompt.required == required


def test_a_line_break_is_whole_as_it_stands() -> None:
    prompt = build(builder(), at_mark("def f():\n‸\nb = 2\n"), 100)
    assert show(prompt.tokens).endswith("<|fim_middle|>def f():\n") and prompt.required == ""


def test_user_text_cannot_forge_a_control_token() -> None:
    prompt = build(builder(), at_mark("x = '<|fim_middle|>'‸"), 100).tokens
    assert prompt.count(MIDDLE or -1) == 1


def test_a_model_without_fim_gets_the_prefix_only() -> None:
    prompt = build(bind(FAMILIES["plain"], CONTROL), at_mark("x = 1\ndef f():‸\nrest"), 100)
    assert (show(prompt.tokens), prompt.required) == ("x = 1\ndef f", "():")
    assert build(bind(FAMILIES["plain"], CONTROL), at_mark("‸"), 100).tokens, "an empty file still makes a prompt"


def test_snippets_come_first_the_most_relevant_last_and_the_rest_is_left_out() -> None:
    snippets = (Snippet("far.py", "x" * 90), Snippet("a.py", "def a(): ...\n"), Snippet("b.py", "B = 1"))
    prompts = bind(FAMILIES["qwen2.5-coder"], AnyVocabulary())
    anchor = prompts.anchor(at_mark("‸"), 200, snippets)
    assert [snippet.path for snippet in anchor.snippets] == ["a.py", "b.py"]
    text = "".join(chr(token) if token < 0x110000 else "|" for token in anchor.head)
    assert text.startswith("|a.py\ndef a(): ...\n|b.py\nB = 1\n|")


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
    prompt = build(bind(FAMILIES[family], vocabulary), at_mark(f"a{LEAD}\n‸b"), 100).tokens
    shown = "".join(vocabulary.names[token - 0x110000] if token >= 0x110000 else chr(token) for token in prompt)
    assert shown == f"{expected}{LEAD}\n"


def test_suffix_prefix_order_of_codestral() -> None:
    parts = FAMILIES["codestral"].parts
    assert parts.index(Part.SUFFIX) < parts.index(Part.PREFIX)


def test_a_vocabulary_without_the_family_s_tokens_is_refused() -> None:
    with pytest.raises(ModelFolderInvalid, match="fim_prefix"):
        bind(FAMILIES["starcoder2"], CONTROL)


def test_a_window_that_moves_leaves_room_so_that_it_moves_seldom() -> None:
    text = "".join(f"line number {number:04}\n" for number in range(400))
    starts: list[int] = []
    for number in range(200, 264):
        cursor = Cursor(Snapshot("file:///a.py", "python", 1, text), number * 17)
        starts.append(builder().anchor(cursor, 2000, (), starts[-1] if starts else None).start)
    assert len(set(starts)) <= 4
    assert all(start // 17 % STEP_LINES == 0 for start in starts)


@given(
    st.text(st.sampled_from("ab\n \r😀"), max_size=600),
    st.text(st.sampled_from("xy\n ✓"), max_size=600),
    st.integers(64, 300),
)
def test_a_prompt_keeps_its_budget_and_what_is_next_to_the_cursor(before: str, after: str, budget: int) -> None:
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, before + after), len(before))
    anchor = builder().anchor(cursor, budget)
    tail = anchor.tail(cursor)
    assert tail is not None and len(anchor.head) <= budget + 3
    prompt = builder().prompt(anchor, tail)
    parts, typed = show(prompt.tokens[1:]).split("<|fim_middle|>")
    prefix, suffix = parts.split("<|fim_suffix|>")
    assert before.endswith(prefix + typed + prompt.required) and after.startswith(suffix)
    assert typed + prompt.required == tail and tail.endswith(cursor.line_prefix)
    if len(before) + len(after) <= budget // 4:
        assert (prefix + typed + prompt.required, suffix) == (before, after)


@given(st.text(st.sampled_from("ab\n ()"), max_size=40), st.text(st.sampled_from("ab\n ("), max_size=12))
def test_typing_leaves_the_head_of_the_prompt_as_it_was(before: str, typed: str) -> None:
    """Byte for byte: a keystroke, a line break too, costs its own tokens only."""
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, before + "\nrest\n"), len(before))
    anchor = builder().anchor(cursor, 400)
    for length in range(len(typed) + 1):
        text = before + typed[:length]
        now = Cursor(Snapshot("file:///a.py", "python", 2, text + "\nrest\n"), len(text))
        tail = anchor.tail(now)
        assert tail is not None
        prompt = builder().prompt(anchor, tail)
        assert prompt.tokens[: len(anchor.head)] == anchor.head


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        ("import os\nx = f(‸\ny\n", True),
        ("import os\nx = f(‸)\ny\n", True),
        ("import os\nx = f(‸z\ny\n", False),
        ("import os\nx = f(‸\nz\n", False),
        ("import re\nx = f(‸\ny\n", True),
        ("import re‸\nx = \ny\n", False),
    ],
)
def test_an_anchor_holds_while_nothing_around_the_cursor_changes(now: str, holds: bool) -> None:
    anchor = builder().anchor(at_mark("import os\nx = ‸\ny\n"), 100)
    assert (anchor.tail(at_mark(now)) is not None) == holds


@given(st.lists(st.integers(0, 300), max_size=12), st.sampled_from(["\n", "\r\n"]), st.integers(0, LONG_LINE_CHARS))
def test_a_new_anchor_lies_as_far_up_as_there_is_room(lengths: list[int], line_break: str, typed: int) -> None:
    before = "".join("x" * length + line_break for length in lengths)
    text = before + "y" * typed
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, text), len(text))
    end = anchor_offset(cursor)
    lead = text[end:]
    assert end == 0 or lead.startswith(line_break)
    assert lead.count("\n") <= LEAD_LINES + 1
    if lead.count("\n") > 1:
        assert len(lead) <= LEAD_CHARS + len(line_break)
    if end and lead.count("\n") <= LEAD_LINES:
        above = text.rfind("\n", 0, end) + 1
        assert len(text) - above > LEAD_CHARS, "one line more would be too much"
