"""fimble as a side of the typing benchmark: the real server, over standard input and output."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fimble.bench.corpus import SourceFile
from fimble.bench.editor import SERVER, Editor
from fimble.bench.replay import Answer, Effort
from fimble.bench.script import Script, Step


class FimbleSide:
    """Asks on every key, and cancels what the key superseded, as VS Code does."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._request = 0
        self._is_answered = True
        self._pressed_s = 0.0

    def open(self, file: SourceFile) -> None:
        self._editor.open(file.path, file.language, file.text)

    def press(self, step: Step, before: str, after: str) -> None:
        self._pressed_s = time.perf_counter()
        if before != after:
            self._editor.change(step.path, before, step.start, step.end, step.text)
        if not self._is_answered:
            self._editor.cancel(self._request)
        self._is_answered = False
        self._request = self._editor.ask(step.path, after, step.cursor)

    def answer(self, deadline_s: float) -> Answer | None:
        found = self._editor.answer(self._request, deadline_s)
        if found is None:
            return None
        self._is_answered = True
        text, arrived_s = found
        return Answer(text, (arrived_s - self._pressed_s) * 1e3)

    def effort(self) -> Effort:
        record = self._editor.why()
        return Effort(
            str(record.get("source", "")),
            str(record.get("reason") or ""),
            int(record.get("numPromptTokens", 0)),
            int(record.get("numReusedTokens", 0)),
            int(record.get("numGeneratedTokens", 0)),
            record.get("confidence"),
            record.get("numRunTokens"),
        )


@contextmanager
def start(script: Script, command: Sequence[str] = SERVER) -> Iterator[FimbleSide]:
    """A fresh server on a workspace that holds the script's files as they are first opened."""
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as name:
        root = Path(name).resolve()
        for file in script.files:
            path = root / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8", newline="")
        with Editor(root, command) as editor:
            editor.start()
            yield FimbleSide(editor)
