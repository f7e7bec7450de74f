"""Import statements: which a text has, which new code needs, and where they go."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from fimble.checks.imports import missing_imports
from fimble.features.actions.action import Edit
from fimble.features.actions.layout import line_end
from fimble.syntax import kinds
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter
    from pyflakes.messages import Message

_IMPORTS = kinds.named(
    """import_statement import_from_statement future_import_statement import_declaration use_declaration
    preproc_include using_directive using_declaration import_header import namespace_use_declaration"""
)
_BEFORE_IMPORTS = kinds.named(
    """package_clause package_declaration package_header php_tag hash_bang_line preproc_call namespace_definition
    file_scoped_namespace_declaration inner_attribute_item preproc_def"""
)
_REQUIRED = re.compile(
    r"""(?:require(?:_relative)?[ (]+['"]|(?:local|const|let|var)\s.*=\s*require\s*\(?\s*['"])[^\n]*;?$"""
)
_QUOTED_OR_LAST = re.compile(r"""\{([^}]*)\}|\b(?:as|alias)\s+(\w+)|(\w+)\W*$""")
_PATH = re.compile(r"""(?:\b(?!import\b)[\w.]+ )?"[^"\n]+\"""")
_WORD = re.compile(r"\w+")
_TELLING = {
    "stdio.h": r"\w*(?:printf|scanf|puts|gets)|getchar|putchar|FILE|f(?:open|close|read|write)|std(?:in|out|err)",
    "iostream": r"c(?:out|in|err|log)|[io]stream|endl",
    "System": r"Math|Console|Array|Tuple|Func|Action|\w*Exception|String|Convert|DateTime|Random|Environment",
}
"""What is imported -> what shows that it is used, where its own name does not."""
_UNKNOWABLE = frozenset(["c", "cpp", "csharp", "swift"])
"""Languages whose imports do not name what they give."""


def is_import(node: tree_sitter.Node, parsed: Parsed) -> bool:
    """Whether ``node`` is an import statement, or a call that is used like one."""
    if node.type in _IMPORTS:
        return True
    if parsed.language.name not in ("javascript", "typescript", "tsx", "ruby", "lua"):
        return False
    return _REQUIRED.fullmatch(_text(node, parsed).strip()) is not None


def imports_at_top(parsed: Parsed) -> list[tree_sitter.Node]:
    """The import statements that a text begins with."""
    return _head(parsed)[1]


def needed_imports(parsed: Parsed, after: str, placed: str, offered: Sequence[str]) -> tuple[str, ...]:
    """Statements that ``placed`` code needs in the text ``after`` it was placed: of those ``offered`` with it, and
    of the standard library."""
    if parsed.start:
        return ()
    if parsed.language.name == "python":
        return _needed_in_python(parsed.text, after, placed, offered)
    language = parsed.language.name
    known = {_plain(line) for line in parsed.text.split("\n")}
    if language == "go":
        known |= {
            f"import {_plain(path)}" for node in imports_at_top(parsed) for path in _PATH.findall(_text(node, parsed))
        }
        offered = [f"import {path}" for statement in offered for path in _PATH.findall(statement)]
    lines = (line.strip() for line in offered if _plain(line) not in known and _is_used(line, placed, language))
    return tuple(dict.fromkeys(lines))


def import_edit(parsed: Parsed, lines: Sequence[str]) -> Edit | None:
    """``lines`` behind the imports that a text begins with; ``None`` without any."""
    added = "\n".join(lines)
    if not added:
        return None
    text = parsed.text
    before, imports = _head(parsed)
    if not imports and before is None:
        gap = "\n\n\n" if parsed.language.name == "python" and _begins_with_definition(text, 0) else "\n\n"
        return Edit(parsed.start, parsed.start, added + (gap if text.strip() else "\n"))
    anchor = imports[-1] if imports else before
    assert anchor is not None
    end = line_end(text, len(text[: parsed.offset_at(anchor.end_byte) - parsed.start].rstrip("\r\n")))
    place = parsed.start + end
    if imports and parsed.language.name == "go" and text[:end].endswith("\n)"):
        return Edit(place - 1, place - 1, "".join(f"\t{line.removeprefix('import ')}\n" for line in lines))
    if imports:
        return Edit(place, place, f"\n{added}")
    lead = "\n" if anchor.type in ("php_tag", "hash_bang_line") else "\n\n"
    following = text[end : end + 3]
    return Edit(
        place, place, lead + added + ("" if following.startswith(("\n\n", "\r\n\r")) or not following else "\n")
    )


def _head(parsed: Parsed) -> tuple[tree_sitter.Node | None, list[tree_sitter.Node]]:
    """What imports have to stand behind, and the imports that the text begins with."""
    before: tree_sitter.Node | None = None
    imports: list[tree_sitter.Node] = []
    nodes = parsed.tree.root_node.named_children
    if nodes and nodes[0].type in ("preproc_ifdef", "preproc_if"):
        nodes = nodes[0].named_children[1:]
    for number, node in enumerate(nodes):
        if node.type in parsed.language.comments:
            is_first = not number and (_text(node, parsed).startswith("#!") or "coding" in _text(node, parsed))
            before = node if is_first or (before in nodes[:number] and _is_apart(node, nodes, number)) else before
        elif is_import(node, parsed):
            imports.append(node)
        elif not imports and _is_before_imports(node):
            before = node
        else:
            break
    return before, imports


def _is_apart(node: tree_sitter.Node, nodes: Sequence[tree_sitter.Node], number: int) -> bool:
    return number + 1 == len(nodes) or nodes[number + 1].start_point[0] > node.end_point[0] + 1


def _is_before_imports(node: tree_sitter.Node) -> bool:
    """A package's name and the like; a module's docstring; a directive such as ``'use strict'``."""
    if node.type in _BEFORE_IMPORTS:
        return node.child_by_field_name("body") is None
    is_alone = node.type == "expression_statement" and node.named_child_count == 1
    return is_alone and node.named_children[0].type == "string"


def _needed_in_python(before: str, after: str, placed: str, offered: Sequence[str]) -> tuple[str, ...]:
    undefined = _undefined(after)
    if undefined is None:
        known = set(_WORD.findall(before))
        undefined = {name for name in _undefined(placed) or () if name not in known}
    wanted = {name for name in undefined if re.search(rf"\b{name}\b", placed)}
    lines = [line for statement in offered for line in _only(statement, wanted)]
    found = {name for line in lines for name in _bound(line)}
    lines += [line for line in missing_imports(after) or missing_imports(placed) if _bound(line) & (wanted - found)]
    return tuple(dict.fromkeys(lines))


def said_of(text: str) -> list[Message] | None:
    """What pyflakes says of a Python text; ``None`` where it does not parse."""
    from pyflakes import checker

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(checker.Checker(ast.parse(text)).messages)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _undefined(text: str) -> set[str] | None:
    """Names that nothing in ``text`` defines; ``None`` where it does not parse."""
    from pyflakes import messages

    found = said_of(text)
    if found is None:
        return None
    return {message.message_args[0] for message in found if isinstance(message, messages.UndefinedName)}


def _only(statement: str, wanted: Collection[str]) -> list[str]:
    """``statement`` with no other names than those ``wanted``."""
    try:
        (node,) = ast.parse(statement.strip()).body
    except (SyntaxError, ValueError):
        return []
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return []
    kept = [alias for alias in node.names if _bound_by(alias) in wanted or alias.name == "*"]
    if not kept or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
        return []
    if isinstance(node, ast.Import):
        return [ast.unparse(ast.Import([alias])) for alias in kept]
    return [ast.unparse(ast.ImportFrom(node.module, kept, node.level))]


def _bound(line: str) -> set[str]:
    (node,) = ast.parse(line).body
    return {_bound_by(alias) for alias in node.names} if isinstance(node, ast.Import | ast.ImportFrom) else set()


def _bound_by(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _is_used(statement: str, placed: str, language: str) -> bool:
    """Whether ``placed`` code may need what ``statement`` brings; in doubt, it does."""
    for header, telling in _TELLING.items():
        if re.search(rf"""(?:[<"]|^using ){re.escape(header)}(?:[>"]|\s*;)""", statement.strip()):
            return re.search(rf"\b(?:{telling})\b", placed) is not None
    line = statement.strip().rstrip(";").strip()
    if language in _UNKNOWABLE or line.endswith(("*", "._")):
        return True
    if line.startswith(("import ", "const ", "let ", "var ", "local ")) and ("from" in line or "require" in line):
        head = re.split(r"\bfrom\b|=", line)[0].removeprefix("import")
        names = set(_WORD.findall(head)) - {"as", "type", "const", "let", "var", "local"}
    else:
        names = {name for groups in _QUOTED_OR_LAST.findall(line) for part in groups for name in _WORD.findall(part)}
    flags = re.IGNORECASE if language == "ruby" else 0
    return any(re.search(rf"\b{re.escape(name)}\b", placed, flags) for name in names - {"self"})


def _begins_with_definition(text: str, offset: int) -> bool:
    return re.match(r"\s*(?:@|def |class |async def )", text[offset:]) is not None


def _plain(text: str) -> str:
    return " ".join(text.replace(";", " ").replace('"', "'").split())


def _text(node: tree_sitter.Node, parsed: Parsed) -> str:
    return parsed.data[node.start_byte : node.end_byte].decode(errors="replace")
