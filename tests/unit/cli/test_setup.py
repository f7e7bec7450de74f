"""``fimble setup`` end to end on a tiny model: served over HTTP, prepared, verified, renamed into place."""

from __future__ import annotations

import hashlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fimble.cli.preparing import prepared_bytes
from fimble.errors import (
    ChecksumMismatch,
    DownloadFailed,
    NotEnoughDisk,
    ProviderUnavailable,
    UnknownModel,
    UnsupportedArchitecture,
    VerificationFailed,
    WeightsError,
)
from fimble.weights import catalog, locks, manifest, store
from fimble.weights import prepare as prepare_module
from fimble.weights.manifest import Manifest
from tests.unit import tiny
from tests.unit.cli.commands import run
from tests.unit.weights.expected import DATA
from tests.unit.weights.file_server import FileServer, serving

ENTRY = """
name = "tiny"
title = "Tiny"
licence = "MIT"
architecture = "{architecture}"
prompt_family = "qwen2.5-coder"
context_length = 1024
parameters = 200_000
format = "gguf"

[file]
name = "tiny.gguf"
bytes = {num_bytes}
sha256 = "{sha256}"

[[source]]
kind = "url"
url = "{url}/tiny.gguf"
"""


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_gguf(tiny.QWEN2_TIED, tmp_path_factory.mktemp("source") / "tiny.gguf")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no onnxruntime-gpu, whose presence would ask the machine's own GPU."""
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIMBLE_PROVIDER", "cpu")
    monkeypatch.setenv("FIMBLE_MODEL", "tiny")
    return tmp_path / "home"


@pytest.fixture
def server(gguf: Path, home: Path) -> Iterator[FileServer]:
    """A server with the model, which the catalogue in the home names."""
    with serving() as running:
        running.files["/tiny.gguf"] = gguf.read_bytes()
        add_entry(home, running.files["/tiny.gguf"], running.url)
        yield running


def add_entry(home: Path, content: bytes, url: str, architecture: str = "qwen2", case: str = "qwen2-tied") -> None:
    folder = home / "catalogue"
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256(content).hexdigest()
    text = ENTRY.format(num_bytes=len(content), sha256=sha256, url=url, architecture=architecture)
    (folder / "tiny.toml").write_text(text)
    shutil.copy(DATA / f"{case}.reference.json", folder / "tiny.reference.json")


def model_files(home: Path) -> list[str]:
    folder = home / "models"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_model_is_downloaded_prepared_verified_and_then_left_alone(server: FileServer, home: Path) -> None:
    output = run("setup")
    folder = home / "models" / "tiny" / "int8"
    written = manifest.load(folder)
    manifest.check_bytes(folder, written)
    assert written.source_sha256 == hashlib.sha256(server.files["/tiny.gguf"]).hexdigest()
    assert written.verification["agreement"] >= 0.97
    assert "Fetching the weights" in output
    assert f"is ready in {folder}" in output
    assert "clear ones agree" in output
    assert "fimble doctor" in output
    before = (folder / manifest.FILE_NAME).stat().st_mtime_ns
    assert "is installed in" in run("setup", "tiny")
    assert (folder / manifest.FILE_NAME).stat().st_mtime_ns == before
    assert len(server.requests) == 1


@pytest.mark.usefixtures("server")
def test_force_prepares_again_without_a_download(server: FileServer, home: Path) -> None:
    run("setup")
    before = (home / "models" / "tiny" / "int8" / manifest.FILE_NAME).stat().st_mtime_ns
    assert "is ready in" in run("setup", "--force")
    assert (home / "models" / "tiny" / "int8" / manifest.FILE_NAME).stat().st_mtime_ns > before
    assert len(server.requests) == 1
    assert len(model_files(home)) == 5


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("harm", "told"), [("version", "another version"), ("file", "has 0 bytes"), ("bytes", "weights.bin is damaged")]
)
def test_a_folder_of_another_version_or_a_damaged_one_is_prepared_again(home: Path, harm: str, told: str) -> None:
    run("setup")
    folder = home / "models" / "tiny" / "int8"
    if harm == "version":
        replace(manifest.read(folder), format=0).save(folder)
    else:
        path = folder / manifest.WEIGHTS
        content = path.read_bytes()
        path.write_bytes(b"" if harm == "file" else content[:-1] + bytes([content[-1] ^ 1]))
    assert told in run("setup")
    manifest.check_bytes(folder, manifest.load(folder))
    assert store.inspect("tiny", "int8").state is store.State.OK


def test_an_installed_model_is_reported_at_once_and_without_heavy_imports(server: FileServer) -> None:
    run("setup")
    begin = time.monotonic()
    code = "import sys; from fimble.cli import app\ntry: app.main(['setup'])\nexcept SystemExit: pass\n"
    code += "print(sorted({'numpy', 'onnx', 'onnxruntime', 'tokenizers', 'gguf', 'requests'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "is installed in" in result.stdout
    assert result.stdout.endswith("[]\n")
    assert time.monotonic() - begin < 5
    assert len(server.requests) == 1


def test_a_model_that_answers_otherwise_is_refused_and_not_installed(server: FileServer, home: Path) -> None:
    add_entry(home, server.files["/tiny.gguf"], server.url, case="qwen2")
    with pytest.raises(VerificationFailed):
        run("setup")
    assert model_files(home) == []
    assert store.leftovers({hashlib.sha256(server.files["/tiny.gguf"]).hexdigest()}) == []


def test_a_file_of_ones_own_needs_no_network(gguf: Path, home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        add_entry(home, gguf.read_bytes(), f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(DownloadFailed, match="cannot be reached"):
            run("setup")
        assert "is ready in" in run("setup", "--from", str(gguf))


@pytest.mark.usefixtures("server")
def test_a_damaged_file_of_ones_own_is_refused(gguf: Path, home: Path, tmp_path: Path) -> None:
    content = bytearray(gguf.read_bytes())
    content[-1] ^= 1
    (tmp_path / "mine.gguf").write_bytes(content)
    with pytest.raises(ChecksumMismatch, match=r"mine\.gguf has the size"):
        run("setup", "--from", str(tmp_path / "mine.gguf"))
    assert (tmp_path / "mine.gguf").exists()
    assert model_files(home) == []


@pytest.mark.usefixtures("server")
def test_a_file_of_another_architecture_is_refused(home: Path, tmp_path: Path) -> None:
    other = tiny.write_gguf(tiny.LLAMA, tmp_path / "other.gguf")
    with pytest.raises(UnsupportedArchitecture, match="is a llama model, and tiny is a qwen2 model"):
        run("setup", "--from", str(other))
    with pytest.raises(WeightsError, match="holds no model file"):
        run("setup", "--from", str(tmp_path / "nothing"))
    assert model_files(home) == []


@pytest.mark.usefixtures("server")
def test_other_weights_are_named_so_and_never_served_unverified(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the ``export`` extra there is nothing to compare other weights with."""
    monkeypatch.setattr("fimble.weights.record.can_record", lambda: False)
    folder = tiny.write_safetensors(replace(tiny.QWEN2, seed=9), tmp_path / "other")
    with pytest.raises(VerificationFailed, match="Nothing is recorded"):
        run("setup", "--from", str(folder))
    assert model_files(home) == []
    assert "is not the file that the catalogue names" in capsys.readouterr().out


def test_room_is_demanded_before_the_download(server: FileServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 64_000_000))
    with pytest.raises(NotEnoughDisk, match="Fetching the weights"):
        run("setup")
    assert server.requests == []
    assert model_files(home) == []


def test_an_unknown_model_and_a_missing_gpu_are_named(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownModel, match="tny"):
        run("setup", "tny")
    monkeypatch.setattr("fimble.engine.cuda.cuda_problem", lambda: "There is no GPU.")
    with pytest.raises(ProviderUnavailable, match="There is no GPU"):
        run("setup", "--precision", "fp16")
    assert server.requests == []


def test_a_home_that_is_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("FIMBLE_MODEL")
    with pytest.raises(WeightsError, match=r"Not a directory|File exists"):
        run("setup")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_setup_leaves_the_home_clean_and_is_continued(
    server: FileServer, home: Path, sent: signal.Signals, code: int
) -> None:
    server.hold = threading.Event()
    process = subprocess.Popen(
        [sys.executable, "-m", "fimble", "setup"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 20
    while not server.requests:
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(sent)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert model_files(home) == []
    server.hold.set()
    assert "is ready in" in run("setup")


def test_two_setups_at_once_make_one_model(server: FileServer, home: Path) -> None:
    server.hold = threading.Event()
    command = [sys.executable, "-m", "fimble", "setup"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not server.requests:
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(0.5)
    server.hold.set()
    outputs = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert sum("is ready in" in output for output in outputs) == 1
    assert sum("is installed in" in output for output in outputs) == 1
    assert len(server.requests) == 1
    assert len(model_files(home)) == 5


@pytest.mark.usefixtures("server")
def test_a_file_of_ones_own_is_compared_with_what_is_installed(home: Path, gguf: Path, tmp_path: Path) -> None:
    run("setup")
    path = home / "models" / "tiny" / "int8" / manifest.FILE_NAME
    before = path.stat().st_mtime_ns
    assert "is installed from these bytes" in run("setup", "--from", str(gguf))
    assert path.stat().st_mtime_ns == before
    with pytest.raises(WeightsError, match="holds no model file"):
        run("setup", "--from", str(tmp_path / "nothing.gguf"))
    replace(manifest.read(path.parent), source_sha256="f" * 64).save(path.parent)
    output = run("setup", "--from", str(gguf))
    assert "from another source" in output
    assert "is ready in" in output
    assert manifest.read(path.parent).source_sha256 == hashlib.sha256(gguf.read_bytes()).hexdigest()


def test_the_source_is_held_while_a_model_is_made_from_it(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    sha256 = hashlib.sha256(server.files["/tiny.gguf"]).hexdigest()
    prepare = prepare_module.prepare

    def watched(*arguments: Any) -> Manifest:
        held.append(locks.is_held(sha256))
        return prepare(*arguments)

    monkeypatch.setattr(prepare_module, "prepare", watched)
    run("setup")
    assert held == [True]
    assert not locks.is_held(sha256)


def test_a_tokenizer_of_another_model_is_refused(home: Path, gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.weights.verify.tokens_of", lambda tokenizer, sample: [1, 2, 3])
    add_entry(home, gguf.read_bytes(), "http://127.0.0.1:9")
    with pytest.raises(VerificationFailed, match="The prepared tokenizer"):
        run("setup", "--from", str(gguf))
    assert model_files(home) == []


def test_room_is_estimated_above_what_the_models_take() -> None:
    measured = {
        ("qwen2.5-coder-0.5b-instruct", "int8"): 677_000_000,
        ("qwen2.5-coder-1.5b-instruct", "int8"): 1_880_000_000,
        ("qwen2.5-coder-0.5b-instruct", "fp16"): 1_260_000_000,
    }
    for (name, precision), num_bytes in measured.items():
        assert num_bytes * 1.05 < prepared_bytes(catalog.find(name), precision) < num_bytes * 1.4
