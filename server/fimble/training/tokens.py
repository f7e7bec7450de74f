"""How the model's tokenizer reads a repository: code, names, and what is said in English and in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Protocol

from fimble.training.records import Example, Kind, Split
from fimble.training.sources import SourceText

MAX_CHARS = 2_000_000
"""Of files that are read for the report: more says the same."""
_MAX_IDENTIFIERS = 5000
_MAX_PROMPTS = 400
_IDENTIFIER = re.compile(r"[^\W\d]\w{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CHINESE = re.compile(r"[\u3400-\u9fff][\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")


class Encoder(Protocol):
    """What this needs of ``engine.tokenizer.Tokenizer``."""

    def encode(self, text: str) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Tokenisation:
    """Means over what was read; ``None`` where there is nothing of a kind."""

    model: str
    code_chars_per_token: float | None
    english_chars_per_token: float | None
    """Of docstrings, comments, prose and commit messages."""
    chinese_chars_per_token: float | None
    tokens_per_identifier: float | None
    """Of the different names in code."""
    whole_identifier_share: float | None
    """Of them, those that are one token."""
    chinese_share: float
    """Of the characters of what is said in either language."""
    middle_tokens: dict[str, float]
    """By kind, the mean."""
    longest_middle_tokens: dict[str, int]
    training_tokens: int
    """What the training examples come to in all: exact for what is to be written, estimated for what is shown."""
    answer_tokens: int
    """Of these, what is to be written."""


def tokenisation(
    model: str, encoder: Encoder, files: Sequence[SourceText], examples: Sequence[Example], seed: int
) -> Tokenisation:
    """With ``model``'s tokenizer. Takes about a second a million characters."""
    draw = Random(seed)
    code = _some((one.text for one in draw.sample(files, len(files)) if one.is_code), MAX_CHARS)
    said = [*_said(files, examples)]
    draw.shuffle(said)
    said = _some(said, MAX_CHARS // 4)
    chinese = [piece for text in said for piece in _CHINESE.findall(text)]
    english = [text for text in said if not _HAN.search(text)]
    names = sorted({name for text in code for name in _IDENTIFIER.findall(text)})
    names = draw.sample(names, min(len(names), _MAX_IDENTIFIERS))
    # in code a name seldom stands at the beginning: most have a blank or a point before them
    lengths = [len(encoder.encode(f" {name}")) for name in names]
    middles: dict[Kind, list[int]] = {}
    answer_tokens = 0
    for one in examples:
        num = len(encoder.encode(one.middle))
        middles.setdefault(one.kind, []).append(num)
        answer_tokens += num * (one.split is Split.TRAIN)
    training = [one for one in examples if one.split is Split.TRAIN]
    shown = draw.sample(training, min(len(training), _MAX_PROMPTS))
    num_shown = sum(len(encoder.encode(one.instruction + one.prefix + one.suffix)) for one in shown)
    return Tokenisation(
        model,
        _chars_per_token(encoder, code),
        _chars_per_token(encoder, english),
        _chars_per_token(encoder, chinese),
        _ratio(sum(lengths), len(lengths)),
        _ratio(lengths.count(1), len(lengths)),
        round(sum(len(_HAN.findall(text)) for text in said) / max(1, sum(map(len, said))), 4),
        {kind.value: round(sum(nums) / len(nums), 1) for kind, nums in sorted(middles.items())},
        {kind.value: max(nums) for kind, nums in sorted(middles.items())},
        answer_tokens + round(num_shown * len(training) / max(1, len(shown))),
        answer_tokens,
    )


def _said(files: Sequence[SourceText], examples: Iterable[Example]) -> Iterable[str]:
    for file in files:
        if file.language in ("markdown", "restructuredtext", "plaintext"):
            yield file.text
    for one in examples:
        if one.kind is Kind.CODE_TO_DOCSTRING:
            yield one.middle
        elif one.kind is Kind.EDIT:
            yield one.instruction.split("\n", 1)[0]


def _some(texts: Iterable[str], max_chars: int) -> list[str]:
    """The first of them, cut where they become too many."""
    taken: list[str] = []
    room = max_chars
    for text in islice(texts, 100_000):
        if room <= 0:
            break
        taken.append(text[:room])
        room -= len(text)
    return taken


def _chars_per_token(encoder: Encoder, texts: Sequence[str]) -> float | None:
    return _ratio(sum(map(len, texts)), sum(len(encoder.encode(text)) for text in texts))


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
