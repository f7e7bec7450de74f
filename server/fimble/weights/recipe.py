"""Which part of the graph takes which form, and which recipe suits this machine.

Measured on a 2-core CPU with AVX-512 VNNI (divergence from the fp32 references; time against ``int8-rows``):

    gate and up in smoothed rows, the rest in blocks of 128 (this)   0.0011
    attention in rows too                                            0.0018   decode x 1.06
    everything in blocks of 128                                      0.0009   decode x 0.90, prefill x 1.31
    everything in blocks of 32 (``int8-blocks``)                     0.0004   prefill x 1.7

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
    embedding: _TableForm
    """Of the embedding; of the output too where the two are one table."""
    output: MatmulForm
    """Of an output with a table of its own."""
    smoothing: float | None = None
    """SmoothQuant's alpha; ``None`` leaves the weights as they are."""


_FP16, _FP32 = np.dtype(np.float16), np.dtype(np.float32)
_ROWS, _BLOCKS, _LONG_BLOCKS = RowInt8(), BlockInt8(32), BlockInt8(128)

INT8_ROWS = Recipe(
    "int8-rows",
    "int8",
    _FP32,
    attention=_LONG_BLOCKS,
    gate_up=_ROWS,
    down=_LONG_BLOCKS,
    embedding=_BLOCKS,
    output=_LONG_BLOCKS,
    smoothing=0.5,
)
INT8_BLOCKS = Recipe("int8-blocks", "int8", _FP32, _BLOCKS, _BLOCKS, _BLOCKS, _BLOCKS, _BLOCKS)
FP16 = Recipe("fp16", "fp16", _FP16, Plain(_FP16), Plain(_FP16), Plain(_FP16), Plain(_FP16), Plain(_FP16))
FP32 = Recipe("fp32", "fp32", _FP32, Plain(_FP32), Plain(_FP32), Plain(_FP32), Plain(_FP32), Plain(_FP32))


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
