from __future__ import annotations

import re

from fimble.training.records import Example, Kind, Split
from fimble.training.sources import SourceText
from fimble.training.tokens import tokenisation


class Words:
    """Each word is a token, and each part of a name."""

    def encode(self, text: str) -> list[int]:
        return [0] * len(re.findall(r"[\u3400-\u9fff]|[A-Za-z]+|[^\sA-Za-z]", text))


def example(kind: Kind, middle: str, split: Split = Split.TRAIN, instruction: str = "", prefix: str = "") -> Example:
    return Example(kind, split, "a.py", "python", "line", prefix, "", middle, instruction)


FILES = [SourceText("a.py", "python", "load_all = one(two)\n"), SourceText("R.md", "markdown", "Some words here.\n")]


def test_what_is_reported() -> None:
    examples = [
        example(Kind.FIM, "one(two)", prefix="load = "),
        example(Kind.FIM, "x", Split.TEST),
        example(Kind.CODE_TO_DOCSTRING, "Loads all of it."),
        example(Kind.EDIT, "a b c", instruction="修复错误的加载\n\n```python\na b\n```"),
    ]
    found = tokenisation("words", Words(), FILES, examples, 1)
    assert found.model == "words"
    assert found.code_chars_per_token == round(20 / 8, 3)
    assert found.chinese_chars_per_token == 1.0
    assert found.english_chars_per_token == round((17 + 16) / (4 + 5), 3)
    assert (found.tokens_per_identifier, found.whole_identifier_share) == (round(5 / 3, 3), round(2 / 3, 3))
    assert found.chinese_share == round(7 / (17 + 16 + 7), 4)
    assert found.middle_tokens == {"code_to_docstring": 5.0, "edit": 3.0, "fim": 2.5}
    assert found.longest_middle_tokens["fim"] == 4
    assert found.answer_tokens == 4 + 5 + 3
    assert found.training_tokens == found.answer_tokens + 2 + 7 + 3 + 1 + 2 + 3


def test_where_there_is_nothing_there_is_no_figure() -> None:
    found = tokenisation("words", Words(), [], [example(Kind.FIM, "x y")], 1)
    assert found.code_chars_per_token is None
    assert found.chinese_chars_per_token is None
    assert found.tokens_per_identifier is None
