"""Which encoder is in use, and how another takes its place: the real entries, with tiny weights of either kind."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from fimble.engine.encoder import Encoder
from fimble.errors import ConfigError, DownloadFailed, ModelNotInstalled, WeightsError
from fimble.weights import encoder, store
from fimble.weights.entry import CatalogEntry, FolderSource, SourceFile
from tests.unit.engine import test_encoder as tiny_bert
from tests.unit.weights import test_mpnet as tiny_mpnet

MINILM, MPNET = "all-minilm-l6-v2", "all-mpnet-base-v2"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and entries whose bytes are tiny weights in folders of this disk."""
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    entries = {name: encoder.entry(name) for name in (MINILM, MPNET)}
    weights = {MINILM: save(tiny_bert.weights()), MPNET: save(tiny_mpnet.tensors())}
    tokenizers = {MINILM: tiny_bert.tokenizer(), MPNET: tiny_mpnet.tokenizer()}
    given = {
        name: offered(entry, tmp_path / name, weights[name], tokenizers[name].to_str().encode())
        for name, entry in entries.items()
    }
    monkeypatch.setattr(encoder, "entry", lambda name: given[name])
    monkeypatch.setattr("fimble.weights.forms.BlockInt8", lambda size: tiny_mpnet.FLOATS)
    monkeypatch.setattr("fimble.weights.recipe.recipe_for_cpu", lambda: None)
    return tmp_path / "home"


def offered(entry: CatalogEntry, folder: Path, weights: bytes, tokenizer: bytes) -> CatalogEntry:
    folder.mkdir()
    files = []
    for name, content in (("model.safetensors", weights), ("tokenizer.json", tokenizer)):
        (folder / name).write_bytes(content)
        files.append(SourceFile(name, len(content), hashlib.sha256(content).hexdigest()))
    return replace(entry, file=files[0], companions=tuple(files[1:]), sources=(FolderSource(str(folder)),))


def folders(home: Path) -> list[str]:
    return sorted(path.name.rsplit("-", 1)[0] for path in (home / "encoders").iterdir() if path.is_dir())


def test_every_entry_says_where_its_bytes_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert encoder.names() == [MINILM, MPNET]
    for name in encoder.names():
        found: CatalogEntry = encoder.entry(name)
        assert found.format == "safetensors" and found.companions[0].name == encoder.TOKENIZER
        assert encoder.folder(name).name == f"{name}-{encoder.fingerprint(name)}"
    assert encoder.fingerprint(MINILM) != encoder.fingerprint(MPNET)
    with pytest.raises(ConfigError, match="no encoder called 'word2vec'") as raised:
        encoder.entry("word2vec")
    assert MPNET in raised.value.hint


def test_without_a_choice_it_is_the_small_one(home: Path) -> None:
    with pytest.raises(ModelNotInstalled):
        encoder.installed()
    assert encoder.prepare() == encoder.installed() == encoder.folder(MINILM)
    assert encoder.chosen() == MINILM and folders(home) == [MINILM] and not (home / "encoders" / "chosen").exists()
    assert Encoder(encoder.installed(), 1).dimension == tiny_bert.HIDDEN


def test_another_takes_its_place_and_stays(home: Path) -> None:
    before = encoder.prepare()
    found = encoder.prepare(name=MPNET)
    assert found == encoder.installed() == encoder.folder() and encoder.chosen() == MPNET
    assert folders(home) == [MPNET] and not before.exists()
    vector = Encoder(found, 1).embed(["read file"])[0]
    assert vector == pytest.approx(tiny_mpnet.expected("read file"), abs=1e-4)
    assert encoder.prepare() == found, "a later set-up without a name leaves it"
    assert encoder.prepare(name=MINILM) == before and encoder.chosen() == MINILM and folders(home) == [MINILM]


def test_one_that_cannot_be_had_changes_nothing(home: Path, tmp_path: Path) -> None:
    before = encoder.prepare()
    (tmp_path / MPNET / "model.safetensors").unlink()
    with pytest.raises(DownloadFailed):
        encoder.prepare(name=MPNET)
    assert encoder.installed() == before and encoder.chosen() == MINILM and folders(home) == [MINILM]


def test_weights_that_cannot_be_read_change_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = encoder.prepare()
    broken = offered(encoder.entry(MPNET), tmp_path / "broken", b"no safetensors", b"{}")
    whole = encoder.entry(MINILM)
    monkeypatch.setattr(encoder, "entry", lambda name: broken if name == MPNET else whole)
    with pytest.raises(WeightsError, match="cannot be read"):
        encoder.prepare(name=MPNET)
    assert before.exists() and not (home / "encoders" / "chosen").exists()
    assert [path.name for path in (home / "encoders").iterdir()] == [before.name]


@pytest.mark.parametrize("content", [b"", b"word2vec\n", b"\xff\xfe", b"../../etc"])
def test_a_choice_that_means_nothing_is_none(home: Path, content: bytes) -> None:
    (home / "encoders").mkdir(parents=True)
    (home / "encoders" / encoder.CHOSEN).write_bytes(content)
    assert encoder.chosen() == MINILM


def test_an_adapter_is_of_the_small_one_alone(home: Path) -> None:
    without = {name: encoder.fingerprint(name) for name in (MINILM, MPNET)}
    adapter = {"ln.w": np.full(tiny_bert.HIDDEN, 2, np.float16)}
    (home / "encoders").mkdir(parents=True)
    (home / "encoders" / encoder.ADAPTER).write_bytes(save(adapter))
    assert encoder.fingerprint(MINILM) != without[MINILM] and encoder.fingerprint(MPNET) == without[MPNET]
    taught = Encoder(encoder.prepare(), 1).embed(["read the file"])[0]
    (home / "encoders" / encoder.ADAPTER).write_bytes(b"?")
    with pytest.raises(WeightsError, match="adapter cannot be read"):
        encoder.prepare()
    encoder.prepare(name=MPNET)
    (home / "encoders" / encoder.ADAPTER).unlink()
    plain = Encoder(encoder.prepare(name=MINILM), 1).embed(["read the file"])[0]
    assert np.linalg.norm(taught - plain) > 0.01
    assert store.source_folder(encoder.entry(MINILM).file.sha256).is_dir()
