"""Right models pass verification, wrong ones are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fimble.errors import VerificationFailed
from fimble.weights import record
from fimble.weights.architecture import Dimensions, Float32
from fimble.weights.checkpoint import Checkpoint, open_checkpoint
from fimble.weights.quantize import Blocks
from fimble.weights.recipe import FP16, FP32, Recipe
from fimble.weights.samples import VERIFICATION
from fimble.weights.verify import measure, references_for, verify, verify_tokenizer
from tests.unit import tiny
from tests.unit.weights import expected
from tests.unit.weights.running import written


class Altered:
    """A checkpoint read wrongly on purpose."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        read: Callable[[Checkpoint, str], Float32] = lambda checkpoint, name: checkpoint.tensor(name),
        dimensions: Dimensions | None = None,
    ) -> None:
        self._checkpoint, self._read = checkpoint, read
        self.dimensions = dimensions or checkpoint.dimensions
        self.end_tokens = checkpoint.end_tokens
        self.tokenizer = checkpoint.tokenizer
        self.chat = checkpoint.chat

    def tensor(self, name: str) -> Float32:
        return self._read(self._checkpoint, name)

    def rows(self, name: str, start: int, stop: int) -> Float32:
        return self._checkpoint.rows(name, start, stop)

    def blocks(self, name: str, start: int, stop: int) -> Blocks | None:
        return self._checkpoint.blocks(name, start, stop)


def _source(model: tiny.Tiny, folder: Path) -> Checkpoint:
    return open_checkpoint(tiny.write_gguf(model, folder / "model.gguf"))


@pytest.mark.parametrize("recipe", [FP32, FP16])
@pytest.mark.parametrize("case", tiny.CASES)
def test_a_right_model_passes(case: str, recipe: Recipe, tmp_path: Path) -> None:
    run = written(_source(tiny.CASES[case], tmp_path), tmp_path, recipe)
    report = verify(run, expected.references(case))
    assert report.passed
    assert report.agreement == 1
    assert report.num_positions == 48


def _wrong_theta(checkpoint: Checkpoint) -> Checkpoint:
    return Altered(checkpoint, dimensions=replace(checkpoint.dimensions, rope_theta=1e6))


def _gate_and_up_exchanged(checkpoint: Checkpoint) -> Checkpoint:
    other = {"gate": "up", "up": "gate"}

    def read(checkpoint: Checkpoint, name: str) -> Float32:
        layer, _, part = name.rpartition(".")
        return checkpoint.tensor(f"{layer}.{other[part]}" if part in other else name)

    return Altered(checkpoint, read)


def _scales_too_large(checkpoint: Checkpoint) -> Checkpoint:
    return Altered(checkpoint, lambda c, name: c.tensor(name) * np.float32(1.3 if name.endswith(".down") else 1))


@pytest.mark.parametrize("break_", [_wrong_theta, _gate_and_up_exchanged, _scales_too_large])
@pytest.mark.parametrize("case", tiny.CASES)
def test_a_wrong_model_is_refused(case: str, break_: Callable[[Checkpoint], Checkpoint], tmp_path: Path) -> None:
    run = written(break_(_source(tiny.CASES[case], tmp_path)), tmp_path)
    with pytest.raises(VerificationFailed, match="does not answer like its source"):
        verify(run, expected.references(case))


@pytest.mark.parametrize("case", ["llama", "llama3"])
def test_rows_left_in_the_wrong_order_are_refused(case: str, tmp_path: Path) -> None:
    source = tiny.write_gguf(tiny.CASES[case], tmp_path / "model.gguf", permuted=False)
    with pytest.raises(VerificationFailed):
        verify(written(open_checkpoint(source), tmp_path), expected.references(case))


def test_a_forgotten_rope_scaling_is_refused(tmp_path: Path) -> None:
    checkpoint = _source(tiny.LLAMA3, tmp_path)
    unscaled = Altered(checkpoint, dimensions=replace(checkpoint.dimensions, rope_divisors=()))
    with pytest.raises(VerificationFailed):
        verify(written(unscaled, tmp_path), expected.references("llama3"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_logits_that_say_nothing_are_refused(value: float) -> None:
    with pytest.raises(VerificationFailed), np.errstate(invalid="ignore"):
        verify(lambda tokens: np.full((len(tokens), 512), value, np.float32), expected.references("qwen2"))


def test_too_small_a_vocabulary_is_refused() -> None:
    report = measure(lambda tokens: np.zeros((len(tokens), 8), np.float32), expected.references("qwen2"))
    assert not report.passed


def test_no_references_is_no_pass() -> None:
    with pytest.raises(VerificationFailed, match="no clear reference"):
        verify(lambda tokens: np.zeros((len(tokens), 8), np.float32), ())


def test_recorded_references_come_first(tmp_path: Path) -> None:
    recorded = expected.references("qwen2")
    assert references_for(tmp_path / "absent.gguf", recorded) == recorded


def test_without_references_and_transformers_there_is_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "can_record", lambda: False)
    with pytest.raises(VerificationFailed) as failure:
        references_for(tmp_path / "model.gguf", ())
    assert "`export` extra" in failure.value.hint


def test_transformers_itself_answers_where_it_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed: answers cannot be made anew")
    folder = tiny.write_safetensors(tiny.LLAMA, tmp_path / "source")
    found = record.record(folder, expected.REFERENCE_SAMPLES[:1])
    assert found[0].next_tokens == expected.references("llama")[0].next_tokens


def test_a_rope_that_this_transformers_would_misread_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"rope_parameters": {"rope_theta": 1000000.0}}', encoding="utf-8")
    with pytest.raises(VerificationFailed, match="misread its rope"):
        record.refuse_unread_rope(config, "4.57.6")
    record.refuse_unread_rope(config, "5.23.0")


def test_a_reference_file_can_be_read_back() -> None:
    from fimble.weights.entry import parse_references

    recorded = expected.references("qwen2")
    assert parse_references(record.to_json(recorded, {"transformers": "5"}), "here") == recorded


def test_a_tokenizer_that_makes_other_tokens_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    tiny.tokenizer().save(str(path))
    verify_tokenizer(path, expected.references("qwen2"))
    text = json.loads(path.read_text(encoding="utf-8"))
    text["model"]["merges"] = text["model"]["merges"][::-1]
    path.write_text(json.dumps(text), encoding="utf-8")
    with pytest.raises(VerificationFailed, match="tokenizer makes other tokens of the prompt 'python, a line"):
        verify_tokenizer(path, expected.references("qwen2"))


def test_prompts_that_differ_between_pythons_do_not_judge_a_tokenizer(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    tiny.tokenizer().save(str(path))
    changing = next(sample for sample in VERIFICATION if not sample.is_fixed)
    reference = replace(expected.references("qwen2")[0], prompt=changing.title)
    verify_tokenizer(path, [reference])
