"""A whole model folder from one source file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.errors import WeightsError
from fimble.weights import manifest
from fimble.weights.prepare import prepare
from fimble.weights.recipe import FP16, FP32, INT8_BLOCKS, Recipe
from fimble.weights.verify import verify
from tests.unit import tiny
from tests.unit.weights import expected
from tests.unit.weights.running import runner


@pytest.mark.parametrize("recipe", [INT8_BLOCKS, FP16, FP32])
def test_the_folder_is_complete_and_answers(recipe: Recipe, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    steps: list[tuple[str, float]] = []
    source = tiny.write_gguf(tiny.QWEN2_TIED, tmp_path / "model.gguf")
    made = prepare(
        source, tiny.entry(tiny.QWEN2_TIED), recipe, folder, lambda stage, share: steps.append((stage, share))
    )
    assert manifest.load(folder) == made
    manifest.check_bytes(folder, made)
    assert (made.verification["recipe"], made.precision) == (recipe.name, recipe.precision)
    shapes = (made.num_layers, made.num_kv_heads, made.head_dim, made.vocabulary_size, made.context_length)
    assert shapes == (2, 2, 16, 512, 1024)
    assert made.end_tokens
    assert [share for stage, share in steps if stage == "writing the graph"] == pytest.approx([1 / 3, 2 / 3, 1])
    assert verify(runner(folder), expected.references("qwen2-tied")).passed


def test_a_tokenizer_too_large_for_the_model_is_refused(tmp_path: Path) -> None:
    folder = tiny.write_safetensors(tiny.QWEN2, tmp_path / "source")
    tiny.tokenizer(600).save(str(folder / "tokenizer.json"))
    with pytest.raises(WeightsError, match="do not belong together"):
        prepare(folder, tiny.entry(tiny.QWEN2), FP32, tmp_path, lambda stage, share: None)
