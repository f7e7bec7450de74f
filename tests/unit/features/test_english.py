"""What the code model is asked for a question in Chinese, and what is made of its answer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fimble.engine.base import Token
from fimble.engine.fake import ScriptedEngine
from fimble.errors import PromptTooLong
from fimble.features.english import MAX_QUERY_CHARS, MAX_TOKENS, English
from fimble.prompt.chat import ChatPrompts
from tests.unit.cursor_mark import CharTokenizer

QUERY = "在哪里重试上传？"
TEMPLATE = (
    "{% for message in messages %}[{{ message.role }}]{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
END = 0x10FFFF


class Characters(CharTokenizer):
    def encode_marked(self, text: str) -> list[int]:
        return self.encode(text)


def answering(*answers: str, context_length: int = 4096) -> tuple[English, ScriptedEngine]:
    """What answers with the first of ``answers``, and its engine; the others would be further candidates."""
    tokenizer = Characters()

    def script(prompt: tuple[int, ...]) -> Sequence[Sequence[int]]:
        return [[*tokenizer.encode(answer), END, *tokenizer.encode("never")] for answer in answers]

    engine = ScriptedEngine(script, context_length=context_length)
    return English(engine, tokenizer, ChatPrompts(TEMPLATE, tokenizer), [END]), engine


def asked(engine: ScriptedEngine) -> str:
    return CharTokenizer().decode(engine.requests[-1].prompt)


def test_the_answer_is_what_the_model_says_up_to_its_end() -> None:
    english, engine = answering("where are uploads retried", "another")
    assert english(QUERY) == "where are uploads retried"
    assert engine.requests[-1].num_candidates == 1


@pytest.mark.parametrize(("said", "answer"), [("  retry\n\tof it \n", "retry of it"), ("", ""), (" \n", "")])
def test_an_answer_is_one_line(said: str, answer: str) -> None:
    assert answering(said)[0](QUERY) == answer


def test_the_question_comes_last_after_examples_in_both_languages() -> None:
    english, engine = answering("a")
    english(QUERY)
    prompt = asked(engine)
    assert prompt.startswith("[system]Translate") and prompt.endswith(f"[user]{QUERY}[assistant]")
    assert prompt.count("[user]") == 4 and "[assistant]where are uploads retried[user]" in prompt


def test_a_long_question_is_cut_and_so_is_a_long_answer() -> None:
    english, engine = answering("word " * 100)
    assert len(english("长" * 1000)) <= MAX_TOKENS
    assert asked(engine).count("长") == MAX_QUERY_CHARS
    assert engine.requests[-1].max_tokens == MAX_TOKENS


def test_what_is_asked_again_finds_the_examples_read() -> None:
    english, engine = answering("a")
    english(QUERY)
    english("把日期转成时间戳")
    first, second = engine.requests
    assert first.sequence == second.sequence == "english"
    again = engine.generate(second)
    assert [step.id for step in again if isinstance(step, Token)] == [ord("a")]
    assert again.stats.num_reused_tokens == len(second.prompt) - 1
    assert engine.num_cached_tokens(first.prompt) > len(first.prompt) - len(QUERY) - len("[assistant]") - 1


def test_an_engine_that_cannot_is_told() -> None:
    english, _ = answering("a", context_length=50)
    with pytest.raises(PromptTooLong):
        english(QUERY)
