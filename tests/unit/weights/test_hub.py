"""What a hub answers, and the many ways in which it does not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fimble.errors import DownloadFailed, UnsupportedArchitecture, WeightsError
from fimble.weights import http
from fimble.weights.hub import RemoteFile, Repository, fetch_small, id_in, look_up
from fimble.weights.offer import offer_of, weight_files
from tests.unit.weights.fake_hub import COMMIT, hub, listing_path, publish
from tests.unit.weights.file_server import FileServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(http, "PAUSE_S", 0.001)
    with hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url + "/")
        yield running


def repository(*names: str) -> Repository:
    return Repository("ann/model", COMMIT, tuple(RemoteFile(name, 10, "a" * 64) for name in names))


def test_a_listing_pins_the_revision_and_names_the_bytes(server: FileServer, tmp_path: Path) -> None:
    publish(server, "ann/model", {"config.json": b"{}", "model.safetensors": b"x" * 10})
    found = look_up("ann/model")
    assert (found.revision, [file.name for file in found.files]) == (COMMIT, ["config.json", "model.safetensors"])
    config, weights = found.files
    assert (config.sha256, config.bytes, len(weights.sha256)) == ("", 2, 64)
    small = fetch_small(found, config, tmp_path)
    assert ((tmp_path / "config.json").read_bytes(), small.bytes, len(small.sha256)) == (b"{}", 2, 64)


def test_a_small_file_that_is_not_what_is_listed_is_refused(server: FileServer, tmp_path: Path) -> None:
    publish(server, "ann/model", {"tokenizer.json": b"{}"})
    found = look_up("ann/model")
    server.files[f"/ann/model/resolve/{COMMIT}/tokenizer.json"] = b"[]"
    with pytest.raises(WeightsError, match="did not bring the bytes"):
        fetch_small(found, found.files[0], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_private_or_gated_is_told_apart_from_nothing(server: FileServer, status: int) -> None:
    server.statuses.append(status)
    with pytest.raises(DownloadFailed, match="private or wants its terms accepted") as failure:
        look_up("ann/model")
    assert "models add FOLDER" in failure.value.hint


def test_a_name_that_is_not_there(server: FileServer) -> None:
    with pytest.raises(DownloadFailed, match="has no ann/other with a revision main"):
        look_up("ann/other")


@pytest.mark.parametrize("name", ["model", "a/b/c", "../etc", "ann/mo del", "", "ann/model?x=1"])
def test_what_is_no_id_is_never_asked_for(server: FileServer, name: str) -> None:
    with pytest.raises(DownloadFailed, match="is not the id"):
        look_up(name)
    assert server.requests == []


@pytest.mark.parametrize("path", ["ann/model", "ann/model/", "ann/model/tree/main"])
def test_the_address_of_a_models_page_names_it(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    assert id_in(f"https://huggingface.co/{path}") == "ann/model"
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example/mirror/")
    assert id_in(f"https://hub.example/mirror/{path}") == "ann/model"
    assert id_in("ann/model") == "ann/model"
    assert id_in("https://elsewhere.example/ann/model") == "https://elsewhere.example/ann/model"


def test_a_file_whose_name_a_terminal_would_obey_is_none(server: FileServer) -> None:
    publish(server, "ann/model", {"evil\x1b[2J/x.gguf": b"x", "evil\n.bin": b"x", "a.gguf": b"x"})
    assert [file.name for file in look_up("ann/model").files] == ["a.gguf"]


def test_a_busy_hub_is_asked_again_and_not_for_ever(server: FileServer) -> None:
    publish(server, "ann/model", {"config.json": b"{}"})
    server.statuses += [503, 429]
    assert look_up("ann/model").revision == COMMIT
    server.statuses += [503] * http.MAX_ATTEMPTS
    with pytest.raises(DownloadFailed, match="broke off 4 times: the server answered 503"):
        look_up("ann/model")


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Sign in</html>",
        b"[]",
        b"{}",
        json.dumps({"sha": COMMIT, "siblings": [{"rfilename": "x"}]}).encode(),
        json.dumps({"sha": "../x y", "siblings": []}).encode(),
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_no_listing(server: FileServer, answer: bytes) -> None:
    server.files[listing_path("ann/model")] = answer
    with pytest.raises(DownloadFailed, match="something else than what it has"):
        look_up("ann/model")


def test_an_answer_cut_short_is_asked_for_again(server: FileServer) -> None:
    publish(server, "ann/model", {"config.json": b"{}"})
    server.break_after_bytes.append(20)
    assert look_up("ann/model").revision == COMMIT
    assert len(server.requests) == 2


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(DownloadFailed, match=r"cannot be looked up: 127.* cannot be reached") as failure:
            look_up("ann/model")
    assert "Check the network" in failure.value.hint


def test_safetensors_come_first_with_what_belongs_to_them() -> None:
    offer = offer_of(
        repository("model.safetensors", "config.json", "tokenizer.json", "x.gguf", "pytorch_model.bin", "README.md")
    )
    assert [file.name for file in offer.weights] == ["model.safetensors"]
    assert [file.name for file in offer.beside] == ["config.json", "tokenizer.json"]
    assert [file.name for file in offer.about] == ["README.md"]
    assert (offer.num_bytes, offer.is_gguf, offer.source.revision) == (30, False, COMMIT)


def test_shards_come_with_their_index_or_not_at_all() -> None:
    shards = ("model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors")
    offer = offer_of(repository(*shards, "model.safetensors.index.json", "config.json"))
    assert [file.name for file in offer.weights] == sorted(shards)
    assert "model.safetensors.index.json" in [file.name for file in offer.beside]
    with pytest.raises(WeightsError, match="holds no weights"):
        offer_of(repository(*shards))


def test_of_several_gguf_files_the_one_in_8_bits_or_the_one_named() -> None:
    several = repository("a-Q4_K_M.gguf", "a-Q8_0.gguf", "a-f16.gguf", "b-00001-of-00002.gguf")
    assert offer_of(several).weights[0].name == "a-Q8_0.gguf"
    assert offer_of(several, "a-Q4_K_M.gguf").weights[0].name == "a-Q4_K_M.gguf"
    with pytest.raises(WeightsError, match=r"has no GGUF file 'c\.gguf'") as failure:
        offer_of(several, "c.gguf")
    assert failure.value.hint == "Its GGUF files: a-Q8_0.gguf, a-Q4_K_M.gguf, a-f16.gguf."


def test_pickled_weights_alone_are_refused() -> None:
    with pytest.raises(UnsupportedArchitecture, match=r"pickled \(pytorch_model.bin\)"):
        offer_of(repository("config.json", "tokenizer.json", "pytorch_model.bin"))
    with pytest.raises(WeightsError, match="holds no weights"):
        offer_of(repository("README.md"))


def test_weights_without_a_digest_are_not_fetched() -> None:
    unknown = Repository("ann/model", COMMIT, (RemoteFile("model.safetensors", 10, ""),))
    with pytest.raises(WeightsError, match="states no sha256"):
        weight_files(offer_of(unknown))
