"""One loaded decoder: with ``cache``, ``encoder`` and its kin in this room all that imports onnxruntime.

The graph's inputs and outputs are described in ``weights/graph.py``. Keys and values
live in one buffer a layer, which the graph reads as past and writes as present, so a
run costs no copy and a rewind is only a shorter length.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from fimble.engine.base import CancelToken
from fimble.engine.cache import KvCache, KvLayout, Lora
from fimble.engine.running import run_cancellable
from fimble.errors import AdapterInvalid, EngineError, ModelFolderInvalid, ProviderUnavailable

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_NUMPY_TYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
}


NO_LOGITS = -(2**62)
"""The graph cuts off all but the last ``num_logits`` positions: this many below none leaves none."""


class DecoderSession(Protocol):
    """What ``OnnxEngine`` needs of a loaded decoder: ``Session``, or ``growing.GrowingSession``."""

    graph: Path
    provider: str
    layout: KvLayout
    vocabulary_size: int
    plain: Lora

    def new_cache(self, capacity: int) -> Any:
        """An empty cache of its own kind for up to ``capacity`` tokens: with ``bind`` and ``copy_prefix``."""
        ...

    @property
    def is_loaded(self) -> bool: ...

    def load(self) -> object: ...

    def unload(self) -> None: ...

    def known_lora(self, fingerprint: str) -> Lora | None: ...

    def lora(self, inputs: Mapping[str, npt.NDArray[np.float32]], fingerprint: str) -> Lora: ...

    def run(
        self,
        tokens: Sequence[int],
        cache: Any,
        num_past_tokens: int,
        num_logits: int = 1,
        cancel: CancelToken | None = None,
    ) -> npt.NDArray[np.float32]: ...


class Session:
    """A graph loaded for one provider. Several engines may share it, and run it at the same time."""

    def __init__(self, graph: Path, provider: str = "cpu", num_threads: int = 0) -> None:
        """Load ``graph`` for ``cpu`` or ``cuda``; ``num_threads`` 0 means one a physical core.

        Raises ``ModelFolderInvalid`` when the file cannot be loaded and
        ``ProviderUnavailable`` when the graph would not run on ``provider``.
        """
        self.graph, self.provider, self._num_threads = graph, provider, num_threads
        self._lock = threading.Lock()
        self._caches: weakref.WeakSet[KvCache] = weakref.WeakSet()
        self._loras: weakref.WeakValueDictionary[str, Lora] = weakref.WeakValueDictionary()
        self.num_loads = 1
        """How often the weights were loaded."""
        self._session: ort.InferenceSession | None = None
        session = self._session = self._loaded()
        past = [value for value in session.get_inputs() if value.name.startswith("past_key_")]
        _, num_kv_heads, _, head_dim = past[0].shape
        self.layout = KvLayout(len(past), num_kv_heads, head_dim, _NUMPY_TYPES[past[0].type])
        self.vocabulary_size = int(session.get_outputs()[0].shape[-1])
        self.replaceable = {
            value.name: (_rank_0(value.shape), _NUMPY_TYPES[value.type])
            for value in session.get_overridable_initializers()
        }
        """What an adapter may give: input -> its shape, 0 for the rank, and its type."""
        self.plain = Lora({})
        """The model without an adapter: the graph's own rank of 0 adds nothing. Caches begin with it."""

    def _loaded(self) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._num_threads
        options.log_severity_level = 3
        wanted = _PROVIDERS[self.provider]
        try:
            session = ort.InferenceSession(
                str(self.graph),
                options,
                providers=[wanted, *([] if self.provider == "cpu" else [_PROVIDERS["cpu"]])],
            )
        except Exception as error:
            raise ModelFolderInvalid(
                f"{self.graph} cannot be loaded: {str(error).splitlines()[0]}",
                "Run 'fimble setup --force' to prepare it again.",
            ) from error
        if session.get_providers()[0] != wanted:
            raise ProviderUnavailable(f"onnxruntime cannot run on {self.provider} here.", "'fimble doctor' says why.")
        return session

    @property
    def is_loaded(self) -> bool:
        return self._session is not None

    def load(self) -> ort.InferenceSession:
        """Have the weights in memory; where they are, nothing happens. Raises as the constructor."""
        with self._lock:
            if self._session is None:
                self._session = self._loaded()
                self.num_loads += 1
            return self._session

    def unload(self) -> None:
        """Give the weights' memory back until the next ``load`` or run; what runs keeps them until it has ended."""
        with self._lock:
            for cache in list(self._caches):
                cache.unbind()
            self._session = None

    def known_lora(self, fingerprint: str) -> Lora | None:
        """The adapter, where an engine on this graph holds it already."""
        return self._loras.get(fingerprint)

    def lora(self, inputs: Mapping[str, npt.NDArray[np.float32]], fingerprint: str) -> Lora:
        """An adapter's ``inputs`` ready to be bound. Raises ``AdapterInvalid``."""
        for name, values in inputs.items():
            expected = self.replaceable[name][0] if name in self.replaceable else None
            if expected is None or not _fits(values.shape, expected):
                raise AdapterInvalid(
                    f"The adapter does not fit the model: {name} has the shape {list(values.shape)}.",
                    "Run `fimble train` again.",
                )
        try:
            bound = {
                name: self._on_device(given.astype(self.replaceable[name][1], copy=False))
                for name, given in inputs.items()
            }
        except Exception as error:
            raise EngineError(
                f"The adapter cannot be loaded: {str(error).splitlines()[0]}", "Memory may be short."
            ) from error
        made = self._loras[fingerprint] = Lora(bound, fingerprint)
        return made

    def _on_device(self, values: npt.NDArray[Any]) -> ort.OrtValue:
        """On the CPU it shares the memory of ``values``."""
        if self.provider == "cuda":
            return ort.OrtValue.ortvalue_from_numpy(values, "cuda", 0)
        return ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(values))

    def new_cache(self, capacity: int) -> KvCache:
        """An empty cache for up to ``capacity`` tokens."""
        return KvCache(self, capacity)

    def know(self, cache: KvCache) -> None:
        """``cache`` holds on to the weights from now on."""
        with self._lock:
            self._caches.add(cache)

    def run(
        self,
        tokens: Sequence[int],
        cache: KvCache,
        num_past_tokens: int,
        num_logits: int = 1,
        cancel: CancelToken | None = None,
    ) -> npt.NDArray[np.float32]:
        """Append ``tokens`` behind the first ``num_past_tokens`` of ``cache``.

        Returns logits ``[num_logits, vocabulary]`` of the last tokens; with 0 the output layer
        is left out, which saves a fifth of a one-token run (on a GPU it runs all the same). Raises
        ``EngineCancelled`` soon after ``cancel`` is set, in the middle of a run too; what
        the cache held before ``num_past_tokens`` stays good.
        """
        total = num_past_tokens + len(tokens)
        num_rows = num_logits if num_logits or self.provider == "cpu" else 1
        weights = self.load()
        binding = cache.binding(weights)
        binding.bind_cpu_input("input_ids", np.array([tokens], np.int64))
        binding.bind_cpu_input("seqlens_k", np.array([total - 1], np.int32))
        binding.bind_cpu_input("total_sequence_length", np.array(total, np.int32))
        binding.bind_cpu_input("num_logits", np.array([num_rows or NO_LOGITS], np.int64))
        logits: npt.NDArray[np.float32] = np.empty((1, num_rows, self.vocabulary_size), np.float32)
        binding.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(logits))
        run_cancellable(lambda options: weights.run_with_iobinding(binding, options), cancel)
        last: npt.NDArray[np.float32] = logits[0, :num_logits]
        return last


def _rank_0(shape: Sequence[int | str]) -> tuple[int, ...]:
    """``shape`` with 0 for the dimension that has a name."""
    return tuple(size if isinstance(size, int) else 0 for size in shape)


def _fits(found: Sequence[int], rank_0: Sequence[int]) -> bool:
    return len(found) == len(rank_0) and all(own in (size, 0) for size, own in zip(found, rank_0, strict=True))
