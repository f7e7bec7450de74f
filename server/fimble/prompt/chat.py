"""A conversation, as the tokens that the model's makers taught it with.

The model's own template says where roles, texts and control tokens go. A person's text is
tokenised apart from the template, so that a marker in it stays plain characters: the
template is rendered with a stand-in for each text, which is then replaced by the text's tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from fimble.errors import ModelFolderInvalid

if TYPE_CHECKING:
    from jinja2 import Environment

_STAND_IN = "\ue000{number}\ue001"
_STAND_INS = re.compile("\ue000(\\d+)\ue001")


class Role(Enum):
    """Who says something; the value is what templates call it."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    text: str


class Encoder(Protocol):
    """What a conversation needs of a tokenizer (``engine.tokenizer.Tokenizer``)."""

    def encode(self, text: str) -> list[int]: ...

    def encode_marked(self, text: str) -> list[int]: ...


class ChatPrompts:
    """A chat template bound to one vocabulary."""

    def __init__(self, template: str, encoder: Encoder, bos_token: str = "", eos_token: str = "") -> None:
        """Raises ``ModelFolderInvalid`` when there is no template, or it cannot be read."""
        if not template:
            raise ModelFolderInvalid(
                "This model was not taught to follow instructions: it has no chat template.",
                "Choose an instruct model, such as qwen2.5-coder-0.5b-instruct.",
            )
        from jinja2 import TemplateError

        try:
            self._template = _environment().from_string(template)
        except TemplateError as error:
            raise _unreadable(error) from error
        self._encoder = encoder
        self._tokens = {"bos_token": bos_token, "eos_token": eos_token}

    def prompt(self, messages: Sequence[Message], answer: str = "") -> tuple[int, ...]:
        """The conversation up to where the model goes on, with ``answer`` as the beginning of what it says.

        Raises ``ModelFolderInvalid`` where the template refuses the conversation.
        """
        texts = [message.text for message in messages]
        turns = [
            {"role": message.role.value, "content": _STAND_IN.format(number=number)}
            for number, message in enumerate(messages)
        ]
        try:
            rendered = self._template.render(messages=turns, add_generation_prompt=True, **self._tokens)
        except Exception as error:  # a template can divide by nothing, and more
            raise _unreadable(error) from error
        tokens: list[int] = []
        for place, part in enumerate(_STAND_INS.split(rendered)):
            tokens += self._encoder.encode(texts[int(part)]) if place % 2 else self._encoder.encode_marked(part)
        return (*tokens, *self._encoder.encode(answer))


def _environment() -> Environment:
    """A sandbox with what transformers gives to templates: their makers try them there."""
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %}`` marks what a training learns from; it changes nothing of the text."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation]
    )
    made.globals |= {"raise_exception": _refuse, "strftime_now": lambda form: datetime.now().strftime(form)}
    return made


def _refuse(message: str) -> Any:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _unreadable(error: Exception) -> ModelFolderInvalid:
    return ModelFolderInvalid(
        f"The model's chat template cannot be used: {error}.", "Run 'fimble setup --force' to prepare it again."
    )
