"""What this process has open of an index, once for all who ask about it, and closed when the last of them lets go.

Each part by itself: who only reads definitions keeps no vectors in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from fimble.index.names import Names
from fimble.index.reader import Reader
from fimble.index.view import Views

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Shared(Generic[Key, Value]):
    """Values by key, each as long as anybody holds it. Any thread may ask."""

    def __init__(self, make: Callable[[Key], Value]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._held: WeakValueDictionary[Key, Value] = WeakValueDictionary()

    def get(self, key: Key) -> Value:
        """The one for ``key``; what making it raises is raised."""
        with self._lock:
            value = self._held.get(key)
            if value is None:
                value = self._held[key] = self._make(key)
            return value

    def __len__(self) -> int:
        return len(self._held)


READERS: Shared[Path, Reader] = Shared(Reader)
"""By the index's folder, as the others."""
NAMES: Shared[Path, Names] = Shared(lambda folder: Names(READERS.get(folder)))
VIEWS: Shared[Path, Views] = Shared(lambda folder: Views(READERS.get(folder)))
