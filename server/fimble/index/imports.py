"""What a file takes from elsewhere, as it writes it down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fimble.index.captures import Captures
from fimble.index.records import Import
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

EVERYTHING = "*"
"""The name of an import that takes all there is."""
_MAX_CHARS = 20_000
_COMMENT = re.compile(r"#[^\n]*")
_FROM = re.compile(r"from\s*([.\s]*[\w.]*)\s*import\b\s*\(?(.*)", re.DOTALL)
_ALIASED = re.compile(r"([\w.*]+)(?:\s+as\s+(\w+))?")
_SCRIPT_FROM = re.compile(r"(import|export)\s+(?:type\s+)?(.*?)\s*\bfrom\s*(['\"])(.*?)\3", re.DOTALL)
_SCRIPT_BARE = re.compile(r"import\s*(['\"])(.*?)\1")
_SCRIPT_REQUIRE = re.compile(r"(\{.*?\}|[\w$]+)\s*=\s*require\s*\(\s*(['\"])(.*?)\2\s*\)(?:\.(\w+))?", re.DOTALL)
_SCRIPT_NAME = re.compile(r"(?:type\s+)?([\w$]+)(?:(?:\s+as\s+|\s*:\s*)([\w$]+))?")
_GO = re.compile(r"(?:([\w.]+)[ \t]+)?[\"`]([^\"`\n]+)[\"`]")
_DOTTED = re.compile(r"import\s+(?:static\s+)?([\w.$]+?)(?:\.(\*|_|\{.*?\}))?(?:\s+as\s+(\w+))?\s*;?\s*$", re.DOTALL)
_INCLUDE = re.compile(r"#\s*(?:include|import)\s*[<\"]([^>\"]+)[>\"]")
_RUBY = re.compile(r"(require|require_relative|load|autoload)\b[ \t(]*(?::\w+,[ \t]*)?['\"]([^'\"]+)['\"]")
_USING = re.compile(r"(?:global\s+)?using\s+(?:static\s+)?(?:(\w+)\s*=\s*)?([\w.]+)\s*;")
_PHP = re.compile(r"([\w\\]+)(?:\s+as\s+(\w+))?(?:\s*,|\s*;|\s*$)")
_RUST = re.compile(r"::|[{},]|\bas\b|[\w*$]+")


@dataclass(frozen=True, slots=True)
class Imports:
    """The imports of a file, each once in its order, and the nodes in which they stand."""

    imports: tuple[Import, ...]
    nodes: tuple[tree_sitter.Node, ...]


def imports(parsed: Parsed, captures: Captures) -> Imports:
    """Those of the whole file, also where they stand in a function."""
    read = _READERS.get(parsed.language.name)
    certain = {node.id for node in captures.imports}
    found: dict[Import, None] = {}
    nodes = []
    for node in sorted([*captures.imports, *captures.requires], key=lambda one: one.start_byte):
        written = parsed.data[node.start_byte : min(node.end_byte, node.start_byte + _MAX_CHARS)]
        taken = list(read(written.decode("utf-8", "replace"))) if read is not None else []
        found.update(dict.fromkeys(taken))
        if taken or node.id in certain:
            nodes.append(node)
    return Imports(tuple(found), tuple(nodes))


def _python(written: str) -> Iterator[Import]:
    written = _COMMENT.sub("", written).replace("\\\n", " ")
    taken = _FROM.match(written)
    if taken is not None:
        module = "".join(taken[1].split())
        for name, alias in _ALIASED.findall(taken[2]):
            yield Import(module, name, alias or ("" if name == EVERYTHING else name))
    elif written.startswith("import"):
        for module, alias in _ALIASED.findall(written.removeprefix("import")):
            yield Import(module, "", alias or module)


def _script(written: str) -> Iterator[Import]:
    taken = _SCRIPT_FROM.match(written)
    if taken is not None:
        yield from _script_names(taken[2], taken[4], taken[1] == "export")
        return
    bare = _SCRIPT_BARE.match(written)
    if bare is not None:
        yield Import(bare[2], "", "")
        return
    required = _SCRIPT_REQUIRE.match(written)
    if required is not None:
        target, module, name = required[1], required[3], required[4]
        if target.startswith("{"):
            yield from _script_names(target, module, False)
        else:
            yield Import(module, name or "", target)


def _script_names(written: str, module: str, is_export: bool) -> Iterator[Import]:
    """``a, {b as c}``, ``* as d``; of an export that hands on, too."""
    outer, _, inner = written.partition("{")
    for part in outer.split(","):
        words = part.split()
        if words[:1] == [EVERYTHING]:
            yield Import(module, "" if len(words) == 3 else EVERYTHING, words[-1] if len(words) == 3 else "")
        elif words and not is_export:
            yield Import(module, "default", words[-1])
    for name, alias in _SCRIPT_NAME.findall(inner):
        yield Import(module, name, alias or name)


def _go(written: str) -> Iterator[Import]:
    if not written.startswith("import"):
        return
    for alias, module in _GO.findall(written.removeprefix("import")):
        if alias == ".":
            yield Import(module, EVERYTHING, "")
        elif alias != "_":
            parts = [part for part in module.split("/") if not re.fullmatch(r"v\d+", part)] or [module]
            yield Import(module, "", alias or parts[-1])


def _dotted(written: str) -> Iterator[Import]:
    """Java, Kotlin and Scala."""
    taken = _DOTTED.match(written)
    if taken is None:
        return
    module, rest, alias = taken[1], taken[2], taken[3]
    if rest in (EVERYTHING, "_"):
        yield Import(module, EVERYTHING, "")
    elif rest:
        for name in re.findall(r"\w+", rest):
            yield Import(module, name, name)
    else:
        holder, _, name = module.rpartition(".")
        yield Import(holder, name, alias or name)


def _include(written: str) -> Iterator[Import]:
    taken = _INCLUDE.match(written)
    if taken is not None:
        yield Import(taken[1], EVERYTHING, "")


def _ruby(written: str) -> Iterator[Import]:
    taken = _RUBY.match(written)
    if taken is not None:
        is_relative = taken[1] == "require_relative" and not taken[2].startswith(".")
        yield Import("./" * is_relative + taken[2], EVERYTHING, "")


def _csharp(written: str) -> Iterator[Import]:
    taken = _USING.match(written)
    if taken is not None:
        yield Import(taken[2], "" if taken[1] else EVERYTHING, taken[1] or "")


def _php(written: str) -> Iterator[Import]:
    if written.startswith("use"):
        for whole, alias in _PHP.findall(written.removeprefix("use")):
            module, _, name = whole.strip("\\").rpartition("\\")
            yield Import(module, name, alias or name)


def _rust(written: str) -> Iterator[Import]:
    declared = re.search(r"\bmod\s+(\w+)\s*;", written)
    if declared is not None:
        yield Import("self", declared[1], declared[1])
        return
    used = re.search(r"\buse\s+(.*?);?\s*$", written, re.DOTALL)
    if used is None:
        return
    prefixes: list[list[str]] = []
    path: list[str] = []
    alias, is_alias = "", False
    for token in [*_RUST.findall(used[1]), ","]:
        if token == "{":
            prefixes.append(path)
            path = list(path)
        elif token == "as":
            is_alias = True
        elif token in (",", "}"):
            around = prefixes[-1] if prefixes else []
            if len(path) > len(around):
                yield _rust_import(path, alias)
            path, alias, is_alias = list(around), "", False
            if token == "}" and prefixes:
                prefixes.pop()
                path = list(prefixes[-1]) if prefixes else []
        elif is_alias:
            alias = token
        elif token != "::":
            path = [*path, token]


def _rust_import(path: list[str], alias: str) -> Import:
    if path[-1] == "self" and len(path) > 1:
        path = path[:-1]
    name = path[-1]
    return Import("::".join(path[:-1]), name, "" if name == EVERYTHING else alias or name)


_READERS: dict[str, Callable[[str], Iterator[Import]]] = {
    "python": _python, "javascript": _script, "typescript": _script, "tsx": _script, "go": _go, "java": _dotted,
    "kotlin": _dotted, "scala": _dotted, "c": _include, "cpp": _include, "ruby": _ruby, "csharp": _csharp,
    "php": _php, "rust": _rust,
}  # fmt: skip
