"""What it takes to switch between adapters in a loaded engine: milliseconds, and memory against an adapter's size."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from fimble.engine.base import GenerateRequest
from fimble.engine.onnx import OnnxEngine
from fimble.engine.session import Session
from fimble.weights.adapter import NORMS, About, read_adapter, write_adapter
from fimble.weights.architecture import Float32
from fimble.weights.builder import LORA_A, LORA_B
from fimble.weights.fitting import SITES
from fimble.weights.manifest import Manifest
from fimble.weights.norms import read_norms

NUM_ADAPTERS = 3
"""More than an engine holds, so that going round reads each anew."""
PROMPT = tuple(range(100, 132))
_MB = 2**20


def run(
    engine: OnnxEngine,
    model: Path,
    manifest: Manifest,
    folder: Path,
    parts: tuple[str, ...],
    rank: int,
    num_rounds: int,
    on_round: Callable[[int], None],
) -> dict[str, Any]:
    """Figures of switching on ``engine``, which serves the folder ``model``; the adapters are put into ``folder``.

    A switch is to read an adapter's files, check every byte, fit it to the graph and put it in the other's place; what
    binding it costs is in the first token after it. Going back to the base reads nothing.
    """
    folders = [folder / f"adapter{number}" for number in range(NUM_ADAPTERS)]
    for number, place in enumerate(folders):
        write_adapter(
            place, _about(manifest, place.name, parts, rank), random_adapter(engine, model, parts, rank, number)
        )
    num_bytes = sum(path.stat().st_size for path in folders[0].iterdir())
    for _ in range(3):
        _first_token_ms(engine)
    token_ms = median(_first_token_ms(engine) for _ in range(5))
    gc.collect()
    before_mb = _resident_mb()

    tokens_ms: list[float] = []

    def switch_ms(place: Path | None) -> float:
        begun_s = time.perf_counter()
        engine.use(None if place is None else read_adapter(place))
        spent_ms = (time.perf_counter() - begun_s) * 1e3
        tokens_ms.append(_first_token_ms(engine))
        return spent_ms

    first_ms = switch_ms(folders[0])
    gc.collect()
    one_mb = _resident_mb() - before_mb
    anew, back = list[float](), list[float]()
    for number in range(num_rounds):
        on_round(number)
        anew += [switch_ms(place) for place in folders]
        back.append(switch_ms(None))
    gc.collect()
    after_mb = _resident_mb() - before_mb
    size_mb = num_bytes / _MB
    return {
        "model": manifest.model,
        "parts": "+".join(parts),
        "rank": rank,
        "adapter_mb": round(size_mb, 2),
        "first_switch_ms": round(first_ms, 1),
        "switch_p50_ms": round(median(anew), 1),
        "switch_max_ms": round(max(anew), 1),
        "back_to_base_p50_ms": round(median(back), 3),
        "first_token_base_ms": round(token_ms, 1),
        "first_token_switched_p50_ms": round(median(tokens_ms), 1),
        "num_switches": len(anew) + len(back) + 1,
        "grown_by_one_mb": round(one_mb, 1),
        "grown_by_one_times": round(one_mb / size_mb, 2),
        "grown_in_the_end_mb": round(after_mb, 1),
        "grown_in_the_end_times": round(after_mb / size_mb, 2),
    }


def random_adapter(engine: OnnxEngine, model: Path, parts: tuple[str, ...], rank: int, seed: int) -> dict[str, Float32]:
    """An adapter of the model's shapes that hardly changes it."""
    random, graph = np.random.default_rng(seed), read_norms(model)
    assert isinstance(engine.session, Session), "an exported graph takes no adapter"
    shapes = {name: shape for name, (shape, _) in engine.session.replaceable.items()}
    tensors: dict[str, Float32] = {}
    for layer in range(engine.session.layout.num_layers):
        tensors |= {name: graph.norms[name] for norm in NORMS if (name := f"layers.{layer}.{norm}")}
        for site, made_of in SITES.items():
            for part in made_of:
                if part in parts:
                    num_in = shapes[f"layers.{layer}.{site}{LORA_A}"][0]
                    num_out = shapes[f"layers.{layer}.{site}{LORA_B}"][1]
                    if site == "qkv":
                        num_out = graph.num_q_rows if part == "q" else graph.num_kv_rows
                    low, up = random.standard_normal((rank, num_in)), random.standard_normal((num_out, rank))
                    tensors[f"layers.{layer}.{part}.a"] = low.astype(np.float32)
                    tensors[f"layers.{layer}.{part}.b"] = (up * 1e-4).astype(np.float32)
    return tensors


def _about(manifest: Manifest, name: str, parts: tuple[str, ...], rank: int) -> About:
    return About(name, manifest.model, manifest.source_sha256, "/nowhere", rank, 2.0 * rank, parts, "2026-01-01", 0)


def _first_token_ms(engine: OnnxEngine) -> float:
    """To read a prompt of which nothing is known, and to write one token."""
    engine.forget()
    begun_s = time.perf_counter()
    for _ in engine.generate(GenerateRequest(PROMPT, 1)):
        pass
    return (time.perf_counter() - begun_s) * 1e3


def _resident_mb() -> float:
    resident: int = psutil.Process().memory_info().rss
    return resident / _MB
