"""``fimble models add`` end to end on tiny models: from files, and from a hub on loopback."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fimble import config
from fimble.cli.preparing import Precision, is_written_here, precision_for, prepared_bytes
from fimble.cli.wiring import load_engine, load_feature
from fimble.cli.wiring_instructed import generator_on
from fimble.engine.base import GenerateRequest
from fimble.errors import (
    ChecksumMismatch,
    DownloadFailed,
    FimbleError,
    ModelFolderInvalid,
    NotEnoughDisk,
    UnsupportedArchitecture,
    VerificationFailed,
    WeightsError,
)
from fimble.weights import catalog, http, manifest, store
from fimble.weights.entry import FolderSource, HubSource, Reference
from fimble.weights.exporters import can_export
from tests.unit import tiny
from tests.unit.cli.commands import run
from tests.unit.weights.expected import references
from tests.unit.weights.fake_hub import COMMIT, hub, publish
from tests.unit.weights.file_server import FileServer

CARD = "---\nlicense: mit\n---\n# Tiny\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; recorded answers stand in for transformers, which takes seconds to load."""
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIMBLE_PROVIDER", "cpu")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("FIMBLE_MODEL", raising=False)
    monkeypatch.setattr("fimble.cli.setup._prepare_search", lambda bars, name: None)
    monkeypatch.setattr("fimble.weights.record.can_record", lambda: True)
    monkeypatch.setattr("fimble.weights.record.record", lambda source: references("qwen2-tied"))
    monkeypatch.setattr("fimble.weights.record.made_with", lambda sha256: {"source_sha256": sha256})
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tiny.write_safetensors(tiny.QWEN2_TIED, tmp_path / "source" / "Tiny Coder")
    (made / "README.md").write_text(CARD)
    return made


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(http, "PAUSE_S", 0.001)
    with hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        publish(running, "ann/Tiny-Coder", {path.name: path.read_bytes() for path in folder.iterdir()})
        yield running


def files_in(home: Path) -> list[str]:
    """All that lies in the home, but locks."""
    return sorted(
        str(path.relative_to(home)) for path in home.rglob("*") if path.is_file() and "locks" not in str(path)
    )


def nothing_is_left(home: Path) -> bool:
    return files_in(home) == [] and catalog.names() == sorted(
        place.name.removesuffix(".toml") for place in catalog.builtin_folder().iterdir() if place.name.endswith(".toml")
    )


def test_a_folder_is_prepared_compared_and_entered(folder: Path, home: Path) -> None:
    output = run("models", "add", str(folder), answer="y\n")
    assert "qwen2 decoder, 119 thousand parameters" in output
    assert "prompt family qwen2.5-coder" in output
    assert "Licence: MIT (from README.md)." in output
    assert "tiny-coder is ready. After" in output
    entry = catalog.find("tiny-coder")
    assert (entry.licence, entry.prompt_family, entry.format) == ("MIT", "qwen2.5-coder", "safetensors")
    assert entry.sources == (FolderSource(str(folder)),)
    assert (entry.parameters, entry.context_length) == (119_360, 1024)
    assert entry.shape is not None
    assert entry.shape.layer_parameters == 119_360 - 512 * 64
    assert entry.references == references("qwen2-tied")
    (prepared,) = store.installed(read_all=True)
    assert (prepared.name, prepared.state) == ("tiny-coder", store.State.OK)
    assert manifest.read(prepared.folder).verification["agreement"] >= 0.95
    assert manifest.read(prepared.folder).source_sha256 == entry.file.sha256


def test_what_was_added_is_listed_served_prepared_again_and_removed_with_its_entry(folder: Path, home: Path) -> None:
    run("models", "add", str(folder), "--name", "mine", "--accept-licence")
    row = next(row for row in json.loads(run("models", "--json")) if row["name"] == "mine")
    assert (row["licence"], row["state"]) == ("MIT", "ok")
    loaded = load_engine(replace(config.load()[0], model="mine"))
    assert len(list(loaded.engine.generate(GenerateRequest((1, 2, 3), max_tokens=4)))) == 4
    loaded.engine.close()
    assert "is installed in" in run("setup", "mine")
    assert "is ready in" in run("setup", "mine", "--force")
    assert "mine is removed" in run("models", "remove", "mine", "--yes")
    assert nothing_is_left(home)
    assert (folder / "model.safetensors").exists()


def test_removing_keeps_an_entry_that_a_person_wrote(folder: Path, home: Path) -> None:
    run("models", "add", str(folder), "--name", "mine", "--accept-licence")
    file = catalog.user_file("mine")
    file.write_text(file.read_text().partition("\n")[2])
    run("models", "remove", "mine", "--yes")
    assert file.exists()


def test_a_gguf_file_says_itself_what_it_is(tmp_path: Path) -> None:
    path = tiny.write_gguf(tiny.QWEN2_TIED, tmp_path / "Tiny.Q8.gguf")
    output = run("models", "add", str(path), "--accept-licence")
    assert "Licence: UNKNOWN" in output
    entry = catalog.find("tiny.q8")
    assert (entry.licence, entry.format, entry.companions) == ("unknown", "gguf", ())


def test_without_a_yes_nothing_is_prepared(folder: Path, home: Path) -> None:
    with pytest.raises(WeightsError, match="Nothing was added"):
        run("models", "add", str(folder), answer="n\n")
    with pytest.raises(SystemExit, match="Aborted"):
        run("models", "add", str(folder), answer="")
    assert nothing_is_left(home)


def test_without_torch_it_only_has_to_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.weights.record.can_record", lambda: False)
    assert "not compared with its source" in run("models", "add", str(folder), "--accept-licence")
    assert catalog.find("tiny-coder").references == ()
    assert "agreement" not in manifest.read(store.model_folder("tiny-coder", "int8")).verification


def test_a_source_too_large_for_torch_is_not_loaded_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = 1000

    monkeypatch.setattr("psutil.virtual_memory", Little)
    assert "that needs 597 kB of memory" in run("models", "add", str(folder), "--accept-licence")


def test_one_that_answers_otherwise_than_its_source_leaves_nothing(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fimble.weights.record.record", lambda source: references("qwen2"))
    with pytest.raises(VerificationFailed):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)


def test_one_that_does_not_bear_8_bits_is_served_in_fp32(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here: because nothing but exact answers is taken."""
    monkeypatch.setattr("fimble.weights.verify.MAXIMUM_DIVERGENCE", 1e-5)
    assert "does not bear 8 bits" in run("models", "add", str(folder), "--accept-licence")
    assert [item.precision for item in store.installed()] == ["fp32"]
    assert "is installed in" in run("setup", "tiny-coder")
    assert "is ready in" in run("setup", "tiny-coder", "--force")


def test_one_that_cannot_be_loaded_is_taken_away_again(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise WeightsError("It cannot be loaded.")

    monkeypatch.setattr("fimble.cli.wiring.load_engine", fail)
    with pytest.raises(WeightsError, match="cannot be loaded"):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b-instruct", "Qwen2.5-Coder-0.5B-Instruct"])
def test_a_name_of_fimbles_own_catalogue_is_refused(folder: Path, home: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="own catalogue has a model called"):
        run("models", "add", str(folder), "--name", name, "--accept-licence")
    assert nothing_is_left(home)


def test_a_name_that_is_taken_or_leads_elsewhere_is_refused(folder: Path, home: Path) -> None:
    run("models", "add", str(folder), "--accept-licence")
    before = files_in(home)
    with pytest.raises(WeightsError, match="There is a model called tiny-coder already"):
        run("models", "add", str(folder), "--accept-licence")
    with pytest.raises(WeightsError, match="cannot be a model's name"):
        run("models", "add", str(folder), "--name", "../up", "--accept-licence")
    assert files_in(home) == before


def test_the_prompt_family_can_be_chosen_among_those_that_fit(folder: Path) -> None:
    with pytest.raises(UnsupportedArchitecture, match="lacks marks that the prompt family starcoder2 needs"):
        run("models", "add", str(folder), "--family", "starcoder2", "--accept-licence")
    with pytest.raises(FimbleError, match="no prompt family 'x'"):
        run("models", "add", str(folder), "--family", "x", "--accept-licence")
    assert "what stands before the cursor only" in run(
        "models", "add", str(folder), "--family", "plain", "--accept-licence"
    )
    assert catalog.find("tiny-coder").prompt_family == "plain"


def break_config(folder: Path, **values: Any) -> None:
    known = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**known, **values}))


def only_pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def panic(folder: Path) -> None:
    path = folder / "tokenizer.json"
    broken = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"normalizer": broken}))


REFUSED = [
    ("tokenizer", lambda folder: (folder / "tokenizer.json").unlink(), "holds no tokenizer.json"),
    ("damaged tokenizer", lambda folder: (folder / "tokenizer.json").write_text("{"), "tokenizer.json cannot be read"),
    ("tokenizer at which the package panics", panic, "tokenizer.json cannot be read"),
    ("architecture", lambda folder: break_config(folder, model_type="mamba9"), "type 'mamba9' cannot be prepared"),
    ("code", lambda folder: break_config(folder, auto_map={"AutoModel": "m.M"}), "brings its own code"),
    (
        "tokenizer's code",
        lambda folder: (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": "t.T"}}'),
        "brings its own code",
    ),
    ("pickled", only_pickled, "pickled"),
    ("config", lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
    (
        "quantised",
        lambda folder: break_config(folder, quantization_config={"quant_method": "gptq", "bits": 4}),
        r"weights are quantised \('gptq'\)",
    ),
    ("another's tokenizer", lambda folder: break_config(folder, vocab_size=400), "numbers tokens up to 509"),
    ("sizes", lambda folder: break_config(folder, hidden_size="wide"), "config.json has no meaning"),
    ("layers", lambda folder: break_config(folder, num_hidden_layers=10**9), "describes a model of at least"),
]


@pytest.mark.parametrize(("harm", "told"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_served_is_refused_and_leaves_nothing(folder: Path, home: Path, harm: Any, told: str) -> None:
    harm(folder)
    with pytest.raises(WeightsError, match=told):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)


@pytest.mark.parametrize(("harm", "told"), [case[1:] for case in REFUSED[:6]], ids=[case[0] for case in REFUSED[:6]])
def test_on_a_hub_that_is_found_out_before_the_weights_are_fetched(
    folder: Path, home: Path, server: FileServer, harm: Any, told: str
) -> None:
    harm(folder)
    publish(server, "ann/other", {path.name: path.read_bytes() for path in folder.iterdir()})
    with pytest.raises(WeightsError, match=told):
        run("models", "add", "ann/other", "--accept-licence")
    assert nothing_is_left(home)
    assert not any(path.endswith((".safetensors", ".bin")) for path, _ in server.requests)


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("mt5", {}, "encoder-decoder of the type 'mt5'"),
        ("bart", {"is_encoder_decoder": True}, "encoder-decoder of the type 'bart'"),
        ("t5", {"num_decoder_layers": 10**9}, "describes a model of at least"),
        ("gpt2", {"n_layer": 10**9}, "describes a model of at least"),
        ("gpt2", {"num_key_value_heads": -1}, "has no meaning"),
        ("starcoder2", {"rope_scaling": {"rope_type": "dynamic", "factor": 2}}, "by the length of the text"),
        ("starcoder2", {"rope_parameters": {"rope_theta": 1e6}, "rope_theta": None}, "written for transformers 5"),
    ],
)
@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
def test_what_would_be_exported_is_refused_before_a_library_builds_it(
    folder: Path, home: Path, kind: str, more: dict[str, Any], told: str
) -> None:
    sizes = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512, "d_model": 64, "num_heads": 4, "d_kv": 16}
    config = json.loads((folder / "config.json").read_text()) | sizes | {"model_type": kind} | more
    (folder / "config.json").write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
    with pytest.raises(WeightsError, match=told):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
def test_pickles_beside_what_would_be_exported_are_refused_at_once(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after its licence was shown and its weights were read."""
    sizes = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512}
    break_config(folder, model_type="gpt2", **sizes)
    (folder / "training_args.bin").write_bytes(b"x")
    monkeypatch.setattr("fimble.cli.adding._agree", None)
    with pytest.raises(UnsupportedArchitecture, match=r"holds training_args\.bin, which may be pickled"):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
def test_what_optimum_does_not_know_is_not_told_to_need_it(folder: Path) -> None:
    break_config(folder, model_type="mamba9")
    with pytest.raises(UnsupportedArchitecture) as failure:
        run("models", "add", str(folder), "--accept-licence")
    assert failure.value.hint == "optimum does not know it either."


def test_a_link_that_leads_nowhere_is_a_missing_file(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(folder / "nowhere")
    with pytest.raises(WeightsError, match=r"holds no file model\.safetensors, which belongs to the model"):
        run("models", "add", str(folder), "--accept-licence")


def test_a_link_of_a_hubs_cache_leads_to_the_file(tmp_path: Path) -> None:
    blob = tiny.write_gguf(tiny.QWEN2_TIED, tmp_path / "blobs.gguf").rename(tmp_path / ("f" * 64))
    (tmp_path / "tiny.gguf").symlink_to(blob)
    run("models", "add", str(tmp_path / "tiny.gguf"), "--accept-licence")
    assert "is ready in" in run("setup", "tiny", "--force", "--from", str(tmp_path / "tiny.gguf"))


def test_a_folders_name_is_shown_without_what_a_terminal_would_obey(folder: Path) -> None:
    strange = folder.rename(folder.with_name("tiny\x1b[2J\ncoder"))
    output = run("models", "add", str(strange), "--accept-licence")
    assert "\x1b" not in output
    entry = catalog.find("tiny-2j-coder")
    assert (entry.title, entry.sources) == ("tiny[2Jcoder", (FolderSource(str(strange)),))


def test_a_folders_name_that_is_no_text_is_refused(folder: Path, home: Path) -> None:
    strange = folder.rename(folder.with_name("caf\udce9"))
    with pytest.raises(WeightsError, match="is not UTF-8"):
        run("models", "add", str(strange), "--accept-licence")
    assert nothing_is_left(home)


def test_a_home_of_nobody_is_nowhere() -> None:
    with pytest.raises(WeightsError, match="There is nothing at"):
        run("models", "add", "~no-such-person/model", "--accept-licence")


@pytest.mark.parametrize("name", ["nothing", "nothing.gguf", "model.bin", "note.txt"])
def test_a_path_without_a_model(tmp_path: Path, home: Path, name: str) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(WeightsError, match=r"nothing at|pickled|no model file"):
        run("models", "add", str(tmp_path / name), "--accept-licence")
    assert nothing_is_left(home)


def test_from_a_hub_the_revision_is_pinned_and_each_file_fetched_once(server: FileServer, home: Path) -> None:
    output = run("models", "add", "ann/Tiny-Coder", answer="y\n")
    assert f"ann/Tiny-Coder, revision {COMMIT[:12]}: model.safetensors" in output
    assert "Licence: MIT (from README.md)." in output
    entry = catalog.find("tiny-coder")
    assert entry.sources == (HubSource("ann/Tiny-Coder", COMMIT, "model.safetensors"),)
    assert {file.name for file in entry.companions} == {"config.json", "tokenizer.json"}
    asked = [path for path, _ in server.requests]
    assert len(asked) == len(set(asked)) == 5
    shutil.rmtree(home / "sources")
    assert "is ready in" in run("setup", "tiny-coder", "--force")
    run("models", "remove", "tiny-coder", "--yes")
    assert nothing_is_left(home)


def test_a_gguf_file_from_a_hub(server: FileServer, tmp_path: Path, home: Path) -> None:
    content = tiny.write_gguf(tiny.QWEN2_TIED, tmp_path / "x.gguf").read_bytes()
    publish(server, "ann/Tiny-GGUF", {"README.md": CARD.encode(), "tiny-q4_k_m.gguf": b"", "tiny-q8_0.gguf": content})
    assert "Licence: MIT (from README.md)." in run("models", "add", "ann/Tiny-GGUF", "--accept-licence")
    assert catalog.find("tiny-q8_0").licence == "MIT"


def test_a_fetched_file_that_is_refused_is_not_kept(server: FileServer, tmp_path: Path, home: Path) -> None:
    publish(server, "ann/bad", {"bad.gguf": b"GGUF, but not more"})
    with pytest.raises(WeightsError, match="not a readable GGUF file"):
        run("models", "add", "ann/bad", "--accept-licence")
    assert nothing_is_left(home)


def test_what_has_arrived_when_the_hub_breaks_off_is_kept(server: FileServer, home: Path) -> None:
    path = f"/ann/Tiny-Coder/resolve/{COMMIT}/model.safetensors"
    content = server.files.pop(path)
    with pytest.raises(DownloadFailed, match="could not be fetched") as failure:
        run("models", "add", "ann/Tiny-Coder", "--accept-licence")
    assert "the same command continues" in failure.value.hint
    assert catalog.user_folder().exists() is False
    server.files[path] = content
    assert "tiny-coder is ready" in run("models", "add", "ann/Tiny-Coder", "--accept-licence")


def test_altered_weights_are_refused_with_what_this_command_takes(server: FileServer, home: Path) -> None:
    path = f"/ann/Tiny-Coder/resolve/{COMMIT}/model.safetensors"
    server.files[path] = bytes(len(server.files[path]))
    with pytest.raises(ChecksumMismatch, match="altered on its way") as failure:
        run("models", "add", "ann/Tiny-Coder", "--accept-licence")
    assert "fimble models add FOLDER" in failure.value.hint
    assert "--from" not in failure.value.hint


def test_a_source_that_another_model_needs_stays(server: FileServer, tmp_path: Path, home: Path) -> None:
    content = tiny.write_gguf(tiny.QWEN2_TIED, tmp_path / "x.gguf").read_bytes()
    publish(server, "ann/Tiny-GGUF", {"tiny.gguf": content})
    run("models", "add", "ann/Tiny-GGUF", "--accept-licence")
    run("models", "add", "ann/Tiny-GGUF", "--name", "again", "--accept-licence")
    source = store.source_folder(catalog.find("again").file.sha256) / "tiny.gguf"
    with pytest.raises(UnsupportedArchitecture):
        run("models", "add", "ann/Tiny-GGUF", "--name", "third", "--family", "starcoder2", "--accept-licence")
    run("models", "remove", "again", "--yes")
    assert source.exists()
    run("models", "remove", "tiny", "--yes")
    assert nothing_is_left(home)


def test_recorded_answers_are_kept_with_the_entry(folder: Path) -> None:
    run("models", "add", str(folder), "--accept-licence")
    recorded = json.loads((catalog.user_folder() / "tiny-coder.reference.json").read_text())
    assert recorded["made_with"]["source_sha256"] == catalog.find("tiny-coder").file.sha256
    assert all(isinstance(reference, Reference) for reference in catalog.find("tiny-coder").references)


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
@pytest.mark.parametrize(("kind", "family"), [("gpt2", "plain"), ("codet5", "codet5")])
def test_other_architectures_are_exported_from_a_hub_and_again_at_setup(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, kind: str, family: str
) -> None:
    """Compared with transformers itself, which loads the exporter anyway."""
    from tests.unit import random_models

    monkeypatch.undo()
    monkeypatch.setenv("FIMBLE_HOME", str(home))
    monkeypatch.setattr("fimble.cli.setup._prepare_search", lambda bars, name: None)
    source = tmp_path / kind
    random_models.write_source({**random_models.DECODERS, **random_models.PAIRS}[kind], source)
    with hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        publish(server, f"ann/{kind}", {path.name: path.read_bytes() for path in source.iterdir()})
        assert f"{kind} is ready" in run("models", "add", f"ann/{kind}", "--accept-licence")
        entry = catalog.find(kind)
        assert (entry.prompt_family, entry.title) == (family, f"ann/{kind}")
        assert entry.references
        (prepared,) = store.installed(read_all=True)
        assert prepared.state is store.State.OK
        assert manifest.read(prepared.folder).verification["agreement"] >= 0.95
        if kind == "gpt2":  # once is enough: an export takes seconds
            assert "is ready in" in run("setup", kind, "--force")
    run("models", "remove", kind, "--yes")
    assert nothing_is_left(home)


def test_a_model_whose_chat_template_cannot_be_read_completes(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{% for %}"}))
    run("models", "add", str(folder), "--name", "mine", "--accept-licence")
    model = load_feature(replace(config.load()[0], model="mine"))
    assert (model.actions, model.english) == (None, None)
    with pytest.raises(ModelFolderInvalid, match="chat template cannot be used"):
        generator_on(model.loaded)
    model.close()


def test_two_at_once_are_not_written_over_each_other(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The other one was added while this one waited for it."""
    other = tiny.write_safetensors(tiny.QWEN2_TIED, tmp_path / "other")
    lock = store.lock

    def late(name: str, *rest: Any, **more: Any) -> Any:
        monkeypatch.setattr(store, "lock", lock)
        run("models", "add", str(other), "--name", name, "--accept-licence")
        return lock(name, *rest, **more)

    monkeypatch.setattr(store, "lock", late)
    with pytest.raises(WeightsError, match="There is a model called mine already"):
        run("models", "add", str(folder), "--name", "mine", "--accept-licence")
    assert catalog.find("mine").title == "other"
    assert [item.state for item in store.installed(read_all=True)] == [store.State.OK]


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_model_whose_entry_cannot_be_written_does_not_stay(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr("fimble.weights.catalog.to_toml", fail)
    with pytest.raises((NotEnoughDisk, SystemExit)):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)


@pytest.mark.skipif(not can_export(), reason="optimum is not installed")
@pytest.mark.parametrize("limit", [1000, 100_000])
def test_a_disk_that_runs_full_in_an_export_is_named(tmp_path: Path, home: Path, limit: int) -> None:
    """Not the architecture, as if the exporter did not know it."""
    import resource

    from tests.unit import random_models

    source = tmp_path / "gpt2"
    random_models.write_source(random_models.DECODERS["gpt2"], source)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        with pytest.raises(NotEnoughDisk, match="ran full"):
            run("models", "add", str(source), "--accept-licence")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert nothing_is_left(home)


def test_an_added_entry_that_is_damaged_can_be_removed(folder: Path, home: Path) -> None:
    run("models", "add", str(folder), "--name", "mine", "--accept-licence")
    shutil.rmtree(home / "models")
    with catalog.user_file("mine").open("a") as file:
        file.write("= nonsense")
    assert "mine is removed" in run("models", "remove", "mine", "--yes")
    assert nothing_is_left(home)


def test_one_whose_context_has_no_room_for_the_questions_is_said_not_to_be_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fimble.weights.record.record", lambda source: ())
    assert "its context of 1024 tokens has no room" in run("models", "add", str(folder), "--accept-licence")


def test_what_fails_in_a_way_that_nobody_thought_of_is_taken_away_again(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("odd")

    monkeypatch.setattr("fimble.cli.wiring.load_engine", fail)
    with pytest.raises(RuntimeError, match="odd"):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)


def test_a_long_name_is_refused_and_a_long_folder_cut(folder: Path, home: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be a model's name"):
        run("models", "add", str(folder), "--name", "x" * 97, "--accept-licence")
    run("models", "add", str(folder.rename(folder.with_name("x" * 250))), "--accept-licence")
    assert "x" * 96 in catalog.names()


def test_without_a_form_for_a_gpu_it_is_prepared_for_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by name, it is refused later on, with words."""
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: None)
    monkeypatch.setattr("fimble.cli.installed.choose_provider", lambda wanted: ("cuda", ()))
    entry = catalog.find("qwen2.5-coder-0.5b-instruct")
    exported = replace(entry, format="safetensors", architecture="codegen")
    assert precision_for(Precision.AUTO, "auto", is_written_here(entry)) == "fp16"
    assert precision_for(Precision.AUTO, "auto", is_written_here(exported)) == "int8"
    assert prepared_bytes(exported, "int8") > 4 * entry.parameters > prepared_bytes(entry, "int8")


def test_an_interruption_leaves_nothing(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("fimble.weights.prepare.write_graph", interrupt)
    with pytest.raises(SystemExit, match="Interrupted"):
        run("models", "add", str(folder), "--accept-licence")
    assert nothing_is_left(home)
