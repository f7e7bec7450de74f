"""From examples to lessons for a model that knows nothing yet, in the very form in which it will be asked.

The prompt is made by the builder that serves: it ends some lines above the hole, as ``prompt/anchor.py``
describes, so the lines between are taught as a part of what the model writes. The text around the hole is
taught as much as the hole: there is nobody else to learn the language from.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fimble.config import Config
from fimble.engine.kv import count_shared
from fimble.engine.tokenizer import Tokenizer
from fimble.features.asking import Limits
from fimble.prompt.build import PromptBuilder, bind
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Snapshot
from fimble.training.configuration import ModelKind
from fimble.training.lessons import Lesson
from fimble.training.records import Example, Kind
from fimble.training.vocabulary import END_TOKENS, HOLE, PROMPT_FAMILIES, START


class Teacher:
    """Makes lessons for one kind of model with one vocabulary."""

    def __init__(self, kind: ModelKind, tokenizer: Tokenizer, context: int) -> None:
        """``context``: tokens of the longest lesson."""
        self.kind, self._context = kind, context
        self._tokenizer = tokenizer
        self._prompts: PromptBuilder = bind(FAMILIES[PROMPT_FAMILIES[kind]], tokenizer)
        self._prompt_tokens = Limits(Config(), context).prompt_tokens
        self._end = _known(tokenizer, END_TOKENS[kind])
        self._control = frozenset(part for part in self._prompts.parts if isinstance(part, int))

    def lessons(self, examples: Iterable[Example]) -> list[Lesson]:
        """One for each example that is a hole; edits need a model that follows instructions."""
        return [self._lesson(example) for example in examples if example.kind is not Kind.EDIT]

    def prompt(self, example: Example) -> tuple[int, ...]:
        """The tokens that the engine is asked to continue for ``example``."""
        head, written, num_judged = self._parts(example)
        return (*head, *written[: len(written) - num_judged])

    def _lesson(self, example: Example) -> Lesson:
        head, written, num_judged = self._parts(example)
        source = None
        if self.kind is ModelKind.ENCODER_DECODER:
            source = np.array(head[:-1], np.int32)
            head = [_known(self._tokenizer, START), _known(self._tokenizer, HOLE)]
        tokens = np.array([*head, *written], np.int32)
        is_text = [token not in self._control for token in head]
        is_text[0] = False
        if source is not None:
            is_text = [False] * len(head)
        weights = np.array([*is_text, *[True] * len(written)], np.float32)
        return Lesson(tokens, weights, num_judged, source)

    def _parts(self, example: Example) -> tuple[list[int], list[int], int]:
        """Prompt up to its anchor, what follows it up to the end, and how many of the latter are asked for."""
        text = example.prefix + example.suffix
        cursor = Cursor(Snapshot(example.path, example.language, 0, text), len(example.prefix))
        anchor = self._prompts.anchor(cursor, self._prompt_tokens)
        tail = text[anchor.end : cursor.offset]
        known = self._prompts.prompt(anchor, tail).tokens[len(anchor.head) :]
        written = [*self._tokenizer.encode(tail + example.middle), self._end]
        written = written[: self._context - len(anchor.head)]
        return list(anchor.head), written, max(1, len(written) - count_shared(written, known))


def _known(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_id(token)
    assert found is not None, token
    return found
