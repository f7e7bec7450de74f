"""What the names at one cursor mean in other files: through imports, the types of variables, and base classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fimble.context.lookup import Found, Lookup
from fimble.context.scope_names import ScopeNames, type_name
from fimble.index.records import Import

_OWN = frozenset({"self", "this", "cls", "super"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """Of one file, as it stands in the editor."""

    lookup: Lookup
    path: str
    """The file's, in the index."""
    text: str
    imports: Sequence[Import]
    scope: ScopeNames

    def of_name(self, written: str) -> Found | None:
        """What ``name``, ``module.name`` or ``variable.name`` is."""
        found = self._imported(written)
        if found is not None:
            return found
        holder, _, name = written.rpartition(".")
        for base in self.scope.bases if holder in _OWN else ():
            inherited = self._imported(base)
            if inherited is not None and (member := self.lookup.member(inherited, name)) is not None:
                return member
        made = self.scope.types.get(holder)
        kind = self.of_type(made) if made else None
        return self.lookup.member(kind, name) if kind is not None else None

    def of_type(self, written: str) -> Found | None:
        """The class that ``written`` is, or that calling it gives."""
        found = self._imported(written)
        if found is not None:
            return self.lookup.type_of(found)
        holder, _, name = written.rpartition(".")
        if holder in self.scope.types:
            kind = self._imported(self.scope.types[holder])
            return self.lookup.type_of(self.lookup.member(kind, name)) if kind is not None else None
        result = self._own_result(name)
        return self.lookup.type_of(self._imported(result)) if result else None

    def _imported(self, written: str) -> Found | None:
        return self.lookup.find(written, self.path, self.imports)

    def _own_result(self, name: str) -> str:
        """The class that a function of this file says to return."""
        if f"def {name}(" not in self.text:
            return ""
        parameters = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
        said = re.search(rf"\bdef {re.escape(name)}{parameters}[ \t]*->[ \t]*([^:\n]+):", self.text)
        return type_name(said[1]) if said else ""
