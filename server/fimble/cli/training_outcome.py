"""What ``fimble train`` came to, as a person reads it at its end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.errors import TrainingError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from fimble.training.road import Outcome
    from fimble.training.verdict import Comparison


def show(outcome: Outcome, console: Console) -> None:
    """The table, the verdict and its reasons, and where the report lies."""
    from rich.table import Table

    table = Table("", "Holes", "Measure", "Before", "After", "Change (95 % interval)", box=None, pad_edge=False)
    verdict = outcome.verdict
    sets = {"Your repository": verdict.repository, "General code": verdict.general, **outcome.shown}
    for name, found in sets.items():
        _add_rows(table, name, found)
    console.print(table)
    head = "Kept: it is used in this repository from now on." if verdict.is_kept else "Rolled back: it is not used."
    console.print(f"\n{head}", style="bold green" if verdict.is_kept else "bold yellow")
    for reason in (*verdict.reasons, *outcome.notes):
        console.print(f"  {reason}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"Report: {outcome.report}", markup=False, highlight=False, soft_wrap=True)


def _add_rows(table: Table, name: str, found: Comparison) -> None:
    from rich.markup import escape

    exact, loss = found.exact, found.loss
    table.add_row(
        escape(name),
        str(found.num_holes),
        "filled exactly",
        f"{exact.before:.1%}",
        f"{exact.after:.1%}",
        f"{exact.difference:+.1%} ({exact.low:+.1%} to {exact.high:+.1%})",
    )
    table.add_row(
        "",
        "",
        "loss",
        f"{loss.before:.3f}",
        f"{loss.after:.3f}",
        f"{loss.difference:+.3f} ({loss.low:+.3f} to {loss.high:+.3f})",
    )


def copy(outcome: Outcome, out: Path) -> None:
    """Put report and result into the folder ``out``, too. Raises ``TrainingError``."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.copy(outcome.report, out / "report.html")
        (out / "result.json").write_text(json.dumps(outcome.result, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"{out} cannot be written: {error}.", f"The report lies in {outcome.report}.") from error
