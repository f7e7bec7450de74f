"""From a model that was trained here to one that is served: exported, compared with torch, named in the catalogue.

The catalogue's entry comes last. Whatever ends this before, nothing half-written is served, and what was served
under the name so far still is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fimble.errors import TrainingError, TrainingUnavailable, VerificationFailed
from fimble.training.configuration import Configuration, ModelKind
from fimble.training.vocabulary import PROMPT_FAMILIES, START, STOP
from fimble.weights import catalog, store
from fimble.weights.entry import CatalogEntry, FolderSource, Reference, SourceFile
from fimble.weights.export import can_export, export
from fimble.weights.manifest import EXPORTED, GRAPH, TOKENIZER, Manifest, record_of
from fimble.weights.prepare import prepare
from fimble.weights.recipe import FP32, recipes_for
from fimble.weights.record import NUM_NEXT_TOKENS
from fimble.weights.verify import NEAR_TIE_LOGPROB, Runner, VerificationReport, verify

WEIGHTS = "model.safetensors"
COMPANIONS = ("config.json", "generation_config.json", TOKENIZER)
_ARCHITECTURES = {ModelKind.DECODER: "qwen2", ModelKind.ENCODER_DECODER: "t5"}
_LICENCE = "your own"


@dataclass(frozen=True, slots=True)
class Release:
    """A model that is served from now on."""

    name: str
    precision: str
    folder: Path
    report: VerificationReport
    """How close what is served is to the torch model, on holes that it never saw."""


def check_name(name: str) -> None:
    """Raise ``TrainingError`` where the catalogue has another model of that name, not trained here."""
    if name not in catalog.names():
        return
    if not all(isinstance(source, FolderSource) for source in catalog.find(name).sources):
        raise TrainingError(
            f"The catalogue has a model called {name} already, which was not trained here.",
            "Write another name into the configuration.",
        )


def check_exporter(kind: ModelKind) -> None:
    """Raise ``TrainingUnavailable`` where such a model could be trained, but not exported."""
    if kind is ModelKind.ENCODER_DECODER and not can_export():
        raise TrainingUnavailable(
            "An encoder-decoder is exported by optimum, which is not installed.",
            "Install fimble with both extras, in its folder: pip install -c constraints.txt -e '.[cpu,train,export]'.",
        )


def release(
    configuration: Configuration,
    source: Path,
    prompts: Sequence[Sequence[int]],
    num_parameters: int,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> Release:
    """Serve the checkpoint in the folder ``source`` under the configuration's name.

    ``prompts``: what it is asked to continue, to compare with torch. Raises ``VerificationFailed`` where no form of
    it answers as torch does, ``TrainingError`` where it prefers no token to another, ``WeightsError``.
    """
    entry = _entry(configuration, source, num_parameters)
    on_stage("asking torch for reference answers")
    references = _references(configuration.kind, source, prompts)
    if not any(row[0] - row[1] >= NEAR_TIE_LOGPROB for one in references for row in one.top_logprobs):
        raise TrainingError(
            "The model is sure of nothing yet, so it is not served.", "Raise epochs, or choose another learning_rate."
        )
    with store.lock(entry.name):
        if configuration.kind is ModelKind.DECODER:
            made = _release_decoder(entry, source, references, on_stage)
        else:
            made = _release_pair(entry, source, references, on_stage)
        for other in made.folder.parent.iterdir():  # of an earlier model under this name
            if other != made.folder:
                shutil.rmtree(other)
        _write_entry(entry, source)
    return made


def _release_decoder(
    entry: CatalogEntry, source: Path, references: Sequence[Reference], on_stage: Callable[[str], None]
) -> Release:
    """The fastest form that answers as torch does: a very small model may not bear 8 bits."""
    recipes = (*recipes_for("int8"), FP32)
    for recipe in recipes:
        try:
            with store.staging(entry.name, recipe.precision) as folder:
                on_stage(f"writing the graph ({recipe.name})")
                written = prepare(source, entry, recipe, folder, lambda stage, share: None)
                on_stage("comparing it with torch")
                report = verify(_decoder_runner(folder, written, references), references)
                _save(written, report, folder)
        except VerificationFailed as error:
            if recipe is recipes[-1]:
                raise
            on_stage(f"{recipe.name}: {error.what} A more exact form is tried")
        else:
            return Release(entry.name, recipe.precision, store.model_folder(entry.name, recipe.precision), report)
    raise AssertionError("the last recipe is returned or raises")


def _release_pair(
    entry: CatalogEntry, source: Path, references: Sequence[Reference], on_stage: Callable[[str], None]
) -> Release:
    with store.staging(entry.name, EXPORTED) as folder:
        on_stage("exporting the graphs")
        written = export(source, folder, lambda stage, share: None, entry.prompt_family, entry.name)
        on_stage("comparing them with torch")
        report = verify(_pair_runner(folder), references)
        _save(written, report, folder)
    return Release(entry.name, EXPORTED, store.model_folder(entry.name, EXPORTED), report)


def _save(written: Manifest, report: VerificationReport, folder: Path) -> None:
    replace(written, verification={**written.verification, **report.as_dict()}).save(folder)


def _references(kind: ModelKind, source: Path, prompts: Sequence[Sequence[int]]) -> list[Reference]:
    """What torch writes after each prompt, from its own loading of the files."""
    from fimble.engine.tokenizer import Tokenizer
    from fimble.training import decoder, seq2seq
    from fimble.weights import record, record_pair

    if kind is ModelKind.DECODER:
        model = decoder.open_decoder(source)
        return [record.answer(model, f"hole {number}", prompt) for number, prompt in enumerate(prompts)]
    model = seq2seq.open_encoder_decoder(source)
    start, stop = (Tokenizer(source / TOKENIZER).token_id(token) for token in (START, STOP))
    assert start is not None and stop is not None
    made = []
    for number, prompt in enumerate(prompts):
        place = list(prompt).index(stop) + 1
        begun = [start, *prompt[place:]]
        made.append(record_pair.answer(model, f"hole {number}", prompt[:place], begun, prompt))
    return made


def _decoder_runner(folder: Path, written: Manifest, references: Sequence[Reference]) -> Runner:
    from fimble.engine.cache import KvCache
    from fimble.engine.session import Session

    session = Session(folder / GRAPH)
    longest = max(len(one.prompt_tokens) + len(one.next_tokens) for one in references)
    cache = KvCache(session, min(longest, written.context_length))
    num_logits = max(len(one.next_tokens) for one in references)
    return lambda tokens: session.run(tokens, cache, 0, num_logits=num_logits)


def _pair_runner(folder: Path) -> Runner:
    """Through the engine's own steps."""
    from fimble.engine.seq2seq import marks_of
    from fimble.engine.seq2seq_session import Seq2SeqSession
    from fimble.engine.tokenizer import Tokenizer

    session, marks = Seq2SeqSession(folder), marks_of(Tokenizer(folder / TOKENIZER))
    return lambda tokens: session.answered(
        *marks.split(tokens[: 1 - NUM_NEXT_TOKENS]), tokens[len(tokens) + 1 - NUM_NEXT_TOKENS :]
    )


def _entry(configuration: Configuration, source: Path, num_parameters: int) -> CatalogEntry:
    main = record_of(source / WEIGHTS)
    companions = [(name, record_of(source / name)) for name in COMPANIONS if (source / name).is_file()]
    return CatalogEntry(
        name=configuration.name,
        title=f"{configuration.name}, trained here",
        licence=_LICENCE,
        architecture=_ARCHITECTURES[configuration.kind],
        prompt_family=PROMPT_FAMILIES[configuration.kind],
        context_length=configuration.context,
        parameters=num_parameters,
        format="safetensors",
        file=SourceFile(WEIGHTS, main.bytes, main.sha256),
        companions=tuple(SourceFile(name, file.bytes, file.sha256) for name, file in companions),
        sources=(FolderSource(str(source.resolve())),),
        references=(),
    )


def _write_entry(entry: CatalogEntry, source: Path) -> None:
    """The entry among the person's own, whole or not at all."""
    texts = ("name", "title", "licence", "architecture", "prompt_family", "format")
    lines = [f"{key} = {json.dumps(getattr(entry, key), ensure_ascii=False)}" for key in texts]
    lines += [f"context_length = {entry.context_length}", f"parameters = {entry.parameters}"]
    for heading, file in (("[file]", entry.file), *(("[[companion]]", one) for one in entry.companions)):
        lines += ["", heading, f'name = "{file.name}"', f"bytes = {file.bytes}", f'sha256 = "{file.sha256}"']
    path = json.dumps(str(source.resolve()), ensure_ascii=False)
    lines += ["", "[[source]]", 'kind = "folder"', f"path = {path}", ""]
    folder = catalog.user_folder()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{entry.name}.new"
    with temporary.open("w", encoding="utf-8") as opened:
        opened.write("\n".join(lines))
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(folder / f"{entry.name}.toml")
