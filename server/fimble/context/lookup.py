"""From a name in a file to its definition in another file of the workspace, through imports and re-exports."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from fimble.context.scope_names import bases_in, type_name
from fimble.index.reader import Reader
from fimble.index.records import Chunk, Import, Kind
from fimble.index.resolve import module_file

MAX_HOPS = 4
"""So many re-exports are followed."""
_MAX_FILES = 256
_RETURNS = re.compile(r"(?:->|\)\s*:)\s*([\"']?[^\W\d][^:{]*)")
FUNCTIONS = frozenset({Kind.FUNCTION, Kind.METHOD})
DEFINITIONS = FUNCTIONS | {Kind.CLASS}


@dataclass(frozen=True, slots=True)
class Found:
    """A definition, or the ``VALUES`` that give a constant its value; a whole module where ``chunk`` is none."""

    path: str
    chunk: Chunk | None
    name: str = ""
    """The constant's."""


class Lookup:
    """What is read of one index, kept until anything in it changes. For one thread at a time."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._generation = -1
        self._files: OrderedDict[str, tuple[Chunk, ...]] = OrderedDict()
        self._imports: dict[str, tuple[Import, ...]] = {}
        self._paths: frozenset[str] = frozenset()

    def refresh(self) -> None:
        """Forget what may have changed."""
        generation = self.reader.generation
        if generation != self._generation:
            self._generation = generation
            self._files.clear()
            self._imports.clear()
            self._paths = self.reader.paths()

    @property
    def is_empty(self) -> bool:
        """Whether the index knows no file."""
        return not self._paths

    def in_file(self, path: str) -> tuple[Chunk, ...]:
        """The chunks of a file, in its order."""
        if path not in self._files:
            self._files[path] = tuple(stored.chunk for stored in self.reader.in_file(path, with_references=False))
            while len(self._files) > _MAX_FILES:
                self._files.popitem(last=False)
        self._files.move_to_end(path)
        return self._files[path]

    def imports_of(self, path: str) -> tuple[Import, ...]:
        if path not in self._imports:
            self._imports[path] = self.reader.imports_of(path)
        return self._imports[path]

    def find(self, written: str, path: str, imports: Sequence[Import], hops: int = MAX_HOPS) -> Found | None:
        """What ``written`` (``name`` or ``module.name``) means in the file at ``path``, if another file defines it."""
        head, _, rest = written.partition(".")
        for one in reversed(imports):
            if one.alias == head and one.name != "*":
                found = self._imported(one, path, hops)
                return self._inside(found, rest, hops) if found is not None and found.path != path else None
            # ``import a.b`` binds ``a``, and what is meant is ``a.b.name``
            if not one.name and "." in one.alias and (written + ".").startswith(one.alias + "."):
                found = self._imported(one, path, hops)
                return self._inside(found, written[len(one.alias) + 1 :], hops) if found is not None else None
        return None

    def bases(self, found: Found) -> list[Found]:
        """The classes that a class is derived from, as far as the workspace defines them."""
        if found.chunk is None or found.chunk.kind is not Kind.CLASS:
            return []
        known = (self.meant(name, found.path) for name in bases_in(found.chunk.signature))
        return [base for base in known if base is not None and base.chunk is not None]

    def meant(self, written: str, path: str) -> Found | None:
        """What ``written`` means in the file at ``path``: a definition of its own, or an imported one."""
        own = self._own(path, written)
        return own if own is not None else self.find(written, path, self.imports_of(path))

    def members(self, found: Found) -> list[Chunk]:
        """A class's methods and inner classes, in their order."""
        chunks = self.in_file(found.path)
        place = next((number for number, chunk in enumerate(chunks) if chunk == found.chunk), None)
        return (
            [chunk for chunk in chunks if chunk.parent == place and chunk.kind in DEFINITIONS]
            if place is not None
            else []
        )

    def all_members(self, found: Found) -> list[Chunk]:
        """Those of a class, and those that it takes from its bases."""
        members = self.members(found)
        for base in self.bases(found):
            known = {member.name for member in members}
            members += [member for member in self.members(base) if member.name not in known]
        return members

    def member(self, found: Found, name: str, hops: int = MAX_HOPS) -> Found | None:
        """A method of a class, or of what it is derived from."""
        for chunk in self.members(found):
            if chunk.name == name:
                return Found(found.path, chunk)
        for base in self.bases(found) if hops else []:
            if (inherited := self.member(base, name, hops - 1)) is not None:
                return inherited
        return None

    def type_of(self, found: Found | None, hops: int = MAX_HOPS) -> Found | None:
        """The class that calling ``found`` gives: itself, or what a function says that it returns."""
        if found is None or found.chunk is None:
            return None
        if found.chunk.kind is Kind.CLASS:
            return found
        if found.name:
            pattern = rf"^{re.escape(found.name)}[ \t]*(?::[ \t]*([^=\n]+))?=[ \t]*(\w[\w.]*)?"
            given = re.search(pattern, found.chunk.text, re.MULTILINE)
            name = type_name(given[1] or given[2] or "") if given else ""
            return self.type_of(self.meant(name, found.path), hops - 1) if name and hops else None
        if found.chunk.kind not in FUNCTIONS or not hops:
            return None
        said = _RETURNS.search(found.chunk.signature)
        name = type_name(said[1]) if said else ""
        return self.type_of(self.meant(name, found.path), hops - 1) if name else None

    def _imported(self, one: Import, path: str, hops: int) -> Found | None:
        if not one.name:
            target = module_file(path, one, self._paths)
            return Found(target, None) if target is not None else None
        target = module_file(path, one, self._paths)
        if target is None:
            return None
        return self._in(target, one.name, hops)

    def _in(self, path: str, name: str, hops: int) -> Found | None:
        """What ``name`` is at the top of the file at ``path``, or where that file takes it from."""
        own = self._own(path, name)
        if own is not None:
            return own
        if not hops:
            return None
        for one in reversed(self.imports_of(path)):
            if one.alias == name and one.name != "*":
                return self._imported(one, path, hops - 1)
        for one in self.imports_of(path):
            if one.name == "*":
                target = module_file(path, one, self._paths)
                found = self._in(target, name, hops - 1) if target is not None and target != path else None
                if found is not None:
                    return found
        stem = path.removesuffix("/__init__.py").rpartition("/")[2].partition(".")[0]
        return Found(path, None) if stem == name else None

    def _own(self, path: str, name: str) -> Found | None:
        for chunk in self.in_file(path):
            if chunk.parent is None and chunk.name == name and chunk.kind in DEFINITIONS:
                return Found(path, chunk)
        constant = re.compile(
            rf"^(?:export[ \t]+)?(?:const[ \t]+|let[ \t]+|var[ \t]+)?{re.escape(name)}[ \t]*(?::[^=\n]+)?=(?!=)", re.M
        )
        for chunk in self.in_file(path):
            if chunk.parent is None and chunk.kind is Kind.VALUES and constant.search(chunk.text):
                return Found(path, chunk, name)
        return None

    def _inside(self, found: Found, rest: str, hops: int) -> Found | None:
        """``rest``, as in ``upload.retry``, within what was found."""
        for name in rest.split(".") if rest else ():
            if found.chunk is None:
                deeper = self._in(found.path, name, hops)
            elif found.chunk.kind is Kind.CLASS:
                deeper = self.member(found, name)
            else:
                return None
            if deeper is None:
                return None
            found = deeper
        return found
