"""llama.cpp behind llama.vim: the process that answers its requests, one at a time (see ``llama_vim.mjs``)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

from fimble.bench.llama_cpp import install, read_line
from fimble.errors import FimbleError

CONTEXT_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Options:
    """llama-server's own: 0 turns either off."""

    batch_tokens: int = 0
    """``--batch-size``: a prompt is cut to three quarters of it before the cursor and one behind."""
    cache_reuse: int = 0
    """``--cache-reuse``: the shortest run of tokens that is kept when what stood before it has gone."""


class LlamaServer:
    """A running llama.cpp process with one slot."""

    def __init__(self, process: subprocess.Popen[str], options: Options) -> None:
        self._process, self._options = process, options

    def complete(self, request: dict[str, Any]) -> dict[str, Any]:
        """The response to an infill request, when it is there. Raises ``FimbleError`` when the process has ended."""
        return self._ask(request | asdict(self._options))

    def clear(self) -> None:
        """Empty the KV cache."""
        self._ask("clear")

    def _ask(self, request: object) -> dict[str, Any]:
        stream = cast(IO[str], self._process.stdin)
        try:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
        except BrokenPipeError as error:
            raise FimbleError("llama.cpp has ended.", "See its messages above.") from error
        return read_line(self._process)


@contextmanager
def running(folder: Path, model: Path, num_threads: int, options: Options) -> Iterator[LlamaServer]:
    """llama.cpp with ``model`` (GGUF) loaded; installed into ``folder`` first where it is missing."""
    install(folder)
    script = folder / "llama_vim.mjs"
    shutil.copyfile(Path(__file__).with_name("llama_vim.mjs"), script)
    process = subprocess.Popen(
        ["node", str(script), str(model), str(num_threads), str(CONTEXT_TOKENS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=folder,
    )
    try:
        read_line(process)
        yield LlamaServer(process, options)
    finally:
        process.kill()
        process.wait()
