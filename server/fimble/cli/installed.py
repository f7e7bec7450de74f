"""What a configuration's model means on this machine: its folder, its precision and what runs it. Nothing is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.config import Config
from fimble.errors import ProviderUnavailable

if TYPE_CHECKING:
    from fimble.weights.manifest import Manifest

PRECISIONS = {"cpu": "int8", "cuda": "fp16"}
"""The precision that each provider serves."""
FALLBACK = "fp32"
"""What the CPU serves where a model is in no other precision: a small one that was trained here, say."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this disk, and what runs it."""

    folder: Path
    manifest: Manifest
    provider: str
    """``cpu`` or ``cuda``."""
    notes: tuple[str, ...]
    """As of ``LoadedEngine``."""


def installed_for(config: Config) -> Installed:
    """What ``config.model`` means here; nothing is loaded. Raises ``WeightsError``, ``ProviderUnavailable``."""
    from fimble.weights import catalog, manifest, store

    name = catalog.find(config.model).name
    provider, notes = choose_provider(config.provider)
    is_idle = provider == "cuda" and config.provider == "auto"
    is_idle = is_idle and not store.model_folder(name, PRECISIONS["cuda"]).exists()
    if is_idle:
        provider = "cpu"
    precision = PRECISIONS[provider]
    if provider == "cpu" and not store.model_folder(name, precision).exists():
        precision = FALLBACK if store.model_folder(name, FALLBACK).exists() else precision
    folder = store.inspect(name, precision).folder
    found = manifest.load_installed(folder)
    if is_idle and (found.is_growing or found.architecture in manifest.SEQ2SEQ):
        notes += (f"A GPU is there, but {name} is a model of an architecture that runs on the CPU only.",)
    elif is_idle:
        notes += (f"A GPU is there, but {name} is prepared for the CPU only: run 'fimble setup' once more.",)
    return Installed(folder, found, provider, notes)


def choose_provider(wanted: str) -> tuple[str, tuple[str, ...]]:
    """``cpu`` or ``cuda`` for the option ``provider``, and why not the GPU where there may be one.

    Raises ``ProviderUnavailable`` when ``cuda`` is demanded and cannot be had.
    """
    from fimble.engine.cuda import cuda_problem, has_nvidia_driver

    if wanted == "cpu":
        return "cpu", ()
    problem = cuda_problem()
    if not problem:
        return "cuda", ()
    if wanted == "cuda":
        raise ProviderUnavailable(f"provider = cuda: {problem}", "Set provider to auto or cpu, or see 'fimble doctor'.")
    return "cpu", (f"{problem} The CPU is used.",) if has_nvidia_driver() else ()
