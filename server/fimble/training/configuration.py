"""What a person says of a model that is to be trained from nothing: one TOML file.

``models/tiny/`` has two that are small enough for a test. Every complaint names the file and the key.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from fimble.errors import ConfigError
from fimble.weights.entry import NAME

NUM_CONTROL_TOKENS = 16
"""Beside the 256 bytes, that many tokens are no text at most."""
_RANGES: Mapping[str, tuple[float, float]] = {
    "layers": (1, 64),
    "hidden": (32, 8192),
    "heads": (1, 128),
    "kv_heads": (1, 128),
    "feed_forward": (32, 32768),
    "vocabulary": (256 + NUM_CONTROL_TOKENS, 262_144),
    "context": (128, 32768),
    "epochs": (1, 100_000),
    "batch": (1, 4096),
    "learning_rate": (1e-7, 1.0),
    "seed": (0, 2**31 - 1),
}
_BLOCK = 32
"""The served embedding has one scale for so many numbers."""
_HEAD_STEP = 16
"""onnxruntime's attention takes heads of a multiple of this."""
_BYTES_PER_PARAMETER = 16
"""In training: the weight, its gradient and Adam's two moments, in float32."""


class ModelKind(StrEnum):
    """Which architecture is built."""

    DECODER = "decoder"
    """Qwen2's: one stack that reads and writes."""
    ENCODER_DECODER = "encoder-decoder"
    """T5's: one stack reads the text around the hole, a second one writes what is missing."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A model and its training. Field names are the keys of the file."""

    name: str
    """What the model is called in the catalogue afterwards."""
    kind: ModelKind
    layers: int
    """Of the decoder; an encoder-decoder has as many in its encoder."""
    hidden: int
    heads: int
    kv_heads: int
    """Heads of keys and values; an encoder-decoder has as many as ``heads``."""
    feed_forward: int
    vocabulary: int
    """Tokens at most, control tokens included; a small repository has fewer."""
    context: int
    """Tokens of the longest sequence that is taught, and served."""
    epochs: int
    """How often each example is taught."""
    batch: int
    """Examples a step."""
    learning_rate: float
    seed: int = 1
    data: Path | None = None
    """A dataset that ``fimble dataset`` wrote, or a repository."""

    @property
    def num_parameters(self) -> int:
        """Roughly, norms and biases left out."""
        head_dim = self.hidden // self.heads
        attention = 2 * self.hidden * (self.heads + self.kv_heads) * head_dim
        feed_forward = 3 * self.hidden * self.feed_forward
        layer = attention + feed_forward
        if self.kind is ModelKind.ENCODER_DECODER:
            layer = 3 * attention + 2 * feed_forward
        return self.vocabulary * self.hidden + self.layers * layer


def read_configuration(path: Path) -> Configuration:
    """The configuration in ``path``. Raises ``ConfigError`` naming file and key."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from error
    return _checked(values, path)


def _checked(values: dict[str, Any], path: Path) -> Configuration:
    known = {field.name for field in fields(Configuration)}
    for key in values:
        if key not in known:
            raise _complaint(path, key, f"is not a key of such a file; the keys are {', '.join(sorted(known))}")
    name, kind = values.get("name"), values.get("kind")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _complaint(path, "name", f"must be a name of letters, digits, '.', '_' and '-', not {name!r}")
    if kind not in list(ModelKind):
        raise _complaint(path, "kind", f"must be one of {', '.join(ModelKind)}, not {kind!r}")
    data = values.get("data")
    if data is not None and (not isinstance(data, str) or not data):
        raise _complaint(path, "data", f"must be the path of a folder, not {data!r}")
    numbers: dict[str, Any] = {"seed": 1, "kv_heads": values.get("heads")}
    numbers |= {key: value for key, value in values.items() if key in _RANGES}
    for key, (low, high) in _RANGES.items():
        _check_number(path, key, numbers.get(key), low, high)
    configuration = Configuration(
        name=name,
        kind=ModelKind(kind),
        data=None if data is None else path.parent / Path(data).expanduser(),
        **numbers,
    )
    _check_shapes(path, configuration)
    return configuration


def _check_number(path: Path, key: str, value: Any, low: float, high: float) -> None:
    if value is None:
        raise _complaint(path, key, "is missing")
    is_whole = key != "learning_rate"
    kind = int if is_whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value) or not low <= value <= high:
        what = "a whole number" if is_whole else "a number"
        raise _complaint(path, key, f"must be {what} from {low:g} to {high:g}, not {value!r}")


def _check_shapes(path: Path, size: Configuration) -> None:
    """Refuse what cannot be built, served, or held in memory."""
    import psutil

    if size.hidden % _BLOCK:
        raise _complaint(path, "hidden", f"must be a multiple of {_BLOCK}, not {size.hidden}")
    if size.feed_forward % _BLOCK:
        raise _complaint(path, "feed_forward", f"must be a multiple of {_BLOCK}, not {size.feed_forward}")
    if size.hidden % size.heads or size.hidden // size.heads % _HEAD_STEP:
        raise _complaint(
            path,
            "heads",
            f"must cut hidden ({size.hidden}) into parts of a multiple of {_HEAD_STEP}, and {size.heads} does not",
        )
    if size.kind is ModelKind.ENCODER_DECODER and size.kv_heads != size.heads:
        raise _complaint(path, "kv_heads", "must be left out: an encoder-decoder has as many as heads")
    if size.heads % size.kv_heads:
        raise _complaint(path, "kv_heads", f"must divide heads ({size.heads}), and {size.kv_heads} does not")
    logits_bytes = 2 * 4 * size.batch * size.context * size.vocabulary
    needed_bytes = size.num_parameters * _BYTES_PER_PARAMETER + logits_bytes
    total_bytes = psutil.virtual_memory().total
    if needed_bytes > total_bytes:
        raise ConfigError(
            f"{path}: a model of {size.num_parameters / 1e6:.0f} M parameters, taught {size.batch} sequences of"
            f" {size.context} tokens at once, needs {needed_bytes / 1e9:.0f} GB to train,"
            f" and this machine has {total_bytes / 1e9:.0f} GB.",
            "Lower layers, hidden, vocabulary, context or batch.",
        )


def _complaint(path: Path, key: str, problem: str) -> ConfigError:
    return ConfigError(f"{path}: {key} {problem}.")
