"""What a long benchmark has found so far, in a file: a run that was interrupted goes on where it ended.

A JSON object a line. The first says which run it is; each of the others is one item, written
whole or, where the machine stopped in the middle of a line, dropped at the next start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fimble.errors import DocumentError


class Journal:
    """Records by key. Without a path they are kept in memory alone."""

    def __init__(self, path: Path | None, heading: Mapping[str, Any]) -> None:
        """Raises ``DocumentError`` for a file that is another run's, or none at all."""
        self._path = path
        self._records: dict[str, dict[str, Any]] = {}
        if path is None:
            return
        try:
            text = path.read_bytes().decode() if path.exists() else ""
            whole = text[: text.rfind("\n") + 1]
            lines = [json.loads(line) for line in whole.splitlines()]
            if lines and lines[0] != dict(heading):
                raise ValueError("it begins differently")
            self._records = {line.pop("key"): line for line in lines[1:]}
            if len(whole) < len(text) or not lines:
                path.write_text(whole or json.dumps(dict(heading)) + "\n", encoding="utf-8")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DocumentError(
                f"{path} is not the record of this run: {error}.", "Name another file, or delete this one."
            ) from error

    def get(self, key: str) -> dict[str, Any] | None:
        """What is known of an item."""
        return self._records.get(key)

    def add(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep an item, at once. Raises ``DocumentError`` where it cannot be written."""
        self._records[key] = dict(record)
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, **record}) + "\n")
        except OSError as error:
            raise DocumentError(f"{self._path} cannot be written: {error}.") from error
