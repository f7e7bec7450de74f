"""Makes a model that is being added: asks its source for answers, prepares it, compares, writes its entry."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from fimble import config
from fimble.cli.preparing import ASKING, Precision, is_written_here, precision_for, write_as_it_bears

if TYPE_CHECKING:
    from fimble.cli.bars import Bars
    from fimble.weights.candidate import Candidate
    from fimble.weights.entry import CatalogEntry, Reference

_BYTES_IN_TORCH = 5
"""A parameter in fp32, and what computing with it takes."""
_EXAMPLE = "def is_even(number: int) -> bool:\n    return"
_NUM_WORDS = 12


def make(entry: CatalogEntry, found: Candidate, precision: Precision, bars: Bars) -> None:
    """Prepare ``found``, compare it with its source where torch is there, and write its entry.

    The caller holds the model's lock. Raises ``WeightsError``; nothing of the model is left then.
    """
    from fimble.weights import catalog, record, store
    from fimble.weights.addition import MARK
    from fimble.weights.source import Source

    references = _references(found, bars)
    source = Source(found.path, entry.file.sha256, is_catalogued=True)
    chosen = precision_for(precision, config.load()[0].provider, is_written_here(entry))
    write_as_it_bears(entry, chosen, source, references, bars)
    try:
        made_with = record.made_with(entry.file.sha256) if references else {}
        catalog.save(entry, MARK, record.to_json(references, made_with) if references else "")
    except BaseException:  # a full disk, or somebody who interrupts: without its entry it would be nobody's
        catalog.forget(entry.name)
        shutil.rmtree(store.models_folder() / entry.name, ignore_errors=True)
        raise


def first_words(name: str) -> tuple[str, str]:
    """Load the model called ``name`` as the server does: what it was asked, and how it went on.

    Raises ``WeightsError`` or ``EngineError`` where it cannot be served.
    """
    from fimble.cli.wiring import family_of, load_engine
    from fimble.engine.base import GenerateRequest
    from fimble.prompt.build import bind
    from fimble.text import Cursor, Snapshot

    loaded = load_engine(replace(config.load()[0], model=name))
    try:
        builder = bind(family_of(loaded.manifest.prompt_family), loaded.tokenizer)
        cursor = Cursor(Snapshot("file:///example.py", "python", 0, _EXAMPLE), len(_EXAMPLE))
        prompt = builder.prompt(builder.anchor(cursor, 128, end=len(_EXAMPLE)), "")
        stops = builder.stop_tokens | frozenset(loaded.manifest.end_tokens)
        request = GenerateRequest(prompt.tokens, max_tokens=_NUM_WORDS, stop_tokens=stops)
        written = loaded.tokenizer.decode([token.id for token in loaded.engine.generate(request)])
    finally:
        loaded.engine.close()
    return _EXAMPLE, written


def _references(found: Candidate, bars: Bars) -> tuple[Reference, ...]:
    """What transformers answers from the same files; nothing, aloud, where it is not there or has no room."""
    import psutil

    from fimble.weights.disk import readable
    from fimble.weights.record import can_record, record

    needed_bytes, free_bytes = found.parameters * _BYTES_IN_TORCH, psutil.virtual_memory().available
    if not can_record():
        bars.say("It is not compared with its source: that needs the `export` extra (torch). It only has to answer.")
        return ()
    if needed_bytes > free_bytes:
        bars.say(
            f"It is not compared with its source: that needs {readable(needed_bytes)} of memory, and "
            f"{readable(free_bytes)} are free. It only has to answer."
        )
        return ()
    bars.on_fraction(ASKING, 0.0)
    references = record(found.path)
    if not references:
        bars.say(
            f"It is not compared with its source: its context of {found.settings.context_length} tokens has no room "
            "for what it would be asked. It only has to answer."
        )
    return references
