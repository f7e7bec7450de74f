"""Bytes reach the disk whole or not at all, whatever the network, the disk and the user do.

Everything is real: an HTTP server on loopback, wheels that pip fetches from a local
folder, a file size limit of the system, processes that are killed.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from fimble.errors import ChecksumMismatch, DownloadFailed, NotEnoughDisk
from fimble.weights import disk, download, http, hub, store
from fimble.weights.entry import CatalogEntry, FolderSource, HubSource, Source, SourceFile, UrlSource, WheelSource
from fimble.weights.progress import Progress
from tests.unit.weights.file_server import FileServer, serving

CONTENT = random.Random(7).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HUB_PATH = "/someone/some-model/resolve/v1/model.gguf"
HUB = HubSource("someone/some-model", "v1", "model.gguf")
WHEELS = WheelSource(("fimble-test-part1", "fimble-test-part2"), "1.0", "*/data/part*.bin")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(http, "PAUSE_S", 0.01)
    return tmp_path / "home"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    with serving() as running:
        running.files[HUB_PATH] = CONTENT
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loopback port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")


class Index(NamedTuple):
    """A folder of wheels that pip is configured to use, and nothing else."""

    folder: Path

    def wheel(self, number: int) -> Path:
        return self.folder / f"fimble_test_part{number}-1.0-py3-none-any.whl"

    def keep_in(self, folder: Path) -> list[Path]:
        """Have the wheels lie in ``folder`` as if an earlier run had fetched them."""
        folder.mkdir(parents=True)
        return [Path(shutil.copy(self.wheel(number), folder)) for number in (1, 2)]

    def add(self, number: int, piece: bytes) -> None:
        name = f"fimble_test_part{number}"
        with zipfile.ZipFile(self.wheel(number), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}/__init__.py", "raise SystemExit('never imported')")
            archive.writestr(f"{name}/data/part{number:02}.bin", piece)
            archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            archive.writestr(
                f"{name}-1.0.dist-info/WHEEL",
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            archive.writestr(f"{name}-1.0.dist-info/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index(tmp_path / "index")
    made.folder.mkdir()
    made.add(1, CONTENT[:2_000_000])
    made.add(2, CONTENT[2_000_000:])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return made


def entry(*sources: Source, companions: tuple[SourceFile, ...] = ()) -> CatalogEntry:
    return CatalogEntry(
        name="tiny",
        title="Tiny",
        licence="MIT",
        architecture="qwen2",
        prompt_family="qwen2.5-coder",
        context_length=64,
        parameters=1000,
        format="gguf",
        file=SourceFile("model.gguf", len(CONTENT), SHA256),
        companions=companions,
        sources=sources,
        references=(),
    )


def partial_of(home: Path) -> Path:
    return home / "sources" / SHA256 / "model.gguf.partial"


def pieces_of(home: Path) -> Path:
    return home / "sources" / SHA256 / "wheels"


def names_in(home: Path) -> list[str]:
    """What is left in the source's folder."""
    return sorted(path.name for path in (home / "sources" / SHA256).iterdir())


class Seen(list[Progress]):
    """Collects progress."""

    @property
    def notices(self) -> str:
        return "\n".join(progress.notice for progress in self if progress.notice)


# A folder of this machine


def test_a_model_that_was_trained_here_is_copied_verified_from_its_folder(home: Path, tmp_path: Path) -> None:
    mine = tmp_path / "trained"
    mine.mkdir()
    (mine / "model.gguf").write_bytes(CONTENT)
    (mine / "config.json").write_bytes(b"{}")
    companion = SourceFile("config.json", 2, hashlib.sha256(b"{}").hexdigest())
    path = download.fetch(entry(FolderSource(str(mine)), companions=(companion,)))
    assert path.read_bytes() == CONTENT
    assert names_in(home) == ["config.json", "model.gguf"]
    path.unlink()
    (mine / "model.gguf").write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(ChecksumMismatch):
        download.fetch(entry(FolderSource(str(mine)), companions=(companion,)))
    (mine / "model.gguf").unlink()
    with pytest.raises(DownloadFailed, match=re.escape(str(mine))):
        download.fetch(entry(FolderSource(str(mine)), companions=(companion,)))


# The hub


def test_a_file_is_fetched_verified_and_then_only_checked(server: FileServer, home: Path) -> None:
    seen = Seen()
    path = download.fetch(entry(HUB), seen.append)
    assert path.read_bytes() == CONTENT
    assert names_in(home) == ["model.gguf"]
    done = [progress.done_bytes for progress in seen if progress.stage.startswith("Fetching")]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, len(CONTENT))
    assert download.fetch(entry(HUB)) == path
    assert len(server.requests) == 1


def test_companions_are_fetched_from_beside_the_file(server: FileServer) -> None:
    config = b"{}"
    companion = SourceFile("config.json", 2, hashlib.sha256(config).hexdigest())
    server.files["/someone/some-model/resolve/v1/config.json"] = config
    path = download.fetch(entry(HUB, companions=(companion,)))
    assert (path.parent / "config.json").read_bytes() == config
    server.files |= {"/m/model.gguf": CONTENT, "/m/config.json": config}
    shutil.rmtree(path.parent)
    path = download.fetch(entry(UrlSource(f"{server.url}/m/model.gguf"), companions=(companion,)))
    assert (path.parent / "config.json").read_bytes() == config


def test_a_connection_that_breaks_is_continued_where_it_broke(server: FileServer) -> None:
    server.break_after_bytes = [1_500_000, 1_000_000]
    assert download.fetch(entry(HUB)).read_bytes() == CONTENT
    starts = [start for _, start in server.requests]
    assert len(starts) == 3
    assert 0 == starts[0] < starts[1] < starts[2] < len(CONTENT)


def test_what_an_earlier_run_left_is_continued(server: FileServer, home: Path) -> None:
    partial_of(home).parent.mkdir(parents=True)
    partial_of(home).write_bytes(CONTENT[:1_000_000])
    assert download.fetch(entry(HUB)).read_bytes() == CONTENT
    assert server.requests == [(HUB_PATH, 1_000_000)]


def test_a_server_without_ranges_sends_the_whole_file_again(server: FileServer, home: Path) -> None:
    server.knows_ranges = False
    partial_of(home).parent.mkdir(parents=True)
    partial_of(home).write_bytes(b"?" * 1000)
    assert download.fetch(entry(HUB)).read_bytes() == CONTENT


def test_a_wrong_beginning_from_an_earlier_run_is_fetched_afresh(server: FileServer, home: Path) -> None:
    partial_of(home).parent.mkdir(parents=True)
    partial_of(home).write_bytes(b"?" * 1000)
    seen = Seen()
    assert download.fetch(entry(HUB), seen.append).read_bytes() == CONTENT
    assert [start for _, start in server.requests] == [1000, 0]
    assert "starting it afresh" in seen.notices


def test_an_altered_file_is_refused_and_leaves_nothing(server: FileServer, home: Path) -> None:
    server.files[HUB_PATH] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(ChecksumMismatch, match=r"sha256.*altered.*deleted"):
        download.fetch(entry(HUB))
    assert names_in(home) == []


@pytest.mark.parametrize("states_length", [True, False])
def test_a_truncated_file_is_refused(server: FileServer, home: Path, states_length: bool) -> None:
    server.files[HUB_PATH] = CONTENT[:2_000_000]
    server.states_length = states_length
    with pytest.raises(DownloadFailed, match=r"2000000 bytes, and the catalogue names 3000000|broke off"):
        download.fetch(entry(HUB))
    assert not (home / "sources" / SHA256 / "model.gguf").exists()


def test_a_file_that_is_too_long_is_refused(server: FileServer, home: Path) -> None:
    server.files[HUB_PATH] = CONTENT + b"more"
    server.states_length = False
    with pytest.raises(ChecksumMismatch, match="more than the 3000000 bytes"):
        download.fetch(entry(HUB))
    assert names_in(home) == []


def test_a_missing_file_is_not_asked_for_twice(server: FileServer) -> None:
    server.files.clear()
    with pytest.raises(DownloadFailed, match="404") as error:
        download.fetch(entry(HUB))
    assert len(server.requests) == 1
    assert "--from PATH" in error.value.hint


def test_a_busy_server_is_asked_again_a_few_times(server: FileServer) -> None:
    server.statuses = [503, 429]
    assert download.fetch(entry(HUB)).read_bytes() == CONTENT
    server.statuses = [503] * 20
    shutil.rmtree(store.source_folder(SHA256))
    with pytest.raises(DownloadFailed, match="answered 503"):
        download.fetch(entry(HUB))
    assert len(server.requests) == 3 + http.MAX_ATTEMPTS


@pytest.mark.parametrize("endpoint", ["not-an-address", "ftp://models", "http://"])
def test_an_address_that_is_none_is_asked_once(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setattr(http, "PAUSE_S", 60)
    with pytest.raises(DownloadFailed, match="is not an address"):
        download.fetch(entry(HUB))


def test_an_endpoint_that_is_set_to_nothing_is_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(url: str, *_: object) -> None:
        asked.append(url)
        raise DownloadFailed("No.")

    monkeypatch.setenv("HF_ENDPOINT", "")
    monkeypatch.setattr(http, "fetch", refuse)
    with pytest.raises(DownloadFailed):
        download.fetch(entry(HUB))
    assert asked == [hub.HUB + HUB_PATH]


@pytest.mark.usefixtures("server")
def test_a_held_source_is_not_taken_away() -> None:
    with download.held(entry(HUB)) as path:
        assert store.leftovers((), everything=True) == []
        assert path.read_bytes() == CONTENT
    (leftover,) = store.leftovers((), everything=True)
    assert leftover.path == path.parent


@pytest.mark.usefixtures("no_hub")
def test_no_network_fails_soon_and_names_every_source() -> None:
    begin = time.monotonic()
    with pytest.raises(DownloadFailed, match="cannot be reached") as error:
        download.fetch(entry(HUB))
    assert time.monotonic() - begin < 5
    assert "the hub: 127.0.0.1" in error.value.what


def test_a_host_that_never_answers_is_given_up(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_TIMEOUT_S", 0.2)
    server.hold = threading.Event()
    with pytest.raises(DownloadFailed, match="no answer within"):
        download.fetch(entry(HUB))


def test_a_damaged_source_file_is_replaced(server: FileServer) -> None:
    path = download.fetch(entry(HUB))
    path.write_bytes(b"?" * len(CONTENT))
    seen = Seen()
    assert download.fetch(entry(HUB), seen.append).read_bytes() == CONTENT
    assert "was damaged" in seen.notices


# The wheels


@pytest.mark.usefixtures("no_hub", "index")
def test_without_a_hub_the_wheels_give_the_same_bytes(home: Path) -> None:
    seen = Seen()
    assert download.fetch(entry(HUB, WHEELS), seen.append).read_bytes() == CONTENT
    assert "cannot be reached. Trying 2 wheels" in seen.notices
    assert names_in(home) == ["model.gguf"]
    done = {progress.done_bytes for progress in seen if "wheels" in progress.stage}
    assert len(done) >= 3


def test_a_hub_with_altered_bytes_is_left_aloud_for_the_wheels(server: FileServer, index: Index, home: Path) -> None:
    index.keep_in(pieces_of(home))
    server.files[HUB_PATH] = bytes(len(CONTENT))
    seen = Seen()
    assert download.fetch(entry(HUB, WHEELS), seen.append).read_bytes() == CONTENT
    assert "altered on its way" in seen.notices


def test_wheels_that_arrived_are_kept_and_only_missing_ones_fetched(index: Index, home: Path) -> None:
    second = index.wheel(2).rename(index.folder / "hidden")
    with pytest.raises(DownloadFailed, match=r"fimble-test-part2 1\.0"):
        download.fetch(entry(WHEELS))
    assert [wheel.name for wheel in pieces_of(home).iterdir()] == [index.wheel(1).name]
    second.rename(index.wheel(2))
    index.wheel(1).unlink()
    assert download.fetch(entry(WHEELS)).read_bytes() == CONTENT


@pytest.mark.parametrize("damage", ["cut", "altered"])
def test_a_damaged_wheel_is_fetched_anew(index: Index, home: Path, damage: str) -> None:
    first, second = index.keep_in(pieces_of(home))
    content = bytearray(first.read_bytes())
    content[300_000] ^= 0xFF
    first.write_bytes(content if damage == "altered" else content[:-50_000])
    index.wheel(2).unlink()
    assert second.exists()
    assert download.fetch(entry(WHEELS)).read_bytes() == CONTENT


def test_wheels_that_are_whole_but_hold_other_bytes_are_all_dropped(index: Index, home: Path) -> None:
    index.add(2, bytes(1_000_000))
    index.keep_in(pieces_of(home))
    with pytest.raises(ChecksumMismatch, match="sha256"):
        download.fetch(entry(WHEELS))
    assert names_in(home) == []


def test_a_wheel_with_too_much_in_it_is_refused(index: Index, home: Path) -> None:
    index.add(2, bytes(20_000_000))
    index.keep_in(pieces_of(home))
    with pytest.raises(ChecksumMismatch, match="more than"):
        download.fetch(entry(WHEELS))
    assert names_in(home) == []


def test_a_wheel_without_the_data_is_refused(index: Index, home: Path) -> None:
    index.keep_in(pieces_of(home))
    with pytest.raises(DownloadFailed, match=r"holds 0 files \*/other/\*"):
        download.fetch(entry(WheelSource(WHEELS.packages, "1.0", "*/other/*")))


def zipped(**files: bytes) -> bytes:
    """A zip that is larger than one piece."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"model/{name.replace('_', '.')}", content)
    return target.getvalue()


IN_ZIP = replace(WHEELS, inside="model/model.gguf")
WORDS = b"{}" * 1000
BESIDE = SourceFile("words.json", len(WORDS), hashlib.sha256(WORDS).hexdigest())


def test_pieces_that_are_a_zip_give_the_file_in_it_and_what_lies_beside_it(index: Index, home: Path) -> None:
    whole = zipped(model_gguf=CONTENT, words_json=WORDS, other_txt=b"not asked for")
    index.add(1, whole[:1_500_000])
    index.add(2, whole[1_500_000:])
    found = download.fetch(entry(IN_ZIP, companions=(BESIDE,)))
    assert found.read_bytes() == CONTENT and found.with_name("words.json").read_bytes() == WORDS
    assert names_in(home) == ["model.gguf", "words.json"]


def test_a_damaged_piece_of_a_zip_is_fetched_anew(index: Index, home: Path) -> None:
    whole = zipped(model_gguf=CONTENT)
    index.add(1, whole[:1_500_000])
    index.add(2, whole[1_500_000:])
    second = index.keep_in(pieces_of(home))[1]
    second.write_bytes(second.read_bytes()[:-50_000])
    assert download.fetch(entry(IN_ZIP)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("whole", "problem"),
    [
        (zipped(other_txt=CONTENT), "no file model/model.gguf"),
        (CONTENT, "no zip"),
        (zipped(model_gguf=CONTENT)[:-9], "no zip"),
    ],
)
def test_pieces_that_are_no_such_zip_are_told(index: Index, home: Path, whole: bytes, problem: str) -> None:
    index.add(1, whole[:1_500_000])
    index.add(2, whole[1_500_000:])
    with pytest.raises(DownloadFailed, match=problem):
        download.fetch(entry(IN_ZIP))
    assert not (pieces_of(home) / "joined.zip").exists()


def test_a_zip_with_more_in_it_than_wanted_is_refused(index: Index, home: Path) -> None:
    whole = zipped(model_gguf=CONTENT + bytes(20_000_000))
    index.add(1, whole[:1_500_000])
    index.add(2, whole[1_500_000:])
    with pytest.raises(ChecksumMismatch, match="more than"):
        download.fetch(entry(IN_ZIP))
    assert names_in(home) == []


@pytest.mark.usefixtures("no_hub")
def test_when_every_source_fails_each_is_named(index: Index) -> None:
    index.wheel(1).unlink()
    with pytest.raises(DownloadFailed) as error:
        download.fetch(entry(HUB, WHEELS))
    assert "cannot be reached" in error.value.what
    assert "No matching distribution" in error.value.what


# The disk


def test_room_is_demanded_before_anything_is_fetched(
    server: FileServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 80_000_000))
    with pytest.raises(NotEnoughDisk, match=r"needs 203 MB in .*80 MB are free") as error:
        download.fetch(entry(HUB), extra_bytes=200_000_000)
    assert "FIMBLE_HOME" in error.value.hint
    assert server.requests == []
    assert names_in(home) == []
    download.fetch(entry(HUB), extra_bytes=1_000_000)
    with pytest.raises(NotEnoughDisk):
        disk.require(home / "not" / "there", 10**9, "A test")


def test_a_disk_that_runs_full_meanwhile_keeps_what_arrived(server: FileServer, home: Path) -> None:
    """A file size limit of the system stands for a full disk: both are refused writes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, limits[1]))
    try:
        with pytest.raises(NotEnoughDisk, match="ran full"):
            download.fetch(entry(HUB))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert partial_of(home).stat().st_size == 2_000_000
    assert download.fetch(entry(HUB)).read_bytes() == CONTENT
    assert server.requests[-1][1] == 2_000_000


@pytest.mark.usefixtures("index")
def test_a_full_disk_under_pip_is_called_so() -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        with pytest.raises(NotEnoughDisk):
            download.fetch(entry(WHEELS))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


# Several processes

FETCH = f"""
from fimble.weights import download
from fimble.weights.entry import *
entry = CatalogEntry("tiny", "Tiny", "MIT", "qwen2", "qwen2.5-coder", 64, 1000, "gguf",
    SourceFile("model.gguf", {len(CONTENT)}, "{SHA256}"), (),
    (HubSource("someone/some-model", "v1", "model.gguf"),), ())
print("begun", flush=True)
print(download.fetch(entry, lambda progress: print(progress.notice, flush=True) if progress.notice else None))
"""


def start() -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", FETCH], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_killed_run_is_continued_and_frees_its_lock(server: FileServer, home: Path) -> None:
    server.break_after_bytes = [2_000_000]
    server.hold = threading.Event()
    process = start()
    until(lambda: server.requests)
    process.send_signal(signal.SIGKILL)
    process.wait()
    server.hold.set()
    server.break_after_bytes = []
    seen = Seen()
    assert download.fetch(entry(HUB), seen.append).read_bytes() == CONTENT
    assert seen.notices == ""
    assert names_in(home) == ["model.gguf"]


def test_two_runs_at_once_fetch_once(server: FileServer) -> None:
    server.hold = threading.Event()
    first = start()
    until(lambda: server.requests)
    second = start()
    assert second.stdout is not None
    assert "waiting" in second.stdout.readline()
    server.hold.set()
    for process in (first, second):
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert output.endswith("model.gguf\n")
    assert len(server.requests) == 1
