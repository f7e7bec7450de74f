"""What the road of ``fimble train`` is walked with, and what is told of it on the way and at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from fimble.training.evaluate import Scorer
from fimble.training.finetune import Finetuned
from fimble.training.progress import OnProgress, Progress
from fimble.training.records import Example
from fimble.training.settings import Settings
from fimble.training.verdict import Comparison, Verdict
from fimble.weights.adapter import Adapter


class Stage(StrEnum):
    """Where the road is; the value is what a person reads."""

    DATA = "Reading the repository"
    BEFORE = "Asking the model as it is"
    SEARCH = "Searching for settings"
    TRAINING = "Training"
    AFTER = "Asking it again"
    VERDICT = "Deciding"


@dataclass(frozen=True, slots=True)
class Step:
    """One look at the road."""

    stage: Stage
    done: int = 0
    total: int = 0
    """0 where nobody knows."""
    what: str = ""
    """What is being done, where a stage does several things."""
    progress: Progress | None = None
    """Of training."""
    note: str = ""
    """A sentence for the person."""


OnStep = Callable[[Step], None]


class Asked(Protocol):
    """The served model, loaded."""

    def scorer(self, adapter: Adapter | None) -> Scorer:
        """What scores holes, from now on with ``adapter``. Raises ``AdapterInvalid``."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What the road is walked with; ``cli/wiring_training.py`` chooses it."""

    fingerprint: str
    """Names the prepared model by its bytes, and what it runs on."""
    base_sha256: Callable[[], str]
    """What the installed model is prepared from, as of now."""
    gather: Callable[[Path, Path, Callable[[str, float], None]], object]
    """From a repository to a folder of examples; tells what is being done, and how much of it is, from 0 to 1.
    Raises ``TrainingError``."""
    general: Callable[[int, int], Sequence[Example]]
    """From a number and a seed to holes in general code."""
    search: Callable[[Path, Settings, Path, int, OnProgress], Settings]
    """From a folder of examples, settings, a folder to work in and a number of trials to better settings."""
    finetune: Callable[[Path, Settings, Path, OnProgress], Finetuned]
    load: Callable[[], Asked]
    """The served model. Raises ``WeightsError`` and ``EngineError``."""
    draw: Callable[[Sequence[tuple[int, float]], Sequence[tuple[int, float]], int], str]
    """From training and validation losses, and the step that was kept, to SVG."""
    adapter_folder: Path
    """Where the workspace's adapter is served from."""
    shown: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    """Holes that are measured for the report and decide nothing, by what they are called."""
    hardware: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    verdict: Verdict
    report: Path
    adapter: Path | None
    """Where what was learned is served from; None where it was rolled back."""
    shown: Mapping[str, Comparison]
    notes: tuple[str, ...]
    result: Mapping[str, Any]
    """The same for programs."""
