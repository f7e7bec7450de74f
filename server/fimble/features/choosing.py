"""The best of several answers: the one that the model would have written, and after which it would write what follows.

The prompt shows the model what stands behind the cursor, but a small one makes little of it: it
writes a likely line, and forgets that the next one needs a name from it. Asked the other way round, it knows:
by Bayes, P(answer | before, after) is in proportion to P(answer | before) P(after | before, answer). The second
factor is what the model makes of the text behind the cursor once the answer stands before it.
It takes a second or so, so only those who ask for a suggestion get it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fimble.engine.base import CancelToken, Engine, Sampling
from fimble.prompt.build import Encoder
from fimble.suggest.names import words_of
from fimble.text import Cursor

NUM_OTHERS = 5
"""Answers drawn beside the greedy one; most are found again by then."""
CHOICE_MS = 2500.0
"""As long as the drawing may take; where it is not enough, the choice is made among fewer."""
OTHERS = Sampling(temperature=0.8, top_p=0.95)
FIT_WEIGHT = 0.75
"""Of the text that follows. Less than one, because its tokens depend on each other more than the model thinks."""
AWAITED_NATS = 3.0
"""What it speaks for an answer that it uses a name which is imported for nothing else yet."""
NUM_BEFORE_TOKENS = 96
NUM_AFTER_TOKENS = 24
MAX_HERE_TOKENS = 512
"""Of the cursor's line and the answer: of longer ones the end is read."""
_MAX_CHARS_PER_TOKEN = 8


@dataclass(frozen=True, slots=True)
class Choosing:
    """Weighs answers; on the engine's thread."""

    engine: Engine
    encoder: Encoder

    def has_choice(self, cursor: Cursor) -> bool:
        """Whether anything follows the cursor that tells good answers from bad ones, and the engine can weigh it."""
        return not self.engine.info.is_remote and bool(self._following(cursor).strip())

    def best_first(
        self,
        answers: Sequence[tuple[str, float]],
        cursor: Cursor,
        cancel: CancelToken,
        awaited: frozenset[str] = frozenset(),
    ) -> list[int]:
        """Places in ``answers``, the best first; of equal ones the earlier. Raises ``EngineError``.

        An answer is its text, and the sum of its tokens' log-probabilities. ``awaited`` are names that the file
        imports and does not use yet.
        """
        fits: dict[str, float] = {}
        for text, _ in answers:
            if text not in fits:
                fits[text] = self._fit(text, cursor, cancel)
        scores = [
            logprob + FIT_WEIGHT * fits[text] + AWAITED_NATS * bool(awaited & words_of([text]))
            for text, logprob in answers
        ]
        return sorted(range(len(answers)), key=lambda place: -scores[place])

    def _fit(self, text: str, cursor: Cursor, cancel: CancelToken) -> float:
        """Log-probability of what follows the cursor's line after ``text``, in nats."""
        whole, window = cursor.snapshot.text, NUM_BEFORE_TOKENS * _MAX_CHARS_PER_TOKEN
        line_start = cursor.offset - len(cursor.line_prefix)
        before = self.encoder.encode(whole[max(0, line_start - window) : line_start])
        line = whole[max(line_start, cursor.offset - window) : cursor.offset] + text + cursor.line_suffix[:window]
        here = self.encoder.encode(line + "\n")[-MAX_HERE_TOKENS:]
        after = self.encoder.encode(self._following(cursor))[:NUM_AFTER_TOKENS]
        prompt = (*before[-NUM_BEFORE_TOKENS:], *here)
        return sum(self.engine.logprobs(prompt, after, f"{cursor.snapshot.uri} whole", cancel)) if after else 0.0

    def _following(self, cursor: Cursor) -> str:
        """The lines below the cursor's, as much of them as is weighed."""
        begin = cursor.offset + len(cursor.line_suffix)
        return cursor.snapshot.text[begin : begin + NUM_AFTER_TOKENS * _MAX_CHARS_PER_TOKEN].lstrip("\r\n")
