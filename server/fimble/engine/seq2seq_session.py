"""The two graphs of an encoder-decoder, as ``weights/export.py`` leaves them. CPU only.

``encoder.onnx``: ``input_ids``, ``attention_mask`` in, ``last_hidden_state`` out. ``graph.onnx``, the decoder, has
two branches: the first reads ``encoder_hidden_states`` and any number of tokens, and gives keys and values of both;
the second (``use_cache_branch``) takes them and one token more.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from fimble.engine.base import CancelToken
from fimble.engine.running import run_cancellable
from fimble.errors import ModelFolderInvalid

Float32 = npt.NDArray[np.float32]
Kept = dict[str, Float32]
"""``past_key_values.<i>.<encoder or decoder>.<key or value>`` -> [1, heads, tokens, head_dim]."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A source text as the decoder sees it."""

    states: Float32
    """[1, tokens, hidden]."""

    @property
    def num_tokens(self) -> int:
        return int(self.states.shape[1])


class Seq2SeqSession:
    """Both graphs, loaded."""

    def __init__(self, folder: Path, num_threads: int = 0) -> None:
        """``num_threads`` 0: one a physical core. Raises ``ModelFolderInvalid`` where a graph cannot be loaded."""
        self.folder, self.provider, self._num_threads = folder, "cpu", num_threads
        self._lock = threading.Lock()
        self._graphs: tuple[ort.InferenceSession, ort.InferenceSession] | None = None
        encoder, decoder = self._loaded()
        self.vocabulary_size = int(decoder.get_outputs()[0].shape[-1])
        past = [value for value in decoder.get_inputs() if value.name.startswith("past_key_values.")]
        self._nothing: Kept = {one.name: np.zeros((1, one.shape[1], 0, one.shape[3]), np.float32) for one in past}
        self._no_source = np.zeros((1, 1, encoder.get_outputs()[0].shape[-1]), np.float32)
        self._outputs = [value.name for value in decoder.get_outputs()]

    @property
    def is_loaded(self) -> bool:
        return self._graphs is not None

    def load(self) -> None:
        """Have the weights in memory; where they are, nothing happens. Raises as the constructor."""
        self._loaded()

    def unload(self) -> None:
        """Give the weights' memory back until the next ``load`` or run. Nothing may be running."""
        with self._lock:
            self._graphs = None

    def _loaded(self) -> tuple[ort.InferenceSession, ort.InferenceSession]:
        """Encoder and decoder."""
        with self._lock:
            if self._graphs is None:
                options = ort.SessionOptions()
                options.intra_op_num_threads = self._num_threads
                options.log_severity_level = 3
                encoder = _loaded(self.folder / "encoder.onnx", options)
                self._graphs = encoder, _loaded(self.folder / "graph.onnx", options)
            return self._graphs

    @property
    def bytes_per_token(self) -> int:
        """What one token, read or written, leaves behind."""
        return int(sum(one.shape[1] * one.shape[3] * 4 for one in self._nothing.values())) // 2

    def encode(self, tokens: Sequence[int], cancel: CancelToken | None = None) -> Encoded:
        """Read a source. Raises ``EngineCancelled``."""
        ids = np.array([tokens], np.int64)
        (states,) = _run(self._loaded()[0], None, {"input_ids": ids, "attention_mask": np.ones_like(ids)}, cancel)
        return Encoded(states)

    def begin(
        self, source: Encoded, tokens: Sequence[int], cancel: CancelToken | None = None
    ) -> tuple[Float32, Kept, Kept]:
        """Logits ``[tokens, vocabulary]`` after each of ``tokens``, and what to keep of source and of tokens."""
        feed = self._feed(tokens, source.num_tokens, self._nothing, is_next=False)
        logits, kept = self._decode({**feed, "encoder_hidden_states": source.states}, cancel)
        read = {name: value for name, value in kept.items() if ".encoder." in name}
        written = {name: value for name, value in kept.items() if ".decoder." in name}
        return logits, read, written

    def advance(
        self, num_source_tokens: int, token: int, read: Kept, written: Kept, cancel: CancelToken | None = None
    ) -> tuple[Float32, Kept]:
        """Logits ``[1, vocabulary]`` after one token more, and what to keep of the tokens then."""
        feed = self._feed([token], num_source_tokens, {**read, **written}, is_next=True)
        logits, kept = self._decode({**feed, "encoder_hidden_states": self._no_source}, cancel)
        return logits, {name: kept[name] for name in written}

    def answered(self, source: Sequence[int], begun: Sequence[int], answer: Sequence[int]) -> Float32:
        """Logits ``[1 + answer, vocabulary]`` after ``begun`` and each of ``answer``, in an engine's own steps."""
        logits, read, written = self.begin(self.encode(source), begun)
        rows = [logits[-1:]]
        for token in answer:
            row, written = self.advance(len(source), token, read, written)
            rows.append(row)
        return np.concatenate(rows)

    def _feed(self, tokens: Sequence[int], num_source_tokens: int, past: Kept, is_next: bool) -> dict[str, Any]:
        return {
            "input_ids": np.array([tokens], np.int64),
            "encoder_attention_mask": np.ones((1, num_source_tokens), np.int64),
            "use_cache_branch": np.array([is_next]),
            **past,
        }

    def _decode(self, feed: dict[str, Any], cancel: CancelToken | None) -> tuple[Float32, Kept]:
        logits, *rest = _run(self._loaded()[1], self._outputs, feed, cancel)
        names = (name.replace("present.", "past_key_values.") for name in self._outputs[1:])
        return logits[0], dict(zip(names, rest, strict=True))


def _loaded(graph: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelFolderInvalid(
            f"{graph} cannot be loaded: {str(error).splitlines()[0]}", "Train the model again."
        ) from error


def _run(
    session: ort.InferenceSession, outputs: list[str] | None, feed: dict[str, Any], cancel: CancelToken | None
) -> list[Any]:
    """One run, which ``cancel`` ends in its middle too."""
    result: list[Any] = run_cancellable(lambda options: session.run(outputs, feed, options), cancel)
    return result
