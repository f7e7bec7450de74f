"""What the process that keeps an index is told, and how it tells what it does: one JSON object a line."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_MAX_PAUSE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Order:
    """One line of input, read."""

    changed: tuple[Path, ...] = ()
    pause_ms: int = 0
    disabled_paths: tuple[str, ...] | None = None
    is_rescan: bool = False
    problem: str = ""


def order_of(line: str) -> Order:
    """What a line of input means; one that means nothing has a ``problem``."""
    try:
        given = json.loads(line)
        pause_ms, disabled = given.get("pause_ms", 0), given.get("disabled_paths")
        lists = [given.get("changed", []), given.get("deleted", []), disabled or []]
        if not all(isinstance(listed, list) and all(isinstance(one, str) for one in listed) for listed in lists):
            raise TypeError("paths are a list of texts")
        paths = [*lists[0], *lists[1]]
        return Order(
            tuple(Path(path) for path in paths if "\0" not in path),
            min(max(int(pause_ms), 0), _MAX_PAUSE_MS),
            None if disabled is None else tuple(disabled),
            bool(given.get("rescan", False)),
        )
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        return Order(problem=f"The index was told something that it does not understand ({error}).")


def read_orders(lines: IO[str], orders: queue.Queue[Order | None], on_end: Callable[[], None]) -> threading.Thread:
    """A thread that puts every line into ``orders`` and calls ``on_end`` where they end."""

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in lines:
                if line.strip():
                    orders.put(order_of(line))
        on_end()

    thread = threading.Thread(target=read, name="orders", daemon=True)
    thread.start()
    return thread


def print_line(value: dict[str, Any]) -> None:
    """One JSON object a line on standard output; where nobody reads it any more, the process ends."""
    try:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        os._exit(0)
