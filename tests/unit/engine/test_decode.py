"""Speculation on a toy model: exactly the answer that one token at a time gives, whatever is drafted."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.base import GenerateRequest, GenerationStats, Sampling, Token
from fimble.engine.decode import Lookahead, decode
from fimble.engine.healing import BeginsWith
from fimble.engine.sampler import Logits
from fimble.engine.speculate import Drafter, Experience
from fimble.engine.vocabulary import Vocabulary

NUM_TOKENS = 12
VOCABULARY = Vocabulary({token: bytes([97 + token // 2]) * (1 + token % 2) for token in range(NUM_TOKENS)})
TEXT = st.lists(st.integers(0, NUM_TOKENS - 1), min_size=1, max_size=30)


class ToyModel:
    """Logits follow from the last ``order`` tokens alone, so that text comes back to what it said before."""

    def __init__(self, seed: int, order: int) -> None:
        self._seed, self._order = seed, order
        self.kept: list[int] = []
        self.num_runs = 0

    def run(self, tokens: Sequence[int], num_logits: int) -> Logits:
        self.num_runs += 1
        text = [*self.kept, *tokens]
        return np.stack([self._logits(text[: len(text) - left]) for left in reversed(range(num_logits))])

    def _logits(self, text: Sequence[int]) -> Logits:
        end = bytes(text[-self._order :]) + bytes([self._seed])
        random = np.random.default_rng(zlib.crc32(end))
        return random.permutation(NUM_TOKENS).astype(np.float32)


def answer(
    model: ToyModel, request: GenerateRequest, drafter: Drafter | None, experience: Experience
) -> tuple[list[Token], GenerationStats]:
    """All tokens; what is kept is checked at each."""
    stats, given = GenerationStats(), list[Token]()
    model.kept = list(request.prompt[:-1])
    lookahead = Lookahead(model.run, model.kept, stats, drafter, experience)
    first = lookahead.after(request.prompt[-1:], request.max_tokens, None)
    for token in decode(request, 0, first, lookahead, stats):
        given.append(token)
        assert model.kept == [*request.prompt, *(token.id for token in given[:-1])]
    return given, stats


@given(
    prompt=TEXT,
    drafts=st.lists(TEXT, max_size=3),
    seed=st.integers(0, 255),
    order=st.integers(1, 3),
    max_tokens=st.integers(1, 40),
    stop_token=st.integers(0, 3 * NUM_TOKENS),
    stop_after=st.integers(1, 60),
    required=st.text("abcdef", max_size=5).map(str.encode),
    rate=st.sampled_from([None, 1.0]),
)
def test_an_answer_with_drafts_is_the_answer_without(
    prompt: list[int],
    drafts: list[list[int]],
    seed: int,
    order: int,
    max_tokens: int,
    stop_token: int,
    stop_after: int,
    required: bytes,
    rate: float | None,
) -> None:
    request = GenerateRequest(
        tuple(prompt),
        max_tokens,
        frozenset({stop_token}),
        lambda answer: len(answer) == stop_after,
        constraint=BeginsWith(VOCABULARY, required),
    )
    experience = Experience()
    if rate is not None:
        experience.rates = dict.fromkeys(experience.rates, rate)
    plain, plain_stats = answer(ToyModel(seed, order), request, None, experience)
    drafter = Drafter(prompt, drafts, experience)
    drafted, stats = answer(ToyModel(seed, order), request, drafter, experience)
    assert drafted == plain
    assert stats.finishes == plain_stats.finishes
    assert stats.num_accepted_draft_tokens <= stats.num_drafted_tokens


def test_an_answer_that_its_draft_foretells_takes_few_runs() -> None:
    request = GenerateRequest((1, 2, 3), 32)
    plain, _ = answer(ToyModel(1, 3), request, None, Experience())
    tokens = [token.id for token in plain]
    model, experience = ToyModel(1, 3), Experience()
    again, stats = answer(model, request, Drafter(request.prompt, [tokens], experience), experience)
    assert again == plain
    assert model.num_runs <= 5
    assert stats.num_accepted_draft_tokens == 32 - model.num_runs


def test_text_without_repetition_is_not_drafted() -> None:
    drafter = Drafter(list(range(100)), (), Experience())
    for token in range(100, 200):
        drafter.add(token)
        assert drafter.draft(7) == []


def test_sampled_candidates_take_one_token_a_run() -> None:
    request = GenerateRequest((1, 2, 3), 8, sampling=Sampling(temperature=1.0, seed=1))
    model = ToyModel(1, 3)
    tokens, stats = answer(model, request, None, Experience())
    assert len(tokens) == model.num_runs == 8
    assert stats.num_drafted_tokens == 0
