"""A table that a person wrote, read key by key, so that every complaint names the file and the key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fimble.errors import ConfigError


class Table:
    """A TOML table that is read key by key and knows where it came from."""

    def __init__(self, values: Mapping[str, Any], where: str, path: str = "") -> None:
        self._values = values
        self._where = where
        self._path = path
        self._read: set[str] = set()

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, accept: Callable[[str], object] = bool, problem: str = "must be a text in quotes") -> str:
        value = self._get(key)
        if not isinstance(value, str) or not accept(value):
            raise self.complaint(key, f"{problem}, not {value!r}")
        return value

    def number(self, key: str) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self.complaint(key, f"must be a whole number above 0, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
            raise self.complaint(key, f"must be a list of texts, not {value!r}")
        return tuple(value)

    def table(self, key: str) -> Table:
        value = self._get(key)
        if not isinstance(value, dict):
            raise self.complaint(key, "must be a table")
        return Table(value, self._where, f"{self._path}{key}.")

    def tables(self, key: str) -> list[Table]:
        self._read.add(key)
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.complaint(key, f"must be tables, written [[{key}]]")
        return [Table(item, self._where, f"{self._path}{key}[{i}].") for i, item in enumerate(value)]

    def complaint(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self._where}: {self._path}{key} {problem}.")

    def refuse_unknown(self) -> None:
        for key in self._values:
            if key not in self._read:
                raise self.complaint(key, "is not a key that an entry has")

    def _get(self, key: str) -> Any:
        self._read.add(key)
        if key not in self._values:
            raise self.complaint(key, "is missing")
        return self._values[key]
