"""The pinned packages: unpacked whole, by digest, and only their sources."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fimble.bench.packages import DEFAULT, Package, fetch, unpack
from fimble.errors import ChecksumMismatch, DownloadFailed


def wheel_in(folder: Path, **members: str) -> tuple[Path, Package]:
    path = folder / "shop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return path, Package("shop", "1.0", hashlib.sha256(path.read_bytes()).hexdigest())


def test_only_sources_are_unpacked_and_none_outside(tmp_path: Path) -> None:
    members = {"shop__cart.py": "x = 1\n", "shop__logo.svg": "<svg/>", "..__evil.py": "x = 2\n"}
    wheel, package = wheel_in(tmp_path, **members)
    unpack(wheel, package, tmp_path / "corpus")
    found = [path.relative_to(tmp_path / "corpus").as_posix() for path in (tmp_path / "corpus").rglob("*.*")]
    assert [name for name in found if name.endswith(".py")] == ["shop-1.0/shop/cart.py"]
    assert not (tmp_path / "evil.py").exists()
    assert fetch([package], tmp_path / "corpus") == tmp_path / "corpus"


def test_another_file_of_that_name_is_refused(tmp_path: Path) -> None:
    wheel, package = wheel_in(tmp_path, shop__cart="x = 1\n")
    with pytest.raises(ChecksumMismatch, match="not the file"):
        unpack(wheel, Package("shop", package.version, "0" * 64), tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


def test_without_an_index_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(DownloadFailed, match="--corpus"):
        fetch(DEFAULT[:1], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_index_must_have_the_file_that_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links = tmp_path / "links"
    links.mkdir()
    metadata = "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n"
    with zipfile.ZipFile(links / "shop-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("shop/cart.py", "x = 1\n")
        archive.writestr("shop-1.0.dist-info/METADATA", metadata)
        archive.writestr("shop-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("shop-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256((links / "shop-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    with pytest.raises(ChecksumMismatch, match="another"):
        fetch([Package("shop", "1.0", "0" * 64)], tmp_path / "corpus")
    fetch([Package("shop", "1.0", digest)], tmp_path / "corpus")
    assert (tmp_path / "corpus" / "shop-1.0" / "shop" / "cart.py").read_text() == "x = 1\n"


def test_pip_knows_the_options() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--help"], capture_output=True, text=True, check=True
    )
    assert "--require-hashes" in done.stdout and "--only-binary" in done.stdout
