"""Expected logits and reference answers of the tiny models, from transformers.

    python -m tests.unit.weights.expected

writes them anew into ``data/`` (needs torch and transformers); the tests read them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fimble.weights.entry import Reference, parse_references
from fimble.weights.record import load_with_transformers, record, to_json
from fimble.weights.samples import VERIFICATION
from tests.unit import tiny

DATA = Path(__file__).parent / "data"
NUM_TOKENS = 48
REFERENCE_SAMPLES = (VERIFICATION[0], VERIFICATION[4], VERIFICATION[7])


def tokens(model: tiny.Tiny) -> list[int]:
    """Token ids of any kind, the same for every run."""
    random = np.random.default_rng(100 + model.seed)
    return [int(token) for token in random.integers(0, model.vocabulary, NUM_TOKENS)]


def logits(case: str) -> NDArray[np.float32]:
    """What transformers answers to ``tokens``: logits of the last positions, [8, vocabulary]."""
    with np.load(DATA / "logits.npz") as file:
        values: NDArray[np.float32] = file[case]
    return values


def references(case: str) -> tuple[Reference, ...]:
    """What transformers continues real code with."""
    path = DATA / f"{case}.reference.json"
    return parse_references(path.read_text(encoding="utf-8"), str(path))


def logits_from_transformers(model: tiny.Tiny, folder: Path) -> NDArray[np.float32]:
    """All logits of ``tokens``, [tokens, vocabulary]."""
    import torch

    loaded: Any = load_with_transformers(tiny.write_safetensors(model, folder))
    with torch.inference_mode():
        values: NDArray[np.float32] = loaded(torch.tensor([tokens(model)])).logits[0].numpy()
    return values


def main() -> None:
    import torch
    import transformers

    made_with = {"torch": torch.__version__, "transformers": transformers.__version__, "precision": "float32"}
    DATA.mkdir(exist_ok=True)
    answers = {}
    for case, model in tiny.CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            answers[case] = logits_from_transformers(model, Path(folder))[-8:]
            found = record(Path(folder), REFERENCE_SAMPLES)
        (DATA / f"{case}.reference.json").write_text(to_json(found, made_with), encoding="utf-8")
    np.savez_compressed(DATA / "logits.npz", allow_pickle=False, **answers)


if __name__ == "__main__":
    main()
