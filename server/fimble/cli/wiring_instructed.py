"""What a model that was taught to follow instructions does beside completing: made on a loaded engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fimble.errors import ModelFolderInvalid

if TYPE_CHECKING:
    from fimble.cli.wiring import LoadedEngine
    from fimble.features.actions.actions import Actions
    from fimble.features.english import English
    from fimble.features.generation.generator import Generator


def generator_on(loaded: LoadedEngine) -> Generator:
    """What follows instructions on ``loaded``. Raises ``ModelFolderInvalid`` for a model that cannot."""
    from fimble.features.generation.generator import Generator
    from fimble.prompt.chat import ChatPrompts

    chat = loaded.manifest.chat
    prompts = ChatPrompts(chat.template, loaded.tokenizer, chat.bos_token, chat.eos_token)
    return Generator(loaded.engine, loaded.tokenizer, prompts, frozenset(loaded.manifest.end_tokens))


def actions_on(loaded: LoadedEngine, runs_examples: bool = True) -> Actions | None:
    """The code actions of ``loaded``; none for a model that was not taught to follow instructions.

    Nor for one whose template cannot be read: it completes all the same, and ``generator_on`` says why.
    """
    from fimble.features.actions.actions import Actions

    try:
        return Actions(generator_on(loaded), runs_examples)
    except ModelFolderInvalid:
        return None


def english_on(loaded: LoadedEngine) -> English | None:
    """What puts a question into English; nothing where there are no ``actions_on`` it."""
    from fimble.features.english import English
    from fimble.prompt.chat import ChatPrompts

    chat = loaded.manifest.chat
    try:
        prompts = ChatPrompts(chat.template, loaded.tokenizer, chat.bos_token, chat.eos_token)
    except ModelFolderInvalid:
        return None
    return English(loaded.engine, loaded.tokenizer, prompts, loaded.manifest.end_tokens)
