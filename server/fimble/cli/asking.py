"""How commands ask the model that follows instructions: loaded for one request, watched while it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.live import live
from fimble.config import apply, load

if TYPE_CHECKING:
    from fimble.cli.answer import Answer
    from fimble.cli.source import Source
    from fimble.config import Config
    from fimble.features.actions.action import Done, Offer
    from fimble.features.generation.generator import Generator

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Provider = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that follows instructions, for one request."""

    generator: Generator
    name: str
    provider: str
    on_text: Callable[[str], None]
    """Shows the answer while it is written."""


def configuration(provider: str) -> Config:
    """The person's configuration, with the command's own ``provider`` unless empty."""
    config, complaints = load()
    if provider:
        config, more = apply(config, {"provider": provider}, "--provider")
        complaints += more
    for complaint in complaints:
        typer.echo(complaint, err=True)
    return config


@contextmanager
def asked(config: Config, lexer: str) -> Iterator[Model]:
    """The model, for as long as the block runs. Raises ``WeightsError`` or ``EngineError`` with what to do.

    ``lexer`` colours what is shown of the answer; empty for plain text.
    """
    if config.endpoint:
        with _asked_there(config, lexer) as model:
            yield model
        return
    from fimble.cli.wiring import load_engine
    from fimble.cli.wiring_instructed import generator_on

    with live(lexer) as view:
        view.say(f"loading {config.model}")
        loaded = load_engine(config)
        try:
            view.say("reading")
            info = loaded.engine.info
            yield Model(generator_on(loaded), info.model, info.provider, view.on_text)
        finally:
            loaded.engine.close()
    for note in loaded.notes:
        typer.echo(note, err=True)


@contextmanager
def _asked_there(config: Config, lexer: str) -> Iterator[Model]:
    """The endpoint's model. Raises ``ConfigError``, ``EndpointError``."""
    from fimble.cli.wiring_remote import address_in, generator_on, remote_engine

    with live(lexer) as view:
        view.say(f"asking {address_in(config).host}")
        engine = remote_engine(config)
        try:
            engine.line.standing.refuse()
            yield Model(generator_on(engine), engine.info.model, engine.info.provider, view.on_text)
        finally:
            engine.close()


def act(offer: Offer, source: Source, config: Config, lexer: str) -> tuple[Done, Model]:
    """Do what was offered for ``source``. Raises as ``Actions.run`` does."""
    from fimble.engine.base import CancelToken
    from fimble.features.actions.actions import Actions

    with asked(config, lexer) as model:
        return Actions(model.generator, config.run_examples).run(
            offer, source.snapshot, CancelToken(), model.on_text
        ), model


def answer_of(done: Done, model: Model, text: str, language: str) -> Answer:
    """``done`` as people and programs are told; ``text`` is what came of it, where something did."""
    from fimble.cli.answer import Answer

    return Answer(
        "" if done.refusal else text,
        language,
        done.findings,
        done.refusal,
        done.num_attempts,
        done.latency_ms,
        model.name,
        model.provider,
        done.rejected,
    )
