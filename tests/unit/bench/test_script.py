"""The keystroke script: typed to its end it gives the files again, and gives nothing away before."""

from __future__ import annotations

import itertools
from collections import Counter
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.bench.replay import states
from fimble.bench.script import MEAN_PAUSE_MS, Kind, write
from fimble.errors import ConfigError
from tests.unit.bench.texts import TEXT, files


@given(st.integers(0, 10_000), st.integers(1, 250))
def test_every_step_goes_towards_the_true_text(seed: int, num: int) -> None:
    script = write(files(6), num, seed)
    assert len(script.steps) == num
    texts = {file.path: file.text for file in script.files}
    for step, _, after in states(script):
        texts[step.path] = after
        assert 0 <= step.cursor <= len(after)
    for path, text in texts.items():
        if path != script.steps[-1].path:
            assert text == TEXT


@given(st.integers(0, 10_000))
def test_the_truth_is_what_is_typed_next(seed: int) -> None:
    steps = write(files(6), 120, seed).steps
    for before, step in itertools.pairwise(steps):
        if step.kind is Kind.BACKSPACE:
            assert before.truth == "" and step.end - step.start == 1
        elif step.kind is not Kind.JUMP and before.truth and step.truth:
            assert before.truth == step.text + step.truth
        elif step.kind is Kind.JUMP:
            assert before.truth == ""


def test_equal_seeds_type_the_same() -> None:
    assert write(files(), 100, 11) == write(files(), 100, 11)
    assert write(files(), 100, 11) != write(files(), 100, 12)


def test_all_kinds_occur_in_a_human_rhythm() -> None:
    script = write(files(40), 3000, 11)
    kinds = Counter(step.kind for step in script.steps)
    assert set(kinds) == set(Kind)
    assert 0.7 < kinds[Kind.CHARACTER] / 3000 < 0.95
    pauses = [step.pause_ms for step in script.steps if step.kind is Kind.CHARACTER]
    assert mean(pauses) == pytest.approx(MEAN_PAUSE_MS, rel=0.05)
    newlines = [step.text for step in script.steps if step.kind is Kind.NEWLINE]
    assert any(text == "\n        " for text in newlines)


def test_a_small_corpus_says_so() -> None:
    with pytest.raises(ConfigError, match="too small"):
        write(files(1), 100_000, 1)
