"""How many decodes one graphics card carries at a time.

    python -m tests.bench.card batches|threads|processes [--provider cuda]

Each part prints one JSON object. ``batches`` runs several sequences in one run of the graph, ``threads`` one sequence
a thread on one loaded graph, and ``processes`` one sequence a process. With ``--provider cpu`` everything runs on the
CPU, for a trial of this file.
"""

from __future__ import annotations

import argparse
import inspect
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.bench.rows import Graph, Rows

CONTEXT_TOKENS = 1024
NUM_STEPS = 32
MOST_PREFILLED = 16
"""Prompts that are read in one run; what decodes behind more of them is memory as it was found, which takes as long."""
Found = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--provider", default="cuda")
    parser.add_argument("--batches", default="1,4,16,64,256")
    parser.add_argument("--num", type=int, default=4, help="Processes of `processes`.")
    parser.add_argument("--context", type=int, default=CONTEXT_TOKENS)
    options = parser.parse_args()
    print(json.dumps({"part": options.part, "provider": options.provider, **PARTS[options.part](options)}))


def code_tokens(tokenizer: Any, count: int) -> list[int]:
    """Tokens of code, over and over where there are not enough."""
    tokens = tokenizer.encode(inspect.getsource(argparse))
    return list((tokens * (count // len(tokens) + 1))[:count])


def used_mb(provider: str) -> float:
    """Memory of the card in use, of all processes."""
    if provider != "cuda":
        return 0.0
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0])


def batches(options: argparse.Namespace) -> Found:
    """Decoding of several sequences in one run, all behind ``--context`` tokens; and whether they say what one says."""
    graph = Graph.installed(options.provider)
    tokens = code_tokens(graph.tokenizer, options.context + 1024)
    found: Found = {"context_tokens": options.context, "ragged": _ragged(graph, tokens), "batches": {}}
    for size in map(int, options.batches.split(",")):
        before_mb = used_mb(options.provider)
        rows = Rows(graph, size, options.context + 4 * NUM_STEPS)
        prompts = np.array([tokens[row % 512 : row % 512 + options.context] for row in range(size)])
        begun_s = time.perf_counter()
        try:
            if size <= MOST_PREFILLED:
                rows.run(prompts, [0] * size)
            prefill_s = time.perf_counter() - begun_s if size <= MOST_PREFILLED else 0.0
            host = _step_ms(rows, size, options.context, on_device=False)
            device = _step_ms(rows, size, options.context, on_device=True)
            four = _step_ms(rows, size, options.context, on_device=True, width=4) if size == 1 else 0.0
        except Exception as error:  # noqa: BLE001 (what does not run is a result)
            found["batches"][size] = {"error": str(error).splitlines()[0][:300]}
            continue
        found["batches"][size] = {
            "prefill_s": round(prefill_s, 4),
            "step_ms_logits_fetched": host,
            "step_ms_logits_left": device,
            "tokens_per_s": round(size / device * 1e3, 1),
            "tokens_per_s_logits_fetched": round(size / host * 1e3, 1),
            "step_ms_4_wide": four,
            "grown_mb": used_mb(options.provider) - before_mb,
        }
    return found


def _step_ms(rows: Rows, size: int, context: int, on_device: bool, width: int = 1) -> float:
    ids = np.full((size, width), 1000, np.int64)
    times = []
    for step in range(NUM_STEPS):
        begun_s = time.perf_counter()
        rows.run(ids, [context + step] * size, on_device=on_device)
        times.append((time.perf_counter() - begun_s) * 1e3)
    return round(median(times[4:]), 3)


def _ragged(graph: Graph, tokens: Sequence[int]) -> Found:
    """Four sequences of different lengths in one run, decoded greedily, against each alone."""
    lengths_, num_new = [40, 100, 75, 128], 24
    alone = [_greedy(graph, tokens[10 * row :][:length], num_new) for row, length in enumerate(lengths_)]
    try:
        rows = Rows(graph, 4, 256)
        padded = np.zeros((4, max(lengths_)), np.int64)
        for row, length in enumerate(lengths_):
            padded[row, : length - 1] = tokens[10 * row :][: length - 1]
        rows.run(padded, [0] * 4, totals=[length - 1 for length in lengths_])
        last = np.array([[tokens[10 * row + length - 1]] for row, length in enumerate(lengths_)])
        past, together = [length - 1 for length in lengths_], []
        for _ in range(num_new):
            logits = rows.run(last, past)
            assert logits is not None
            last = logits[:, -1].argmax(-1)[:, None]
            together.append(last[:, 0].tolist())
            past = [length + 1 for length in past]
    except Exception as error:  # noqa: BLE001 (what does not run is a result)
        return {"error": str(error).splitlines()[0][:300]}
    same = [alone[row] == [step[row] for step in together] for row in range(4)]
    return {"num_rows": 4, "num_tokens": num_new, "rows_equal": sum(same)}


def _greedy(graph: Graph, prompt: Sequence[int], num_new: int) -> list[int]:
    rows, past, ids = Rows(graph, 1, 256), 0, list(prompt)
    given: list[int] = []
    for _ in range(num_new):
        logits = rows.run(np.array([ids]), [past])
        assert logits is not None
        past += len(ids)
        ids = [int(logits[0, -1].argmax())]
        given += ids
    return given


def threads(options: argparse.Namespace) -> Found:
    """Threads that decode one sequence each, with a look at the logits, on one loaded graph.

    The first run of each thread sets up what CUDA keeps for it, and is the longest.
    """
    graph = Graph.installed(options.provider)
    tokens = code_tokens(graph.tokenizer, options.context)
    found: Found = {"context_tokens": options.context, "threads": {}}
    for count in (1, 2, 4, 8, 16):
        everyone = [Rows(graph, 1, options.context + 2 * NUM_STEPS) for _ in range(count)]
        for rows in everyone:
            rows.run(np.array([tokens]), [0])
        times: list[float] = []
        workers = [threading.Thread(target=_decode, args=(rows, options.context, times)) for rows in everyone]
        begun_s = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        spent_s = time.perf_counter() - begun_s
        found["threads"][count] = {
            "tokens_per_s": round(count * NUM_STEPS / spent_s, 1),
            "token_ms_p50": round(median(times), 2),
            "tokens_per_s_at_p50": round(count / median(times) * 1e3, 1),
            "token_ms_max": round(max(times), 2),
        }
    return found


def _decode(rows: Rows, context: int, times: list[float]) -> None:
    ids: npt.NDArray[np.int64] = np.array([[1000]])
    for step in range(NUM_STEPS):
        begun_s = time.perf_counter()
        logits = rows.run(ids, [context + step])
        assert logits is not None
        ids = logits[:, -1].argmax(-1)[:, None]
        times.append((time.perf_counter() - begun_s) * 1e3)


def processes(options: argparse.Namespace) -> Found:
    """Processes that each load the graph and decode one sequence for five seconds, all at a time."""
    command = [sys.executable, "-m", "tests.bench.card", "one", "--provider", options.provider]
    command += ["--context", str(options.context)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(options.num)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()  # it is loaded
    together_mb = used_mb(options.provider)
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    rates = [json.loads(worker.communicate()[0])["tokens_per_s"] for worker in workers]
    return {"num": options.num, "tokens_per_s": round(sum(rates), 1), "each": rates, "used_mb": together_mb}


def one(options: argparse.Namespace) -> Found:
    """A process of ``processes``."""
    graph = Graph.installed(options.provider)
    rows = Rows(graph, 1, options.context + 2 * NUM_STEPS)
    rows.run(np.array([code_tokens(graph.tokenizer, options.context)]), [0])
    _decode(rows, options.context, [])
    print("loaded", flush=True)
    sys.stdin.readline()
    times: list[float] = []
    begun_s = time.perf_counter()
    while time.perf_counter() - begun_s < 5:
        _decode(rows, options.context, times)
    return {"tokens_per_s": round(len(times) / (time.perf_counter() - begun_s), 1)}


PARTS: dict[str, Callable[[argparse.Namespace], Found]] = {
    "batches": batches,
    "threads": threads,
    "processes": processes,
    "one": one,
}

if __name__ == "__main__":
    main()
