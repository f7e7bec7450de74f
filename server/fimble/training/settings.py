"""How a model is trained: one frozen value, and which device and number format it comes to on this machine."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from fimble.errors import TrainingError, TrainingUnavailable

PARTS = ("q", "k", "v", "o", "gate", "up", "down")
"""The matrices of a layer that an adapter may change."""
INSTALL = "Install fimble with the extra `train`, in its folder: pip install -c constraints.txt -e '.[cpu,train]'."
"""Not by its name: what a registry has under that is not ours."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may choose; the defaults are what 0.5 B parameters and a small repository are served well by."""

    rank: int = 16
    alpha: float = 32.0
    """What an adapter adds is scaled by alpha / rank."""
    parts: tuple[str, ...] = ("q", "k", "v", "o", "down")
    """Which of ``PARTS`` are changed."""
    learning_rate: float = 3e-4
    """The highest one; it warms up to it and falls to nothing along a cosine."""
    warmup: float = 0.05
    """Share of the steps."""
    num_epochs: int = 2
    max_minutes: float = 0.0
    """Of training, validation included; the steps are planned so that they end in time. 0 for no limit."""
    max_tokens: int = 1024
    """Of one example."""
    batch: int = 8
    """Examples a step."""
    context_weight: float = 0.3
    """Of the text around a hole in the loss, where the hole itself has 1; 0 teaches nothing but holes."""
    lead_share: float = 0.5
    """Share of the holes taught as the editor asks: some lines before the hole stand after the middle token."""
    weight_decay: float = 0.0
    max_gradient: float = 1.0
    seed: int = 1
    num_validation: int = 64
    """Examples that the validation loss is measured on, at most."""
    num_validations: int = 10
    """How often that is done on the way, at most."""
    patience: int = 3
    """Validations without a gain that end the run; 0 never does."""
    save_seconds: float = 120.0
    """A checkpoint is written this often, and at each validation."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    bf16: bool | None = None
    """Whether the model's own weights and matrix products are in bfloat16; None where that is fast."""

    def __post_init__(self) -> None:
        """Raises ``TrainingError`` for what has no meaning."""
        if not self.parts or not set(self.parts) <= set(PARTS) or len(set(self.parts)) < len(self.parts):
            raise TrainingError(f"{', '.join(self.parts) or 'Nothing'} cannot be trained.", f"Parts are {PARTS}.")
        for name in ("rank", "num_epochs", "batch", "num_validations"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}, and must be at least 1.")
        for name in ("alpha", "learning_rate", "max_gradient"):
            if not 0 < getattr(self, name) < math.inf:
                raise TrainingError(f"{name} is {getattr(self, name)}, and must be a number above 0.")
        for name in ("max_minutes", "context_weight", "weight_decay", "patience", "save_seconds", "num_validation"):
            if not 0 <= getattr(self, name) < math.inf:
                raise TrainingError(f"{name} is {getattr(self, name)}, and must not be below 0.")
        for name in ("warmup", "lead_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} is {getattr(self, name)}, and must lie between 0 and 1.")
        if self.max_tokens < 64:
            raise TrainingError(f"max_tokens is {self.max_tokens}, and an example needs at least 64.")
        if self.device not in ("auto", "cpu", "cuda"):
            raise TrainingError(f"There is no device called {self.device!r}.", "Say auto, cpu or cuda.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run computes, and in what."""

    device: str
    """``cpu`` or ``cuda``."""
    is_bf16: bool
    name: str
    """What a person calls it."""

    @property
    def max_tokens(self) -> int:
        """Of one example, where nobody says. On a CPU attention would be a third of the work at 1,024 tokens, and a
        limited time is better spent on more holes."""
        return 1024 if self.device == "cuda" else 512


def place_of(settings: Settings) -> Place:
    """The device to use. Raises ``TrainingUnavailable`` without torch, ``TrainingError`` where a GPU is absent."""
    require("torch")
    # Torch's threads else spin while they wait for each other, and beside an editor and its servers they wait for
    # the machine: measured on two busy cores, 68 tokens a second with this and 10 to 14 without.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import torch

    has_gpu = torch.cuda.is_available()
    if settings.device == "cuda" and not has_gpu:
        raise TrainingError("Torch sees no CUDA device.", "Train on the CPU, or install torch for CUDA.")
    if has_gpu and settings.device != "cpu":
        is_fast = torch.cuda.is_bf16_supported()
        return Place("cuda", settings.bf16 if settings.bf16 is not None else is_fast, torch.cuda.get_device_name())
    is_fast = bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    name = f"CPU, {torch.get_num_threads()} threads"
    return Place("cpu", settings.bf16 if settings.bf16 is not None else is_fast, name)


def require(*modules: str) -> None:
    """Raise ``TrainingUnavailable`` unless all ``modules`` are installed."""
    from importlib.util import find_spec

    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise TrainingUnavailable(f"Training needs {', '.join(missing)}, which is not installed.", INSTALL)
