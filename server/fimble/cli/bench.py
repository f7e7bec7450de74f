"""``fimble bench``: what this machine reaches, and how it compares with a peer in the same run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble.config import apply, home, load
from fimble.errors import ConfigError, FimbleError

if TYPE_CHECKING:
    from rich.progress import Progress

    from fimble.bench.figures import Figures, Runner
    from fimble.config import Config
    from fimble.engine.onnx import OnnxEngine

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Measure fimble on this machine.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def engine(
    as_json: Json = False,
    peer: Annotated[str, typer.Option(help="Measure this peer in the same run: llama-cpp.")] = "",
    rounds: Annotated[int, typer.Option(min=1, max=100)] = 5,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Prefill, decode, verify, load time and memory of the engine."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import engine as bench
    from fimble.cli.wiring import load_engine

    if peer not in ("", "llama-cpp"):
        raise ConfigError(f"There is no peer called {peer!r}.", "The peer is llama-cpp.")
    config = _config({"provider": provider})
    loaded: dict[str, Any] = {}

    def load_it() -> OnnxEngine:
        loaded["model"] = load_engine(config)
        result: OnnxEngine = loaded["model"].engine
        return result

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=rounds)
        result = bench.run(
            load_it,
            lambda text: loaded["model"].tokenizer.encode(text),
            _peer(config) if peer else None,
            rounds,
            lambda number: progress.update(task, completed=number),
        )
    if as_json:
        typer.echo(json.dumps(result))
    else:
        _print_engine(result)


@app.command()
def startup(
    starts: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """Time from process start to the server's answer to initialize."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import startup as bench

    with Progress(console=Console(stderr=True), transient=True) as progress:
        result = bench.run(starts, _step(progress, "starting the server", starts))
    _print(result, as_json)


@app.command()
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
    from fimble.cli.wiring import engine_in, load_engine
    from fimble.prompt.templates import FAMILIES
    from fimble.weights import catalog, store
    from fimble.weights.prepare import prepare
    from fimble.weights.recipe import FP32

    config = _config({"provider": "cpu"})
    items = bench.read_items(data, limit, seed)
    entry = catalog.find(config.model)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        model = load_engine(config)
        family = FAMILIES[model.manifest.prompt_family]
        served = bench.answer_all(model.engine, model.tokenizer, family, items, _step(progress, "int8", len(items)))
        model.engine.close()
        with tempfile.TemporaryDirectory(dir=home()) as folder:
            writing = _step(progress, "writing the fp32 graph", 100)
            manifest = prepare(
                store.source_folder(entry.file.sha256) / entry.file.name,
                entry,
                FP32,
                Path(folder),
                lambda _, share: writing(int(share * 100)),
            )
            reference = engine_in(config, Path(folder), manifest, "cpu")
            wanted = bench.answer_all(reference, model.tokenizer, family, items, _step(progress, "fp32", len(items)))
            reference.close()
    result = bench.compare(items, served, wanted)
    _print(result, as_json)


def _config(options: dict[str, Any]) -> Config:
    config, complaints = load()
    config, more = apply(config, options, "command line")
    for complaint in complaints + more:
        typer.echo(complaint, err=True)
    return config


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result))
    else:
        for name, value in result.items():
            typer.echo(f"{name:20} {value}")


def _step(progress: Progress, title: str, total: int) -> Callable[[int], None]:
    task = progress.add_task(title, total=total)
    return lambda number: progress.update(task, completed=number + 1)


def _peer(config: Config) -> Callable[[], AbstractContextManager[tuple[Runner, Figures, str]]]:
    import psutil

    from fimble.bench import llama_cpp
    from fimble.weights import catalog, store

    file = catalog.find(config.model).file
    source = store.source_folder(file.sha256) / file.name
    if not source.is_file():
        raise FimbleError(f"The source file of {config.model} is not on this disk.", "Run 'fimble setup' first.")
    num_threads = config.num_threads or psutil.cpu_count(logical=False) or 1
    folder = home() / "peers" / "llama-cpp"
    return lambda: llama_cpp.start(folder, source, num_threads, config.context_length)


def _print_engine(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    peer, ratios = result.get("peer"), result.get("ratios", {})
    table = Table(title=f"{result['model']} on {result['provider']}")
    table.add_column("measure")
    table.add_column("fimble", justify="right")
    if peer:
        table.add_column(peer["name"], justify="right")
        table.add_column("ratio", justify="right")

    def row(title: str, key: str, part: str | None, ratio: str) -> None:
        cells = [str(side[key][part] if part else side[key]) for side in (result, peer) if side]
        table.add_row(title, *cells, *([str(ratios.get(ratio, ""))] if peer else []))

    for length in result["prefill_tokens_per_s"]:
        row(f"prefill of {length} tokens, tokens/s", "prefill_tokens_per_s", length, f"prefill_{length}_speed")
    row("decode of one token, ms", "decode_ms", None, "decode_time")
    for length in result["verify_ms"]:
        row(f"verify {length} tokens, ms", "verify_ms", length, f"verify_{length}_time")
    row("load, s", "load_s", None, "")
    row("peak memory, MB", "peak_rss_mb", None, "")
    Console().print(table)
    reuse, cancel = result["reuse"], result["cancel_ms"]
    typer.echo(
        f"95 % of {reuse['num_prompt_tokens']} tokens shared: {reuse['shared_95_percent_ms']} ms against"
        f" {reuse['first_ms']} ms cold (ratio {reuse['ratio']});"
        f" the same prompt again: {reuse['repeated_ms']} ms\n"
        f"cancelled to free: p50 {cancel['p50']} ms, p99 {cancel['p99']} ms, max {cancel['max']} ms"
    )
