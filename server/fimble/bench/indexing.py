"""How long a workspace takes to index, how much memory, and how fast it is searched and kept fresh afterwards."""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fimble.bench.docpairs import first_sentence, is_query
from fimble.errors import IndexUnavailable
from fimble.index.indexer import MEANING, Indexer, Progress
from fimble.index.reader import Reader
from fimble.index.searcher import Searcher

NUM_QUERIES, NUM_SAVES = 200, 50


def fill(indexer: Indexer, on_progress: Callable[[Progress], None]) -> dict[str, Any]:
    """Seconds until names and words are searchable, and until everything is by its meaning; peak memory."""
    begun_s = time.perf_counter()
    words_s = 0.0
    for progress in indexer.steps():
        if progress.phase == MEANING and not words_s:
            words_s = time.perf_counter() - begun_s
        on_progress(progress)
    whole_s = time.perf_counter() - begun_s
    return {
        "words_s": round(words_s or whole_s, 2),
        "whole_s": round(whole_s, 2),
        "peak_mb": round(_peak_mb(), 1),
    }


def ask(reader: Reader, searcher: Searcher, seed: int) -> dict[str, Any]:
    """Times of questions taken from the workspace's own docstrings, once the index is in memory."""
    chunks = reader.chunks([chunk_id for chunk_id, *_ in reader.names()])
    said = [first_sentence(stored.chunk.docstring) for stored in chunks if stored.chunk.docstring]
    questions = [one for one in said if is_query(one)]
    if not questions:
        raise IndexUnavailable("Nothing in the workspace says what it does, so there is nothing to ask.")
    drawn = random.Random(seed).choices(questions, k=NUM_QUERIES)
    searcher.search(drawn[0])
    times = [_milliseconds(lambda one=one: searcher.search(one)) for one in drawn]  # type: ignore[misc]
    return {"query_p50_ms": _share(times, 0.5), "query_p95_ms": _share(times, 0.95)}


def save(indexer: Indexer, reader: Reader, seed: int) -> dict[str, Any]:
    """Times from a saved file to its words being searchable."""
    paths = sorted(reader.paths())
    drawn = random.Random(seed).choices(paths, k=NUM_SAVES)
    times = [_milliseconds(lambda path=path: indexer.update([indexer.root / path])) for path in drawn]  # type: ignore[misc]
    return {"save_p50_ms": _share(times, 0.5), "save_max_ms": round(max(times), 1)}


def num_lines(root: Path, reader: Reader) -> int:
    """Of all files in the index."""
    return sum((root / path).read_bytes().count(b"\n") for path in reader.paths())


def _milliseconds(work: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    work()
    return (time.perf_counter() - begun_s) * 1e3


def _share(times: list[float], share: float) -> float:
    return round(sorted(times)[int(len(times) * share)], 1)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
