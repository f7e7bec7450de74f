"""fimble's engine on one graphics card: what runs of several lengths take, and its answers against torch.

    python -m tests.bench.card_engine lengths|answers [--provider cuda]

``lengths`` measures without an adapter and with one; ``answers`` asks of each token of the engine's greedy answers
whether it is the likeliest for torch, in float32, with the weights of the same source.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from fimble.bench.adapters import random_adapter
from fimble.bench.engine import OnnxRunner
from fimble.cli.wiring import LoadedEngine, load_engine
from fimble.config import Config
from fimble.engine.base import GenerateRequest
from fimble.engine.onnx import OnnxEngine
from fimble.weights import store
from fimble.weights.adapter import About, read_adapter, write_adapter
from tests.bench.card import CONTEXT_TOKENS, NUM_STEPS, code_tokens, used_mb

PREFILLS, CHUNKS, VERIFIES = (128, 512, 1024, 4094), (128, 512, 4096), (1, 2, 4, 8, 16)
DECODED_BEHIND = (512, 1024, 4000)
PARTS, RANK = ("q", "k", "v", "o", "down"), 16
NUM_ANSWER_TOKENS = 48


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("lengths", "answers"))
    parser.add_argument("--provider", default="cuda")
    parser.add_argument("--num", type=int, default=50, help="Prompts of `answers`.")
    parser.add_argument("--context", type=int, default=CONTEXT_TOKENS)
    options = parser.parse_args()
    found = lengths(options) if options.part == "lengths" else answers(options)
    print(json.dumps({"part": options.part, "provider": options.provider, **found}))


def _loaded(provider: str) -> LoadedEngine:
    return load_engine(replace(Config(), provider=provider, context_length=8192 if provider == "cuda" else 4096))


def _median_ms(action: Callable[[], object], rounds: int) -> float:
    action()
    times = []
    for _ in range(rounds):
        begun_s = time.perf_counter()
        action()
        times.append((time.perf_counter() - begun_s) * 1e3)
    return round(median(times), 2)


def lengths(options: argparse.Namespace) -> dict[str, Any]:
    """Prefill by length and chunk, decode and verify; all of it a second time with an adapter bound."""
    before_mb, begun_s = used_mb(options.provider), time.perf_counter()
    loaded = _loaded(options.provider)
    found: dict[str, Any] = {"load_s": round(time.perf_counter() - begun_s, 2)}
    found["loaded_mb"] = used_mb(options.provider) - before_mb
    engine, tokens = loaded.decoder, code_tokens(loaded.tokenizer, 4096)
    found["base"] = _figures(engine, tokens, options.context)
    with tempfile.TemporaryDirectory() as folder:
        engine.use(read_adapter(_adapter_in(Path(folder) / "adapter", engine, loaded)))
        found["adapter"] = _figures(engine, tokens, options.context)
    found["in_use_mb"] = used_mb(options.provider) - before_mb
    engine.close()
    return found


def _figures(engine: OnnxEngine, tokens: list[int], context: int) -> dict[str, Any]:
    runner, own_least = OnnxRunner(engine), engine.least_chunk_tokens

    def prefill(length: int, chunk: int) -> None:
        engine.forget()
        for _ in engine.generate(GenerateRequest(tuple(tokens[:length]), 1, prefill_chunk_tokens=chunk)):
            pass

    engine.least_chunk_tokens = 1
    prefills = {
        f"{length} in pieces of {chunk}": _median_ms(partial(prefill, length, chunk), 5)
        for length in PREFILLS
        for chunk in CHUNKS
        if length <= context * 4 and (chunk <= length or chunk == CHUNKS[-1])
    }
    engine.least_chunk_tokens = own_least
    decodes = {}
    for length in DECODED_BEHIND:
        if length <= context * 4:
            runner.prefill_ms(tokens[:length])
            decodes[length] = round(median(runner.decode_ms(NUM_STEPS) for _ in range(5)), 3)
    runner.prefill_ms(tokens[:context])
    verifies = {count: _median_ms(partial(runner.verify_ms, tokens[:count]), 15) for count in VERIFIES}
    return {"prefill_ms": prefills, "decode_ms": decodes, "verify_ms": verifies}


def _adapter_in(place: Path, engine: OnnxEngine, loaded: LoadedEngine) -> Path:
    found = loaded.manifest
    model = store.model_folder(found.model, found.precision)
    about = About("card", found.model, found.source_sha256, "/nowhere", RANK, 2.0 * RANK, PARTS, "2026-01-01", 0)
    place = place.with_name(about.id)
    write_adapter(place, about, random_adapter(engine, model, PARTS, RANK, 1))
    return place


def answers(options: argparse.Namespace) -> dict[str, Any]:
    """Greedy answers of the engine against torch: is each token the likeliest there too?"""
    import torch

    from fimble.training.base import load_model, open_base, source_of
    from fimble.training.settings import Place

    loaded = _loaded(options.provider)
    tokens, engine = code_tokens(loaded.tokenizer, 20_000), loaded.decoder
    asked: list[tuple[list[int], int]] = []
    for number in range(options.num):
        begin = number * 350 % 15_000
        prompt = tokens[begin : begin + 32 + number * 11 % 600]
        request = GenerateRequest(tuple(prompt), NUM_ANSWER_TOKENS)
        asked.append(([*prompt, *(token.id for token in engine.generate(request))], len(prompt)))
    engine.close()
    base = open_base(source_of(loaded.manifest.model, loaded.manifest.source_sha256))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_model(base.checkpoint, Place(device, False, device))
    num_whole = num_tokens = num_same = 0
    gaps: list[float] = []
    with torch.no_grad():
        for sequence, begin in asked:
            logits = model(torch.tensor([sequence], device=device)).logits[0, begin - 1 : -1].float()
            own = torch.tensor(sequence[begin:], device=device)
            same = logits.argmax(-1) == own
            gaps += (logits.max(-1).values - logits.gather(-1, own[:, None])[:, 0])[~same].tolist()
            num_whole += bool(same.all())
            num_same, num_tokens = num_same + int(same.sum()), num_tokens + len(own)
    return {
        "num_prompts": options.num,
        "whole_answers_equal": num_whole,
        "num_tokens": num_tokens,
        "tokens_equal": num_same,
        "logit_gaps_where_not": sorted(round(gap, 4) for gap in gaps),
        "reference": f"torch {torch.__version__}, float32, {device}",
    }


if __name__ == "__main__":
    main()
