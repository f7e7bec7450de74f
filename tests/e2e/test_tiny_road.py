"""The whole road of a model from nothing, on one that is tiny: a repository in, a completion in the editor out.

Nothing stands in for anything: the commands that a person runs, the server that an editor starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fimble.cli.wiring import load_engine
from fimble.config import Config
from fimble.engine.base import GenerateRequest
from fimble.engine.tokenizer import Tokenizer
from fimble.training.configuration import ModelKind, read_configuration
from fimble.training.lessons import Lesson
from fimble.training.loss import batch_of, losses
from fimble.training.records import Kind, Split, read_examples
from fimble.training.sequences import Teacher
from fimble.weights import manifest, store
from fimble.weights.export import can_export
from tests.e2e.editor import REAL_SERVER, ROOT, Editor
from tests.unit.training.made_repository import write_repository

TEXT = '''"""Everything about one bicycle: how it is read, changed and logged."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from shop.store import Missing, Store

log = logging.getLogger(__name__)


def set_status(store: Store, key: int, status: str) -> Bicycle:
    """Change the status of one bicycle and write it to the log."""
    found = store.
    if found is None:
        raise Missing("bicycle", key)
    changed = replace(found, status=status)
    store.put(key, changed)
    return changed
'''
"""A file that the repository does not have, of the kind that it has 25 of."""
LINE, COLUMN = 14, 18
IDIOM = "find(key)"
MAX_DIFFERENCE = {ModelKind.DECODER: 0.1, ModelKind.ENCODER_DECODER: 1e-3}
"""In nats a token, between torch and what is served: the decoder is in 8 bits."""


@dataclass(frozen=True)
class Road:
    """What the commands left."""

    kind: ModelKind
    name: str
    dataset: Path
    out: Path
    home: Path
    told: dict[str, Any]
    """What ``fimble train --json`` printed."""

    @property
    def environ(self) -> dict[str, str]:
        """``thorough`` draws as many answers as there is time for, which is not the same everywhere."""
        own = {"FIMBLE_HOME": str(self.home), "FIMBLE_RECORD_ACCEPTANCE": "0"}
        return {**own, "FIMBLE_MODEL": self.name, "FIMBLE_PROVIDER": "cpu", "FIMBLE_THOROUGH": "0"}


def fimble(home: Path, *arguments: str, **environ: str) -> str:
    """Run a command as a person does. Returns what it printed."""
    own = {"PYTHONPATH": str(ROOT / "server"), "FIMBLE_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "fimble", *arguments],
        env={**os.environ, **own, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def dataset(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("road")
    repository = write_repository(folder / "repository")
    fimble(home, "dataset", str(repository), "--out", str(folder / "dataset"))
    return folder / "dataset"


@pytest.fixture(scope="module", params=list(ModelKind))
def road(request: pytest.FixtureRequest, home: Path, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Road:
    """The shipped configuration of each kind, trained once."""
    kind = ModelKind(request.param)
    if kind is ModelKind.ENCODER_DECODER and not can_export():
        pytest.skip("optimum is not installed")
    out = tmp_path_factory.mktemp("trained") / "out"
    configuration = ROOT / "models" / "tiny" / f"{kind}.toml"
    told = fimble(home, "train", str(dataset), "--from-config", str(configuration), "--out", str(out), "--json")
    return Road(kind, f"tiny-{kind}", dataset, out, home, json.loads(told))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The matrices are small: more threads would wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def served(road: Road, monkeypatch: pytest.MonkeyPatch) -> Road:
    """The road, with this process looking where the model lies."""
    for key, value in road.environ.items():
        monkeypatch.setenv(key, value)
    return road


def teacher_of(road: Road) -> Teacher:
    context = read_configuration(road.out / "configuration.toml").context
    return Teacher(road.kind, Tokenizer(road.out / "model" / "tokenizer.json"), context)


def torch_model(road: Road) -> Any:
    from fimble.training.decoder import open_decoder
    from fimble.training.seq2seq import open_encoder_decoder

    opened = open_decoder if road.kind is ModelKind.DECODER else open_encoder_decoder
    return opened(road.out / "model")


def torch_loss(model: Any, lesson: Lesson) -> float:
    """Nats a token of the hole."""
    import torch

    batch = batch_of([lesson], "cpu")
    with torch.inference_mode():
        _, each = losses(model, batch, batch.judged)
    return float(each.mean())


def test_the_dataset_holds_code_and_docstrings(dataset: Path) -> None:
    kinds = {example.kind for example in read_examples(dataset, Split.TRAIN)}
    assert {Kind.FIM, Kind.COMMENT_TO_CODE, Kind.CODE_TO_DOCSTRING} <= kinds


def test_the_vocabulary_is_the_repositorys_own(road: Road) -> None:
    tokenizer = Tokenizer(road.out / "model" / "tokenizer.json")
    assert tokenizer.vocabulary.text_bytes(tokenizer.encode(TEXT)).decode() == TEXT
    assert len(tokenizer.encode("    found = store.find(key)\n")) <= 9
    assert len(tokenizer.encode("从一行数据读取")) < len("从一行数据读取")


def test_what_was_held_out_is_foretold_better_than_before(road: Road) -> None:
    assert road.told["loss"] < road.told["untrained_loss"] - 1
    model = torch_model(road)
    lessons = teacher_of(road).lessons(read_examples(road.dataset, Split.VALIDATION))[:64]
    tokens = [lesson.num_judged for lesson in lessons]
    mean = sum(torch_loss(model, lesson) * num for lesson, num in zip(lessons, tokens, strict=True)) / sum(tokens)
    assert mean == pytest.approx(road.told["loss"], abs=0.5)  # those of one sample, and of another


def test_what_is_served_says_what_torch_says(served: Road) -> None:
    """Every token of 20 holes that nobody trained on or stopped by, through the engine and through torch."""
    examples = [one for one in read_examples(served.dataset, Split.TEST) if one.kind is not Kind.EDIT][:20]
    assert len(examples) == 20
    teacher, model = teacher_of(served), torch_model(served)
    loaded = load_engine(Config(model=served.name, provider="cpu"))
    differences = []
    for example, lesson in zip(examples, teacher.lessons(examples), strict=True):
        answer = [int(token) for token in lesson.tokens[-lesson.num_judged :]]
        logprobs = loaded.engine.logprobs(teacher.prompt(example), answer)
        differences.append(abs(-sum(logprobs) / len(answer) - torch_loss(model, lesson)))
    assert max(differences) < MAX_DIFFERENCE[served.kind]
    tokens = list(loaded.engine.generate(GenerateRequest(teacher.prompt(examples[0]), 8)))
    assert len(tokens) == 8
    loaded.engine.close()


def test_the_model_lies_whole_in_its_folder_and_was_compared(served: Road) -> None:
    (precision,) = (path.name for path in (served.home / "models" / served.name).iterdir())
    found = store.inspect(served.name, precision, read_all=True)
    assert found.state is store.State.OK, found.problem
    verification = manifest.read(found.folder).verification
    assert verification["agreement"] >= 0.95
    assert verification["divergence"] < 0.005
    assert verification["num_positions"] > 100
    assert served.name in fimble(served.home, "models", "--json")


def test_the_command_line_completes_the_idiom(served: Road, tmp_path: Path) -> None:
    file = tmp_path / "bicycle.py"
    file.write_text(TEXT, encoding="utf-8")
    place = f"{file}:{LINE + 1}:{COLUMN + 1}"
    answer = json.loads(fimble(served.home, "complete", place, "--json", **served.environ))
    assert (answer["text"], answer["model"]) == (IDIOM, served.name)


def test_an_editor_is_given_the_idiom_and_keeps_it_while_it_is_typed(served: Road) -> None:
    with Editor("--log-level", "info", command=REAL_SERVER, environ=served.environ) as editor:
        editor.start()
        editor.open(TEXT)
        (item, *_) = editor.complete(LINE, COLUMN, invoked=True)
        assert item["insertText"] == IDIOM
        lines = TEXT.split("\n")
        lines[LINE] += "fi"
        editor.change(2, {"text": "\n".join(lines)})
        (item, *_) = editor.complete(LINE, COLUMN + 2, invoked=True)
        assert item["insertText"] == IDIOM.removeprefix("fi")
        assert editor.shut_down() == 0
