"""The losses of a run as a picture: SVG text, self-contained, for a report or a browser."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

from fimble.training.fit import Fitted
from fimble.training.settings import require

_SMOOTHED_SHARE = 0.05
"""Each training loss is shown as the mean of this share of the steps around it, and pale as it is."""


def draw(fitted: Fitted, path: Path) -> None:
    """Write the picture, whole or not at all. Raises ``OSError``."""
    new = path.with_name(path.name + ".new")
    new.write_text(svg(fitted.train_losses, fitted.validation_losses, fitted.best_step), encoding="utf-8")
    new.replace(path)


def svg(train: Sequence[tuple[int, float]], validation: Sequence[tuple[int, float]], best_step: int = 0) -> str:
    """Training and validation loss over steps, as an ``<svg>`` element.

    Raises ``TrainingUnavailable`` without matplotlib.
    """
    require("matplotlib")
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Text stays text, and the same losses make the same bytes.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "fimble", "font.family": "sans-serif"}):
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        if train:
            steps, losses = zip(*train, strict=True)
            axes.plot(steps, losses, color="#4477aa", alpha=0.25, linewidth=1)
            axes.plot(steps, smoothed(losses), color="#4477aa", linewidth=1.6, label="training")
        if validation:
            steps, losses = zip(*validation, strict=True)
            axes.plot(steps, losses, "o-", color="#cc6677", linewidth=1.6, markersize=4, label="validation (holes)")
        if validation and best_step:
            axes.axvline(best_step, color="#888888", linewidth=1, linestyle=":", label="kept")
        axes.set_xlabel("step")
        axes.set_ylabel("loss, nats a token")
        axes.grid(alpha=0.25)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if train or validation:
            axes.legend(frameon=False)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return re.sub(r"^.*?(?=<svg )", "", written.getvalue(), flags=re.DOTALL)


def smoothed(losses: Sequence[float]) -> list[float]:
    """Means over a window around each."""
    reach = int(len(losses) * _SMOOTHED_SHARE / 2)
    windows = [losses[max(0, place - reach) : place + reach + 1] for place in range(len(losses))]
    return [sum(window) / len(window) for window in windows]
