"""The bare model with the plain prompt: the text around a hole as it is, and nothing done about token boundaries."""

from __future__ import annotations

from fimble.engine.base import Engine, GenerateRequest
from fimble.engine.tokenizer import Tokenizer
from fimble.prompt.build import bind
from fimble.prompt.templates import Family, Part

MAX_NEW_TOKENS = 64


class PlainModel:
    """Fills holes greedily, whole text before and after in the prompt, as published results are measured."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer, family: Family) -> None:
        """Raises ``ModelFolderInvalid`` when the vocabulary lacks a token the family needs."""
        prompts = bind(family, tokenizer)
        self._engine, self._tokenizer = engine, tokenizer
        self._parts, self._stop_tokens = prompts.parts, prompts.stop_tokens

    def fill(self, prefix: str, suffix: str, is_one_line: bool = True) -> str:
        """What the model puts between; up to the end of its first line with something on it, or ``MAX_NEW_TOKENS``."""
        texts = {Part.PREFIX: prefix, Part.SUFFIX: suffix}
        prompt: list[int] = []
        for part in self._parts:
            if isinstance(part, int):
                prompt.append(part)
            else:
                prompt += self._tokenizer.encode(texts[part])
        request = GenerateRequest(
            prompt=tuple(prompt),
            max_tokens=MAX_NEW_TOKENS if is_one_line else 4 * MAX_NEW_TOKENS,
            stop_tokens=self._stop_tokens,
            stop=(lambda ids: "\n" in self._tokenizer.decode(ids).lstrip()) if is_one_line else None,
        )
        ids = [token.id for token in self._engine.generate(request)]
        return self._tokenizer.decode([token for token in ids if token not in self._stop_tokens])
