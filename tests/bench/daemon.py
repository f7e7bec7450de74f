"""What a window costs that shares a daemon: memory (PSS), time until it is ready, and the proxy's part of a request.

    python tests/bench/daemon.py [--requests N]

In a home of its own, with the models that are set up. Prints a table, then one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from fimble.config import home
from fimble.daemon.address import address_of
from fimble.daemon.locking import holder_of
from tests.e2e.editor import REAL_SERVER, Editor

REST_S = 3.0
PING = "fimble/ping"
"""A request with nothing to do: what it takes is the way."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    num_requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory(prefix="fb") as folder:
        for name in ("models", "encoders"):
            (Path(folder) / name).symlink_to(home() / name)
        environ = {"FIMBLE_HOME": folder, "FIMBLE_DAEMON_IDLE_MINUTES": "0"}
        found = measure(Path(folder), environ, num_requests)
    for what, value in found.items():
        print(f"{what:<60} {value:10.2f}")
    print(json.dumps(found))


def measure(folder: Path, environ: dict[str, str], num_requests: int) -> dict[str, float]:
    """All numbers; the units are in the names."""
    found: dict[str, float] = {}
    with Editor("--in-process", command=REAL_SERVER, environ=environ) as alone:
        found["window in process: ready, s"] = ready_s(alone)
        direct_ms = ways_ms(alone, num_requests)
    with Editor("--daemon", command=REAL_SERVER, environ=environ) as first:
        found["first window: ready, s"] = ready_s(first)
        daemon = psutil.Process(holder_of(address_of(folder).life_lock))
        use(first)
        before_mb = pss_mb(daemon)
        with Editor("--daemon", command=REAL_SERVER, environ=environ) as second:
            found["second window: ready, s"] = ready_s(second)
            use(second)
            found["second window: proxy, MB"] = pss_mb(psutil.Process(second.process.pid))
            found["second window: growth of the daemon, MB"] = pss_mb(daemon) - before_mb
            through_ms = ways_ms(second, num_requests)
            for name, share in (("p50", 0.5), ("p95", 0.95)):
                found[f"a request in process, {name}, ms"] = quantile(direct_ms, share)
                found[f"a request through the proxy, {name}, ms"] = quantile(through_ms, share)
            os.kill(daemon.pid, signal.SIGKILL)
            killed_s = time.perf_counter()
            for editor in (first, second):
                editor.wait(lambda _, editor=editor: num_loads(editor) >= 2)
            found["killed: all windows back, s"] = time.perf_counter() - killed_s
    return found


def ready_s(editor: Editor) -> float:
    """From the start of its process until the model answers."""
    editor.start()
    return time.perf_counter() - editor.started_s


def use(editor: Editor) -> None:
    """Ask once, and let it come to rest."""
    editor.open("def add(a, b):\n    return ")
    editor.complete(1, 11, invoked=True)
    time.sleep(REST_S)


def ways_ms(editor: Editor, num_requests: int) -> list[float]:
    """How long requests without work take, one after another."""
    taken: list[float] = []
    for _ in range(num_requests):
        asked_s = time.perf_counter()
        editor.request(PING)
        taken.append((time.perf_counter() - asked_s) * 1000)
    return taken


def quantile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100)[round(share * 100) - 1]


def num_loads(editor: Editor) -> int:
    return sum(" ready on " in said["message"] for said in [*editor.said("window/logMessage")])


def pss_mb(process: psutil.Process) -> float:
    """Its own memory, and its share of what several processes use."""
    return float(process.memory_full_info().pss) / 2**20


if __name__ == "__main__":
    main()
