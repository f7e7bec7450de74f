"""Guesses what an answer says next from text that is already there; no second model.

Code repeats itself. Where the answer so far agrees with a draft (a suggestion that was typed
over, say), the draft goes on; else the last tokens are looked up in drafts, prompt and answer,
and what followed the longest match there is the guess. Checking k guessed tokens together
with the last one costs far less than k runs, so a guess pays even if it is often wrong.

How often guesses come true is learned for each kind of match, from every token, also where
nothing was drafted: looking costs microseconds, and so it is known when drafting pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

MAX_DRAFT_TOKENS = 7
"""The most tokens drafted for one run."""
LONGEST_MATCH = 8
"""Matches of more tokens are not told apart."""
MAX_AFTER_ONE_TOKEN = 2
"""What a match of one token may draft."""
ROW_COST = 0.12
"""What a further row adds to a run, as a share of a run with one row (measured: 0.09 to 0.17)."""
GPU_ROW_COST = 0.02
"""The same on a GPU, which mostly waits for its kernels to be launched (measured on an H100: 0.01 to 0.03)."""
MAX_WASTE = 0.05
"""The share of all time that rejected drafts may cost in the long run."""
PURSE = 4.0
"""What drafting may lose at once, in runs of one row."""
_MEMORY = 40
"""Over how many guesses, about, a rate is taken."""
_NOTHING = -1
"""Stands between texts in the history, where no match goes on."""


def _believed_before(is_draft: bool, length: int) -> float:
    """The rate of a kind of match before any was seen."""
    return 0.7 if is_draft else (0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)[length]


@dataclass(slots=True)
class Experience:
    """How often guesses came true, and what drafting has gained: lives as long as its engine."""

    rates: dict[tuple[bool, int], float] = field(
        default_factory=lambda: {
            (is_draft, length): _believed_before(is_draft, length)
            for is_draft in (False, True)
            for length in range(LONGEST_MATCH + 1)
        }
    )
    """(whether it continues a draft, tokens that matched) -> share of guesses of one token that were right."""
    counts: dict[tuple[bool, int], int] = field(default_factory=dict)
    purse: float = PURSE
    """What may be lost before drafting rests: a run of one row is 1, and each run earns ``MAX_WASTE``."""
    row_cost: float = ROW_COST
    """Of the processor that the engine runs on."""

    def learn(self, is_draft: bool, length: int, right: bool) -> None:
        """One guess was ``right`` or not."""
        kind = is_draft, min(length, LONGEST_MATCH)
        count = self.counts[kind] = min(self.counts.get(kind, 4) + 1, _MEMORY)
        self.rates[kind] += (right - self.rates[kind]) / count

    def num_worth_drafting(self, is_draft: bool, length: int, limit: int) -> int:
        """How many tokens to draft, ``limit`` at most: what brings most tokens for their cost."""
        best, best_speed = 0, 1.0
        chance = tokens = 1.0
        for number in range(1, min(limit, int(self.purse / self.row_cost)) + 1):
            chance *= self.rates[is_draft, min(length + number - 1, LONGEST_MATCH)]
            tokens += chance
            speed = tokens / (1 + self.row_cost * number)
            if speed > best_speed:
                best, best_speed = number, speed
        return best

    def pay(self, num_drafted: int, num_accepted: int) -> None:
        """A run is over: its rows are paid, and each accepted token saved a run."""
        self.purse = min(self.purse + MAX_WASTE + num_accepted - self.row_cost * num_drafted, PURSE)


class Drafter:
    """Guesses for one answer, told of each token that is given."""

    def __init__(
        self,
        prompt: Sequence[int],
        drafts: Sequence[Sequence[int]],
        experience: Experience,
        max_draft_tokens: int = MAX_DRAFT_TOKENS,
    ) -> None:
        """``drafts``: what the answer may repeat, best first."""
        self._experience, self._max_draft_tokens = experience, max_draft_tokens
        before = [_NOTHING] * LONGEST_MATCH
        starts: list[int] = []
        for draft in drafts:
            starts.append(len(before))
            before += [*draft, _NOTHING]
        self._size = len(before) + len(prompt)
        self._history = np.empty(self._size + 256, np.int64)
        self._history[: len(before)] = before
        self._history[len(before) : self._size] = prompt
        self._num_given = 0
        self._agreeing = starts
        """Where the drafts begin that the answer agrees with."""
        self._guess = _NOTHING
        """Where in the history the guess lies; ``_NOTHING`` for none."""
        self._is_draft, self._length = False, 0
        self._find()

    def add(self, token: int) -> None:
        """The answer goes on with ``token``."""
        right = self._guess != _NOTHING and int(self._history[self._guess]) == token
        if self._guess != _NOTHING:
            self._experience.learn(self._is_draft, self._length, right)
        self._agreeing = [start for start in self._agreeing if self._history[start + self._num_given] == token]
        if self._size == len(self._history):
            self._history = np.concatenate([self._history, np.empty_like(self._history)])
        self._history[self._size] = token
        self._size += 1
        self._num_given += 1
        if right and self._history[self._guess + 1] != _NOTHING:
            self._guess += 1
            self._length += 1
        else:
            self._find()

    def draft(self, limit: int) -> list[int]:
        """What probably comes next, ``limit`` tokens at most; empty where drafting does not pay."""
        if self._guess == _NOTHING:
            return []
        limit = min(limit, self._max_draft_tokens)
        if not self._is_draft and self._length == 1:
            limit = min(limit, MAX_AFTER_ONE_TOKEN)
        number = self._experience.num_worth_drafting(self._is_draft, self._length, limit)
        known = self._history[self._guess : min(self._guess + number, self._size)].tolist()
        if _NOTHING in known:
            return list(known[: known.index(_NOTHING)])
        return [known[place % len(known)] for place in range(number)]

    def _find(self) -> None:
        for start in self._agreeing:
            if self._history[start + self._num_given] != _NOTHING:
                self._guess, self._is_draft, self._length = start + self._num_given, True, self._num_given
                return
        end, self._length = longest_match(self._history, self._size)
        self._is_draft = False
        self._guess = end if self._length else _NOTHING


def longest_match(history: np.ndarray[tuple[int], np.dtype[np.int64]], size: int) -> tuple[int, int]:
    """Where the last tokens of ``history[:size]`` stood before: the place after them, and how many matched.

    Of the longest matches (``LONGEST_MATCH`` tokens at most) that something follows the latest;
    0 tokens when there is none. Negative numbers match nothing, and at least ``LONGEST_MATCH``
    of them come first.
    """
    if size == 0 or history[size - 1] < 0:
        return 0, 0
    ends = np.flatnonzero((history[: size - 1] == history[size - 1]) & (history[1:size] >= 0))
    if not len(ends):
        return 0, 0
    length = 1
    while length < LONGEST_MATCH and len(ends) and history[size - 1 - length] >= 0:
        longer = ends[history[ends - length] == history[size - 1 - length]]
        if not len(longer):
            break
        ends, length = longer, length + 1
    return int(ends[-1]) + 1, length
