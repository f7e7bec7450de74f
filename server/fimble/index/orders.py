"""What the process that keeps indexes is told, and how it tells what it does: one JSON object a line."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_MAX_PAUSE_MS = 60_000
_PRINTING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Wish:
    """A folder is to be followed, within these limits."""

    max_files: int
    max_mb: int
    is_allowed: bool = False
    """Even where it is so wide that a person is to be asked first."""


@dataclass(frozen=True, slots=True)
class Order:
    """One line of input, read."""

    changed: tuple[Path, ...] = ()
    pause_ms: int = 0
    disabled_paths: tuple[tuple[str, ...], ...] | None = None
    """Lists of patterns, each for itself."""
    is_rescan: bool = False
    problem: str = ""
    root: str = ""
    """The folder that it is about; all of them where it is empty."""
    wish: Wish | None = None
    """From now on ``root`` is followed, anew where it is already."""
    is_leaving: bool = False
    """``root`` is not followed any more."""


def order_of(line: str) -> Order:
    """What a line of input means; one that means nothing has a ``problem``."""
    try:
        given = json.loads(line)
        pause_ms, disabled, root = given.get("pause_ms", 0), given.get("disabled_paths"), given.get("root", "")
        if not isinstance(root, str) or "\0" in root:
            raise TypeError("a root is the path of a folder")
        changed = [*_texts(given.get("changed", [])), *_texts(given.get("deleted", []))]
        return Order(
            tuple(Path(path) for path in changed if "\0" not in path),
            min(max(int(pause_ms), 0), _MAX_PAUSE_MS),
            None if disabled is None else _lists(disabled),
            bool(given.get("rescan", False)),
            root=root,
            wish=_wish(given["follow"]) if "follow" in given and root else None,
            is_leaving=bool(given.get("leave", False)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        return Order(problem=f"The index was told something that it does not understand ({error}).")


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise TypeError("paths are a list of texts")
    return tuple(given)


def _lists(given: object) -> tuple[tuple[str, ...], ...]:
    """A list of patterns, or several such lists."""
    if isinstance(given, list) and given and all(isinstance(one, list) for one in given):
        return tuple(_texts(one) for one in given)
    flat = _texts(given)
    return (flat,) if flat else ()


def _wish(given: Any) -> Wish:
    return Wish(int(given["max_files"]), int(given["max_mb"]), given.get("is_allowed", False) is True)


def read_orders(lines: IO[str], on_order: Callable[[Order], None], on_end: Callable[[], None]) -> threading.Thread:
    """A thread that hands every line to ``on_order`` and calls ``on_end`` where they end."""

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in lines:
                if line.strip():
                    on_order(order_of(line))
        on_end()

    thread = threading.Thread(target=read, name="orders", daemon=True)
    thread.start()
    return thread


def print_line(value: dict[str, Any]) -> None:
    """One JSON object a line on standard output, from any thread; where nobody reads it, the process ends."""
    try:
        with _PRINTING:
            sys.stdout.write(json.dumps(value) + "\n")
            sys.stdout.flush()
    except (OSError, ValueError):
        os._exit(0)
