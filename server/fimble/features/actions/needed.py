"""Which import statements new code needs: of those that came with it, and of the standard library."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from fimble.checks.imports import missing_imports
from fimble.checks.lacking import lacking
from fimble.features.actions.imports import imports_at_top
from fimble.features.actions.telling import TELLING, UNKNOWABLE
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    from pyflakes.messages import Message

_QUOTED_OR_LAST = re.compile(r"""\{([^}]*)\}|\b(?:as|alias)\s+(\w+)|(\w+)\W*$""")
_PATH = re.compile(r"""(?:\b(?!import\b)[\w.]+ )?"[^"\n]+\"""")
_WORD = re.compile(r"\w+")


def needed_imports(parsed: Parsed, after: str, placed: str, offered: Sequence[str]) -> tuple[str, ...]:
    """Statements that ``placed`` code needs in the text ``after`` it was placed: of those ``offered`` with it, and
    of the standard library."""
    if parsed.start:
        return ()
    language = parsed.language
    if language.name == "python":
        return _needed_in_python(parsed.text, after, placed, offered)
    known = {_plain(line) for line in parsed.text.split("\n")}
    if language.name == "go":
        at_top = (parsed.data[node.start_byte : node.end_byte].decode() for node in imports_at_top(parsed))
        known |= {f"import {_plain(path)}" for statement in at_top for path in _PATH.findall(statement)}
        offered = [f"import {path}" for statement in offered for path in _PATH.findall(statement)]
    used = [line.strip() for line in offered if _plain(line) not in known and _is_used(line, placed, language.name)]
    whole = "".join(f"{line}\n" for line in used) + after
    used += [
        one.statement
        for one in lacking(whole, language)
        if re.search(rf"\b{one.name}\b", placed) and _plain(one.statement) not in known
    ]
    return tuple(dict.fromkeys(used))


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
    for header, telling in TELLING.items():
        if re.search(rf"""(?:[<"]|^using ){re.escape(header)}(?:[>"]|\s*;)""", statement.strip()):
            return re.search(rf"\b(?:{telling})\b", placed) is not None
    line = statement.strip().rstrip(";").strip()
    if language in UNKNOWABLE or line.endswith(("*", "._")):
        return True
    if line.startswith(("import ", "const ", "let ", "var ", "local ")) and ("from" in line or "require" in line):
        head = re.split(r"\bfrom\b|=", line)[0].removeprefix("import")
        names = set(_WORD.findall(head)) - {"as", "type", "const", "let", "var", "local"}
    else:
        names = {name for groups in _QUOTED_OR_LAST.findall(line) for part in groups for name in _WORD.findall(part)}
    flags = re.IGNORECASE if language == "ruby" else 0
    return any(re.search(rf"\b{re.escape(name)}\b", placed, flags) for name in names - {"self"})


def _plain(text: str) -> str:
    return " ".join(text.replace(";", " ").replace('"', "'").split())
