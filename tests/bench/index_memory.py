"""What a second window costs: memory (PSS) of the process that keeps the indexes, and of one that searches them.

    python tests/bench/index_memory.py WORKSPACE OTHER_WORKSPACE

Their own indexes are left alone: all is made in a home of its own, with the encoder that is set up. The first index
takes minutes; ``--home FOLDER`` keeps it for the next time. Prints a table, then one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

REST_S = 8.0
"""A process that has nothing to do has given back its memory after this."""
TIMEOUT_S = 3600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--home", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = arguments.home or Path(name)
        home.mkdir(parents=True, exist_ok=True)
        prepare(home)
        roots = [str(path.resolve()) for path in (arguments.workspace, arguments.other)]
        rows = {**keeping(roots, home), **searching(roots, home)}
    for what, pss_mb in rows.items():
        print(f"{what:<60} {pss_mb:8.1f} MB")
    print(json.dumps(rows))


def prepare(home: Path) -> None:
    """The encoder of the real home is seen in ``home``, too."""
    from fimble.config import home as real

    if not (home / "encoders").exists() and real() != home:
        (home / "encoders").symlink_to(real() / "encoders")


def keeping(roots: list[str], home: Path) -> dict[str, float]:
    """The process that keeps the indexes, with one folder and with two."""
    from fimble.index.embedder import IDLE_S

    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "fimble", "index", "--follow"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env=environ(home),
    )  # fmt: skip
    lines: queue.Queue[dict[str, Any]] = queue.Queue()
    assert process.stdin and process.stdout
    output = process.stdout

    def read() -> None:
        for line in output:
            lines.put(json.loads(line))

    threading.Thread(target=read, daemon=True).start()
    found: dict[str, float] = {}
    try:
        for number, root in enumerate(roots, 1):
            order = {"root": root, "follow": {"max_files": 50_000, "max_mb": 1024}}
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            while lines.get(timeout=TIMEOUT_S).get("ready") != "meaning":
                pass
            time.sleep(REST_S)
            found[f"index process, {number} followed, encoder loaded or not needed"] = pss_mb(process.pid)
            time.sleep(IDLE_S)
            found[f"index process, {number} followed, idle"] = pss_mb(process.pid)
    finally:
        process.stdin.close()
        process.wait()
    return found


def searching(roots: list[str], home: Path) -> dict[str, float]:
    """A process in which one session after the other searches and asks for definitions."""
    command = [sys.executable, __file__, "--sessions", *roots]
    done = subprocess.run(command, env=environ(home), check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def sessions(root: str, other: str) -> None:
    from fimble.config import Config
    from fimble.index.embedder import IDLE_S

    config = Config()
    opened: list[object] = []
    found = {"searching process, no session": pss_mb(os.getpid())}
    for what, path in (("one session", root), ("+ one on the same folder", root), ("+ one on another folder", other)):
        opened.append(session(path, config))
        found[f"searching process, {what}"] = pss_mb(os.getpid())
    opened.clear()
    found["searching process, all sessions have left"] = pss_mb(os.getpid())
    time.sleep(IDLE_S + REST_S)
    found["searching process, a minute later"] = pss_mb(os.getpid())
    print(json.dumps(found))


def session(root: str, config: Any) -> object:
    """What one window opens, used once."""
    from fimble.cli.wiring_index import index_readers, open_search
    from fimble.features.search import Search
    from fimble.lsp import folder

    search = Search(lambda: folder._open_names(Path(root)), lambda: open_search(Path(root), config))
    for query in ("where is a request sent once more", "open the file and read it", "send"):
        assert search.ask(query, 20).hits
    reader_of = index_readers(config)
    reader = reader_of(root + "/")
    assert reader is not None and reader.paths() and reader.counts().num_vectors
    return search, reader_of


def environ(home: Path) -> dict[str, str]:
    return {**os.environ, "FIMBLE_HOME": str(home), "MALLOC_ARENA_MAX": "2"}


def pss_mb(pid: int) -> float:
    return round(psutil.Process(pid).memory_full_info().pss / 2**20, 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--sessions"]:
        sessions(*sys.argv[2:])
    else:
        main()
