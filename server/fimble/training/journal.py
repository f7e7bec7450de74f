"""What a run has seen so far: losses and the best weights. It is written into each checkpoint and read back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

FILE = "journal.json"
BEST = "best.safetensors"
SMALLEST_GAIN = 1e-4
"""Nats a token. Less is no gain."""


@dataclass(slots=True)
class Journal:
    """Grows as the run goes on."""

    base_loss: float = math.nan
    best_loss: float = math.inf
    best_step: int = 0
    num_without_gain: int = 0
    """Validations since the best one."""
    num_tokens: int = 0
    last_validation: int = 0
    """Its step."""
    validated_places: list[int] = field(default_factory=list)
    """Which of the validation lessons each validation measures."""
    train_losses: list[tuple[int, float]] = field(default_factory=list)
    validation_losses: list[tuple[int, float]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    """The trained weights of ``best_step``, torch tensors on the CPU by name."""

    def validated(self, step: int, loss: float) -> bool:
        """Note a validation loss; whether it is the best, so that ``best`` is to be set."""
        self.validation_losses.append((step, loss))
        self.last_validation = step
        if step == 0:
            self.base_loss = loss
        if loss < self.best_loss - SMALLEST_GAIN:
            self.best_loss, self.best_step, self.num_without_gain = loss, step, 0
            return True
        self.num_without_gain += 1
        return False

    def save(self, folder: Path) -> None:
        """Write both files. Raises what a full disk raises."""
        from safetensors.torch import save_file

        values = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "best"}
        (folder / FILE).write_text(json.dumps(values), encoding="utf-8")
        save_file(self.best, str(folder / BEST))

    @staticmethod
    def load(folder: Path) -> Journal:
        """Raises ``OSError`` or ``ValueError``; a sealed checkpoint has both files whole."""
        from safetensors.torch import load_file

        values = json.loads((folder / FILE).read_text(encoding="utf-8"))
        for name in ("train_losses", "validation_losses"):
            values[name] = [(int(step), float(loss)) for step, loss in values[name]]
        return Journal(**values, best=load_file(str(folder / BEST)))
