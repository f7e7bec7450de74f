"""``fimble bench index``: a first index of a workspace, questions to it, and files that are saved."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from fimble.cli.bench.output import Json, configuration, show


def index(
    path: Annotated[Path, typer.Argument(help="The workspace. Its own index is left alone.")],
    threads: Annotated[int, typer.Option(min=0, help="For the encoder; 0 for one a core. An editor's has 1.")] = 1,
    seed: int = 11,
    as_json: Json = False,
) -> None:
    """Seconds and memory of a first index; milliseconds of a question, and of a saved file."""
    from rich.console import Console

    from fimble.bench import indexing
    from fimble.cli.bars import Bars
    from fimble.cli.wiring_index import load_encoder, make_indexer
    from fimble.index.places import place_of
    from fimble.index.reader import Reader
    from fimble.index.searcher import Searcher
    from fimble.index.store import Store
    from fimble.index.view import Views
    from fimble.privacy import Privacy

    options, place = configuration({}), place_of(path)
    with tempfile.TemporaryDirectory() as name, Bars(Console(stderr=True)) as bars:
        store = Store.open(Path(name), bars.say, options.index_mb)
        indexer = make_indexer(place, options, threads)(store, Privacy([], [place.root]), bars.say)
        result = indexing.fill(indexer, lambda one: bars.on_fraction(one.phase, one.done / max(one.total, 1)))
        reader, encoder = Reader(Path(name)), load_encoder()
        searcher = Searcher(reader, Views(reader), lambda query: encoder.embed([query])[0])
        result = {
            "num_lines": indexing.num_lines(place.root, reader),
            "num_chunks": reader.counts().num_chunks,
            **result,
        }
        result |= indexing.ask(reader, searcher, seed) | indexing.save(indexer, reader, seed)
        reader.close()
        store.close()
    show(result, as_json)
