"""From files to an adapter: it learns, it stops, it says what it lacks, and its tensors mean what the contract says."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fimble.errors import NothingToLearn, TrainingError, TrainingUnavailable
from fimble.training.base import load_model, open_base
from fimble.training.finetune import Finetuned, adapted, finetune, lessons_in
from fimble.training.fit import fit
from fimble.training.parts import canonical
from fimble.training.progress import Phase, Progress
from fimble.training.records import Split, write_examples
from fimble.training.settings import PARTS, Place, Settings, place_of
from fimble.weights.architecture import Float32
from tests.unit import tiny
from tests.unit.training import taught

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = Place("cpu", is_bf16=False, name="CPU")


@dataclasses.dataclass(frozen=True)
class Run:
    folder: Path
    result: Finetuned
    told: list[Progress]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two epochs on the tiny model."""
    folder, told = tmp_path_factory.mktemp("run"), list[Progress]()
    settings = taught.settings(num_epochs=2, num_validations=4)
    result = finetune(taught.source(folder), taught.dataset(folder), settings, folder / "out", told.append)
    return Run(folder, result, told)


def test_the_loss_of_what_was_held_out_falls(run: Run) -> None:
    result = run.result
    assert result.best_loss < result.base_loss - 1
    assert result.validation_losses[0] == (0, result.base_loss)
    assert min(loss for _, loss in result.validation_losses) == result.best_loss
    assert result.train_losses[-1][1] < result.train_losses[0][1] - 1
    assert (result.stopped_why, result.num_steps, result.has_gained) == ("finished", 28, True)


def test_progress_tells_what_a_person_wants_to_know(run: Run) -> None:
    training = [progress for progress in run.told if progress.phase is Phase.TRAINING]
    assert [progress.step for progress in training] == list(range(1, 29))
    last = training[-1]
    assert last.num_steps == 28
    assert last.loss is not None and last.validation_loss is not None and last.seconds_left is not None
    assert last.tokens_per_second > 0
    assert run.told[-1].phase is Phase.DONE


def test_tensorboard_reads_the_logs(run: Run) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.folder / "out" / "logs"))
    events.Reload()
    assert {"train/loss", "train/learning_rate", "eval/loss"} <= set(events.Tags()["scalars"])
    assert len(events.Scalars("train/loss")) == 28


def test_the_curves_are_drawn(run: Run) -> None:
    text = run.result.curves.read_text()
    assert text.startswith("<svg ") and "validation" in text and "http" not in text.split("<defs>")[1]


def test_the_tensors_are_the_contracts(run: Run) -> None:
    size = open_base(run.folder / "model.gguf").checkpoint.dimensions
    widths = {"q": size.num_heads * size.head_dim, "k": size.num_kv_heads * size.head_dim, "o": size.hidden}
    assert set(run.result.tensors) == {
        f"layers.{layer}.{name}"
        for layer in range(size.num_layers)
        for name in (
            *(f"{part}.{matrix}" for part in taught.SETTINGS.parts for matrix in "ab"),
            "attn_norm",
            "ffn_norm",
        )
    }
    for part, rows in widths.items():
        assert run.result.tensors[f"layers.0.{part}.b"].shape == (rows, taught.SETTINGS.rank)
    assert run.result.tensors["layers.0.down.a"].shape == (taught.SETTINGS.rank, size.ffn)
    assert all(values.dtype == np.float32 for values in run.result.tensors.values())


@pytest.mark.parametrize("case", ["qwen2", "llama3"])
def test_base_and_tensors_together_answer_like_the_trained_model(case: str, tmp_path: Path) -> None:
    """The adapter folded into the base's matrices by the contract's rule, on all parts."""
    import torch

    base = open_base(tiny.write_gguf(tiny.CASES[case], tmp_path / "model.gguf"))
    settings = taught.settings(parts=PARTS, rank=3, alpha=7.5)
    model = adapted(load_model(base.checkpoint, CPU), settings)
    torch.manual_seed(5)
    with torch.no_grad():
        for values in model.parameters():
            if values.requires_grad:
                values.normal_(0, 0.2)
    trained = {name: values for name, values in model.named_parameters() if values.requires_grad}
    tensors = canonical(trained, settings.alpha / settings.rank)
    folded = load_model(base.checkpoint, CPU)
    for name, values in tensors.items():
        if name.endswith(".a"):
            _fold(folded, name, values, tensors[name.removesuffix("a") + "b"])
    tokens = torch.arange(4, 50)[None]
    with torch.no_grad():
        expected, found = model(input_ids=tokens).logits, folded(input_ids=tokens).logits
        plain = load_model(base.checkpoint, CPU)(input_ids=tokens).logits
    assert (expected - found).abs().max() < 1e-3 * expected.abs().max()
    assert (expected - plain).abs().max() > 0.1 * expected.abs().max()


def _fold(model: Any, name: str, a: Float32, b: Float32) -> None:
    import torch

    _, layer, part, _ = name.split(".")
    block = model.model.layers[int(layer)]
    matrix = getattr(block.self_attn if part in "qkvo" else block.mlp, f"{part}_proj").weight
    with torch.no_grad():
        matrix += torch.from_numpy(b @ a)


def test_without_a_gain_it_stops_and_is_the_base_again(tmp_path: Path) -> None:
    """A rate at which nothing can be learned."""
    settings = taught.settings(learning_rate=1e-9, num_epochs=3, num_validations=12, patience=2)
    result = finetune(taught.source(tmp_path), taught.dataset(tmp_path), settings, tmp_path / "out")
    assert (result.stopped_why, result.has_gained) == ("no gain", False)
    assert result.num_steps < 42
    assert all((values == 0).all() for name, values in result.tensors.items() if name.endswith(".b"))


def test_the_best_validation_is_kept_and_not_the_last(tmp_path: Path) -> None:
    """The rate is far too high for long: what came late is worse than what was there before."""
    settings = taught.settings(learning_rate=0.3, warmup=0.5, num_epochs=2, num_validations=14, patience=0)
    result = finetune(taught.source(tmp_path), taught.dataset(tmp_path), settings, tmp_path / "out")
    losses = dict(result.validation_losses)
    assert result.best_loss == min(losses.values()) < losses[max(losses)]
    assert losses[result.best_step] == result.best_loss


def test_a_time_limit_ends_it_with_a_whole_result(tmp_path: Path) -> None:
    settings = taught.settings(num_epochs=500, max_minutes=0.05)
    result = finetune(taught.source(tmp_path), taught.dataset(tmp_path), settings, tmp_path / "out")
    assert result.stopped_why == "time"
    assert 0 < result.num_steps < 500 * 14
    assert result.validation_losses[-1][0] == result.num_steps


def test_a_run_that_diverges_keeps_what_was_good(tmp_path: Path) -> None:
    settings = taught.settings(learning_rate=1e25, warmup=0.0)
    result = finetune(taught.source(tmp_path), taught.dataset(tmp_path), settings, tmp_path / "out")
    assert result.stopped_why == "diverged"
    assert all(np.isfinite(values).all() for values in result.tensors.values())


def test_bf16_learns_the_same(tmp_path: Path, run: Run) -> None:
    settings = taught.settings(num_epochs=2, num_validations=4, bf16=True)
    result = finetune(run.folder / "model.gguf", run.folder / "data", settings, tmp_path)
    assert result.best_loss == pytest.approx(run.result.best_loss, abs=0.15)


def test_nothing_to_train_on_is_said(tmp_path: Path) -> None:
    write_examples(tmp_path / "data", [e for e in taught.examples() if e.split is Split.VALIDATION])
    with pytest.raises(NothingToLearn, match="nothing to train on"):
        finetune(taught.source(tmp_path), tmp_path / "data", taught.SETTINGS, tmp_path / "out")


def test_without_validation_examples_the_last_step_is_kept(tmp_path: Path) -> None:
    write_examples(tmp_path / "data", [e for e in taught.examples(24) if e.split is Split.TRAIN])
    result = finetune(taught.source(tmp_path), tmp_path / "data", taught.SETTINGS, tmp_path / "out")
    assert (result.validation_losses, result.best_step) == ((), result.num_steps)
    assert np.abs(result.tensors["layers.0.q.b"]).max() > 0


def test_an_encoder_decoder_is_fitted_whole(tmp_path: Path) -> None:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    from fimble.training.lessons import Lesson

    torch.manual_seed(1)
    sizes = {"vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 1, "num_heads": 4}
    model = T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0))
    random = np.random.default_rng(1)

    def lesson() -> Lesson:
        source = random.integers(2, 64, 6).astype(np.int32)
        tokens = np.array([0, source[0], source[0], 1], np.int32)
        return Lesson(tokens, np.array([0, 1, 1, 1], np.float32), 3, source)

    lessons = [lesson() for _ in range(200)]
    settings = taught.settings(learning_rate=1e-2, batch=16, num_epochs=6)
    fitted = fit(model, lessons[:160], lessons[160:], settings, tmp_path, base="t5")
    assert fitted.best_loss < fitted.base_loss - 1
    assert fitted.best_step > 0


@pytest.mark.parametrize(
    "values",
    [
        {"rank": 0},
        {"parts": ()},
        {"parts": ("q", "q")},
        {"parts": ("head",)},
        {"learning_rate": float("nan")},
        {"max_tokens": 10},
        {"device": "tpu"},
        {"max_minutes": -1.0},
        {"lead_share": 2.0},
    ],
    ids=json.dumps,
)
def test_settings_without_a_meaning_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(TrainingError):
        Settings(**values)


def test_a_gpu_that_is_not_there_is_said() -> None:
    import torch

    if torch.cuda.is_available():
        assert place_of(Settings(device="cuda")).device == "cuda"
    else:
        with pytest.raises(TrainingError, match="no CUDA device"):
            place_of(Settings(device="cuda"))


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrainingUnavailable, match=r"the extra `train`"):
        place_of(Settings())


@pytest.mark.parametrize(("before", "after"), [("", "passive"), ("active", "active")])
def test_threads_wait_without_spinning_unless_the_person_wants_it(before: str, after: str) -> None:
    """OpenMP reads it when torch is loaded, so it must be there before."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    script = (
        "import os, sys; from fimble.training import settings; settings.require = lambda name: None;"
        "assert 'torch' not in sys.modules; sys.modules['torch'] = None\n"
        "try: settings.place_of(settings.Settings())\n"
        "except ImportError: print(os.environ['OMP_WAIT_POLICY'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | ({"OMP_WAIT_POLICY": before} if before else {}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == after


def test_naming_the_rooms_loads_no_torch() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, fimble.training.finetune, fimble.training.trials; print(*{'torch', 'transformers', 'peft',"
            " 'optuna', 'matplotlib'} & set(sys.modules))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""


def test_validations_that_would_take_all_the_time_measure_fewer_examples(tmp_path: Path) -> None:
    """Each time the same ones, also after it was interrupted."""
    from fimble.training.journal import Journal

    base = open_base(taught.source(tmp_path))
    lessons, validation = lessons_in(taught.dataset(tmp_path, 200), base, taught.SETTINGS, tmp_path)
    settings = taught.settings(num_epochs=500, max_minutes=0.0001, num_validation=25)
    model = adapted(load_model(base.checkpoint, CPU), settings)
    fit(model, lessons, validation, settings, tmp_path / "out", base="tiny")
    (folder,) = (tmp_path / "out" / "checkpoints").glob("checkpoint-*")
    places = Journal.load(folder).validated_places
    assert 0 < len(places) < 25
