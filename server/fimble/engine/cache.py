"""Keys and values of token sequences where a loaded decoder reads and writes them, and the adapter it does so with."""

from __future__ import annotations

import contextlib
import mmap
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

if TYPE_CHECKING:
    from fimble.engine.session import Session


@dataclass(frozen=True, slots=True)
class KvLayout:
    """Shape of what one token leaves in the KV cache."""

    num_layers: int
    num_kv_heads: int
    head_dim: int
    dtype: np.dtype[Any]
    """float32 or float16."""

    @property
    def bytes_per_token(self) -> int:
        return 2 * self.num_layers * self.num_kv_heads * self.head_dim * self.dtype.itemsize


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Lora:
    """An adapter's matrices where the graph reads them: a value for every input that it gives.

    They are bound as inputs. onnxruntime's own adapters (``RunOptions.add_active_adapter``) have no effect on a run
    with bound inputs and outputs: ``RunWithBinding`` only warns of them.
    """

    values: Mapping[str, ort.OrtValue] = field(repr=False)
    fingerprint: str = ""
    """Empty for the model as it is."""


class KvCache:
    """Keys and values of one token sequence: per layer two buffers ``[1, kv_heads, capacity, head_dim]``.

    They are as good after the weights were unloaded and loaded again. One run at a time.

    On the CPU the operating system commits a page only once it is written, so an
    unfilled cache costs little. The memory is its own, because ``malloc`` clears what it hands out a second time,
    and so commits it.
    """

    def __init__(self, session: Session, capacity: int) -> None:
        layout, self.capacity = session.layout, capacity
        self._session, self._values = session, dict[str, ort.OrtValue]()
        session.know(self)
        shape = (1, layout.num_kv_heads, capacity, layout.head_dim)
        self.arrays: list[npt.NDArray[Any]] = []
        num_values = layout.num_kv_heads * capacity * layout.head_dim
        values = np.zeros(0, layout.dtype)
        if session.provider != "cuda":
            values = np.frombuffer(_uncommitted(capacity * layout.bytes_per_token), layout.dtype)
        for layer in range(layout.num_layers):
            for part in ("key", "value"):
                if session.provider == "cuda":
                    value = ort.OrtValue.ortvalue_from_shape_and_type(shape, layout.dtype.type, "cuda", 0)
                else:
                    begin = len(self.arrays) * num_values
                    self.arrays.append(values[begin : begin + num_values].reshape(shape))
                    value = ort.OrtValue.ortvalue_from_numpy(self.arrays[-1])
                self._values[f"{part}_{layer}"] = value
        self._lora = session.plain
        self._binding: ort.IOBinding | None = None
        self._bound_to: ort.InferenceSession | None = None

    def bind(self, lora: Lora) -> None:
        """Have runs over this cache take the matrices of ``lora``; what it held of another is let go."""
        if lora is not self._lora:
            self._binding, self._lora = None, lora

    def binding(self, weights: ort.InferenceSession) -> ort.IOBinding:
        """What a run reads and writes; made anew once the weights were loaded again, or the matrices are others'."""
        binding = self._binding
        if binding is None or self._bound_to is not weights:
            binding = self._bound(weights.io_binding())
            self._binding, self._bound_to = binding, weights
        return binding

    def unbind(self) -> None:
        """Hold on to nothing of the loaded weights."""
        self._binding = self._bound_to = None

    def _bound(self, binding: ort.IOBinding) -> ort.IOBinding:
        """``binding``, which is new, as a single input cannot be unbound again."""
        for name, value in self._values.items():
            binding.bind_ortvalue_input(f"past_{name}", value)
            binding.bind_ortvalue_output(f"present_{name}", value)
        for name, value in self._lora.values.items():
            binding.bind_ortvalue_input(name, value)
        return binding

    def copy_prefix(self, source: KvCache, num_tokens: int) -> int:
        """Take over the first ``num_tokens`` of another cache; returns how many it took (0 on a GPU)."""
        if not self.arrays:
            return 0
        for mine, theirs in zip(self.arrays, source.arrays, strict=True):
            mine[:, :, :num_tokens] = theirs[:, :, :num_tokens]
        return num_tokens


def _uncommitted(num_bytes: int) -> mmap.mmap:
    """Zeros in small pages, each of which costs memory once it is written."""
    if sys.platform == "win32":
        return mmap.mmap(-1, num_bytes)
    memory = mmap.mmap(-1, num_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory
