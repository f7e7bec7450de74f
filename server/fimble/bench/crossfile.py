"""``fimble bench crossfile``: lines that need another file of the project, with and without the workspace's index.

Of each project all files are indexed; the file with the hidden line as the editor holds it, without the
line. So neither its chunks nor its references can tell the line. That another file holds the same line is
ruled out by the rule (``bench.foreign``); lines of which another file holds nearly the same are counted apart.

What counts is the first line of an answer that is no comment: the hidden one is none either. The person asks for
each line, as in ``fimble bench fill``. Nothing but the line's own file is open, and nothing
was edited, so that all the difference is the index's.
"""

from __future__ import annotations

import math
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fimble.bench.foreign import Hole
from fimble.context.elsewhere import Elsewhere
from fimble.index import chunks
from fimble.index.indexer import Indexer
from fimble.index.reader import Reader
from fimble.index.records import Stamp
from fimble.index.store import Store
from fimble.privacy import Privacy
from fimble.scoring import edit_similarity, exact_match, first_line, paired_difference
from fimble.syntax.languages import LANGUAGES
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Outcome, Snippet

_DIGEST = b"\0" * 16


class Workspace:
    """A project and its index in ``folder``, names and words only."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project, self.privacy = project, Privacy(roots=[project])
        self._store = Store.open(folder)
        self.reader = Reader(folder)
        for _ in Indexer(project.resolve(), self._store, self.privacy, chunks.cut).words():
            pass

    def hold(self, path: str, text: str) -> None:
        """From now on the index knows the file at ``path`` as ``text``."""
        content = chunks.cut(path, LANGUAGES["python"], text)
        self._store.put(content, Stamp(len(text), 0), [_DIGEST] * len(content.chunks))

    def close(self) -> None:
        self.reader.close()
        self._store.close()


class Timed:
    """An ``Elsewhere`` that remembers what it gave last, and how long that took."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere
        self.milliseconds = self.processor_ms = 0.0
        self.was_late = False
        self.snippets_given: tuple[Snippet, ...] = ()

    def snippets(
        self,
        cursor: Cursor,
        max_chars: int,
        deadline_ms: float = 20.0,
        seen: tuple[int, int] | None = None,
        with_index: bool = True,
    ) -> tuple[Snippet, ...]:
        started, begun = time.perf_counter(), time.thread_time()
        self.snippets_given = self._elsewhere.snippets(cursor, max_chars, deadline_ms, seen, with_index)
        self.milliseconds = (time.perf_counter() - started) * 1e3
        self.processor_ms = (time.thread_time() - begun) * 1e3
        self.was_late = self._elsewhere.was_late
        return self.snippets_given

    def prepare(self, deadline_ms: float = 20.0) -> bool:
        return self._elsewhere.prepare(deadline_ms)


@dataclass(frozen=True, slots=True)
class Filled:
    """One answer."""

    text: str
    """Its first line that is no comment; empty where there was none."""
    reason: str
    """Why there was none."""
    milliseconds: float
    gathering_ms: float
    gathering_processor_ms: float
    """The same without waiting for a processor that others use."""
    snippets: tuple[Snippet, ...]

    def is_exact(self, hole: Hole) -> bool:
        return bool(self.text) and exact_match(self.text, hole.expected)

    def similarity(self, hole: Hole) -> float:
        return edit_similarity(self.text, hole.expected)


Suggest = Callable[[Cursor, Timed, bool], Outcome]
"""A cursor, what is known elsewhere, and whether the index may be used -> the answer to who asks there."""


def fill(hole: Hole, workspace: Workspace, suggest: Suggest, with_index: bool) -> Filled:
    """The first suggestion in the hole, from a session that has just begun and has done its work in idle time."""
    elsewhere = Elsewhere(workspace.privacy)
    elsewhere.consult(lambda _: workspace.reader)
    elsewhere.opened(hole.cursor.snapshot)
    TREES.at(hole.cursor)
    while elsewhere.prepare():
        pass
    timed = Timed(elsewhere)
    started = time.perf_counter()
    outcome = suggest(hole.cursor, timed, with_index)
    milliseconds = (time.perf_counter() - started) * 1e3
    text = first_code_line(outcome.suggestions[0].text) if outcome.suggestions else ""
    reason = "" if text or outcome.reason is None else outcome.reason.value
    return Filled(text, reason, milliseconds, timed.milliseconds, timed.processor_ms, timed.snippets_given)


@dataclass(frozen=True, slots=True)
class Run:
    """Every hole, and its answer in both ways; side by side."""

    holes: Sequence[Hole]
    with_index: Sequence[Filled]
    without: Sequence[Filled]


def first_code_line(text: str) -> str:
    """The first line that is no comment, without white space around it; a comment where there is nothing else."""
    return next((line for one in text.splitlines() if (line := one.strip()) and line[0] != "#"), first_line(text))


def run(holes: Sequence[Hole], folder: Path, suggest: Suggest, on_hole: Callable[[int], None]) -> Run:
    """Fill each hole in both ways, one after the other; the indexes gather in ``folder``."""
    workspaces: dict[Path, Workspace] = {}
    first: list[Filled] = []
    second: list[Filled] = []
    for number, hole in enumerate(holes):
        on_hole(number)
        if hole.project not in workspaces:
            workspaces[hole.project] = Workspace(hole.project, folder / str(len(workspaces)))
        workspace = workspaces[hole.project]
        workspace.hold(hole.path, hole.text)
        first.append(fill(hole, workspace, suggest, True))
        second.append(fill(hole, workspace, suggest, False))
        workspace.hold(hole.path, hole.prefix + hole.expected + hole.suffix)
    for workspace in workspaces.values():
        workspace.close()
    return Run(holes, first, second)


def trace(run: Run) -> str:
    """For a person who wants to see what was shown."""
    parts = []
    for hole, one, other in zip(run.holes, run.with_index, run.without, strict=True):
        parts.append(
            f"{hole.project.name}/{hole.path}: {hole.kind} {hole.name} of {hole.home}\n"
            f"  line     {hole.expected}\n"
            f"  with     {one.text or one.reason}{' (right)' if one.is_exact(hole) else ''}\n"
            f"  without  {other.text or other.reason}{' (right)' if other.is_exact(hole) else ''}\n"
        )
        parts += [f"  {one.path}: {one.why}\n{textwrap.indent(one.text, '    | ')}" for one in one.snippets]
    return "".join(parts)


def report(run: Run) -> dict[str, Any]:
    """Figures of both ways, and their difference item by item; shares in per cent."""
    holes, with_index, without = run.holes, run.with_index, run.without
    exact = [filled.is_exact(hole) for hole, filled in zip(holes, with_index, strict=True)]
    plain = [filled.is_exact(hole) for hole, filled in zip(holes, without, strict=True)]
    gathering = [filled.gathering_ms for filled in with_index]
    groups = {
        "imported": [hole.is_imported for hole in holes],
        "not_imported": [not hole.is_imported for hole in holes],
        "without_twins": [not hole.has_twin for hole in holes],
    }
    return {
        "num_items": len(holes),
        "num_files": len({(hole.project, hole.path) for hole in holes}),
        "with_index": _figures(holes, with_index),
        "without_index": _figures(holes, without),
        "difference": asdict(paired_difference(exact, plain)) | _similarity_difference(holes, with_index, without),
        "gathering_p50_ms": _quantile(gathering, 0.5),
        "gathering_p95_ms": _quantile(gathering, 0.95),
        "gathering_max_ms": _quantile(gathering, 1.0),
        "gathering_processor_p95_ms": _quantile([one.gathering_processor_ms for one in with_index], 0.95),
        "groups": {name: _group(exact, plain, chosen) for name, chosen in groups.items()},
    }


def _figures(holes: Sequence[Hole], filled: Sequence[Filled]) -> dict[str, Any]:
    pairs = list(zip(holes, filled, strict=True))
    return {
        "exact_match": round(100 * sum(one.is_exact(hole) for hole, one in pairs) / len(pairs), 2),
        "edit_similarity": round(100 * sum(one.similarity(hole) for hole, one in pairs) / len(pairs), 2),
        "uses_name": round(100 * sum(hole.name in one.text for hole, one in pairs) / len(pairs), 2),
        "num_without_answer": sum(not one.text for one in filled),
        "mean_ms": round(sum(one.milliseconds for one in filled) / len(pairs), 1),
    }


def _similarity_difference(
    holes: Sequence[Hole], first: Sequence[Filled], second: Sequence[Filled]
) -> dict[str, float]:
    """In points, with its standard error."""
    more = [
        100 * (one.similarity(hole) - other.similarity(hole))
        for hole, one, other in zip(holes, first, second, strict=True)
    ]
    mean = sum(more) / len(more)
    variance = sum((one - mean) ** 2 for one in more) / len(more)
    return {
        "edit_similarity_points": round(mean, 2),
        "edit_similarity_standard_error": round(math.sqrt(variance / len(more)), 2),
    }


def _group(exact: Sequence[bool], plain: Sequence[bool], chosen: Sequence[bool]) -> dict[str, Any]:
    first = [one for one, is_in in zip(exact, chosen, strict=True) if is_in]
    second = [one for one, is_in in zip(plain, chosen, strict=True) if is_in]
    if not first:
        return {"num_items": 0}
    return {
        "num_items": len(first),
        "exact_match": round(100 * sum(first) / len(first), 2),
        "without_index": round(100 * sum(second) / len(second), 2),
        "difference_points": paired_difference(first, second).difference_points,
        "standard_error_points": paired_difference(first, second).standard_error_points,
    }


def _quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 2)
