"""Which part of the graph takes which form, and which recipe suits this machine.

Measured on a 2-core CPU with AVX-512 VNNI (divergence from fp32 on code, prefill speed):
rows with smoothing, blocks where outliers are: 0.0018, 1.5 x the speed of blocks;
blocks everywhere: 0.0006; rows without smoothing: 0.0040.
Rows need VNNI: older instructions add pairs of products in 16 bits, which overflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fimble.errors import WeightsError
from fimble.weights.forms import BlockInt8, EmbeddingForm, MatmulForm, Plain, RowInt8

_VNNI_FLAGS = frozenset(("avx512_vnni", "avx512vnni", "avx_vnni"))


class _TableForm(MatmulForm, EmbeddingForm, Protocol):
    """A form for the vocabulary: looked up at the start, multiplied by at the end."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The forms of one graph."""

    name: str
    precision: str
    """``int8``, ``fp16`` or ``fp32``: the name of the model's folder."""
    activations: np.dtype[Any]
    """Type of hidden states and KV cache."""
    attention: MatmulForm
    """Query-key-value and output projection."""
    gate_up: MatmulForm
    down: MatmulForm
    vocabulary: _TableForm
    """Embedding and output."""
    smoothing: float | None = None
    """SmoothQuant's alpha; ``None`` leaves the weights as they are."""


_FP16, _FP32 = np.dtype(np.float16), np.dtype(np.float32)
_ROWS, _BLOCKS = RowInt8(), BlockInt8(32)

INT8_ROWS = Recipe(
    "int8-rows", "int8", _FP32, attention=_ROWS, gate_up=_ROWS, down=BlockInt8(128), vocabulary=_BLOCKS, smoothing=0.5
)
INT8_BLOCKS = Recipe("int8-blocks", "int8", _FP32, _BLOCKS, _BLOCKS, _BLOCKS, _BLOCKS)
FP16 = Recipe("fp16", "fp16", _FP16, Plain(_FP16), Plain(_FP16), Plain(_FP16), Plain(_FP16))
FP32 = Recipe("fp32", "fp32", _FP32, Plain(_FP32), Plain(_FP32), Plain(_FP32), Plain(_FP32))


def recipes_for(precision: str) -> tuple[Recipe, ...]:
    """The recipes for ``int8``, ``fp16`` or ``fp32`` on this machine, fastest first.

    The later ones are for models that the faster ones answer for too inexactly. Raises
    ``WeightsError`` for another name.
    """
    choices = {"int8": tuple(dict.fromkeys((recipe_for_cpu(), INT8_BLOCKS))), "fp16": (FP16,), "fp32": (FP32,)}
    if precision not in choices:
        raise WeightsError(f"There is no precision {precision!r}.", f"Choose one of {', '.join(choices)}.")
    return choices[precision]


def recipe_for_cpu(cpu_info: Path = Path("/proc/cpuinfo")) -> Recipe:
    """Rows where the CPU is known to have VNNI, else blocks, which are right everywhere."""
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return INT8_BLOCKS
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return INT8_ROWS if _VNNI_FLAGS.intersection(flags) else INT8_BLOCKS
