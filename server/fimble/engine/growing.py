"""One loaded decoder whose keys and values grow by concatenation, as optimum exports it.

Each layer takes ``past_key_values.<i>.key`` and ``.value`` ``[1, kv_heads, past, head_dim]`` and gives
``present.<i>.key`` and ``.value`` with the new tokens behind. A run's output is the next run's input as it stands;
only a rewind copies, because the first tokens of each head have to be cut out. For ``OnnxEngine`` it is what
``session.Session`` is.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from fimble.engine.base import CancelToken
from fimble.engine.cache import KvLayout, Lora
from fimble.engine.running import run_cancellable
from fimble.engine.session import NO_LOGITS
from fimble.errors import AdapterInvalid, ModelFolderInvalid, ProviderUnavailable

_PAST, _PRESENT = "past_key_values.", "present."
_OURS = ("input_ids", "attention_mask", "position_ids", "num_logits")


class GrowingCache:
    """Keys and values of one token sequence, by the name of the input that takes them."""

    def __init__(self, session: GrowingSession) -> None:
        self._session = session
        self.values: dict[str, ort.OrtValue] = {}
        self.num_tokens = 0

    def bind(self, lora: Lora) -> None:
        """See ``cache.KvCache``; there is only the model as it is."""

    def copy_prefix(self, source: GrowingCache, num_tokens: int) -> int:
        """Take over the first ``num_tokens`` of another cache; returns how many it took.

        Nothing is ever written into a value that is there, so all of them can be shared.
        """
        self.values, self.num_tokens = dict(source.values), source.num_tokens
        self.cut(num_tokens)
        return self.num_tokens

    def cut(self, num_tokens: int) -> None:
        """Keep the first ``num_tokens``."""
        if num_tokens >= self.num_tokens:
            return
        self.values = {
            name: ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value.numpy()[:, :, :num_tokens]))
            for name, value in self.values.items()
        }
        self.num_tokens = num_tokens


class GrowingSession:
    """A graph loaded for the CPU. Several engines may share it; their runs may overlap."""

    def __init__(self, graph: Path, num_threads: int = 0) -> None:
        """``num_threads`` 0: one a physical core. Raises ``ModelFolderInvalid`` for a graph of another form."""
        self.graph, self.provider, self._num_threads = graph, "cpu", num_threads
        self._lock = threading.Lock()
        self._session: ort.InferenceSession | None = None
        session = self._session = self._loaded()
        inputs = {value.name: value for value in session.get_inputs()}
        past = [value for value in inputs.values() if value.name.startswith(_PAST)]
        shapes = {tuple(value.shape[1::2]) for value in past if len(value.shape) == 4}
        strange = [name for name in inputs if name not in _OURS and not name.startswith(_PAST)]
        if len(shapes) != 1 or not all(isinstance(size, int) for size in min(shapes)) or strange:
            raise ModelFolderInvalid(
                f"{graph} keeps keys and values in a form that fimble does not know.", "Choose another model."
            )
        ((num_kv_heads, head_dim),) = shapes
        self.layout = KvLayout(len(past) // 2, num_kv_heads, head_dim, np.dtype(np.float32))
        self.vocabulary_size = int(session.get_outputs()[0].shape[-1])
        self.plain = Lora({})
        """The model as it is; there is no other."""
        self._inputs = frozenset(inputs)
        nothing = np.zeros((1, num_kv_heads, 0, head_dim), np.float32)
        self._nothing = {value.name: ort.OrtValue.ortvalue_from_numpy(nothing) for value in past}
        self._presents = [name.replace(_PAST, _PRESENT) for name in self._nothing]

    def _loaded(self) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._num_threads
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # keys and values have another size each run: an arena would keep them all
        try:
            return ort.InferenceSession(str(self.graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelFolderInvalid(
                f"{self.graph} cannot be loaded: {str(error).splitlines()[0]}", "Add the model again."
            ) from error

    @property
    def is_loaded(self) -> bool:
        return self._session is not None

    def load(self) -> ort.InferenceSession:
        """Have the weights in memory; where they are, nothing happens. Raises as the constructor."""
        with self._lock:
            if self._session is None:
                self._session = self._loaded()
            return self._session

    def unload(self) -> None:
        """Give the weights' memory back until the next ``load`` or run. What caches hold stays good."""
        with self._lock:
            self._session = None

    def known_lora(self, fingerprint: str) -> Lora | None:
        """There is none."""
        return None

    def new_cache(self, capacity: int) -> GrowingCache:
        """An empty cache; it takes memory as it grows, whatever ``capacity``."""
        return GrowingCache(self)

    def lora(self, inputs: Mapping[str, npt.NDArray[np.float32]], fingerprint: str) -> Lora:
        """Raises ``AdapterInvalid``: an exported graph takes no adapter."""
        raise AdapterInvalid("This model was exported, and takes no adapter.", "Train an adapter for another model.")

    def run(
        self,
        tokens: Sequence[int],
        cache: GrowingCache,
        num_past_tokens: int,
        num_logits: int = 1,
        cancel: CancelToken | None = None,
    ) -> npt.NDArray[np.float32]:
        """Append ``tokens`` behind the first ``num_past_tokens`` of ``cache``; see ``Session.run``."""
        cache.cut(num_past_tokens)
        total = num_past_tokens + len(tokens)
        session = self.load()
        binding = session.io_binding()
        for name, value in (cache.values or self._nothing).items():
            binding.bind_ortvalue_input(name, value)
        own: dict[str, npt.NDArray[Any]] = {
            "input_ids": np.array([tokens], np.int64),
            "attention_mask": np.ones((1, total), np.int64),
            "position_ids": np.arange(num_past_tokens, total, dtype=np.int64)[None],
            "num_logits": np.array([num_logits or NO_LOGITS], np.int64),
        }
        for name in self._inputs.intersection(own):
            binding.bind_cpu_input(name, own[name])
        for name in ("logits", *self._presents):
            binding.bind_output(name, "cpu")
        run_cancellable(lambda options: session.run_with_iobinding(binding, options), cancel)
        logits, *presents = binding.get_outputs()
        cache.values, cache.num_tokens = dict(zip(self._nothing, presents, strict=True)), total
        rows: npt.NDArray[np.float32] = logits.numpy()[0]
        return rows[len(rows) - num_logits :]


def open_growing(graph: Path, provider: str, num_threads: int) -> GrowingSession:
    """For ``OnnxEngine``. There is one provider: what would run elsewhere is prepared by our own writer."""
    if provider != "cpu":
        raise ProviderUnavailable("An exported model runs on the CPU only.", "Set provider to cpu.")
    return GrowingSession(graph, num_threads)
