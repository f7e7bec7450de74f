"""What a model makes of holes whose contents are known: asked as the server asks, by the engine that serves.

The answer counts up to as many lines as the hole had, because the server, too, cuts what goes beyond its line or block:
a model that has only learned where to stop has learned nothing of the repository.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from fimble.engine.base import Engine, GenerateRequest
from fimble.engine.tokenizer import Tokenizer
from fimble.prompt.build import bind
from fimble.prompt.templates import Family
from fimble.scoring import edit_similarity
from fimble.text import Cursor, Snapshot
from fimble.training.records import Example, Kind

WAY = 1
"""Raised whenever items are asked or judged in another way, so that no older score is compared with a new one."""
PROMPT_TOKENS = 512
"""Of prefix and suffix together; the server's default."""
MAX_MIDDLE_CHARS = 400
MAX_MIDDLE_LINES = 12
"""Longer holes are nothing that an editor is asked to fill, and cost most of the time."""
_SPARE_TOKENS = 12
"""An answer that is so much longer than the hole is wrong anyhow."""
_MAX_JUDGED_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Scored:
    """One hole, filled greedily and judged."""

    is_exact: bool
    """Every line is as it stood there, white space at line ends and around the whole apart."""
    edit_similarity: float
    """Of the answer and what stood there, 0 to 1."""
    loss: float
    """Mean negative log-probability of the tokens that stood there, in nats a token."""
    num_tokens: int
    """That ``loss`` is the mean of."""
    answer: str


def choose(examples: Iterable[Example], num_items: int, seed: int) -> list[Example]:
    """``num_items`` holes at most, drawn with ``seed``, from as many files as there are; no two are the same."""
    of_file: dict[str, list[Example]] = defaultdict(list)
    seen = set()
    for example in examples:
        is_short = len(example.middle) <= MAX_MIDDLE_CHARS and _num_lines(example.middle) <= MAX_MIDDLE_LINES
        if example.kind is Kind.FIM and is_short and example.middle.strip() and digest_of(example) not in seen:
            seen.add(digest_of(example))
            of_file[example.path].append(example)
    random_ = random.Random(seed)
    queues = [of_file[path] for path in sorted(of_file)]
    for queue in queues:
        random_.shuffle(queue)
    random_.shuffle(queues)
    chosen: list[Example] = []
    while queues and len(chosen) < num_items:
        chosen += [queue.pop() for queue in queues][: num_items - len(chosen)]
        queues = [queue for queue in queues if queue]
    return chosen


def digest_of(item: Example) -> str:
    """Names an item by everything that it is asked and judged by."""
    parts = (item.kind, item.language, item.prefix, item.suffix, item.middle)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class Scorer:
    """Scores holes on one engine, with whatever adapter that uses at the time."""

    def __init__(
        self,
        engine: Engine,
        tokenizer: Tokenizer,
        family: Family,
        end_tokens: Collection[int],
        prompt_tokens: int = PROMPT_TOKENS,
    ) -> None:
        """Raises ``ModelFolderInvalid`` when the vocabulary lacks a token that the family needs."""
        self._engine, self._tokenizer, self._prompt_tokens = engine, tokenizer, prompt_tokens
        self._builder = bind(family, tokenizer)
        self._stop_tokens = self._builder.stop_tokens | set(end_tokens)

    def score(self, item: Example) -> Scored:
        """Raises ``EngineError``."""
        snapshot = Snapshot(item.path, item.language, 1, item.prefix + item.suffix)
        cursor = Cursor(snapshot, len(item.prefix))
        anchor = self._builder.anchor(cursor, self._prompt_tokens)
        prompt = self._builder.prompt(anchor, snapshot.text[anchor.end : cursor.offset])
        truth = self._tokenizer.encode(prompt.required + item.middle)[:_MAX_JUDGED_TOKENS]
        logprobs = self._engine.logprobs(prompt.tokens, truth, sequence=item.path)
        judged = logprobs[self._num_given(truth, prompt.required) :] or logprobs
        answer = self._answer(prompt.tokens, prompt.required, item, len(truth) + _SPARE_TOKENS)
        return Scored(
            is_exact=_bare(answer) == _bare(item.middle),
            edit_similarity=edit_similarity(_bare(answer), _bare(item.middle)),
            loss=-sum(judged) / len(judged),
            num_tokens=len(judged),
            answer=answer,
        )

    def _num_given(self, tokens: Sequence[int], required: str) -> int:
        """How many of ``tokens`` only write what is required, and tell nothing of the hole."""
        left = len(required.encode(errors="replace"))
        for number, token in enumerate(tokens):
            left -= len(self._tokenizer.vocabulary.bytes_of(token))
            if left < 0:
                return number
        return 0

    def _answer(self, prompt: tuple[int, ...], required: str, item: Example, max_tokens: int) -> str:
        num_lines = _num_lines(item.middle)

        def text_of(ids: Sequence[int]) -> str:
            whole = self._tokenizer.decode(ids)
            return whole[len(required) :] if whole.startswith(required) else ""

        request = GenerateRequest(
            prompt=prompt,
            max_tokens=max_tokens,
            stop_tokens=self._stop_tokens,
            stop=lambda ids: _num_lines(text_of(ids) + ".") > num_lines,
            sequence=item.path,
            constraint=self._tokenizer.begins_with(required) if required else None,
        )
        ids = [token.id for token in self._engine.generate(request) if token.id not in self._stop_tokens]
        return _first_lines(text_of(ids), num_lines)


def evaluate(
    engine: Engine,
    tokenizer: Tokenizer,
    family: Family,
    end_tokens: Collection[int],
    items: Sequence[Example],
    on_item: Callable[[Scored], None] = lambda _: None,
) -> list[Scored]:
    """Every item's score, in order, as the engine stands; ``on_item`` hears of each at once. Raises ``EngineError``."""
    scorer = Scorer(engine, tokenizer, family, end_tokens)
    scored = []
    for item in items:
        scored.append(scorer.score(item))
        on_item(scored[-1])
    return scored


def is_sound(scored: Scored) -> bool:
    """Whether the loss is a number: a broken adapter's is none."""
    return math.isfinite(scored.loss)


def _bare(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _num_lines(text: str) -> int:
    """From the first line with something on it to the last."""
    return text.strip().count("\n") + 1


def _first_lines(text: str, num_lines: int) -> str:
    """``text`` up to the end of so many lines, blank ones before the first not counted."""
    num_blank = len(text) - len(text.lstrip())
    lead = text[:num_blank].count("\n")
    return "\n".join(text.split("\n")[: lead + num_lines])
