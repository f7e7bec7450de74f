"""A model from nothing, where things go wrong: nothing half-made is served, and a person is told what to do.

The right road is walked by ``tests/e2e/test_tiny_road.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tokenizers
import torch

from fimble.engine.tokenizer import Tokenizer
from fimble.errors import (
    ConfigError,
    NothingToLearn,
    TrainingError,
    TrainingUnavailable,
    VerificationFailed,
)
from fimble.training import release as release_module
from fimble.training.configuration import Configuration, ModelKind, read_configuration
from fimble.training.decoder import new_decoder
from fimble.training.records import Example, Kind, Split, write_examples
from fimble.training.release import check_name, release
from fimble.training.seq2seq import new_encoder_decoder
from fimble.training.sequences import Teacher
from fimble.training.vocabulary import train_tokenizer
from fimble.training.zero import train_from_config
from fimble.weights import catalog, manifest, store
from fimble.weights.catalog import FolderSource
from fimble.weights.verify import VerificationReport, verify

SIZES = """
layers = 1
hidden = 32
heads = 2
feed_forward = 64
vocabulary = 320
context = 128
epochs = 2
batch = 4
learning_rate = 0.003
"""
TEXT = "".join(f"def add_{number}(left, right):\n    return left + right + {number}\n\n\n" for number in range(12))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The matrices are small: more threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def configured(folder: Path, kind: ModelKind = ModelKind.DECODER, name: str = "mine", **changes: str) -> Path:
    text = f'name = "{name}"\nkind = "{kind}"\n{SIZES}'
    for key, value in changes.items():
        (line,) = (line for line in text.splitlines() if line.startswith(key))
        text = text.replace(line, f"{key} = {value}")
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def examples(kind: Kind = Kind.FIM) -> Iterator[Example]:
    for number in range(24):
        place = TEXT.index("left +", (number % 12) * 40)
        split = Split.VALIDATION if number % 4 == 3 else Split.TRAIN
        yield Example(
            kind, split, f"{number}.py", "python", "line", TEXT[:place], TEXT[place + 4 :], TEXT[place : place + 4]
        )


def dataset(folder: Path, kind: Kind = Kind.FIM) -> Path:
    write_examples(folder, examples(kind))
    return folder


def no_gather(repository: Path, out: Path) -> None:
    raise AssertionError("asked to read a repository")


def nothing_is_served(home: Path) -> bool:
    return not any((home / "models").glob("*/*/*")) and not any((home / "catalogue").glob("*"))


# Bad input


def test_an_example_of_its_own_split_falls_to_a_served_model(tmp_path: Path, home: Path) -> None:
    """The whole road once, on lessons of no use: what is asked for is what is left."""
    out = tmp_path / "out"
    path, data = configured(tmp_path, epochs="20", learning_rate="0.01"), dataset(tmp_path / "data")
    trained = train_from_config(path, data, out, no_gather)
    assert trained.loss < trained.untrained_loss
    assert trained.num_examples == 18
    entry = catalog.find("mine")
    assert entry.sources == (FolderSource(str((out / "model").resolve())),)
    assert entry.parameters == trained.num_parameters
    assert store.inspect("mine", trained.release.precision, read_all=True).state is store.State.OK
    assert {path.name for path in out.iterdir()} == {"configuration.toml", "run", "model", "tokenizer.json"}
    before = (out / "model" / "model.safetensors").stat().st_mtime_ns
    (home / "catalogue" / "mine.toml").unlink()
    again = train_from_config(path, data, out, no_gather)
    assert catalog.find("mine") == entry
    assert (again.loss, again.num_tokens) == (trained.loss, trained.num_tokens)
    assert (out / "model" / "model.safetensors").stat().st_mtime_ns == before


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, home: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(TrainingError, match="holds something else"):
        train_from_config(configured(tmp_path), dataset(tmp_path / "data"), out, no_gather)
    (out / "configuration.toml").write_text("another")
    with pytest.raises(TrainingError, match="holds something else"):
        train_from_config(configured(tmp_path), dataset(tmp_path / "data"), out, no_gather)
    with pytest.raises(TrainingError, match="holds something else"):
        train_from_config(configured(tmp_path), dataset(tmp_path / "data"), out / "thesis.txt", no_gather)
    assert sorted(path.name for path in out.iterdir()) == ["configuration.toml", "thesis.txt"]
    assert nothing_is_served(home)


def test_examples_of_another_repository_are_not_taken_for_this_ones(tmp_path: Path, home: Path) -> None:
    path, out = configured(tmp_path), tmp_path / "out"
    (tmp_path / "ours").mkdir()
    card = {"format": "fimble-dataset/1", "repository": "theirs"}
    (dataset(out / "dataset") / "card.json").write_text(json.dumps(card))
    (out / "configuration.toml").write_bytes(path.read_bytes())
    with pytest.raises(TrainingError, match="examples of theirs"):
        train_from_config(path, tmp_path / "ours", out, no_gather)
    assert nothing_is_served(home)


def test_without_data_there_is_nothing_to_learn(tmp_path: Path, home: Path) -> None:
    path = configured(tmp_path)
    with pytest.raises(TrainingError, match="nothing to train on"):
        train_from_config(path, None, tmp_path / "a", no_gather)
    with pytest.raises(TrainingError, match="is no folder"):
        train_from_config(path, tmp_path / "absent", tmp_path / "b", no_gather)
    with pytest.raises(NothingToLearn, match="0 holes to learn from and 0"):
        train_from_config(path, dataset(tmp_path / "edits", Kind.EDIT), tmp_path / "c", no_gather)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "train.jsonl").write_text("{\n")
    with pytest.raises(TrainingError, match=r"train\.jsonl cannot be read"):
        train_from_config(path, tmp_path / "broken", tmp_path / "d", no_gather)
    assert nothing_is_served(home)


def test_a_repository_is_gathered_whole_or_not_at_all(tmp_path: Path) -> None:
    def fails(repository: Path, folder: Path) -> None:
        (folder / "train.jsonl").write_text("half")
        raise NothingToLearn("It is empty.")

    (tmp_path / "repository").mkdir()
    with pytest.raises(NothingToLearn):
        train_from_config(configured(tmp_path), tmp_path / "repository", tmp_path / "out", fails)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["configuration.toml"]


@pytest.mark.parametrize("missing", ["torch", "transformers", "accelerate"])
def test_what_is_not_installed_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: None if name == missing else object())
    with pytest.raises(TrainingUnavailable, match=missing) as failure:
        train_from_config(configured(tmp_path), dataset(tmp_path / "data"), tmp_path / "out", no_gather)
    assert "the extra `train`" in failure.value.hint
    assert not (tmp_path / "out").exists()


def test_an_encoder_decoder_is_not_trained_where_it_cannot_be_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_module, "can_export", lambda: False)
    path = configured(tmp_path, ModelKind.ENCODER_DECODER)
    with pytest.raises(TrainingUnavailable, match="optimum") as failure:
        train_from_config(path, dataset(tmp_path / "data"), tmp_path / "out", no_gather)
    assert ".[cpu,train,export]" in failure.value.hint
    assert not (tmp_path / "out").exists()


def test_a_name_of_the_catalogue_is_not_taken(home: Path) -> None:
    with pytest.raises(TrainingError, match="not trained here"):
        check_name("qwen2.5-coder-0.5b-instruct")
    (home / "catalogue").mkdir(parents=True)
    (home / "catalogue" / "mine.toml").write_text("name = 3")
    with pytest.raises(ConfigError):
        check_name("mine")


def test_a_model_that_learned_nothing_is_not_served(tmp_path: Path, home: Path) -> None:
    path = configured(tmp_path, learning_rate="1e-7", epochs="1")
    with pytest.raises(TrainingError, match="learned nothing"):
        train_from_config(path, dataset(tmp_path / "data"), tmp_path / "out", no_gather)
    assert not (tmp_path / "out" / "model").exists()
    assert nothing_is_served(home)


def test_a_model_that_is_sure_of_nothing_is_not_served(tmp_path: Path, home: Path) -> None:
    path = configured(tmp_path, epochs="2")
    with pytest.raises(TrainingError, match="sure of nothing") as failure:
        train_from_config(path, dataset(tmp_path / "data"), tmp_path / "out", no_gather)
    assert "epochs" in failure.value.hint
    assert nothing_is_served(home)


# Export


@pytest.fixture(params=list(ModelKind))
def kind(request: pytest.FixtureRequest) -> ModelKind:
    return ModelKind(request.param)


@pytest.fixture
def trained(kind: ModelKind, tmp_path: Path) -> tuple[Configuration, Path, list[tuple[int, ...]]]:
    """A random model as training leaves it, and prompts for it."""
    return checkpoint(kind, tmp_path, 1)


def checkpoint(kind: ModelKind, folder: Path, seed: int) -> tuple[Configuration, Path, list[tuple[int, ...]]]:
    configuration = read_configuration(configured(folder, kind))
    source = folder / f"model-{seed}"
    source.mkdir()
    train_tokenizer([TEXT], configuration.vocabulary, kind).save(str(source / "tokenizer.json"))
    tokenizer = Tokenizer(source / "tokenizer.json")
    num_tokens = tokenizers.Tokenizer.from_file(str(source / "tokenizer.json")).get_vocab_size()
    torch.manual_seed(seed)
    make = new_decoder if kind is ModelKind.DECODER else new_encoder_decoder
    model = make(configuration, tokenizer, num_tokens)
    with torch.no_grad():
        for values in model.parameters():
            values.mul_(3.0)  # sharp enough that next tokens are no near ties
    model.save_pretrained(source)
    teacher = Teacher(kind, tokenizer, configuration.context)
    return configuration, source, [teacher.prompt(example) for example in examples()][:4]


def test_a_release_is_served_and_replaces_the_last_one(
    trained: tuple[Configuration, Path, list[tuple[int, ...]]], tmp_path: Path, kind: ModelKind
) -> None:
    configuration, source, prompts = trained
    first = release(configuration, source, prompts, 1000)
    assert first.report.passed
    assert manifest.load_installed(first.folder).verification["num_positions"] == 64
    check_name(configuration.name)
    stale = store.model_folder("mine", "fp16")
    stale.mkdir()
    configuration, source, prompts = checkpoint(kind, tmp_path, 2)
    second = release(configuration, source, prompts, 1000)
    assert not stale.exists()
    found = manifest.load_installed(second.folder).source_sha256
    assert found == catalog.find("mine").file.sha256 == manifest.record_of(source / "model.safetensors").sha256


def test_an_interrupted_export_leaves_what_was_served(
    trained: tuple[Configuration, Path, list[tuple[int, ...]]],
    tmp_path: Path,
    kind: ModelKind,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configuration, source, prompts = trained
    first = release(configuration, source, prompts, 1000)
    entry = (home / "catalogue" / "mine.toml").read_bytes()
    files = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    later = checkpoint(kind, tmp_path, 2)

    def interrupted(*_: object) -> VerificationReport:
        raise KeyboardInterrupt

    monkeypatch.setattr(release_module, "verify", interrupted)
    with pytest.raises(KeyboardInterrupt):
        release(*later, 1000)
    assert [path.name for path in (home / "models" / "mine").iterdir()] == [first.precision]
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == files
    assert (home / "catalogue" / "mine.toml").read_bytes() == entry


def test_a_model_that_answers_otherwise_is_not_served(
    trained: tuple[Configuration, Path, list[tuple[int, ...]]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reference answers of other weights: no form of the model can agree with them."""
    configuration, source, prompts = trained
    honest = release_module._references

    def lying(*arguments: object) -> list[object]:
        made = honest(*arguments)  # type: ignore[arg-type]
        return [replace(one, top_ids=tuple((*ids[1:], ids[0]) for ids in one.top_ids)) for one in made]

    monkeypatch.setattr(release_module, "_references", lying)
    with pytest.raises(VerificationFailed):
        release(configuration, source, prompts, 1000)
    assert nothing_is_served(home)


def test_a_decoder_that_does_not_bear_8_bits_is_served_in_floats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration, source, prompts = checkpoint(ModelKind.DECODER, tmp_path, 1)
    honest, said = verify, list[str]()

    def strict(*arguments: object) -> VerificationReport:
        report = honest(*arguments)  # type: ignore[arg-type]
        if report.divergence > 1e-6:
            raise VerificationFailed("Not the same.")
        return report

    monkeypatch.setattr(release_module, "verify", strict)
    made = release(configuration, source, prompts, 1000, said.append)
    assert made.precision == "fp32"
    assert [path.name for path in made.folder.parent.iterdir()] == ["fp32"]
    assert sum("A more exact form is tried" in one for one in said) >= 1
