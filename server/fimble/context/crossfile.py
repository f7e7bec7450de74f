"""What the workspace's index tells about the names at a cursor: definitions, signatures, and how others use them.

Only other files are asked: the cursor's own file is in the editor, newer than any index. Work stops at
the deadline with the likeliest done first, and what was read stays, so that the next request goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fimble.context import others, outline_text
from fimble.context.choice import SIMILAR, Candidate
from fimble.context.live_imports import live_imports
from fimble.context.lookup import DEFINITIONS, FUNCTIONS, Found, Lookup
from fimble.context.meaning import Meaning
from fimble.context.passages import read, split
from fimble.context.scope_names import scope_names
from fimble.context.wanted import NEAR, Nearness, Wanted, wanted
from fimble.errors import FimbleError
from fimble.index import words
from fimble.index.reader import Reader
from fimble.index.records import Chunk, Import, Kind
from fimble.privacy import Privacy, path_of
from fimble.syntax.languages import language_of
from fimble.text import Cursor

ReaderOf = Callable[[str], Reader | None]
"""From a workspace folder, with ``/`` at its end, to its index; ``None`` where there is none."""
MIN_WORTH = 0.1
_REMINDER = 3.0
"""What the unused imports themselves are worth: more than anything."""
_USE, _MODULE = 0.6, 0.8
"""Of a definition's worth, for lines that use its name, and for what a module has."""
_MAX_DEFINITIONS, _MAX_UNUSED, _MAX_USES, _MAX_MEMBERS = 12, 8, 3, 8


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
        """What may be shown at ``cursor``, none of it private, each definition at most half of ``max_chars`` long.

        ``root``: the workspace folder, with ``/`` at its end, that holds the cursor's file.
        """
        try:
            reader = self._reader_of(root)
            if reader is None:
                return []
            lookup = self._lookup(root, reader)
            return [] if lookup.is_empty else _Question(cursor, root, privacy, lookup, max_chars).answer(is_late)
        except FimbleError:
            return []

    def _lookup(self, root: str, reader: Reader) -> Lookup:
        known = self._lookups.get(root)
        if known is None or known.reader is not reader:
            known = self._lookups[root] = Lookup(reader)
        known.refresh()
        return known


class _Question:
    """One cursor, asked about."""

    def __init__(self, cursor: Cursor, root: str, privacy: Privacy, lookup: Lookup, max_chars: int) -> None:
        self._root, self._privacy, self._lookup, self._max_chars = root, privacy, lookup, max_chars
        self._uri = cursor.snapshot.uri
        self._path = path_of(self._uri)[len(root) :]
        language = language_of(cursor.snapshot)
        self._language = language.name if language is not None else ""
        live, scope = live_imports(cursor), scope_names(cursor)
        imports = live.imports or lookup.imports_of(self._path)
        self._unused = live.unused
        self._meaning = Meaning(lookup, self._path, cursor.snapshot.text, imports, scope)
        self._nearness = Nearness(scope)

    def answer(self, is_late: Callable[[], bool]) -> list[Candidate]:
        """All that was found before ``is_late``."""
        scope, imports = self._meaning.scope, self._meaning.imports
        called = self._meaning.of_name(scope.called) if scope.called else None
        if called is not None and called.chunk is not None:
            self._nearness.add(called.chunk.signature)
        found: dict[tuple[str, str], Candidate] = {}
        used: list[Wanted] = []
        for one in wanted(scope, imports, self._unused, self._nearness):
            if is_late() or len(found) >= _MAX_DEFINITIONS or one.worth < MIN_WORTH:
                break
            candidate = self._definition(one)
            if candidate is not None:
                found.setdefault(candidate.key, candidate)
                used += [] if one.is_type else [one]
        result = [*self._reminder(), *found.values()]
        for one in used[:_MAX_USES]:
            if not is_late():
                result += self._use(one)
        if not is_late():
            result += self._similar()
        return result

    def _reminder(self) -> Iterator[Candidate]:
        """The imports that are not used yet, in the file's own words: the window may begin far below them."""
        unused = sorted(self._unused, key=lambda one: self._nearness.of_name(one.name or one.alias))[-_MAX_UNUSED:]
        passage = read(_import_lines(unused)) if unused and self._language == "python" else None
        if passage is not None and not self._path.endswith("__init__.py"):
            why = "imported and not used yet"
            yield Candidate(
                self._uri, self._path, 0, passage, why=why, worth=_REMINDER, name="imports", is_reminder=True
            )

    def _definition(self, one: Wanted) -> Candidate | None:
        found = self._meaning.of_type(one.written) if one.is_type else self._meaning.of_name(one.written)
        if found is None or not self._may_show(found.path):
            return None
        if found.chunk is None:
            text = self._module_text(found.path)
            return self._candidate(found.path, 0, text, one.worth * _MODULE, f"members of {one.written}", "*")
        text, name = self._text(found, found.chunk), found.name or found.chunk.qualified
        return self._candidate(found.path, found.chunk.start_line, text, one.worth, one.why + name, name)

    def _text(self, found: Found, chunk: Chunk) -> str:
        language = "python" if found.path.endswith((".py", ".pyi")) else self._language
        if found.name:
            return outline_text.of_value(chunk, found.name)
        if chunk.kind is Kind.CLASS:
            members = self._lookup.all_members(found)
            uses = self._lookup.reader.num_uses([member.name for member in members], self._path)
            most = max(uses.values(), default=1)
            return outline_text.of_class(
                chunk,
                members,
                language,
                lambda name: self._nearness.of_name(name) + uses.get(name, 0) / most / 2,
                self._max_chars // 2,
            )
        if chunk.kind not in FUNCTIONS:
            return ""
        text, (holder, _, _) = outline_text.of_function(chunk, language), chunk.qualified.rpartition(".")
        if chunk.kind is Kind.METHOD and holder and language == "python":
            return f"class {holder}:\n" + "".join("    " + line for line in split(text))
        return text

    def _module_text(self, path: str) -> str:
        """The likeliest functions, classes and values of a module, signatures only."""
        parts: list[tuple[float, int, str]] = []
        for chunk in self._lookup.in_file(path):
            if chunk.parent is None and chunk.kind in DEFINITIONS and not chunk.name.startswith("_"):
                text = outline_text.of_function(chunk, self._language, with_doc=False)
                parts.append((self._nearness.of_name(chunk.name), chunk.start_line, text))
            elif chunk.parent is None and chunk.kind is Kind.VALUES:
                values = ((name, outline_text.of_value(chunk, name)) for name in chunk.signature.split(", "))
                parts += [(self._nearness.of_name(name), chunk.start_line, text) for name, text in values if text]
        parts.sort(key=lambda part: (-part[0], part[1]))
        return "".join(text for _, _, text in sorted(parts[:_MAX_MEMBERS], key=lambda part: part[1]))

    def _use(self, one: Wanted) -> list[Candidate]:
        name = one.written.rpartition(".")[2]
        found = others.use_of(name, self._lookup.reader, self._nearness, self._may_show)
        if found is None:
            return []
        stored, lines = found
        line, worth = stored.chunk.start_line, one.worth * _USE
        candidate = self._candidate(stored.path, line, lines, worth, f"use of {name}", f"use {name}")
        return [candidate] if candidate is not None else []

    def _similar(self) -> Iterator[Candidate]:
        """What is ranked beside the passages of open files."""
        for stored in others.similar(self._lookup.reader, self._nearness, self._may_show):
            passage = read(stored.chunk.text)
            if passage is not None:
                uri = Path(self._root + stored.path).as_uri()
                yield Candidate(uri, stored.path, stored.chunk.start_line, passage, why=SIMILAR)

    def _candidate(self, path: str, line: int, text: str, worth: float, why: str, name: str) -> Candidate | None:
        passage = read(text) if text.strip() else None
        if passage is None:
            return None
        uri = Path(self._root + path).as_uri()
        return Candidate(uri, path, line, passage, why=why, worth=worth, name=name, is_named=worth >= NEAR)

    def _may_show(self, path: str) -> bool:
        return path != self._path and self._privacy.may_read(self._root + path)


def _import_lines(imports: Sequence[Import]) -> str:
    """Python's statements that import them, one a module."""
    by_module: dict[str, list[str]] = {}
    for one in imports:
        name = one.name or one.module
        written = name if name == one.alias else f"{name} as {one.alias}"
        by_module.setdefault(one.module if one.name else "", []).append(written)
    return "".join(
        f"from {module} import {', '.join(names)}\n" if module else f"import {', '.join(names)}\n"
        for module, names in by_module.items()
    )
