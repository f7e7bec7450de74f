"""The search tries, prunes, and never ends with settings that did worse than those it was given."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fimble.training.progress import Progress
from fimble.training.trials import LEARNING_RATES, Searched, Trial, best_of, search, table
from tests.unit.training import taught

pytestmark = pytest.mark.usefixtures("one_thread")


def test_it_finds_a_rate_that_learns(tmp_path: Path) -> None:
    """The tiny model wants a far higher rate than the one given."""
    told: list[Progress] = []
    settings = taught.settings(learning_rate=LEARNING_RATES[0], rank=8, alpha=16)
    found = search(taught.source(tmp_path), taught.dataset(tmp_path), settings, tmp_path / "search", 5, told.append)
    assert [trial.number for trial in found.trials] == [0, 1, 2, 3, 4]
    first = found.trials[0]
    assert (first.learning_rate, first.rank, first.parts) == (LEARNING_RATES[0], 8, settings.parts)
    assert found.best.learning_rate > settings.learning_rate
    assert found.best.alpha / found.best.rank == 2
    whole = [trial.validation_loss for trial in found.trials if trial.state == "complete"]
    assert min(whole) < first.validation_loss <= found.base_loss + 0.01
    assert found.best.num_epochs == settings.num_epochs
    assert [progress.note for progress in told if progress.note] == [f"Trial {number} of 5." for number in range(1, 6)]
    assert not any((tmp_path / "search").glob("trial-*"))


def trial(number: int, loss: float, state: str = "complete", rate: float = 1e-4) -> Trial:
    return Trial(number, rate, 8, ("q", "v"), loss, 10, 1.0, state)


def test_only_whole_trials_win() -> None:
    trials = [trial(0, 1.0), trial(1, 0.5, "pruned", 9e-4), trial(2, 0.8, rate=3e-4), trial(3, math.nan, "diverged")]
    best = best_of(trials, taught.SETTINGS)
    assert (best.learning_rate, best.rank, best.alpha, best.parts) == (3e-4, 8, 16, ("q", "v"))
    assert best_of(trials[3:], taught.SETTINGS) == taught.SETTINGS


def test_the_table_has_the_best_first_and_what_diverged_last() -> None:
    searched = Searched(taught.SETTINGS, (trial(0, math.nan, "diverged"), trial(1, 0.9), trial(2, 0.7)), 1.0, 3.0)
    rows = table(searched).splitlines()
    assert [row.split()[0] for row in rows] == ["trial", "2", "1", "0"]
