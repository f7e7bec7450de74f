"""What `fimble models recommend` measures: this machine, and a model on each of its devices."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.errors import FimbleError

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.engine.device import Gpu
    from fimble.engine.speed import Speed

STAND_IN = "a small stand-in of random numbers"


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to run a model with."""

    num_cores: int
    free_bytes: int
    gpu: Gpu | None
    gpu_problem: str
    """Why a GPU that may be there is not used; empty where it is, or where there is none."""
    busy_share: float
    """Of the processors, taken by other programs before anything was measured; 0 to 1."""


def look_at(options: Config) -> Machine:
    """What there is, and how busy it is; takes half a second."""
    from fimble.engine.cuda import cuda_problem, has_nvidia_driver
    from fimble.engine.device import busy_share, first_gpu, free_memory_bytes, num_cores

    problem = "The option provider is cpu." if options.provider == "cpu" else cuda_problem()
    gpu = first_gpu() if has_nvidia_driver() else None
    return Machine(num_cores(), free_memory_bytes(), None if problem else gpu, problem if gpu else "", busy_share())


Measured = dict[tuple[str, str], "Speed"]
"""(model, provider) -> its speed; the stand-in's under its own name."""


def measure_on(
    options: Config, machine: Machine, every: bool, say: Callable[[str], None]
) -> tuple[Measured, list[str]]:
    """The configured model where it is installed, else another one, else the stand-in; on each device."""
    measured: Measured = {}
    failures: list[str] = []
    for provider in ("cpu", "cuda") if machine.gpu else ("cpu",):
        for name in _installed(options, provider, machine):
            say(f"Measuring {name} on the {device_name(provider)} ...")
            try:
                measured[name, provider] = speed_of(replace(options, model=name, provider=provider))
            except FimbleError as error:
                failures.append(f"{name} could not be measured: {error.what}")
            else:
                if not every:
                    break
        if provider == "cpu" and not measured:
            say(f"No model is installed; measuring {STAND_IN} ...")
            measured[STAND_IN, provider] = speed_of_stand_in(options)
    return measured, failures


def _installed(options: Config, provider: str, machine: Machine) -> list[str]:
    """Decoders that can be run on ``provider`` and have room there, the configured one first and then the smallest."""
    from fimble.cli.installed import FALLBACK, PRECISIONS
    from fimble.weights import catalog, manifest, store

    wanted = {PRECISIONS[provider], FALLBACK} if provider == "cpu" else {PRECISIONS[provider]}
    known = set(catalog.names())
    free_bytes = machine.gpu.free_bytes if provider == "cuda" and machine.gpu else machine.free_bytes
    found = {
        item.name: item.num_bytes
        for item in store.installed()
        if item.state is store.State.OK and item.precision in wanted and item.name in known
        if item.num_bytes < free_bytes and manifest.read(item.folder).architecture not in manifest.SEQ2SEQ
    }
    return sorted(found, key=lambda name: (name != options.model, found[name]))


def speed_of(options: Config) -> Speed:
    from fimble.cli.wiring import load_engine
    from fimble.engine.speed import measure

    loaded = load_engine(options)
    try:
        loaded.decoder.max_draft_tokens = 0
        return measure(loaded.decoder, range(min(loaded.engine.info.vocabulary_size, 20_000)))
    finally:
        loaded.engine.close()


def speed_of_stand_in(options: Config) -> Speed:
    from fimble.engine.onnx import OnnxEngine
    from fimble.engine.speed import measure
    from fimble.weights.stand_in import write_stand_in

    with tempfile.TemporaryDirectory(prefix="fimble-") as folder:
        graph = write_stand_in(Path(folder))
        engine = OnnxEngine(graph, STAND_IN, num_threads=options.num_threads, context_length=1024, max_draft_tokens=0)
        try:
            return measure(engine, range(engine.info.vocabulary_size))
        finally:
            engine.close()


def device_name(provider: str) -> str:
    return {"cpu": "CPU", "cuda": "GPU"}[provider]
