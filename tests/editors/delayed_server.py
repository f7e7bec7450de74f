"""The real model behind a delay: what an editor does with answers that come too late can be told with it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from fimble.cli.wiring import load_feature
from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.engine.base import CancelToken
from fimble.lsp import process
from fimble.text import Cursor, Outcome


class DelayedFeature:
    """Answers as the real feature does, but never at once and never from what it knows."""

    def __init__(self, real: Any, delay_s: float) -> None:
        self._real, self._delay_s = real, delay_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def recall(self, cursor: Cursor) -> Outcome | None:
        return None

    def joins(self, cursor: Cursor) -> bool:
        return False

    def suggest(
        self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1, is_hurried: bool = False
    ) -> Outcome:
        time.sleep(self._delay_s)
        outcome: Outcome = self._real.suggest(cursor, cancel, num_candidates, is_hurried)
        return outcome


class DelayedModel:
    """The loaded model with its feature behind the delay."""

    def __init__(self, real: Any, delay_s: float) -> None:
        self._real, self._delay_s = real, delay_s

    @property
    def feature(self) -> DelayedFeature:
        """A new one after every change of options, as the real one is."""
        return DelayedFeature(self._real.feature, self._delay_s)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=1200.0)
    parser.add_argument("--log-level", default="warning", choices=process.LOG_LEVELS)
    options, _ = parser.parse_known_args()  # an editor may add --stdio

    def load(
        config: Config, elsewhere: Elsewhere, adjustment: Callable[[], float], on_progress: Callable[[str], None]
    ) -> Any:
        return DelayedModel(load_feature(config, elsewhere, adjustment, on_progress), options.delay_ms / 1000)

    process.serve(load, None, options.log_level)


if __name__ == "__main__":
    main()
