"""Which names at a cursor are worth looking up in other files, and how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fimble.context.scope_names import ScopeNames
from fimble.index import words
from fimble.index.records import Import

CALLED, FRESH, NEAR, AROUND, ATTRIBUTE, FAR = 2.0, 1.6, 1.0, 0.6, 0.4, 0.1
"""What a definition is worth by where its name stands: called at the cursor, imported and not used yet, on near lines,
in the function around it, an attribute of the class around that, anywhere else in the file. A passage of an open
file is worth 0.1 to 1."""
SEEN, BASE = 0.6, 0.8
"""Of that, for what is used by its own name, so that its use is in sight, and for a class's base."""
_CROWD = 12
"""Imports that are not used yet, of which each is worth half as much as one alone."""
_CLOSE = (0.7, 0.6)
"""What of the worth stays for a name with no word in common with the near lines, and what all words in common add."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name worth looking up."""

    worth: float
    written: str
    why: str
    """For a person, to be followed by what was found."""
    is_type: bool = False
    """Whether the class is wanted that a variable has, not what the name itself is."""


class Nearness:
    """The words near a cursor, and how many of them a name has."""

    def __init__(self, scope: ScopeNames) -> None:
        self._weights: dict[str, float] = {}
        for name, weight in scope.near.items():
            self.add(name, weight)

    def add(self, text: str, weight: float = 1.0) -> None:
        """Count the words of ``text`` as near."""
        for word in words.split(text):
            self._weights[word] = max(self._weights.get(word, 0.0), weight)

    def of_name(self, name: str) -> float:
        """The share of a name's words that stand near the cursor, 0 to 1."""
        parts = words.split(name)
        parts = parts[:-1] if len(parts) > 1 else parts  # the last is the name as a whole
        return sum(self._weights.get(part, 0.0) for part in parts) / len(parts) if parts else 0.0

    def of_text(self, text: str) -> float:
        """The weight of the near words in ``text``."""
        return sum(self._weights.get(word, 0.0) for word in set(words.split(text)))

    def nearest(self, limit: int) -> list[str]:
        """Words of the nearest lines that may tell something."""
        return [word for word, weight in self._weights.items() if weight == 1 and len(word) > 3][:limit]


def wanted(scope: ScopeNames, imports: Sequence[Import], unused: Sequence[Import], nearness: Nearness) -> list[Wanted]:
    """The names in ``scope``, the worthiest first. ``unused``: those of ``imports`` that nothing uses yet."""
    found = [*_called(scope), *_imported(scope, imports, unused, nearness), *_types(scope)]
    return sorted(found, key=lambda one: -one.worth)


def _called(scope: ScopeNames) -> Iterator[Wanted]:
    """What the cursor is in the middle of."""
    if scope.called:
        yield Wanted(CALLED, scope.called, "signature of ")
    if scope.receiver in scope.types:
        yield Wanted(CALLED, scope.types[scope.receiver], f"type of {scope.receiver}: ", True)
    elif scope.receiver:
        yield Wanted(CALLED, scope.receiver, "definition of ")
        yield Wanted(CALLED, scope.receiver, f"type of {scope.receiver}: ", True)


def _imported(
    scope: ScopeNames, imports: Sequence[Import], unused: Sequence[Import], nearness: Nearness
) -> Iterator[Wanted]:
    fresh = {one.alias for one in unused}
    for one in imports:
        if not one.alias or one.name == "*":
            continue
        head = one.alias.partition(".")[0]
        close = _CLOSE[0] + _CLOSE[1] * nearness.of_name(one.name or one.alias)
        if one.alias in fresh:
            worth = FRESH * close / (1 + len(fresh) / _CROWD)
        elif head in scope.near:
            worth = SEEN * (NEAR if scope.near[head] == 1 else AROUND)
        else:
            worth = FAR * close
        yield Wanted(worth, one.alias, "definition of ")


def _types(scope: ScopeNames) -> Iterator[Wanted]:
    for variable, made in scope.types.items():
        name = variable.rpartition(".")[2]
        if name in scope.near:
            worth = NEAR if scope.near[name] == 1 else AROUND
        elif variable != name:
            worth = ATTRIBUTE
        else:
            continue
        yield Wanted(worth, made, f"type of {variable}: ", True)
    for base in scope.bases:
        yield Wanted(BASE * NEAR, base, "base class ", True)
