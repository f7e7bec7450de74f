"""What this machine has to run a model with: processors, memory, a GPU."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA GPU, as its driver describes it."""

    name: str
    free_bytes: int


def free_memory_bytes(cgroup: Path = _CGROUP) -> int:
    """What a program may still take: the system's, or what a container has left of its share."""
    free_bytes = int(psutil.virtual_memory().available)
    try:
        limit, used = ((cgroup / name).read_text().strip() for name in ("memory.max", "memory.current"))
        if limit != "max":
            stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
            in_use = int(used) - int(stat.get("inactive_file", 0))  # what files it has read gives way
            free_bytes = min(free_bytes, max(0, int(limit) - in_use))
    except (OSError, ValueError):
        pass
    return free_bytes


def num_cores() -> int:
    """Physical ones, as many as a model is run on."""
    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


def busy_share(seconds: float = 0.5) -> float:
    """How much of all processors is in use, 0 to 1, while this waits for ``seconds``."""
    return psutil.cpu_percent(interval=seconds) / 100


def first_gpu() -> Gpu | None:
    """The GPU that would be used; nothing where ``nvidia-smi`` finds none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        told = subprocess.run(
            [program, "--query-gpu=name,memory.free", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
        name, free_mib = told.stdout.splitlines()[0].rsplit(",", 1)
        return Gpu(name.strip(), int(free_mib) * 2**20)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
