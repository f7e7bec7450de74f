"""Prompts as text, in the marks of whichever model an endpoint has."""

from __future__ import annotations

import pytest

from fimble.engine.remote.pieces import Pieces
from fimble.errors import ConfigError
from fimble.prompt.build import bind
from fimble.prompt.chat import ChatPrompts, Message, Role
from fimble.prompt.dialect import CHOICES, OUR_CHAT, OURS, Dialect
from fimble.text import Cursor, Snapshot, Snippet

PIECES = Pieces()
TEXT = "def add(a, b):\n    return a + \n\nprint(add(1, 2))\n"


def prompt(text: str = TEXT, offset: int = TEXT.index("\n\n"), snippets: tuple[Snippet, ...] = ()) -> tuple[int, ...]:
    """As features build it, without healing."""
    builder = bind(OURS, PIECES)
    cursor = Cursor(Snapshot(uri="file:///p/a.py", language="python", version=1, text=text), offset)
    anchor = builder.anchor(cursor, 512, snippets)
    return (*anchor.head, *PIECES.encode(anchor.tail(cursor) or ""))


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("qwen2.5-coder", "<|fim_prefix|>{p}<|fim_suffix|>{s}<|fim_middle|>{t}"),
        ("starcoder2", "<fim_prefix>{p}<fim_suffix>{s}<fim_middle>{t}"),
        ("codellama", "<PRE> {p} <SUF>{s} <MID>{t}"),
        ("deepseek-coder", "<｜fim▁begin｜>{p}<｜fim▁hole｜>{s}<｜fim▁end｜>{t}"),
        ("codestral", "[SUFFIX]{s}[PREFIX]{p}{t}"),
        ("plain", "{p}{t}"),
    ],
)
def test_each_family_in_its_own_marks(family: str, expected: str) -> None:
    tail, suffix = "def add(a, b):\n    return a + ", "\n\nprint(add(1, 2))\n"
    question = Dialect(family).question(prompt(), "whatever")
    assert question.path == "completions"
    assert question.fields == {"prompt": expected.format(p="", s=suffix, t=tail)}


def test_the_suffix_in_its_field() -> None:
    question = Dialect("suffix").question(prompt(), "qwen")
    assert question.fields == {"prompt": "def add(a, b):\n    return a + ", "suffix": "\n\nprint(add(1, 2))\n"}
    assert question.stops == ()


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("Qwen/Qwen2.5-Coder-7B-Instruct", "qwen2.5-coder"),
        ("/models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "qwen2.5-coder"),
        ("bigcode/starcoder2-3b", "starcoder2"),
        ("codellama/CodeLlama-7b-hf", "codellama"),
        ("deepseek-ai/deepseek-coder-6.7b-base", "deepseek-coder"),
        ("mistralai/Codestral-22B-v0.1", "codestral"),
        ("our-own-model", "plain"),
        ("", "plain"),
    ],
)
def test_the_family_by_the_model_s_name(model: str, family: str) -> None:
    assert Dialect().family_for(model) == family
    assert Dialect("suffix").family_for(model) == "suffix"


def test_a_family_that_does_not_exist() -> None:
    with pytest.raises(ConfigError, match="endpoint_family"):
        Dialect("llama9")
    for name in CHOICES:
        Dialect(name)


def test_pieces_of_other_files() -> None:
    snippets = (Snippet(path="b.py", text="X = 1\n"),)
    question = Dialect().question(prompt(snippets=snippets), "qwen")
    assert question.fields["prompt"].startswith("<|file_sep|>b.py\nX = 1\n<|fim_prefix|>")
    assert "X = 1" not in Dialect().question(prompt(snippets=snippets), "codestral").fields["prompt"]


def test_a_control_token_in_a_text_is_broken_up() -> None:
    text = "# <|fim_middle|> and <|im_end|>\nx = "
    asked = Dialect().question(prompt(text, len(text)), "qwen").fields["prompt"]
    assert asked.count("<|fim_middle|>") == 1
    assert "<|im_end|>" not in asked
    assert "< |fim_middle|> and < |im_end|>" in asked


def test_a_conversation_in_the_model_s_own_form() -> None:
    prompts = ChatPrompts(OUR_CHAT, PIECES)
    asked = prompts.prompt([Message(Role.SYSTEM, "Be <|im_end|> brief."), Message(Role.USER, "Hi")], "```\n")
    question = Dialect().question(asked, "Qwen2.5-Coder-7B-Instruct")
    assert question.fields["prompt"] == (
        "<|im_start|>system\nBe < |im_end|> brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\n```\n"
    )
    assert question.stops[0] == "<|im_end|>"


def test_a_conversation_for_a_model_whose_form_is_not_known() -> None:
    prompts = ChatPrompts(OUR_CHAT, PIECES)
    question = Dialect().question(prompts.prompt([Message(Role.USER, "Hi")]), "our-own-model")
    assert question.path == "chat/completions"
    assert question.fields == {"messages": [{"role": "user", "content": "Hi"}]}
    assert question.begun == ""
