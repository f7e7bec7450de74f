"""``fimble bench engine``: the engine alone, beside llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble.cli.bench.output import Json, Peer, check_peer, configuration, peer_files

if TYPE_CHECKING:
    from fimble.bench.figures import Figures, Runner
    from fimble.config import Config
    from fimble.engine.onnx import OnnxEngine


def engine(
    as_json: Json = False,
    peer: Peer = "",
    rounds: Annotated[int, typer.Option(min=1, max=100)] = 5,
    provider: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Prefill, decode, verify, load time and memory of the engine."""
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import engine as bench
    from fimble.cli.wiring import load_engine

    has_peer = check_peer(peer)
    config = configuration({"provider": provider})
    loaded: dict[str, Any] = {}

    def load_it() -> OnnxEngine:
        loaded["model"] = load_engine(config)
        result: OnnxEngine = loaded["model"].decoder
        return result

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=rounds)
        result = bench.run(
            load_it,
            lambda text: loaded["model"].tokenizer.encode(text),
            _peer(config) if has_peer else None,
            rounds,
            lambda number: progress.update(task, completed=number),
        )
    if as_json:
        typer.echo(json.dumps(result))
    else:
        _print_engine(result)


def _peer(config: Config) -> Callable[[], AbstractContextManager[tuple[Runner, Figures, str]]]:
    from fimble.bench import llama_cpp

    folder, source, num_threads = peer_files(config)
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
