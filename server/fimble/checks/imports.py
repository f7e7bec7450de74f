"""Imports that a Python text lacks: names that are undefined, and can only mean the standard library's."""

from __future__ import annotations

import ast
import sys

_FROM = {
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "dataclasses": "dataclass",
    "datetime": "timedelta",
    "functools": "cached_property cmp_to_key lru_cache partial reduce wraps",
    "itertools": "accumulate chain combinations groupby permutations product zip_longest",
    "math": "ceil factorial floor gcd isqrt sqrt",
    "pathlib": "Path",
    "typing": "Any Callable Dict Generator Iterable Iterator List Mapping Optional Sequence Set Tuple TypeVar Union",
}
_MODULE_OF = {name: module for module, names in _FROM.items() for name in names.split()}


def missing_imports(text: str) -> tuple[str, ...]:
    """Import statements that define names which ``text`` reads and nothing in it defines, sorted."""
    from pyflakes import checker, messages

    try:
        tree = ast.parse(text)
        found = checker.Checker(tree).messages
    except (SyntaxError, ValueError, RecursionError):
        return ()
    undefined = {message.message_args[0] for message in found if isinstance(message, messages.UndefinedName)}
    qualified = {
        node.value.id for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    modules = {name for name in undefined if name in sys.stdlib_module_names and name in qualified}
    lines = {f"import {name}" for name in modules}
    lines |= {f"from {_MODULE_OF[name]} import {name}" for name in undefined - modules if name in _MODULE_OF}
    return tuple(sorted(lines))


def with_imports(text: str) -> str:
    """``text`` behind the imports that it lacks."""
    lines = missing_imports(text)
    return "".join(f"{line}\n" for line in lines) + ("\n" if lines else "") + text
