"""``fimble bench precision``: what quantisation costs in exact match."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from fimble.cli.bench.output import Json, bar, configuration, show
from fimble.config import home


def precision(
    data: Annotated[Path, typer.Option(help="A HumanEval-Infilling file, .jsonl or .jsonl.gz.")],
    limit: Annotated[int, typer.Option(min=1)] = 200,
    seed: int = 11,
    as_json: Json = False,
) -> None:
    """Exact match of the served model against the same weights in fp32."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import precision as bench
    from fimble.cli.installed import Installed
    from fimble.cli.wiring import engine_on, load_engine, open_graph
    from fimble.prompt.templates import FAMILIES
    from fimble.weights import catalog, store
    from fimble.weights.prepare import prepare
    from fimble.weights.recipe import FP32

    config = configuration({"provider": "cpu"})
    items = bench.read_items(data, limit, seed)
    entry = catalog.find(config.model)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        model = load_engine(config)
        family = FAMILIES[model.manifest.prompt_family]
        served = bench.answer_all(model.engine, model.tokenizer, family, items, bar(progress, "int8", len(items)))
        model.engine.close()
        with tempfile.TemporaryDirectory(dir=home()) as folder:
            writing = bar(progress, "writing the fp32 graph", 100)
            manifest = prepare(
                store.source_folder(entry.file.sha256) / entry.file.name,
                entry,
                FP32,
                Path(folder),
                lambda _, share: writing(int(share * 100)),
            )
            found = Installed(Path(folder), manifest, "cpu", ())
            reference = engine_on(config, found, open_graph(found, config.num_threads), model.tokenizer).engine
            wanted = bench.answer_all(reference, model.tokenizer, family, items, bar(progress, "fp32", len(items)))
            reference.close()
    result = bench.compare(items, served, wanted)
    show(result, as_json)
