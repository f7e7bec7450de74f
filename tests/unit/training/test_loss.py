"""A loss that skips what does not count is the loss that the whole logits give, and so is its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fimble.training import loss as under_test
from fimble.training.base import load_model, open_base
from fimble.training.finetune import adapted
from fimble.training.lessons import Lesson
from fimble.training.loss import batch_of, losses
from fimble.training.settings import Place
from tests.unit.training import taught

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """With an adapter that is not nothing any more."""
    import torch

    base = open_base(taught.source(tmp_path_factory.mktemp("model")))
    made = adapted(load_model(base.checkpoint, Place("cpu", is_bf16=False, name="")), taught.SETTINGS)
    torch.manual_seed(3)
    with torch.no_grad():
        for values in made.parameters():
            if values.requires_grad:
                values.normal_(0, 0.1)
    return made


def lesson(seed: int, size: int, num_judged: int = 4) -> Lesson:
    random = np.random.default_rng(seed)
    weights = random.choice(np.array([0.0, 0.3, 1.0], np.float32), size)
    weights[0] = 0.0
    return Lesson(random.integers(0, 500, size).astype(np.int32), weights, num_judged)


def gradients(model: Any, total: Any) -> dict[str, Any]:
    model.zero_grad()
    total.backward()
    return {name: v.grad.clone() for name, v in model.named_parameters() if v.grad is not None}


def test_it_and_its_gradient_are_those_of_the_whole_logits(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(under_test, "_CHUNK_POSITIONS", 7)
    batch = batch_of([lesson(1, 40)], "cpu")
    total, each = losses(model, batch, batch.weights > 0)
    found = gradients(model, total)
    logits = model(input_ids=batch.inputs).logits
    expected_each = torch.nn.functional.cross_entropy(logits[0], batch.targets[0], reduction="none")
    expected = (expected_each * batch.weights[0]).sum()
    assert float(total.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    assert torch.allclose(each, expected_each[batch.weights[0] > 0], atol=1e-4)
    for name, values in gradients(model, expected).items():
        assert torch.allclose(found[name], values, rtol=1e-3, atol=1e-4), name
    assert found


def test_filling_changes_nothing(model: Any) -> None:
    lessons = [lesson(1, 60), lesson(2, 9), lesson(3, 25)]
    together = batch_of(lessons, "cpu")
    total, _ = losses(model, together, together.weights > 0)
    alone = 0.0
    for one in lessons:
        batch = batch_of([one], "cpu")
        alone += float(losses(model, batch, batch.weights > 0)[0].detach())
    assert float(total.detach()) == pytest.approx(alone, rel=1e-5)


def test_the_judged_targets_are_the_last(model: Any) -> None:
    batch = batch_of([lesson(1, 12, num_judged=3), lesson(2, 6, num_judged=0), lesson(3, 5, num_judged=4)], "cpu")
    assert batch.judged.sum(1).tolist() == [3, 0, 4]
    assert batch.judged[0].nonzero().flatten().tolist() == [8, 9, 10]
    assert batch.targets[0, 8:11].tolist() == lesson(1, 12).tokens[-3:].tolist()


def test_an_encoder_decoder_reads_its_source_and_not_the_filling() -> None:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(1)
    sizes = {"vocab_size": 64, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    model = T5ForConditionalGeneration(T5Config(**sizes, dropout_rate=0.0, decoder_start_token_id=0)).eval()
    tokens = np.array([0, 5, 6, 7], np.int32)
    weights = np.array([0, 1, 1, 1], np.float32)
    one = Lesson(tokens, weights, 3, np.array([9, 8, 7, 6, 5], np.int32))
    other = Lesson(tokens, weights, 3, np.array([3], np.int32))
    values = []
    for lessons in ([one], [other], [one, other]):
        batch = batch_of(lessons, "cpu")
        values.append(float(losses(model, batch, batch.weights > 0)[0].detach()))
    assert values[0] != pytest.approx(values[1], rel=1e-4)
    assert values[2] == pytest.approx(values[0] + values[1], rel=1e-5)
    batch = batch_of([one], "cpu")
    labels = torch.from_numpy(tokens[None, 1:].astype(np.int64))
    theirs = model(input_ids=batch.source, labels=labels).loss  # shifts by itself, from the start token
    assert values[0] / 3 == pytest.approx(float(theirs.detach()), rel=1e-5)
