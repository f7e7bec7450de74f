"""``fimble bench search``: how high the right answer ranks, on CoSQA or on docstrings of packages."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble.cli.bench.indexing import embed_one, indexed
from fimble.cli.bench.output import Json, bar, show

if TYPE_CHECKING:
    from rich.progress import Progress

    from fimble.bench.search import Wanted
    from fimble.engine.encoder import Encoder


def search(
    data: Annotated[Path | None, typer.Option(help="The folder of CoSQA's files.")] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Docstrings of packages that nothing was taught on, and their functions.")
    ] = False,
    chinese: Annotated[
        Path | None,
        typer.Option(help="JSON: queries in Chinese by their place among CoSQA's; both are looked for, and compared."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many queries of each workspace; 0 for all.")] = 0,
    as_json: Json = False,
) -> None:
    """Mean reciprocal rank and recall by words, by meaning, by both, and with the code graph."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.cli.wiring_index import load_encoder
    from fimble.errors import ConfigError

    if (data is None) == (not pairs):
        raise ConfigError("Nothing is named to search in, or too much.", "Give --data FOLDER or --pairs.")
    encoder = load_encoder()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        result = _cosqa(data, encoder, chinese, limit, progress) if data else _pairs(encoder, limit, progress)
    show(result, as_json)


def _cosqa(data: Path, encoder: Encoder, chinese: Path | None, limit: int, progress: Progress) -> dict[str, Any]:
    import json

    from fimble.bench import cosqa
    from fimble.bench.search import Wanted, measure

    found = cosqa.read(data)
    wanted = [Wanted(query, cosqa.path_of(answer)) for query, answer in zip(found.queries, found.answers, strict=True)]
    wanted = wanted[:limit] if limit else wanted
    with tempfile.TemporaryDirectory() as name:
        found.write(Path(name) / "workspace")
        folder = indexed(Path(name), encoder, progress, "CoSQA")
        if chinese is None:
            return measure(
                folder, wanted, embed_one(encoder), bar(progress, "queries", len(wanted)), has_graph=False
            ).to_json()
        said = {int(place): text for place, text in json.loads(chinese.read_text(encoding="utf-8")).items()}
        asked = {wanted[place].query: text for place, text in said.items() if place < len(wanted)}
        return _in_both(folder, [one for one in wanted if one.query in asked], asked, encoder, progress)


def _in_both(
    folder: Path, wanted: Sequence[Wanted], said: dict[str, str], encoder: Encoder, progress: Progress
) -> dict[str, Any]:
    """The same queries in English and in Chinese, the latter put into English by the code model."""
    from dataclasses import replace

    from fimble.bench.search import measure
    from fimble.cli.bench.output import configuration
    from fimble.cli.wiring import load_engine
    from fimble.cli.wiring_instructed import english_on
    from fimble.errors import ConfigError

    loaded = load_engine(configuration({}))
    translate = english_on(loaded)
    if translate is None:
        raise ConfigError("The model cannot translate.", "Choose an instruct model.")
    tell = bar(progress, "putting into English", len(wanted))
    translated = []
    for number, one in enumerate(wanted):
        tell(number)
        translated.append(replace(one, query=translate(said[one.query]) or said[one.query]))
    loaded.engine.close()
    english = measure(folder, wanted, embed_one(encoder), has_graph=False).to_json()
    from_chinese = measure(folder, translated, embed_one(encoder), has_graph=False).to_json()
    best = english["retrievers"]["fused_graph"]["recall_at_10"]
    return {
        "english": english,
        "chinese": from_chinese,
        "recall_at_10_share": round(from_chinese["retrievers"]["fused_graph"]["recall_at_10"] / max(best, 1e-9), 3),
        "translations": [[said[one.query], two.query] for one, two in zip(wanted, translated, strict=True)],
    }


def _pairs(encoder: Encoder, limit: int, progress: Progress) -> dict[str, Any]:
    from fimble.bench import docpairs, packages
    from fimble.bench.search import UNSEEN, Wanted, measure, together

    corpus = packages.fetch(UNSEEN, on_package=bar(progress, "fetching packages", len(UNSEEN)))
    parts, by_package = [], {}
    for package in UNSEEN:
        with tempfile.TemporaryDirectory() as name:
            found = docpairs.strip(corpus / f"{package.name}-{package.version}", Path(name) / "workspace")
            wanted = [Wanted(pair.query, pair.path, pair.name) for pair in found]
            wanted = wanted[:limit] if limit else wanted
            folder = indexed(Path(name), encoder, progress, package.name)
            part = measure(folder, wanted, embed_one(encoder), bar(progress, package.name, len(wanted)))
        parts.append(part)
        mrr = {name: one["mrr"] for name, one in part.to_json()["retrievers"].items()}
        by_package[f"{package.name} {package.version}"] = {"num_queries": len(part.milliseconds), **mrr}
    return together(parts).to_json() | {"packages": by_package}
