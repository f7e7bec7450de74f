"""llama.cpp as the peer: the prebuilt binaries of npm's node-llama-cpp, on the same weights.

The binaries come with VNNI kernels, which llama.cpp picks for this processor. They are
installed into fimble's cache folder on first use, by a benchmark only.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fimble.bench.figures import Figures
from fimble.errors import FimbleError

VERSION = "3.22.1"
_PACKAGES = (f"node-llama-cpp@{VERSION}", f"@node-llama-cpp/linux-x64@{VERSION}")


class LlamaCpp:
    """A running llama.cpp process; ``figures.Runner`` in milliseconds as it measures them itself."""

    def __init__(self, process: subprocess.Popen[str], figures: Figures) -> None:
        self._process, self._figures = process, figures

    def prefill_ms(self, tokens: Sequence[int]) -> float:
        return self._ask("prefill", list(tokens))

    def decode_ms(self, num_tokens: int) -> float:
        return self._ask("decode", num_tokens)

    def verify_ms(self, tokens: Sequence[int]) -> float:
        return self._ask("verify", list(tokens))

    def _ask(self, command: str, argument: Any) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        answer = read_line(self._process)
        self._figures.peak_rss_mb = answer["max_rss_kb"] * 1024 / 1e6
        return float(answer["ms"])


@contextmanager
def start(folder: Path, model: Path, num_threads: int, context_length: int) -> Iterator[tuple[LlamaCpp, Figures, str]]:
    """llama.cpp with ``model`` (GGUF) loaded; installs it into ``folder`` first where it is missing."""
    install(folder)
    script = folder / "llama_cpp.mjs"
    shutil.copyfile(Path(__file__).with_name("llama_cpp.mjs"), script)
    process = subprocess.Popen(
        ["node", str(script), str(model), str(num_threads), str(context_length)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        figures = Figures(load_s=float(read_line(process)["load_s"]))
        yield LlamaCpp(process, figures), figures, f"llama.cpp (node-llama-cpp {VERSION}), {model.name}"
    finally:
        process.kill()
        process.wait()


def install(folder: Path) -> None:
    """Put the peer into ``folder`` with npm. Raises ``FimbleError`` where that cannot be done."""
    if (folder / "node_modules" / "node-llama-cpp" / "package.json").is_file():
        return
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise FimbleError(f"The peer needs {program}, which is not installed.", "Install Node.js 20 or later.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *_PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FimbleError(f"npm could not install the peer: {done.stderr.strip()[-500:]}", "Check the network.")


def read_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next JSON line of the peer. Raises ``FimbleError`` when it ended instead."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise FimbleError(f"llama.cpp ended with exit code {process.wait()}.", "See its messages above.")
    answer: dict[str, Any] = json.loads(line)
    return answer
