"""All that docs/benchmarks.md says of CUDA, measured in one go on a machine with an NVIDIA GPU.

    python -m tests.bench.on_cuda --out FOLDER [--only prepare,engine] [--source DIR] [--humaneval FILE]

Each stage is a process of its own with a time limit, and leaves ``FOLDER/<stage>.json`` (or ``.txt`` and ``.log``), so
that what ends early still leaves figures. ``--trial`` goes through the same on the CPU with little of everything.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FIMBLE = (sys.executable, "-P", "-m", "fimble")
CARD = (sys.executable, "-m", "tests.bench.card")
CARD_ENGINE = (sys.executable, "-m", "tests.bench.card_engine")


@dataclass(frozen=True, slots=True)
class Stage:
    """One measurement."""

    name: str
    command: Sequence[str]
    limit_s: float


def stages(options: argparse.Namespace) -> list[Stage]:
    """In the order in which they are worth having."""
    trial, out = options.trial, options.out
    provider = ("--provider", "cpu" if trial else "cuda")
    card = (*provider, "--context", "64") if trial else provider
    train = [*FIMBLE, "train", str(options.source), "--fresh", "--json", "--seed", "1", "--out", str(out / "report")]
    train += ["--minutes", "1", "--held-out", "12", "--general", "12"] if trial else ["--minutes", str(options.minutes)]
    if options.humaneval:
        items = "2" if trial else str(options.humaneval_items)
        train += ["--humaneval", str(options.humaneval), "--humaneval-items", items]
    keystrokes = "10" if trial else str(options.keystrokes)
    corpus = ("--corpus", str(options.corpus)) if options.corpus else ()
    return [
        Stage("doctor", [*FIMBLE, "doctor"], 60),
        Stage("prepare", [*FIMBLE, "setup", "--precision", "int8" if trial else "fp16"], 180),
        Stage("engine", [*FIMBLE, "bench", "engine", "--json", "--rounds", "1" if trial else "7", *provider], 120),
        Stage("lengths", [*CARD_ENGINE, "lengths", *card], 120),
        Stage("answers", [*CARD_ENGINE, "answers", *card, "--num", "2" if trial else "50"], 120),
        Stage("batches", [*CARD, "batches", *card, "--batches", "1,4" if trial else "1,4,16,64,256"], 120),
        Stage("threads", [*CARD, "threads", *card], 90),
        Stage("processes", [*CARD, "processes", *card, "--num", "2" if trial else "4"], 90),
        Stage("adapters", [*FIMBLE, "bench", "adapters", "--json", "--rounds", "2" if trial else "10"], 60),
        Stage("typing", [*FIMBLE, "bench", "typing", "--json", "--keystrokes", keystrokes, *corpus], 240),
        Stage("train", train, 590),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="Names of stages, with commas.")
    parser.add_argument("--source", type=Path, help="The unpacked source package that is trained on.")
    parser.add_argument("--corpus", type=Path, help="What is typed; without it the packages are fetched.")
    parser.add_argument("--humaneval", type=Path)
    parser.add_argument("--humaneval-items", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--keystrokes", type=int, default=150)
    parser.add_argument("--trial", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = options.only.split(",") if options.only else []
    (options.out / "machine.txt").write_text(machine(), encoding="utf-8")
    for stage in stages(options):
        if (not wanted or stage.name in wanted) and (stage.name != "train" or options.source):
            code = run(stage, options.out)
            if stage.name == "prepare" and code:
                raise SystemExit("Without a prepared model there is nothing to measure.")


def run(stage: Stage, out: Path) -> int | str:
    """Run it; how it ended. What it prints is kept, and what it says, with the seconds since the beginning."""
    begun_s = time.perf_counter()
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with (out / f"{stage.name}.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            stage.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        assert process.stdout is not None and process.stderr is not None
        said: list[str] = []
        readers = [
            threading.Thread(target=lambda: said.append(process.stdout.read()), daemon=True),  # type: ignore[union-attr]
            threading.Thread(target=_note, args=(process.stderr, log, begun_s), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            code: int | str = process.wait(stage.limit_s)
        except subprocess.TimeoutExpired:
            process.terminate()
            code = "time was up"
        for reader in readers:
            reader.join(10)
    text = "".join(said)
    found = _json_in(text)
    (out / f"{stage.name}.{'json' if found is not None else 'txt'}").write_text(
        json.dumps(found) if found is not None else text, encoding="utf-8"
    )
    spent_s = time.perf_counter() - begun_s
    with (out / "stages.txt").open("a", encoding="utf-8") as file:
        file.write(f"{stage.name}\t{code}\t{spent_s:.1f}\n")
    print(f"== {stage.name}: {code}, {spent_s:.1f} s\n{text[-1500:]}", flush=True)
    if code:
        print((out / f"{stage.name}.log").read_text(encoding="utf-8")[-1500:], flush=True)
    return code


def _note(lines: IO[str], log: IO[str], begun_s: float) -> None:
    for line in lines:
        log.write(f"{time.perf_counter() - begun_s:7.1f} {line}")
        log.flush()


def _json_in(text: str) -> object | None:
    begin = text.find("{")
    if begin < 0:
        return None
    try:
        return json.loads(text[begin:])  # type: ignore[no-any-return]
    except ValueError:
        return None


def machine() -> str:
    """The machine by its names."""
    from importlib.metadata import version

    lines = [platform.platform(), f"{os.cpu_count()} cores", f"Python {platform.python_version()}"]
    for command in (
        ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.sm,power.limit", "--format=csv,noheader"],
        ["sh", "-c", "grep -m1 'model name' /proc/cpuinfo; grep -m1 flags /proc/cpuinfo | tr ' ' '\\n' | grep avx512"],
    ):
        try:
            lines.append(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())
        except OSError as error:
            lines.append(str(error))
    for name in ("onnxruntime-gpu", "torch", "transformers", "peft", "numpy", "onnx", "nvidia-cudnn-cu13"):
        try:
            lines.append(f"{name} {version(name)}")
        except ImportError:
            lines.append(f"{name} is not there")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
