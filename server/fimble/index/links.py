"""From a name that a chunk uses to the chunks that it may mean, as far as names and imports tell.

First what the file itself defines, then what it imports, followed through files that hand names on, then a
name that hardly anything else in the workspace has. A name that comes from outside means nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fimble.index.imports import EVERYTHING
from fimble.index.records import Import, Kind, Reference, Use
from fimble.index.references import UNKNOWN
from fimble.index.resolve import Modules

MAX_UNIQUE = 3
"""A name that no import explains means its definitions in the workspace where there are no more than so many."""
_MAX_HOPS = 4
_MAX_BASES = 5
_OWN = frozenset({"self", "cls", "this", "$this", "Self", "super", "@self"})
_CODE = (Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.VALUES)
Targets = tuple[int, ...]


class Links:
    """What the names of a workspace mean. Chunks are told by their positions in the lists, which run side by side."""

    def __init__(
        self,
        ids: Sequence[int],
        names: Sequence[str],
        kinds: Sequence[Kind],
        parents: Sequence[int | None],
        file_ids: Sequence[int],
        paths: Mapping[int, str],
        imports: Mapping[int, Sequence[Import]],
    ) -> None:
        position_of = {chunk_id: position for position, chunk_id in enumerate(ids)}
        self.parents = [None if parent is None else position_of.get(parent) for parent in parents]
        self.first_values: dict[int, int] = {}
        """Of each file that has one, the first chunk of values."""
        self._names, self._kinds, self._file_ids, self._paths = names, kinds, file_ids, paths
        self._imports = imports
        self._modules = Modules(paths.values())
        self._id_of_path = {path: file_id for file_id, path in paths.items()}
        self._in_file: dict[int, dict[str, list[int]]] = {}
        self._members: dict[int, dict[str, list[int]]] = {}
        self._anywhere: dict[str, list[int]] = {}
        for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            if kind not in _CODE:
                continue
            if kind is Kind.VALUES:
                self.first_values.setdefault(file_ids[position], position)
            else:
                self._anywhere.setdefault(name, []).append(position)
            parent = self.parents[position]
            if parent is not None and kinds[parent] is Kind.CLASS:
                self._members.setdefault(parent, {}).setdefault(name, []).append(position)
            if kind is not Kind.METHOD:
                self._in_file.setdefault(file_ids[position], {}).setdefault(name, []).append(position)
        self._bases: dict[int, list[int]] = {}
        self._by_alias: dict[int, dict[str, list[Import]]] = {}
        self._stars: dict[int, list[Import]] = {}
        for file_id, taken in imports.items():
            for one in taken:
                if one.name == EVERYTHING:
                    self._stars.setdefault(file_id, []).append(one)
                elif one.alias:
                    self._by_alias.setdefault(file_id, {}).setdefault(one.alias, []).append(one)
        self._files: dict[tuple[int, Import], tuple[int, ...]] = {}
        self._known: dict[tuple[int, str, str, Use], Targets] = {}

    def read_bases(self, references: Mapping[int, Sequence[Reference]], ids: Sequence[int]) -> None:
        """Learn what classes are derived from, for methods that they inherit."""
        for position, kind in enumerate(self._kinds):
            if kind is not Kind.CLASS:
                continue
            for one in references.get(ids[position], ()):
                if one.use is Use.BASE:
                    bases = [base for base in self.targets(position, one) if self._kinds[base] is Kind.CLASS]
                    self._bases.setdefault(position, []).extend(base for base in bases if base != position)

    def targets(self, position: int, reference: Reference) -> Targets:
        """What ``reference`` means in the chunk at ``position``; empty where nothing tells."""
        name, qualifier, use = reference.name, reference.qualifier, reference.use
        if qualifier in _OWN:
            around = self._class_around(position)
            found = () if around is None else self._member(around, name, qualifier == "super")
            return found or (self._unique(name, True) if use is Use.CALL and around is None else ())
        if not qualifier:
            inner = self._beside(position, name)
            if inner:
                return inner
        key = self._file_ids[position], name, qualifier, use
        if key not in self._known:
            self._known[key] = self._qualified(*key) if qualifier else self._plain(*key[:2], use)
        return self._known[key]

    def imported(self, file_id: int, one: Import) -> Targets:
        """The definitions that an import takes."""
        if one.name in ("", EVERYTHING):
            return ()
        return self._taken(file_id, one, _MAX_HOPS)

    def _beside(self, position: int, name: str) -> Targets:
        """A definition within the functions around a chunk, or a member of its class where that needs no ``self``."""
        around: int | None = position
        while around is not None:
            parent = self.parents[around]
            if parent is not None and self._kinds[parent] is Kind.CLASS and not self._is_python(position):
                found = self._member(parent, name, False)
                if found:
                    return found
            around = parent
        return ()

    def _plain(self, file_id: int, name: str, use: Use) -> Targets:
        found = self._in_file.get(file_id, {}).get(name)
        if found:
            return tuple(found)
        named = self._by_alias.get(file_id, {}).get(name, ())
        if named:
            return tuple(target for one in named for target in self.imported(file_id, one))
        for one in self._stars.get(file_id, ()):
            for other in self._files_of(file_id, one):
                taken = self._defined(other, name, _MAX_HOPS)
                if taken:
                    return taken
        for path in self._modules.beside(self._paths[file_id]):
            found = self._in_file.get(self._id_of_path[path], {}).get(name)
            if found:
                return tuple(found)
        return () if use is Use.NAME else self._unique(name, False)

    def _qualified(self, file_id: int, name: str, qualifier: str, use: Use) -> Targets:
        parts = qualifier.split(".")
        if parts[0] not in _OWN and qualifier != UNKNOWN:
            for end in range(len(parts), 0, -1):
                holder = ".".join(parts[:end])
                named = self._by_alias.get(file_id, {}).get(holder, ())
                for one in named:
                    found = self._through(file_id, one, [*parts[end:], name])
                    if found:
                        return found
                if named:
                    return ()
            for holder_position in self._plain(file_id, parts[-1], Use.NAME):
                if self._kinds[holder_position] is Kind.CLASS:
                    found = self._member(holder_position, name, False)
                    if found:
                        return found
        return self._unique(name, True) if use is not Use.NAME else ()

    def _through(self, file_id: int, one: Import, names: Sequence[str]) -> Targets:
        """What ``names``, one behind the other, mean behind what ``one`` takes."""
        for holder in self.imported(file_id, one):
            if self._kinds[holder] is Kind.CLASS:
                found = self._member(holder, names[-1], False)
                if found:
                    return found
        for other in self._files_of(file_id, one):
            found = self._defined(other, names[0], _MAX_HOPS)
            if found and len(names) == 1:
                return found
            for holder in found:
                if self._kinds[holder] is Kind.CLASS and len(names) == 2:
                    member = self._member(holder, names[1], False)
                    if member:
                        return member
        return ()

    def _taken(self, file_id: int, one: Import, num_hops: int) -> Targets:
        for other in self._files_of(file_id, one):
            found = self._defined(other, one.name, num_hops)
            if found:
                return found
        return ()

    def _defined(self, file_id: int, name: str, num_hops: int) -> Targets:
        """What ``name`` means to those who import it from a file."""
        found = self._in_file.get(file_id, {}).get(name)
        if found:
            return tuple(found)
        if not num_hops:
            return ()
        for one in self._by_alias.get(file_id, {}).get(name, ()):
            taken = self._taken(file_id, one, num_hops - 1) if one.name else ()
            if taken:
                return taken
        for one in self._stars.get(file_id, ()):
            for other in self._files_of(file_id, one):
                taken = self._defined(other, name, num_hops - 1)
                if taken:
                    return taken
        return ()

    def _member(self, holder: int, name: str, is_inherited: bool) -> Targets:
        """A member of the class ``holder`` or of what it is derived from; only the latter if ``is_inherited``."""
        waiting, seen = [holder], {holder}
        for _ in range(_MAX_BASES):
            for one in waiting:
                found = self._members.get(one, {}).get(name)
                if found and not (is_inherited and one == holder):
                    return tuple(found)
            waiting = [base for one in waiting for base in self._bases.get(one, ()) if base not in seen]
            seen.update(waiting)
        return ()

    def _class_around(self, position: int) -> int | None:
        around: int | None = position
        while around is not None and self._kinds[around] is not Kind.CLASS:
            around = self.parents[around]
        return around

    def _unique(self, name: str, is_member: bool) -> Targets:
        """The definitions of a name that few have; of a name behind a dot, those that can be called so."""
        found = self._anywhere.get(name, ())
        if len(found) > MAX_UNIQUE or len(name) < 3 or (name.startswith("__") and name.endswith("__")):
            return ()
        return tuple(
            one for one in found if is_member or self._kinds[one] is not Kind.METHOD or not self._is_python(one)
        )

    def _files_of(self, file_id: int, one: Import) -> tuple[int, ...]:
        key = file_id, one
        if key not in self._files:
            found = self._modules.files(self._paths[file_id], one)
            self._files[key] = tuple(self._id_of_path[path] for path in found)
        return self._files[key]

    def _is_python(self, position: int) -> bool:
        return self._paths[self._file_ids[position]].endswith((".py", ".pyi"))
