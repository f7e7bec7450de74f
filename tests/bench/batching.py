"""Whether decode steps of several sessions pay when they are done in one run: ``python -m tests.bench.batching``.

Takes turns within one process: n one-token steps one by one, the same n in one run of a batch, and n tokens of one
sequence checked in one run, which is what speculation does. Prints the best times, what the batch changes in the
logits, and what moving a session's keys and values into a batch costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from fimble.config import DEFAULT_MODEL
from fimble.engine.cache import KvCache
from fimble.engine.session import Session
from fimble.engine.tokenizer import Tokenizer
from fimble.weights import store

CAPACITY = 1024
SIZES = (1, 2, 3, 4, 6, 8)


class Batch:
    """Sequences as rows of one tensor a layer, which is what the graph takes."""

    def __init__(self, session: Session, caches: list[KvCache], lengths: list[int]) -> None:
        layout = session.layout
        shape = (len(caches), layout.num_kv_heads, CAPACITY, layout.head_dim)
        self._session, self._lengths = session, lengths
        self._rows = [np.zeros(shape, layout.dtype) for _ in range(2 * layout.num_layers)]
        for row, cache in enumerate(caches):
            self.move(row, cache)

    def move(self, row: int, cache: KvCache) -> None:
        """Copy a session's keys and values."""
        for mine, theirs in zip(self._rows, cache.arrays, strict=True):
            mine[row, :, : self._lengths[row]] = theirs[0, :, : self._lengths[row]]

    def step(self, tokens: list[int]) -> np.ndarray[Any, Any]:
        """Logits ``[rows, vocabulary]`` after one token more in each of the first rows."""
        session, number = self._session, len(tokens)
        lengths = self._lengths[:number]
        binding = session.load().io_binding()
        names = [f"{part}_{layer}" for layer in range(session.layout.num_layers) for part in ("key", "value")]
        for name, rows in zip(names, self._rows, strict=True):
            value = ort.OrtValue.ortvalue_from_numpy(rows[:number])
            binding.bind_ortvalue_input(f"past_{name}", value)
            binding.bind_ortvalue_output(f"present_{name}", value)
        binding.bind_cpu_input("input_ids", np.array([[token] for token in tokens], np.int64))
        binding.bind_cpu_input("seqlens_k", np.array(lengths, np.int32))
        binding.bind_cpu_input("total_sequence_length", np.array(max(lengths) + 1, np.int32))
        binding.bind_cpu_input("num_logits", np.array([1], np.int64))
        logits = np.empty((number, 1, session.vocabulary_size), np.float32)
        binding.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(logits))
        session.load().run_with_iobinding(binding)
        return logits[:, 0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    folder = store.inspect(DEFAULT_MODEL, "int8").folder
    session = Session(folder / "graph.onnx", "cpu", options.threads)
    tokenizer = Tokenizer(folder / "tokenizer.json")
    files = sorted(Path(__file__).parents[2].glob("server/fimble/engine/*.py"), key=lambda file: -file.stat().st_size)
    texts = [tokenizer.encode(file.read_text(encoding="utf-8"))[:700] for file in files[: max(SIZES)]]
    lengths = [len(text) - 101 - 7 * place for place, text in enumerate(texts)]
    caches = [session.new_cache(CAPACITY) for _ in texts]
    for cache, text, length in zip(caches, texts, lengths, strict=True):
        session.run(text[:length], cache, 0, 0)
    batch = Batch(session, caches, lengths)
    moved_ms = best(options.rounds, lambda: batch.move(0, caches[0])) / lengths[0]
    print(f"moving 100 tokens of keys and values into a batch: {moved_ms * 100:.2f} ms")
    print("| sessions | one by one, ms | in one run, ms | ratio | checked in one run, ms | logits differ by | argmax |")
    print("|---|---|---|---|---|---|---|")
    for number in SIZES:
        tokens = [text[length] for text, length in zip(texts, lengths, strict=True)][:number]

        def one_by_one(tokens: list[int] = tokens) -> list[Any]:
            return [
                session.run([token], cache, length)[0]
                for token, cache, length in zip(tokens, caches, lengths, strict=False)
            ]

        def in_one(tokens: list[int] = tokens) -> Any:
            return batch.step(tokens)

        def checked(number: int = number) -> Any:
            return session.run(texts[0][lengths[0] :][:number], caches[0], lengths[0], number)

        times_ms: list[list[float]] = [[], [], []]
        works: tuple[Callable[[], Any], ...] = (one_by_one, in_one, checked)
        for _ in range(options.rounds):
            for kept, work in zip(times_ms, works, strict=True):
                kept.append(best(1, work))
        alone_ms, together_ms, checked_ms = map(min, times_ms)
        alone, together = np.stack(one_by_one()), in_one()
        same = int((alone.argmax(1) == together.argmax(1)).sum())
        print(
            f"| {number} | {alone_ms:.1f} | {together_ms:.1f} | {alone_ms / together_ms:.2f} x | {checked_ms:.1f} "
            f"| {np.abs(alone - together).max():.2g} | {same} of {number} |",
            flush=True,
        )


def best(rounds: int, work: Callable[[], Any]) -> float:
    """The shortest time, in milliseconds."""
    times_ms = []
    for _ in range(rounds):
        started_s = time.perf_counter()
        work()
        times_ms.append((time.perf_counter() - started_s) * 1000)
    return min(times_ms)


if __name__ == "__main__":
    main()
