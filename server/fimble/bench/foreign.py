"""Lines that need another file: each uses a name that its own file, without the line, tells nothing about.

The rule, for Python, by the syntax tree alone:

- the line uses a name (``name`` or ``x.name``, read and not assigned; no attribute of a builtin type or of a module
  from outside) that is defined exactly once in the project, as a function, a class, a method or a constant of a
  module or class, in another file; and bound nowhere else in the project: as no parameter, variable, attribute or
  keyword, and by no import of something from outside;
- the line is a whole simple statement, or the whole head of an ``if``, ``while``, ``for`` or ``with``: what a person
  writes in one go, and no piece of something longer;
- that name stands nowhere else in the line's file, imports apart, not even in a comment;
- no other file of the project holds the same line, so that it cannot be copied.

The cursor stands behind the line's indentation, so that all of the line is hidden; or before the name, so that what
stands in front of it is typed already, as CrossCodeEval (arXiv 2310.11248) has it.

Lines inside strings, comments, imports, and lines with little on them are left alone.
"""

from __future__ import annotations

import builtins
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from fimble.bench import corpus
from fimble.bench.corpus import SourceFile
from fimble.bench.pythonfile import PythonFile, line_count
from fimble.errors import DocumentError
from fimble.scoring import edit_similarity
from fimble.text import Cursor, Snapshot

Place = Literal["line", "name"]
"""Where the cursor stands: behind the line's indentation, or before the name."""
MIN_CHARACTERS = 8
"""Of a line, white space apart."""
MIN_NAME = 4
ALIKE = 0.9
"""Two lines with this edit similarity are near-duplicates."""
_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


@dataclass(frozen=True)
class Hole:
    """One line, or its end, that is hidden; ``prefix + expected + suffix`` is the file."""

    project: Path
    path: str
    """Relative to the project."""
    prefix: str
    suffix: str
    """Begins with the line break behind the hidden line."""
    expected: str
    name: str
    """What makes it need another file."""
    kind: str
    """What that is: ``function``, ``class``, ``method`` or ``constant``."""
    home: str
    """The file that defines it."""
    is_imported: bool
    """Whether the line's file imports the name itself."""

    @property
    def text(self) -> str:
        """The file without the line."""
        return self.prefix + self.suffix

    @cached_property
    def has_twin(self) -> bool:
        """Whether a line of another file that holds the name is nearly the same."""
        others = (file for file in self.project.rglob("*.py") if file != self.project / self.path)
        texts = (file.read_text(encoding="utf-8", errors="replace") for file in others)
        lines = {line.strip() for text in texts if self.name in text for line in text.split("\n") if self.name in line}
        whole = (self.cursor.line_prefix + self.expected).strip()
        return any(edit_similarity(line, whole) >= ALIKE for line in lines)

    @property
    def cursor(self) -> Cursor:
        """Where the hidden text begins."""
        return Cursor(Snapshot((self.project / self.path).as_uri(), "python", 1, self.text), len(self.prefix))


def projects(folder: Path) -> list[Path]:
    """The projects below ``folder``: itself, or each folder in it where it holds several and is none itself."""
    children = [child for child in sorted(folder.iterdir()) if child.is_dir() and any(child.rglob("*.py"))]
    is_one = len(children) < 2 or any((folder / mark).exists() for mark in _MARKS) or any(folder.glob("*.py"))
    return [folder] if is_one else children


def holes(folder: Path, num: int, seed: int, place: Place = "line") -> list[Hole]:
    """``num`` different lines, or as many as there are; equal arguments give equal ones. Raises ``DocumentError``.

    Files are drawn evenly, those of all projects together, not by length.
    """
    if not folder.is_dir():
        raise DocumentError(f"{folder} is no folder.", "Name a folder of source files.")
    found: list[list[Hole]] = []
    for project in projects(folder):
        found += in_project(project)
    if not found:
        raise DocumentError(
            f"No line of the Python files in {folder} needs another file.", "Name a project of several modules."
        )
    draw = random.Random(f"{seed}/crossfile")
    chosen: list[Hole] = []
    while found and len(chosen) < num:
        of_file = draw.choice(found)
        chosen.append(of_file.pop(draw.randrange(len(of_file))))
        found = [left for left in found if left]
    return [_at_name(hole) for hole in chosen] if place == "name" else chosen


def _at_name(hole: Hole) -> Hole:
    """The same line with what stands before the name typed already."""
    found = re.search(rf"\b{re.escape(hole.name)}\b", hole.expected)
    begin = found.start() if found else 0
    return replace(hole, prefix=hole.prefix + hole.expected[:begin], expected=hole.expected[begin:])


def in_project(project: Path) -> list[list[Hole]]:
    """All such lines of a project, file by file."""
    files = list(_files(project))
    bound: Counter[str] = Counter()
    homes: dict[str, list[tuple[PythonFile, str]]] = defaultdict(list)
    for file in files:
        bound += file.bound
        for name, kind in file.defined:
            homes[name].append((file, kind))
    unique = {name: places[0] for name, places in homes.items() if bound[name] == 1 and _is_telling(name)}
    lines = Counter(line for file in files for line in {line.strip() for line in file.lines})
    typed = _typed(project)
    return [taken for file in files if file.path in typed and (taken := list(_of_file(project, file, unique, lines)))]


def _of_file(
    project: Path,
    file: PythonFile,
    unique: dict[str, tuple[PythonFile, str]],
    lines: Counter[str],
) -> Iterator[Hole]:
    starts = [0]
    for line in file.lines:
        starts.append(starts[-1] + len(line) + 1)
    taken: set[int] = set()
    for use in sorted(file.uses(), key=lambda use: use.line):
        home, kind = unique.get(use.name, (file, ""))
        line = file.lines[use.line - 1]
        if home is file or use.line in taken or file.words[use.name] != line_count(line, use.name):
            continue
        expected = line.strip()
        if len("".join(expected.split())) < MIN_CHARACTERS or lines[expected] > 1 or expected.startswith("#"):
            continue
        taken.add(use.line)
        start = starts[use.line - 1] + len(line) - len(line.lstrip())
        end = starts[use.line - 1] + len(line.rstrip())
        yield Hole(
            project,
            file.path,
            file.text[:start],
            file.text[end:],
            expected,
            use.name,
            kind,
            home.path,
            use.name in file.imported,
        )


def _files(project: Path) -> Iterator[PythonFile]:
    """Every Python file that can be read and parsed."""
    own = frozenset(path.stem for path in project.iterdir())
    for path in sorted(project.rglob("*.py")):
        try:
            text = path.read_bytes().decode("utf-8")
            yield PythonFile(path.relative_to(project).as_posix(), text, own)
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue


def _typed(project: Path) -> frozenset[str]:
    """Paths of the files that a person could have typed."""
    try:
        files: tuple[SourceFile, ...] = corpus.read(project)
    except DocumentError:
        return frozenset()
    return frozenset(file.path for file in files if file.language == "python")


def _is_telling(name: str) -> bool:
    return len(name) >= MIN_NAME and not name.startswith("__") and name not in dir(builtins)
