"""Advice in a person's words: facts of the machine, a table, and one recommendation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fimble.features.advice import (
    AT_ONCE_MS,
    BEARABLE_MS,
    NUM_ACTION_LINE,
    NUM_ACTION_READ,
    NUM_SUGGESTED,
    Advice,
    Row,
)
from fimble.weights.disk import readable

BUSY_SHARE = 0.2

if TYPE_CHECKING:
    from rich.table import Table

    from fimble.engine.device import Gpu


def facts(num_cores: int, free_bytes: int, gpu: Gpu | None, gpu_problem: str, busy_share: float) -> list[str]:
    """The machine, in a line or three. ``busy_share``: of its processors, taken by other programs, 0 to 1."""
    said = [f"This machine: {num_cores} core{'s' if num_cores > 1 else ''}, {readable(free_bytes)} of memory free"]
    if gpu is not None:
        said[0] += f", {gpu.name} with {readable(gpu.free_bytes)} free"
    said[0] += "." if gpu is not None or gpu_problem else ", no GPU that fimble can use."
    if gpu_problem:
        said.append(f"A GPU is here, but not used: {gpu_problem}")
    if busy_share > BUSY_SHARE:
        said.append(
            f"It is busy: other programs take {busy_share:.0%} of its processors. The figures are as bad as it is now; "
            "measure again when it rests."
        )
    return said


def table(advice: Advice) -> Table:
    """All models, with figures only, so that it fits into 80 columns; what is not measured carries a ``~``."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    made.add_column("")
    made.add_column("model", overflow="fold")
    for heading in ("form", "memory", "reads", "writes", "suggestion", "action"):
        made.add_column(heading, justify="right", no_wrap=True)
    for row in advice.rows:
        if row.option.parameters:
            made.add_row(*_cells(row, advice))
    return made


def words(advice: Advice) -> list[str]:
    """What is to be said of the rows, what the columns mean, and the recommendation; a paragraph each."""
    return [_remarks(advice), _legend(advice), *_recommendation(advice)]


def _cells(row: Row, advice: Advice) -> list[str]:
    about = "" if row.is_measured else "~"
    reads = writes = suggestion = action = "?"
    if row.speed is not None and row.suggestion_ms is not None and row.action_line_ms is not None:
        reads, writes = f"{about}{_short(row.speed.read_tokens_per_s)}/s", f"{about}{row.speed.write_ms:.0f} ms"
        suggestion, action = about + _seconds(row.suggestion_ms), about + _seconds(row.action_line_ms)
    form = row.option.precision + (" GPU" if row.option.provider == "cuda" else "")
    mark = "*" if row is advice.best else ""
    return [mark, row.option.model, form, readable(row.memory_bytes), reads, writes, suggestion, action]


def _remarks(advice: Advice) -> str:
    """Which rows are what: a sentence for each thing that is so of any."""
    rows = [row for row in advice.rows if row.option.parameters]
    told = {
        "Installed": [row for row in rows if row.option.is_installed],
        "Too slow to type with": [row for row in rows if row.fits and (row.suggestion_ms or 0) > BEARABLE_MS],
        "Needs more memory than is free": [row for row in rows if not row.fits],
        "Sees only what stands before the cursor": [row for row in rows if not row.option.fills_holes],
        "Not measured on that device": [row for row in rows if row.fits and row.suggestion_ms is None],
    }
    said = [f"{what}: {', '.join(row.label for row in found)}." for what, found in told.items() if found]
    return " ".join(["* is recommended." if advice.best else "", *said]).strip()


def _short(number: float) -> str:
    return f"{number / 1000:.0f}k" if number >= 10_000 else f"{number:.0f}"


def _legend(advice: Advice) -> str:
    text = (
        "reads, writes: tokens of a prompt a second, and the time for a token of an answer. suggestion: "
        f"{NUM_SUGGESTED} tokens, when what stands before them was read already. action: its first line, after "
        f"{NUM_ACTION_READ} tokens were read ({NUM_ACTION_LINE} written). Code that repeats itself comes faster: "
        "tokens guessed from it are not counted. memory: with a full KV cache (option kv_cache_mb)."
    )
    if any(not row.is_measured and row.speed for row in advice.rows):
        text += " ~ is not measured, but scaled from what was, by the bytes and products that a token takes."
    return text


def _recommendation(advice: Advice) -> list[str]:
    best = advice.best
    if best is None:
        return [
            "Recommended: a model on another machine (docs/scale.md). None of the catalogue fits into the memory that "
            "is free here, with a KV cache of the configured size; a smaller kv_cache_mb needs less."
        ]
    assert best.suggestion_ms is not None
    lines = [
        f"Recommended: {best.label}. A suggestion takes {_about(best)}{_seconds(best.suggestion_ms)}: {_feel(best)}"
    ]
    better = advice.better
    if better is not None and better.suggestion_ms is not None:
        lines.append(
            f"Righter, but slower: {better.label} takes {_about(better)}{_seconds(better.suggestion_ms)}. "
            "Larger models are right more often; choose it if you would rather wait than correct."
        )
    if not best.option.is_installed:
        lines.append(f"To have it: fimble setup {best.option.model}")
    return lines


def _feel(row: Row) -> str:
    assert row.suggestion_ms is not None
    if row.suggestion_ms <= AT_ONCE_MS:
        return "it is there when you look."
    if row.suggestion_ms <= BEARABLE_MS:
        return "it comes in a short pause between keys."
    return "that is slow, and nothing faster fits here. A model on another machine (docs/scale.md) would help."


def _about(row: Row) -> str:
    return "" if row.is_measured else "about "


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.2f} s" if ms < 10_000 else f"{ms / 1000:.0f} s"
