"""Drafts: matches against a plain search, learning, and what drafting may cost at most."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.speculate import (
    GPU_ROW_COST,
    LONGEST_MATCH,
    MAX_AFTER_ONE_TOKEN,
    MAX_DRAFT_TOKENS,
    MAX_WASTE,
    PURSE,
    ROW_COST,
    Drafter,
    Experience,
    longest_match,
)

TEXT = st.lists(st.integers(0, 3), max_size=40)


def sure() -> Experience:
    """Drafts as much as it may."""
    experience = Experience()
    experience.rates = dict.fromkeys(experience.rates, 1.0)
    return experience


def guess(prompt: list[int], *drafts: list[int], answer: tuple[int, ...] = ()) -> list[int]:
    drafter = Drafter(prompt, drafts, sure())
    for token in answer:
        drafter.add(token)
    return drafter.draft(MAX_DRAFT_TOKENS)


@given(TEXT)
def test_the_longest_match_equals_a_plain_search(text: list[int]) -> None:
    history = np.array([-1] * LONGEST_MATCH + text, np.int64)
    expected = (0, 0)
    for end in range(1, len(text)):
        length = 0
        while length < min(LONGEST_MATCH, end) and text[end - 1 - length] == text[len(text) - 1 - length]:
            length += 1
        if length and length >= expected[1]:
            expected = (LONGEST_MATCH + end, length)
    assert longest_match(history, len(history)) == expected


def test_what_followed_the_longest_match_is_drafted() -> None:
    assert guess([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 9, 3, 50, 1, 2, 3]) == [4, 5, 6, 7, 8, 9, 10]
    assert guess([1, 2, 3]) == []
    assert guess([]) == []


def test_a_match_of_one_token_drafts_little() -> None:
    assert guess([1, 2, 3, 4, 5, 1]) == [2, 3][:MAX_AFTER_ONE_TOKEN]


def test_a_repetition_goes_on_behind_the_end() -> None:
    assert guess([5, 1, 2, 1, 2]) == [1, 2, 1, 2, 1, 2, 1]


def test_a_draft_comes_before_what_the_prompt_says() -> None:
    prompt = [1, 2, 3, 1, 2]
    assert guess(prompt, [7, 8, 9]) == [7, 8, 9]
    assert guess(prompt, [7, 8, 9], answer=(7,)) == [8, 9]
    assert guess(prompt, [7, 8, 9], [6, 5], answer=(6,)) == [5]


def test_the_best_draft_that_agrees_goes_on() -> None:
    assert guess([1], [7, 8, 9], [7, 6, 5, 4], answer=(7, 6)) == [5, 4]
    assert guess([1], [7], [7, 6, 5, 4], answer=(7,)) == [6, 5, 4]


def test_a_draft_that_the_answer_left_still_helps() -> None:
    """The answer says something else first, then what the draft says."""
    assert guess([1], [7, 8, 9, 10, 11], answer=(5, 8, 9)) == [10, 11]


def test_a_match_does_not_run_from_one_text_into_another() -> None:
    assert guess([1, 2, 8, 9], [5, 8, 9], answer=(0, 8, 9)) == [0, 8, 9, 0, 8, 9, 0]
    assert guess([1, 9], [5, 8, 9]) == [5, 8, 9]
    assert guess([1, 4], [8, 9], answer=(3, 9)) == []


@given(TEXT, st.lists(TEXT, max_size=3), TEXT, st.integers(-1, 9))
def test_a_drafter_told_step_by_step_equals_one_told_at_once(
    prompt: list[int], drafts: list[list[int]], answer: list[int], limit: int
) -> None:
    """Always tokens that were seen, never more than asked for; and no separator."""
    drafter = Drafter(prompt, drafts, Experience())
    for token in answer:
        drafter.add(token)
        drafted = drafter.draft(limit)
        assert len(drafted) <= max(0, min(limit, MAX_DRAFT_TOKENS))
        assert set(drafted) <= {*prompt, *answer, *(token for draft in drafts for token in draft)}


@given(TEXT, st.lists(TEXT, max_size=3), TEXT)
def test_a_guess_follows_a_longest_match(prompt: list[int], drafts: list[list[int]], answer: list[int]) -> None:
    """However the guess was carried along, its first token is one that followed a match as long as there is."""
    drafter = Drafter(prompt, drafts, sure())
    for token in answer:
        drafter.add(token)
    agreeing = [draft for draft in drafts if draft[: len(answer)] == answer and len(draft) > len(answer)]
    drafted = drafter.draft(1)
    if agreeing:
        assert drafted[:1] in [draft[len(answer) : len(answer) + 1] for draft in agreeing]
    elif drafted:
        text = [-1, *(token for draft in drafts for token in (*draft, -1)), *prompt, *answer]
        assert any(text[end - 1] == text[-1] and text[end] == drafted[0] for end in range(1, len(text)))


def test_where_guesses_fail_drafting_stops_and_where_they_come_true_it_returns() -> None:
    experience = Experience()
    for _ in range(40):
        experience.learn(False, 3, False)
    assert experience.num_worth_drafting(False, 3, 7) == 0
    for _ in range(40):
        experience.learn(False, 3, True)
    assert experience.num_worth_drafting(False, 3, 7) > 0


def test_where_rows_cost_little_less_sure_guesses_are_worth_a_try() -> None:
    """An even chance pays for few rows where each costs an eighth of a run, and for more where it costs a fiftieth."""
    dear, cheap = Experience(), Experience(row_cost=GPU_ROW_COST)
    for experience in (dear, cheap):
        experience.rates = dict.fromkeys(experience.rates, 0.5)
    assert 0 < dear.num_worth_drafting(False, 3, 7) < cheap.num_worth_drafting(False, 3, 7)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=300))
def test_rejected_drafts_cost_no_more_than_their_share(runs: list[tuple[bool, int]]) -> None:
    """Whatever it believes, drafts that are all rejected cost at most ``MAX_WASTE`` of the runs and a purse."""
    experience = sure()
    cost = 0.0
    for is_draft, length in runs:
        number = experience.num_worth_drafting(is_draft, length, MAX_DRAFT_TOKENS)
        experience.pay(number, 0)
        cost += ROW_COST * number
    assert cost <= MAX_WASTE * len(runs) + PURSE + 1e-9
