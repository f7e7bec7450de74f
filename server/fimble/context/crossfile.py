"""What the workspace's index tells about the names at a cursor: definitions, signatures, and how others use them.

Only other files are asked: the cursor's own file is in the editor, newer than any index. Work stops at
the deadline with the likeliest done first, and what was read stays, so that the next request goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fimble.context import outline_text
from fimble.context.choice import SIMILAR, Candidate
from fimble.context.live_imports import live_imports
from fimble.context.lookup import DEFINITIONS, FUNCTIONS, Found, Lookup
from fimble.context.passages import read, split
from fimble.context.scope_names import ScopeNames, scope_names, type_name
from fimble.errors import FimbleError
from fimble.index import words
from fimble.index.reader import Reader
from fimble.index.records import Chunk, Import, Kind, StoredChunk
from fimble.privacy import Privacy, path_of
from fimble.syntax.languages import language_of
from fimble.text import Cursor

ReaderOf = Callable[[str], Reader | None]
"""From a workspace folder, with ``/`` at its end, to its index; ``None`` where there is none."""
CALLED, NEAR, AROUND, FRESH, FAR = 2.0, 1.0, 0.6, 1.6, 0.1
"""What a definition is worth by where its name stands: called at the cursor, on near lines, in the function around it,
imported and not used yet, anywhere else in the file. Passages of open files are worth 0.1 to 1."""
_TYPE, _BASE, _USE, _MODULE = 0.8, 0.7, 0.6, 0.6
"""Of that, for the class of a variable, a class's base, lines that use a name, and what a module has."""
MIN_WORTH = 0.1
_MAX_DEFINITIONS = 16
_MAX_FRESH = 8
_NAMED = _TYPE * NEAR
"""What is worth this much is named near the cursor, or waits to be."""
IMPORTED = 3.0
_MAX_USES = 3
_MAX_MEMBERS = 8
_USE_LINES = (1, 2)
"""Lines shown before and after one that uses a name."""
_MAX_SIMILAR = 4
_MAX_QUERY = 12


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A name worth looking up."""

    worth: float
    written: str
    why: str
    is_type: bool = False
    """Whether the class is wanted that a variable has, not what the name itself is."""


class CrossFile:
    """Asks the indexes of a session. For one thread at a time."""

    def __init__(self, reader_of: ReaderOf) -> None:
        self._reader_of = reader_of
        self._lookups: dict[str, Lookup] = {}

    def warm(self) -> None:
        """Load what the first question would have to wait for."""
        words.split("firstQuestion")

    def candidates(
        self, cursor: Cursor, root: str, privacy: Privacy, max_chars: int, is_late: Callable[[], bool]
    ) -> list[Candidate]:
        """What may be shown at ``cursor``, none of it private, each at most half of ``max_chars`` long.

        ``root``: the workspace folder, with ``/`` at its end, that holds the cursor's file.
        """
        try:
            return self._candidates(cursor, root, privacy, max_chars, is_late)
        except FimbleError:
            return []

    def _candidates(
        self, cursor: Cursor, root: str, privacy: Privacy, max_chars: int, is_late: Callable[[], bool]
    ) -> list[Candidate]:
        reader = self._reader_of(root)
        lookup = self._lookup(root, reader) if reader is not None else None
        if reader is None or lookup is None or lookup.is_empty:
            return []
        path = path_of(cursor.snapshot.uri)[len(root) :]
        asked = _Asked(cursor, root, path, privacy, reader, lookup, max_chars, is_late)
        return asked.all()

    def _lookup(self, root: str, reader: Reader) -> Lookup:
        known = self._lookups.get(root)
        if known is None or known.reader is not reader:
            known = self._lookups[root] = Lookup(reader)
        known.refresh()
        return known


class _Asked:
    """One question."""

    def __init__(
        self,
        cursor: Cursor,
        root: str,
        path: str,
        privacy: Privacy,
        reader: Reader,
        lookup: Lookup,
        max_chars: int,
        is_late: Callable[[], bool],
    ) -> None:
        self._root, self._path, self._privacy, self._is_late = root, path, privacy, is_late
        self._reader, self._lookup, self._max_chars = reader, lookup, max_chars
        self._uri, self._text = cursor.snapshot.uri, cursor.snapshot.text
        language = language_of(cursor.snapshot)
        self._language = language.name if language is not None else ""
        live = live_imports(cursor)
        self._imports: tuple[Import, ...] = live.imports or lookup.imports_of(path)
        self._unused = live.unused
        self._scope: ScopeNames = scope_names(cursor)
        self._near: dict[str, float] = {}
        for name, weight in self._scope.near.items():
            for word in words.split(name):
                self._near[word] = max(self._near.get(word, 0.0), weight)

    def all(self) -> list[Candidate]:
        called = self._meant(self._scope.called) if self._scope.called else None
        if called is not None and called.chunk is not None:
            for word in words.split(called.chunk.signature):
                self._near.setdefault(word, 1.0)
        found: dict[tuple[str, str], Candidate] = {}
        uses: list[tuple[float, str]] = []
        imported = list(self._unused_imports())
        for wanted in sorted(self._wanted(), key=lambda one: -one.worth):
            if self._is_late() or len(found) >= _MAX_DEFINITIONS or wanted.worth < MIN_WORTH:
                break
            shown = list(self._shown(wanted))
            for candidate in shown:
                known = found.get((candidate.uri, candidate.name))
                if known is None or (known.worth or 0) < (candidate.worth or 0):
                    found[candidate.uri, candidate.name] = candidate
            if shown and not wanted.is_type:
                uses.append((wanted.worth, wanted.written.rpartition(".")[2]))
        result = imported + list(found.values())
        for worth, name in uses[:_MAX_USES]:
            if self._is_late():
                return result
            result += self._uses(name, worth)
        if not self._is_late():
            result += self._similar()
        return result

    def _wanted(self) -> Iterator[_Wanted]:
        """Names in their scope, with what knowing them is worth."""
        scope = self._scope
        if scope.called:
            yield _Wanted(CALLED, scope.called, "signature of ")
        bound = {one.alias: one for one in self._imports if one.alias and one.name != "*"}
        fresh = {one.alias for one in self._unused}
        crowd = 1 / (1 + len(fresh) / 12)
        for alias, one in bound.items():
            head = alias.partition(".")[0]
            if alias in fresh:
                worth = FRESH * crowd * (0.7 + 0.6 * self._closeness(one.name or alias))
            elif head in scope.near:
                worth = NEAR if scope.near[head] == 1 else AROUND
            else:
                worth = FAR * (0.7 + 0.6 * self._closeness(one.name or alias))
            yield _Wanted(worth, alias, "definition of ")
        for variable, made in scope.types.items():
            name = variable.rpartition(".")[2]
            if name in scope.near:
                yield _Wanted(_TYPE * (NEAR if scope.near[name] == 1 else AROUND), made, f"type of {variable}: ", True)
        for base in scope.bases:
            yield _Wanted(_BASE * NEAR, base, "base class ", True)

    def _unused_imports(self) -> Iterator[Candidate]:
        """The file's own words for them: the window may begin far below its imports."""
        fresh = sorted(self._unused, key=lambda one: self._closeness(one.name or one.alias))[-_MAX_FRESH:]
        if self._language != "python" or not fresh or self._path.endswith("__init__.py"):
            return
        by_module: dict[str, list[str]] = {}
        for one in fresh:
            name = one.name or one.module
            by_module.setdefault(one.module if one.name else "", []).append(
                name if name == one.alias else f"{name} as {one.alias}"
            )
        lines = [
            f"from {module} import {', '.join(names)}" if module else f"import {', '.join(names)}"
            for module, names in by_module.items()
        ]
        passage = read("\n".join(lines) + "\n")
        if passage is not None:
            yield Candidate(
                self._uri,
                self._path,
                0,
                passage,
                why="imported and not used yet",
                worth=IMPORTED,
                name="imports",
                is_reminder=True,
            )

    def _shown(self, wanted: _Wanted) -> Iterator[Candidate]:
        found = self._type(wanted.written) if wanted.is_type else self._meant(wanted.written)
        if found is None or found.path == self._path or not self._may_show(found.path):
            return
        if found.chunk is None:
            yield from self._module(found.path, wanted)
            return
        yield from self._definition(found, wanted.worth, wanted.why)

    def _meant(self, written: str) -> Found | None:
        """What a name means here: through imports, or as a member of what a variable's type is."""
        found = self._lookup.find(written, self._path, self._imports)
        if found is not None:
            return found
        holder, _, name = written.rpartition(".")
        if holder in ("self", "this", "cls", "super"):
            for base in self._scope.bases:
                of_base = self._lookup.find(base, self._path, self._imports)
                if of_base is not None and (member := self._lookup.member(of_base, name)) is not None:
                    return member
        made = self._scope.types.get(holder)
        kind = self._type(made) if made else None
        return self._lookup.member(kind, name) if kind is not None else None

    def _type(self, written: str) -> Found | None:
        """The class that ``written`` is, or that calling it gives."""
        found = self._lookup.find(written, self._path, self._imports)
        if found is not None:
            return self._lookup.type_of(found)
        holder, _, name = written.rpartition(".")
        if holder and holder in self._scope.types:
            kind = self._lookup.find(self._scope.types[holder], self._path, self._imports)
            member = self._lookup.member(kind, name) if kind is not None else None
            return self._lookup.type_of(member)
        said = re.search(rf"\bdef {re.escape(name)}\([^:]*?(?::[^:]*?)*?\)[ \t]*->[ \t]*([^:\n]+):", self._text)
        own = type_name(said[1]) if said else ""
        return self._lookup.type_of(self._lookup.find(own, self._path, self._imports)) if own else None

    def _definition(self, found: Found, worth: float, why: str) -> Iterator[Candidate]:
        chunk = found.chunk
        assert chunk is not None
        language = "python" if found.path.endswith((".py", ".pyi")) else self._language
        if found.name:
            text = outline_text.of_value(chunk, found.name)
        elif chunk.kind is Kind.CLASS:
            members = self._lookup.members(found)
            for base in self._lookup.bases(found):
                known = {member.name for member in members}
                members += [member for member in self._lookup.members(base) if member.name not in known]
            uses = self._reader.num_uses([member.name for member in members], self._path)
            most = max(uses.values(), default=1)

            def worth_of(name: str) -> float:
                return self._closeness(name) + uses.get(name, 0) / most / 2

            text = outline_text.of_class(chunk, members, language, worth_of, self._max_chars // 2)
        elif chunk.kind in FUNCTIONS:
            text = outline_text.of_function(chunk, language)
            holder = chunk.qualified.rpartition(".")[0]
            if chunk.kind is Kind.METHOD and holder and language == "python":
                text = f"class {holder}:\n" + "".join("    " + line for line in split(text))
        else:
            return
        yield from self._candidate(found.path, chunk, text, worth, why + (found.name or chunk.qualified), found.name)

    def _module(self, path: str, wanted: _Wanted) -> Iterator[Candidate]:
        """The likeliest functions and classes of an imported module, signatures only."""
        parts: list[tuple[float, int, str]] = []
        for chunk in self._lookup.in_file(path):
            if chunk.parent is None and chunk.kind in DEFINITIONS and not chunk.name.startswith("_"):
                text = outline_text.of_function(chunk, self._language, with_doc=False)
                parts.append((self._closeness(chunk.name), chunk.start_line, text))
            elif chunk.parent is None and chunk.kind is Kind.VALUES:
                values = ((name, outline_text.of_value(chunk, name)) for name in chunk.signature.split(", "))
                parts += [(self._closeness(name), chunk.start_line, text) for name, text in values if text]
        parts.sort(key=lambda part: (-part[0], part[1]))
        text = "".join(text for _, _, text in sorted(parts[:_MAX_MEMBERS], key=lambda part: part[1]))
        if parts:
            first = self._lookup.in_file(path)[0]
            yield from self._candidate(path, first, text, wanted.worth * _MODULE, f"members of {wanted.written}", "*")

    def _uses(self, name: str, worth: float) -> Iterator[Candidate]:
        """Lines of another file that use ``name``, from the chunk that has most to do with what is near."""
        stored = [one for one in self._reader.using(name, 24) if one.path != self._path and self._may_show(one.path)]
        stored = [one for one in stored if not one.path.endswith("__init__.py") or len(stored) < 3]
        best: tuple[float, str, StoredChunk] | None = None
        for one in stored:
            lines = split(one.chunk.text)
            place = next(
                (
                    at
                    for at, line in enumerate(lines)
                    if re.search(rf"\b{re.escape(name)}\b", line) and "import" not in line
                ),
                None,
            )
            if place is None or one.chunk.name == name:
                continue
            piece = "".join(lines[max(0, place - _USE_LINES[0]) : place + _USE_LINES[1] + 1])
            near = sum(self._near.get(word, 0) for word in set(words.split(piece)))
            if best is None or near > best[0]:
                best = (near, piece, one)
        if best is not None:
            yield from self._candidate(
                best[2].path, best[2].chunk, best[1], worth * _USE, f"use of {name}", f"use {name}"
            )

    def _similar(self) -> Iterator[Candidate]:
        """The chunks that hold most of the rare words near the cursor; compared with open files' passages."""
        query = [word for word, weight in self._near.items() if weight == 1 and len(word) > 3][:_MAX_QUERY]
        for chunk in self._reader.chunks([chunk_id for chunk_id, _ in self._reader.match(query, _MAX_SIMILAR * 2)]):
            if chunk.path != self._path and chunk.chunk.kind in FUNCTIONS and self._may_show(chunk.path):
                passage = read(chunk.chunk.text)
                if passage is not None:
                    uri = Path(self._root + chunk.path).as_uri()
                    yield Candidate(uri, chunk.path, chunk.chunk.start_line, passage, why=SIMILAR)

    def _candidate(
        self, path: str, chunk: Chunk, text: str, worth: float, why: str, name: str = ""
    ) -> Iterator[Candidate]:
        passage = read(text) if text.strip() else None
        if passage is not None:
            uri = Path(self._root + path).as_uri()
            yield Candidate(
                uri,
                path,
                chunk.start_line,
                passage,
                why=why,
                worth=worth,
                name=name or chunk.qualified,
                is_named=worth >= _NAMED,
            )

    def _closeness(self, name: str) -> float:
        """The share of a name's words that stand near the cursor, 0 to 1."""
        parts = words.split(name)
        parts = parts[:-1] if len(parts) > 1 else parts
        return sum(self._near.get(part, 0) for part in parts) / len(parts) if parts else 0.0

    def _may_show(self, path: str) -> bool:
        return self._privacy.may_read(self._root + path)
