"""From process start to the answer to ``initialize``: what an editor waits for when it opens a file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any, BinaryIO

from fimble.errors import FimbleError


def run(num_starts: int, on_start: Callable[[int], None]) -> dict[str, Any]:
    """Start the real server ``num_starts`` times; milliseconds to its first answer, interpreter included."""
    times_ms: list[float] = []
    for number in range(num_starts):
        on_start(number)
        times_ms.append(_one_start_ms())
    times_ms.sort()
    return {
        "num_starts": num_starts,
        "initialize_p50_ms": round(median(times_ms), 1),
        "initialize_max_ms": round(times_ms[-1], 1),
    }


def _one_start_ms() -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "fimble", "serve", "--in-process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        parameters: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
        _send(process.stdin, {"id": 1, "method": "initialize", "params": parameters})
        answer = _receive(process.stdout)
        elapsed_ms = (time.perf_counter() - started) * 1e3
        if "result" not in answer:
            raise FimbleError(f"The server refused to start: {answer}.", "See 'fimble serve --log-level debug'.")
        _send(process.stdin, {"id": 2, "method": "shutdown"})
        _receive(process.stdout)
        _send(process.stdin, {"method": "exit"})
    return elapsed_ms


def _send(stream: BinaryIO | Any, message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    stream.flush()


def _receive(stream: BinaryIO | Any) -> dict[str, Any]:
    """The next answer; notifications on the way are passed over."""
    while True:
        length = 0
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if length == 0:
            raise FimbleError("The server ended before it answered.", "See 'fimble serve --log-level debug'.")
        message: dict[str, Any] = json.loads(stream.read(length))
        if "id" in message and "method" not in message:
            return message
