"""What a model that was taught to follow instructions does beside completing: made on a loaded engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """The code actions of ``loaded``; none for a model that was not taught to follow instructions."""
    from fimble.features.actions.actions import Actions

    return Actions(generator_on(loaded), runs_examples) if loaded.manifest.chat.template else None


def english_on(loaded: LoadedEngine) -> English | None:
    """What puts a question into English; nothing for a model that was not taught to follow instructions."""
    from fimble.features.english import English
    from fimble.prompt.chat import ChatPrompts

    chat = loaded.manifest.chat
    if not chat.template:
        return None
    prompts = ChatPrompts(chat.template, loaded.tokenizer, chat.bos_token, chat.eos_token)
    return English(loaded.engine, loaded.tokenizer, prompts, loaded.manifest.end_tokens)
