"""What this installation is and why it does or does not serve: facts for ``fimble doctor``.

Nothing here prints. Each fact is looked up on its own, so that one that cannot be
had hides no other.
"""

from __future__ import annotations

import platform
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from fimble import __version__, config
from fimble.cli.endpoint import EndpointFacts, inspect_endpoint
from fimble.cli.installed import FALLBACK, PRECISIONS
from fimble.errors import DaemonUnavailable

PACKAGES = (
    "numpy", "onnx", "gguf", "safetensors", "tokenizers", "pygls", "lsprotocol", "typer", "rich", "requests", "httpx",
    "torch", "transformers", "optimum-onnx",
)  # fmt: skip
WHEELS = {"cpu": "onnxruntime", "gpu": "onnxruntime-gpu"}
VECTOR_FLAGS = (
    "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm", "sve",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """The hardware that counts."""

    system: str
    cpu: str
    num_physical_cores: int | None
    memory_mb: int
    vector_flags: tuple[str, ...]
    """Instruction sets that speed int8 up; empty where the system does not tell."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """onnxruntime: which wheels are installed and what they will run on."""

    wheels: dict[str, str]
    """``cpu`` and ``gpu`` -> version, for those installed."""
    provider: str
    """``cpu`` or ``cuda``; empty when there is no onnxruntime."""
    why_not_cuda: str
    """A sentence; empty when CUDA is used."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One prepared model folder."""

    name: str
    precision: str
    folder: str
    size_mb: int
    problem: str
    """Why it cannot be served; empty when it can."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All facts together, and what keeps fimble from working well."""

    version: str
    command: tuple[str, ...]
    """What an editor has to start, without arguments."""
    python: str
    python_version: str
    packages: dict[str, str]
    machine: Machine
    runtime: Runtime
    home: str
    free_mb: int
    models: tuple[InstalledModel, ...]
    options: dict[str, object]
    endpoint: EndpointFacts | None = None
    """What answers in the place of a model here; ``None``: nothing, and no code leaves this machine."""
    daemon: dict[str, Any] | None = None
    """How the process for all windows is; nothing where none runs."""
    problems: tuple[str, ...] = field(default=())
    """Sentences, each with what to do; empty when all is well."""


def diagnose() -> Diagnosis:
    """Look everything up; takes a second to load onnxruntime, and one or two for each model to be read."""
    options, complaints = config.load()
    runtime = inspect_runtime(options.provider)
    endpoint = inspect_endpoint(options)
    models = tuple(installed_models())
    daemon, daemon_problems = inspect_daemon()
    return Diagnosis(
        version=__version__,
        command=command(),
        python=sys.executable,
        python_version=platform.python_version(),
        packages=versions(PACKAGES),
        machine=inspect_machine(),
        runtime=runtime,
        home=str(config.home()),
        free_mb=free_mb(config.home()),
        models=models,
        options=config.shown(options),
        endpoint=endpoint,
        daemon=daemon,
        problems=(*find_problems(options.model, runtime, models, complaints, endpoint), *daemon_problems),
    )


def command() -> tuple[str, ...]:
    """How to start this very installation: the script beside its Python, or ``python -m fimble``."""
    script = shutil.which("fimble", path=sysconfig.get_path("scripts"))
    return (script,) if script else (sys.executable, "-m", "fimble")


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Package -> version, for those that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def inspect_machine() -> Machine:
    """The processor, its memory and its vector instructions."""
    name, flags = platform.processor() or platform.machine(), set[str]()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = (part.strip() for part in line.partition(":"))
            if key == "model name":
                name = value
            elif key in ("flags", "Features"):
                flags.update(value.split())
    return Machine(
        system=platform.platform(),
        cpu=name,
        num_physical_cores=psutil.cpu_count(logical=False),
        memory_mb=psutil.virtual_memory().total // 10**6,
        vector_flags=tuple(flag for flag in VECTOR_FLAGS if flag in flags),
    )


def inspect_runtime(wanted: str) -> Runtime:
    """What onnxruntime is installed and what the option ``provider`` comes to with it."""
    found = versions(WHEELS.values())
    wheels = {flavour: found[package] for flavour, package in WHEELS.items() if package in found}
    try:
        from fimble.engine.cuda import cuda_problem
    except ImportError as error:
        return Runtime(wheels, "", f"onnxruntime cannot be imported ({error}).")
    problem = cuda_problem()
    if wanted == "cpu" and not problem:
        problem = "The option provider is cpu."
    return Runtime(wheels, "cpu" if problem else "cuda", problem)


def inspect_daemon() -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """How the process for all windows is, nothing where none runs; and why it cannot be used."""
    from fimble.cli import daemon_state
    from fimble.daemon.hello import STATUS

    try:
        reply = daemon_state.ask(STATUS)
    except DaemonUnavailable as error:
        return None, (str(error),)
    return (asdict(reply) | {"lines": daemon_state.lines(reply)}, ()) if reply else (None, ())


def free_mb(folder: Path) -> int:
    """Free space where ``folder`` is, or will be."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(existing).free // 10**6


def installed_models() -> Iterable[InstalledModel]:
    """Every prepared model on this disk, with its state; reads all their bytes."""
    from fimble.weights import store

    for model in store.installed(read_all=True):
        problem = f"{model.problem} Run 'fimble setup {model.name} --force'." if model.problem else ""
        folder, size_mb = str(model.folder), model.num_bytes // 10**6
        yield InstalledModel(model.name, model.precision, folder, size_mb, problem)


def find_problems(
    wanted_model: str,
    runtime: Runtime,
    models: Iterable[InstalledModel],
    complaints: Iterable[str],
    endpoint: EndpointFacts | None = None,
) -> Iterable[str]:
    """What keeps fimble from serving, or from serving well; each with what to do."""
    if len(runtime.wheels) > 1:
        yield (
            "Both onnxruntime and onnxruntime-gpu are installed; they overwrite each other. Run "
            "'pip uninstall onnxruntime onnxruntime-gpu', then install fimble[cpu] or fimble[gpu]."
        )
    if not runtime.provider:
        yield f"{runtime.why_not_cuda} Install fimble[cpu], or fimble[gpu] for an NVIDIA GPU."
    elif "gpu" in runtime.wheels and runtime.provider == "cpu":
        yield f"onnxruntime-gpu is installed, but the CPU is used: {runtime.why_not_cuda}"
    ready = set()
    for model in models:
        if model.problem:
            yield model.problem
        elif model.name == wanted_model:
            ready.add(model.precision)
    if endpoint is not None:
        if endpoint.problem:
            yield endpoint.problem
    elif not ready:
        yield f"The model {wanted_model} is not ready. Run 'fimble setup {wanted_model}'."
    elif runtime.provider and not ready & {PRECISIONS[runtime.provider], FALLBACK}:
        yield f"The model {wanted_model} is not prepared for {runtime.provider}: run 'fimble setup' again."
    yield from complaints
