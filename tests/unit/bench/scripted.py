"""A generator whose model says what a test has it say."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.engine.fake import ScriptedEngine
from fimble.features.generation.generator import Generator
from fimble.prompt.chat import ChatPrompts
from tests.unit.cursor_mark import CharTokenizer

_END = 0x10FFFF
_TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]"


class Tokenizer(CharTokenizer):
    def encode_marked(self, text: str) -> list[int]:
        return self.encode(text)


class Scripted:
    """Answers in turn; ``prompts`` are those that it was given so far."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self._tokenizer = Tokenizer()
        self._engine = ScriptedEngine(
            lambda _: [[*self._tokenizer.encode(self._answers.pop(0)), _END]], context_length=65536
        )
        prompts = ChatPrompts(_TEMPLATE, self._tokenizer)
        self.generator = Generator(self._engine, self._tokenizer, prompts, frozenset({_END}))

    @property
    def prompts(self) -> list[str]:
        return [self._tokenizer.decode(request.prompt) for request in self._engine.requests]
