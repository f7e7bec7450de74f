"""The format of an adapter: what is written is read, and whatever is damaged or foreign is refused in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from fimble.errors import AdapterInvalid, WeightsError
from fimble.weights import adapter, disk, locks
from fimble.weights.adapter import ABOUT, TENSORS, in_memory, read_adapter, write_adapter
from fimble.weights.digest import sha256_of
from tests.unit import adapters, tiny


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an adapter lies."""
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    place = tmp_path / "adapters" / adapters.about().id
    write_adapter(place, adapters.about(), adapters.tensors(tiny.QWEN2))
    return place


def change(folder: Path, **values: Any) -> None:
    path = folder / ABOUT
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def rewrite(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Other tensors, with a digest that fits them."""
    values = dict(load_file(folder / TENSORS))
    edit(values)
    save_file(values, folder / TENSORS)
    change(folder, sha256=sha256_of(folder / TENSORS))


def test_what_is_written_is_read(folder: Path) -> None:
    found = read_adapter(folder)
    expected = adapters.tensors(tiny.QWEN2)
    assert found.about == replace(adapters.about(), sha256=sha256_of(folder / TENSORS))
    assert found.tensors.keys() == expected.keys()
    assert all(np.array_equal(found.tensors[name], values) for name, values in expected.items())
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


def test_the_fingerprint_is_that_of_the_tensors(folder: Path) -> None:
    before = read_adapter(folder).fingerprint
    write_adapter(folder, adapters.about(), adapters.tensors(tiny.QWEN2))
    assert read_adapter(folder).fingerprint == before
    assert in_memory(adapters.about(), adapters.tensors(tiny.QWEN2)).fingerprint
    write_adapter(folder, adapters.about(), adapters.tensors(tiny.QWEN2, seed=6))
    assert read_adapter(folder).fingerprint != before


def test_a_write_that_fails_leaves_the_old_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_adapter(folder).fingerprint

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "sync", full)
    with pytest.raises(WeightsError, match="ran full"):
        write_adapter(folder, adapters.about(), adapters.tensors(tiny.QWEN2, seed=6))
    assert read_adapter(folder).fingerprint == before
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


def test_two_do_not_write_at_once(folder: Path) -> None:
    with locks.held(adapter.lock_of(folder), lambda _: None, wait=False), pytest.raises(WeightsError, match="Another"):
        write_adapter(folder, adapters.about(), adapters.tensors(tiny.QWEN2))


def test_numbers_that_mean_nothing_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    place, values = tmp_path / "adapters" / "x", adapters.tensors(tiny.QWEN2)
    values["layers.0.q.a"][0, 0] = np.nan
    with pytest.raises(AdapterInvalid, match=r"layers\.0\.q\.a"):
        write_adapter(place, adapters.about(), values)
    with pytest.raises(AdapterInvalid, match="a figure is no number"):
        write_adapter(place, adapters.about(figures={"loss": float("nan")}), adapters.tensors(tiny.QWEN2))
    assert not place.exists()
    assert not list(place.parent.iterdir())


HARMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing there": (lambda folder: (folder / ABOUT).unlink(), "adapter.json cannot be used"),
    "no tensors": (lambda folder: (folder / TENSORS).unlink(), "adapter.safetensors cannot be used"),
    "half a file": (
        lambda folder: (folder / TENSORS).write_bytes((folder / TENSORS).read_bytes()[:-100]),
        "its bytes are not those",
    ),
    "no JSON": (lambda folder: (folder / ABOUT).write_text("{"), "adapter.json cannot be used"),
    "a list": (lambda folder: (folder / ABOUT).write_text("[]"), "no object"),
    "not text": (lambda folder: (folder / ABOUT).write_bytes(b"\xff\xfe"), "adapter.json cannot be used"),
    "deep": (lambda folder: (folder / ABOUT).write_text("[" * 100_000), "adapter.json cannot be used"),
    "another format": (lambda folder: change(folder, format=2), "format 2"),
    "too much said": (lambda folder: change(folder, more=1), "more too many"),
    "no rank": (lambda folder: change(folder, rank=0), "rank is 0"),
    "a huge rank": (lambda folder: change(folder, rank=10**9), "rank is"),
    "another rank": (lambda folder: change(folder, rank=3), "the rank is 3"),
    "unknown parts": (lambda folder: change(folder, parts=["q", "head"]), "parts is"),
    "other parts": (lambda folder: change(folder, parts=["q"]), "it holds the parts"),
    "no digest": (lambda folder: change(folder, sha256="x"), "sha256 is none"),
    "an id that is a path": (lambda folder: change(folder, id="../x"), "id or sha256"),
    "garbage": (lambda folder: (folder / TENSORS).write_bytes(b"x" * 1000), "its bytes are not those"),
    "a tensor too many": (
        lambda folder: rewrite(folder, lambda values: values.update(other=np.zeros(1, np.float32))),
        "other is no tensor",
    ),
    "a tensor too few": (lambda folder: rewrite(folder, lambda values: values.pop("layers.1.v.b")), "without"),
    "no norm": (lambda folder: rewrite(folder, lambda values: values.pop("layers.1.ffn_norm")), "layer's norms"),
    "halves": (
        lambda folder: rewrite(
            folder, lambda values: values.update({"layers.0.q.a": values["layers.0.q.a"].astype(np.float16)})
        ),
        "float32",
    ),
    "infinite": (
        lambda folder: rewrite(folder, lambda values: values["layers.0.q.a"].__setitem__((0, 0), np.inf)),
        "numbers",
    ),
    "a shape that does not fit": (
        lambda folder: rewrite(folder, lambda values: values.update({"layers.0.q.a": np.ones((4, 63), np.float32)})),
        "states have 64",
    ),
    "not a pickle": (lambda folder: rewrite_as_pickle(folder), "adapter.safetensors cannot be used"),
}


def rewrite_as_pickle(folder: Path) -> None:
    import pickle

    (folder / TENSORS).write_bytes(pickle.dumps({"layers.0.q.a": [1.0]}))
    change(folder, sha256=sha256_of(folder / TENSORS))


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_damaged_is_refused_in_words(folder: Path, harm: str) -> None:
    do, said = HARMS[harm]
    do(folder)
    with pytest.raises(AdapterInvalid, match=said) as raised:
        read_adapter(folder)
    assert "fimble models remove-adapter 0123456789abcdef" in raised.value.hint
