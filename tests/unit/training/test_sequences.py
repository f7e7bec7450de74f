"""Lessons are what the editor will ask: the same prompt, the lines between taught as well, and an end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fimble.config import Config
from fimble.engine.tokenizer import Tokenizer
from fimble.features.asking import Limits
from fimble.prompt.build import bind
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Snapshot
from fimble.training.configuration import ModelKind
from fimble.training.records import Example, Kind, Split
from fimble.training.sequences import Teacher
from fimble.training.vocabulary import PROMPT_FAMILIES, train_tokenizer

CONTEXT = 512
LINES = "".join(f"    value_{number} = read_value(row, {number})\n" for number in range(40))
TEXT = f"def read(row):\n{LINES}    return value_3\n"


def example(middle: str = "read_value(row, 20)", kind: Kind = Kind.FIM) -> Example:
    place = TEXT.index(middle)
    before, after = TEXT[:place], TEXT[place + len(middle) :]
    return Example(kind, Split.TRAIN, "a.py", "python", "line", before, after, middle)


@pytest.fixture(params=list(ModelKind))
def kind(request: pytest.FixtureRequest) -> ModelKind:
    return ModelKind(request.param)


@pytest.fixture
def tokenizer(kind: ModelKind, tmp_path: Path) -> Tokenizer:
    train_tokenizer([TEXT], 400, kind).save(str(tmp_path / "tokenizer.json"))
    return Tokenizer(tmp_path / "tokenizer.json")


def test_a_lesson_goes_on_from_the_prompt_that_is_served(kind: ModelKind, tokenizer: Tokenizer) -> None:
    one = example()
    prompts = bind(FAMILIES[PROMPT_FAMILIES[kind]], tokenizer)
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, one.prefix + one.suffix), len(one.prefix))
    anchor = prompts.anchor(cursor, Limits(Config(), CONTEXT).prompt_tokens)
    tail = one.prefix[anchor.end :]
    served = prompts.prompt(anchor, tail)
    assert tail.count("\n") > 3
    teacher = Teacher(kind, tokenizer, CONTEXT)
    assert teacher.prompt(one) == served.tokens
    (lesson,) = teacher.lessons([one])
    whole = list(lesson.tokens)
    if lesson.source is not None:
        begun = [tokenizer.token_id("<pad>"), tokenizer.token_id("<extra_id_0>")]
        assert whole[:2] == begun
        whole = [*lesson.source, *whole[1:]]
    assert (lesson.source is not None) == (kind is ModelKind.ENCODER_DECODER)
    assert tuple(whole[: len(served.tokens)]) == served.tokens
    judged = whole[len(whole) - lesson.num_judged :]
    assert whole[: len(whole) - lesson.num_judged] == list(served.tokens)
    assert tokenizer.decode(judged) == served.required + one.middle
    assert judged[-1] in prompts.stop_tokens


def test_text_counts_and_control_tokens_do_not(kind: ModelKind, tokenizer: Tokenizer) -> None:
    (lesson,) = Teacher(kind, tokenizer, CONTEXT).lessons([example()])
    assert lesson.tokens.dtype == np.int32
    assert set(lesson.weights.tolist()) == {0.0, 1.0}
    ignored = {int(token) for token in lesson.tokens[lesson.weights == 0]}
    names = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    if kind is ModelKind.ENCODER_DECODER:
        names = ("<pad>", "<extra_id_0>")  # type: ignore[assignment]
    assert ignored == {tokenizer.token_id(name) for name in names}
    assert lesson.weights[-1] == 1.0


def test_a_long_middle_is_cut_and_then_does_not_end(kind: ModelKind, tokenizer: Tokenizer) -> None:
    middle = TEXT[len("def read(row):\n") : -len("    return value_3\n")] * 3
    one = Example(Kind.FIM, Split.TRAIN, "a.py", "python", "line", "def read(row):\n", "    return value_3\n", middle)
    (lesson,) = Teacher(kind, tokenizer, CONTEXT).lessons([one])
    assert lesson.num_tokens in (CONTEXT, CONTEXT + 1)  # a decoder of its own has a start token
    assert middle.startswith(tokenizer.decode(list(lesson.tokens)[-lesson.num_judged :]).lstrip("\n"))


def test_edits_are_left_to_models_that_follow_instructions(kind: ModelKind, tokenizer: Tokenizer) -> None:
    assert Teacher(kind, tokenizer, CONTEXT).lessons([example(kind=Kind.EDIT)]) == []
