"""The torch model is the one that is served: same floats, same answers, whatever the architecture."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fimble import config
from fimble.errors import TrainingError
from fimble.training.base import load_model, open_base, source_of
from fimble.training.settings import Place
from fimble.weights import catalog, store
from tests.unit import tiny
from tests.unit.weights import running

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = Place("cpu", is_bf16=False, name="CPU")


def logits_of(model: object, tokens: list[int]) -> NDArray[np.float32]:
    import torch

    with torch.no_grad():
        found: NDArray[np.float32] = model(input_ids=torch.tensor([tokens])).logits[0].float().numpy()  # type: ignore[operator]
    return found


@pytest.mark.parametrize("case", tiny.CASES, ids=str)
def test_answers_like_the_graph_that_is_written_from_the_same_file(case: str, tmp_path: Path) -> None:
    base = open_base(tiny.write_gguf(tiny.CASES[case], tmp_path / "model.gguf"))
    served = running.written(base.checkpoint, tmp_path / "graph")
    tokens = [int(token) for token in np.random.default_rng(5).integers(0, 500, 200)]
    found = logits_of(load_model(base.checkpoint, CPU), tokens)
    assert np.abs(found - served(tokens)).max() < 2e-3 * np.abs(found).max()


def test_a_folder_of_safetensors_gives_the_same_model(tmp_path: Path) -> None:
    file = open_base(tiny.write_gguf(tiny.QWEN2, tmp_path / "model.gguf"))
    folder = open_base(tiny.write_safetensors(tiny.QWEN2, tmp_path / "folder"))
    tokens = list(range(3, 40))
    one, other = (logits_of(load_model(base.checkpoint, CPU), tokens) for base in (file, folder))
    assert np.array_equal(one, other)
    assert file.sha256 != folder.sha256


def test_a_folder_in_which_anything_changed_is_another_base(tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path)
    before = open_base(folder).sha256
    assert open_base(folder).sha256 == before
    (folder / "generation_config.json").write_text('{"eos_token_id": 3}')
    assert open_base(folder).sha256 != before


def test_nothing_of_it_is_trained_and_tied_tables_are_one(tmp_path: Path) -> None:
    model = load_model(open_base(tiny.write_gguf(tiny.QWEN2_TIED, tmp_path / "m.gguf")).checkpoint, CPU)
    assert not any(values.requires_grad for values in model.parameters())
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_a_model_from_a_file_of_ones_own_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="file of your own"):
        source_of(config.DEFAULT_MODEL, "0" * 64)


def test_the_default_model_answers_like_the_prepared_one() -> None:
    """On a real prompt: the recorded one that setup compares with."""
    entry = catalog.find(config.DEFAULT_MODEL)
    if not store.holds_source(entry.file) and not os.environ.get("CI"):
        pytest.skip("the default model's source is not on this disk")
    source = source_of(entry.name, entry.file.sha256)
    model = load_model(open_base(source).checkpoint, Place("cpu", is_bf16=False, name="CPU"))
    reference = min(entry.references, key=lambda reference: len(reference.prompt_tokens))
    logits = logits_of(model, [*reference.prompt_tokens, *reference.next_tokens[:-1]])[-len(reference.next_tokens) :]
    shares = logits - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True))
    shares -= logits.max(-1, keepdims=True)
    for row, ids, logprobs in zip(shares, reference.top_ids, reference.top_logprobs, strict=True):
        assert np.abs(row[list(ids)] - logprobs).max() < 0.05
