"""The graph alone, with several sequences in one run: no slots, and no guesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Graph:
    """A loaded graph."""

    session: Any
    provider: str
    tokenizer: Any

    @classmethod
    def installed(cls, provider: str, model: str = "qwen2.5-coder-0.5b-instruct") -> Graph:
        """The installed model: fp16 for ``cuda``, else int8."""
        import onnxruntime as ort

        from fimble.engine.cuda import cuda_problem
        from fimble.engine.tokenizer import Tokenizer
        from fimble.weights import store

        folder = store.model_folder(model, "fp16" if provider == "cuda" else "int8")
        if provider == "cuda" and (problem := cuda_problem()):
            raise SystemExit(problem)
        names = ["CUDAExecutionProvider"] if provider == "cuda" else []
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(str(folder / "graph.onnx"), options, providers=[*names, "CPUExecutionProvider"])
        assert session.get_providers()[0] == [*names, "CPUExecutionProvider"][0], session.get_providers()
        return cls(session, provider, Tokenizer(folder / "tokenizer.json"))


class Rows:
    """Keys and values of ``batch`` sequences, and runs over them."""

    def __init__(self, graph: Graph, batch: int, capacity: int) -> None:
        import onnxruntime as ort

        self._graph, self._batch, self._ort = graph, batch, ort
        self._binding = graph.session.io_binding()
        self._kept = []
        past = [value for value in graph.session.get_inputs() if value.name.startswith("past_")]
        for value in past:
            kind = np.float16 if value.type == "tensor(float16)" else np.float32
            shape = (batch, value.shape[1], capacity, value.shape[3])
            if graph.provider == "cuda":
                held = ort.OrtValue.ortvalue_from_shape_and_type(shape, kind, "cuda", 0)
            else:
                held = ort.OrtValue.ortvalue_from_numpy(np.zeros(shape, kind))
            self._kept.append(held)
            self._binding.bind_ortvalue_input(value.name, held)
            self._binding.bind_ortvalue_output(value.name.replace("past_", "present_"), held)
        self._vocabulary = int(graph.session.get_outputs()[0].shape[-1])

    def run(
        self,
        ids: npt.NDArray[np.int64],
        past: Sequence[int],
        totals: Sequence[int] | None = None,
        on_device: bool = False,
    ) -> npt.NDArray[np.float32] | None:
        """Run ``ids`` [batch, tokens] behind ``past`` tokens of each row; the last position's logits [batch, 1, v].

        ``totals``: the tokens of each row afterwards, where it is padded on the right. Nothing is given back where
        the logits stay ``on_device``.
        """
        width = ids.shape[1]
        totals = totals or [length + width for length in past]
        binding = self._binding
        binding.bind_cpu_input("input_ids", np.ascontiguousarray(ids, np.int64))
        binding.bind_cpu_input("seqlens_k", np.array([total - 1 for total in totals], np.int32))
        longest = max(length + width for length in past)
        binding.bind_cpu_input("total_sequence_length", np.array(longest, np.int32))
        binding.bind_cpu_input("num_logits", np.array([1], np.int64))
        if on_device and self._graph.provider == "cuda":
            binding.bind_output("logits", "cuda", 0)
            self._graph.session.run_with_iobinding(binding)
            return None
        logits: npt.NDArray[np.float32] = np.empty((self._batch, 1, self._vocabulary), np.float32)
        binding.bind_ortvalue_output("logits", self._ort.OrtValue.ortvalue_from_numpy(logits))
        self._graph.session.run_with_iobinding(binding)
        return logits
