"""Draws the progress of long work: bars on a terminal, one line a stage elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Table

from fimble.weights.disk import readable
from fimble.weights.progress import Progress


class Bars:
    """One bar a stage, each below the last; a stage begins when it is first heard of."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._table = Table(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._stage = ""
        self._task = TaskID(0)
        self._is_done = True

    def __enter__(self) -> Self:
        self._table.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end_stage()
        self._table.stop()

    def on_progress(self, progress: Progress) -> None:
        """Show work that is counted in bytes, or a notice."""
        if progress.notice:
            self._abandon_stage()
            self.say(progress.notice)
            return
        fraction = progress.done_bytes / progress.total_bytes if progress.total_bytes else 0.0
        amount = f"{readable(progress.done_bytes)} of {readable(progress.total_bytes)}"
        self._show(progress.stage, fraction, amount)

    def on_fraction(self, stage: str, fraction: float) -> None:
        """Show work that is known by how much of it is done, from 0 to 1."""
        self._show(stage, fraction, f"{fraction:.0%}")

    def on_amount(self, stage: str, fraction: float, amount: str) -> None:
        """Show work of which more can be said than how much is done."""
        self._show(stage, fraction, amount)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _show(self, stage: str, fraction: float, amount: str) -> None:
        if stage != self._stage:
            self._end_stage()
            self._stage = stage
            self._task = self._table.add_task(stage, total=1.0, amount=amount)
            if not self._console.is_terminal:
                self.say(f"{stage} ...")
        self._is_done = fraction >= 1.0
        self._table.update(self._task, completed=fraction, amount=amount)

    def _end_stage(self) -> None:
        if self._stage and not self._is_done:
            self._table.update(self._task, completed=1.0, amount="done")
        self._stage, self._is_done = "", True

    def _abandon_stage(self) -> None:
        if self._stage and not self._is_done:
            self._table.remove_task(self._task)
        self._stage, self._is_done = "", True
