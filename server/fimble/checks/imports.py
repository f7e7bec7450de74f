"""Imports that a Python text lacks: names that are undefined, and can only mean the standard library's."""

from __future__ import annotations

import ast
import sys
import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec

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
_NAMES = """
    abc argparse array ast asyncio base64 binascii bisect calendar cmath codecs collections concurrent
    configparser contextlib copy csv ctypes dataclasses datetime decimal difflib email enum errno fnmatch
    fractions functools gc glob gzip hashlib heapq hmac html http importlib inspect io ipaddress itertools json
    keyword locale logging math mimetypes multiprocessing numbers operator os pathlib pickle platform pprint queue
    random re secrets select shlex shutil signal socket sqlite3 ssl stat statistics string struct subprocess sys
    tarfile tempfile textwrap threading time timeit tokenize traceback types typing unicodedata unittest urllib
    uuid warnings weakref xml zipfile zlib
"""
_MODULES = frozenset(_NAMES.split())
"""Modules that people use, and that do nothing when they are imported."""
_MODULE_OF = {name: module for module, names in _FROM.items() for name in names.split()}


def missing_imports(text: str) -> tuple[str, ...]:
    """Import statements that define names which ``text`` reads and nothing in it defines, sorted."""
    from pyflakes import checker, messages

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            found = checker.Checker(tree).messages
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    undefined = {message.message_args[0] for message in found if isinstance(message, messages.UndefinedName)}
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in undefined:
            used.setdefault(node.value.id, set()).add(node.attr)
    lines = {line for name, attributes in used.items() for line in _modules_for(name, attributes)}
    lines |= {f"from {_MODULE_OF[name]} import {name}" for name in undefined - used.keys() if name in _MODULE_OF}
    return tuple(sorted(lines))


def _modules_for(name: str, attributes: set[str]) -> set[str]:
    """What to import for ``name`` and its ``attributes``; nothing where it cannot be the module of that name."""
    if name in _MODULE_OF and name not in _MODULES:
        return {f"from {_MODULE_OF[name]} import {name}"}
    if name not in _MODULES:
        return set()
    lines: set[str] = set()
    for attribute in attributes:
        if _has(name, attribute):
            lines.add(f"import {name}")
        elif hasattr(import_module(name), "__path__") and find_spec(f"{name}.{attribute}") is not None:
            lines.add(f"import {name}.{attribute}")
        else:
            return set()
    return lines


@cache
def _has(module: str, attribute: str) -> bool:
    """By itself, and not because something else has imported a part of it."""
    found = getattr(import_module(module), attribute, None)
    return found is not None and (module == "os" or f"{module}.{attribute}" not in sys.modules)


def with_imports(text: str) -> str:
    """``text`` with the imports that it lacks: behind its first comments, its docstring and ``__future__``."""
    lines = missing_imports(text)
    if not lines:
        return text
    before = _head(text)
    rest = text[len(before) :].lstrip("\n")
    gap = "" if rest.startswith(("import ", "from ")) else "\n"
    return before + ("\n" if before and not before.endswith("\n\n") else "") + "\n".join(lines) + "\n" + gap + rest


def _head(text: str) -> str:
    """The lines that imports stand behind."""
    lines = text.split("\n")
    number = 0
    while number < len(lines) and lines[number].startswith("#"):
        number += 1
    for place, node in enumerate(ast.parse(text).body):
        is_text = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not is_future and not (is_text and place == 0):
            break
        number = node.end_lineno or number
    head = "\n".join(lines[:number])
    return f"{head}\n" if head else ""
