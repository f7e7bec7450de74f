"""The real server with a feature that takes its time and echoes: what it was shown can be told from each answer.

It does not always stop when it is told to, as native code does not. It breaks lines as the file does.
"""

from __future__ import annotations

import argparse
import random
import time
import zlib

from fimble.config import Config
from fimble.engine.base import CancelToken
from fimble.lsp import process
from fimble.text import Cursor, Outcome, Reason, Suggestion


def echo(text: str, offset: int) -> str:
    """What an editor sees as the answer at ``offset``: sums of the text before and after it, on one line or two."""
    before, after = (zlib.crc32(part.encode()) for part in (text[:offset], text[offset:]))
    between = "\n" if before % 2 else " "
    return f"‹{before:x}{between}{after:x}›"


class SlowFeature:
    """Answers with ``echo``, later than one would like."""

    answer_ms = 0.0
    num_run_tokens = 0

    def __init__(self, seed: int, longest_s: float) -> None:
        self._choice, self._longest_s = random.Random(seed), longest_s

    def recall(self, cursor: Cursor) -> Outcome | None:
        return None

    def joins(self, cursor: Cursor) -> bool:
        return False

    def idle(self, cursor: Cursor, cancel: CancelToken) -> bool:
        return False

    def forget(self, uri: str) -> None:
        pass

    def suggest(
        self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1, is_hurried: bool = False
    ) -> Outcome:
        heeds = self._choice.random() < 0.5
        deadline_s = time.monotonic() + self._choice.uniform(0, self._longest_s)
        while time.monotonic() < deadline_s:
            if heeds and cancel.cancelled:
                return Outcome(reason=Reason.CANCELLED)
            time.sleep(0.001)
        text = cursor.snapshot.text
        line_end = "\r\n" if "\r\n" in text else "\n"
        return Outcome((Suggestion(echo(text, cursor.offset).replace("\n", line_end), -0.1),))


class SlowModel:
    model = "slow"
    provider = "cpu"
    actions = None
    english = None
    notes = ()
    is_asleep = False
    endpoint = ""

    def __init__(self, feature: SlowFeature) -> None:
        self.feature = feature

    def wake(self) -> None:
        pass

    def configure(self, config: Config) -> None:
        pass

    def listen(self, on_problems: object) -> None:
        pass

    def close(self) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest-s", type=float, default=0.03)
    options = parser.parse_args()

    def load(*_: object) -> SlowModel:
        return SlowModel(SlowFeature(options.seed, options.longest_s))

    process.serve(load, None, "warning")


if __name__ == "__main__":
    main()
