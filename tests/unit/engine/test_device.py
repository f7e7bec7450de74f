"""What this machine has, and what a container leaves of it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from fimble.engine import device


def container(folder: Path, limit: str, used: int, inactive: int = 0) -> Path:
    (folder / "memory.max").write_text(limit + "\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {inactive}\n")
    return folder


def test_a_containers_share_counts_where_it_is_less(tmp_path: Path) -> None:
    assert device.free_memory_bytes(container(tmp_path, "3000000", 2_000_000)) == 1_000_000
    assert device.free_memory_bytes(container(tmp_path, "3000000", 2_000_000, 500_000)) == 1_500_000
    assert device.free_memory_bytes(container(tmp_path, "1000000", 2_000_000)) == 0


@pytest.mark.parametrize("limit", ["max", "", "a lot"])
def test_without_a_limit_it_is_the_systems(tmp_path: Path, limit: str) -> None:
    free_bytes = device.free_memory_bytes(container(tmp_path, limit, 1))
    assert 0 < free_bytes <= psutil.virtual_memory().total
    assert 0 < device.free_memory_bytes(tmp_path / "none") <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'NVIDIA L4, 24, GB, 22000'\necho second, 1", device.Gpu("NVIDIA L4, 24, GB", 22000 * 2**20)),
        ("echo No devices were found; exit 6", None),
        ("echo 'NVIDIA L4, [N/A]'", None),
        ("true", None),
    ],
)
def test_a_gpu_is_what_its_program_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: device.Gpu | None
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert device.first_gpu() == found


def test_without_that_program_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert device.first_gpu() is None
    assert device.num_cores() >= 1
    assert 0 <= device.busy_share(0.01) <= 1
