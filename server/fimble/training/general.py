"""Holes in general code, to see that nothing is forgotten elsewhere: cut at run time from Python's standard library.

The library of the interpreter that runs fimble is on every machine, and nothing of it is shipped. Its holes are cut
as a repository's are; the same interpreter and seed give the same ones, so that the base is measured once.
"""

from __future__ import annotations

import random
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from fimble.errors import TrainingError
from fimble.syntax.languages import LANGUAGES
from fimble.training import spans
from fimble.training.evaluate import choose
from fimble.training.records import Example, Kind, Split

NAME = f"Python {sys.version_info.major}.{sys.version_info.minor}'s standard library"
_HOLES_A_FILE = 2
_MIN_CHARS, _MAX_CHARS = 2_000, 120_000
_LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "ensurepip", "turtledemo"}
)


def general_holes(num_items: int, seed: int, library: Path | None = None) -> list[Example]:
    """``num_items`` holes at most, from as many modules. Raises ``TrainingError`` where there is no source to cut from.

    ``library``: a folder of Python modules; the interpreter's own by default.
    """
    library = library or Path(sysconfig.get_paths()["stdlib"])
    draw = random.Random(seed)
    modules = sorted(_modules(library), key=lambda path: path.as_posix())
    draw.shuffle(modules)
    examples: list[Example] = []
    num_files = 0
    for path in modules:
        if num_files >= num_items:
            break
        found = _cut(path, path.relative_to(library).as_posix(), random.Random(f"{seed} {path.name}"))
        examples += found
        num_files += bool(found)
    chosen = choose(examples, num_items, seed)
    if len(chosen) < min(num_items, 1):
        raise TrainingError(
            f"There is no source of Python's standard library in {library}, and without it nobody could tell whether"
            " what is learned does harm elsewhere.",
            "Use a Python that brings it, such as one from python.org.",
        )
    return chosen


def _modules(library: Path) -> Sequence[Path]:
    try:
        return [
            path
            for path in library.rglob("*.py")
            if not _LEFT_OUT & set(path.relative_to(library).parts[:-1])
            and _MIN_CHARS <= path.stat().st_size <= _MAX_CHARS
        ]
    except OSError:
        return []


def _cut(path: Path, name: str, draw: random.Random) -> list[Example]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    examples = []
    for hole in spans.holes(text, spans.tree_of(text, LANGUAGES["python"]), _HOLES_A_FILE, draw):
        prefix, suffix = spans.around(text, hole.start, hole.end)
        middle = text[hole.start : hole.end]
        examples.append(Example(Kind.FIM, Split.TEST, name, "python", hole.cut, prefix, suffix, middle))
    return examples
