"""A docstring's sections, as its file's style writes them: what was said of arguments, of what is returned and raised.

Small models know what to say better than how to lay it out: whatever the style, they write ``Parameters:`` above a list
at the same depth. Entries that say nothing, or speak of what the function does not take, are left out.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Sequence

STEP = "    "
_HEAD = re.compile(
    r"(?:\*\*)?(Args|Arguments|Parameters|Params|Returns?|Yields?|Raises|Exceptions)(?:\*\*)?:(?:\*\*)?[ \t]*(.*)"
)
_NAMES = {
    **dict.fromkeys(("args", "arguments", "parameters", "params"), "Args"),
    **dict.fromkeys(("return", "returns"), "Returns"),
    **dict.fromkeys(("yield", "yields"), "Yields"),
    **dict.fromkeys(("raises", "exceptions"), "Raises"),
}
_BULLET = re.compile(r"[-*+•][ \t]+")
_NOTHING = re.compile(r"(?:none|n/a|nothing)\b[^\n]{0,60}", re.IGNORECASE)
_ENTRY = re.compile(
    r"(?:`(\*{0,2}\w+)`|\*\*(\w+)\*\*|(\*{0,2}[\w.]+))\s*(?:\(([^\n]*?)\))?\s*(?::|--|–|—|- )\s*(.*)", re.DOTALL
)
"""A name, its type and what is said of it."""


def parameters_of(signature: str) -> frozenset[str] | None:
    """The names that a Python function takes, read from its text up to its body; ``None`` where it cannot be read."""
    try:
        (node,) = ast.parse(f"{textwrap.dedent(signature).rstrip()}\n    pass\n").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return frozenset(each.arg for each in taken if each is not None)


def in_style(text: str, style: str, parameters: Collection[str] | None = None) -> str:
    """``text`` with its sections as ``style`` has them: ``Google``, ``NumPy`` or ``Sphinx``.

    Arguments that are none of ``parameters`` are left out. What is in another form than Google's stays as it is.
    """
    lines = text.split("\n")
    first, rest = lines[0], textwrap.dedent("\n".join(lines[1:])).split("\n")
    made: list[str] = [first]
    number = 0
    while number < len(rest):
        head = _HEAD.fullmatch(rest[number].strip())
        if head is None or _depth(rest[number]):
            made.append(rest[number])
            number += 1
            continue
        block, number = _block(rest, number + 1)
        name = _NAMES[head[1].lower()]
        entries = _entries([head[2], *block] if head[2] else block, name, parameters)
        if entries:
            while made and not made[-1]:
                made.pop()
            is_next = style == "Sphinx" and made and _FIELD.match(made[-1])
            made += [] if is_next else [""]
            made += [*_WRITERS[style](name, entries), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(made)).rstrip()


def _google(name: str, entries: Sequence[str]) -> list[str]:
    return [f"{name}:", *(textwrap.indent(entry, STEP) for entry in entries)]


def _sphinx(name: str, entries: Sequence[str]) -> list[str]:
    if name in _FIELDS:
        return [f":{_FIELDS[name]}: {' '.join(entries)}"]
    made: list[str] = []
    for entry in entries:
        found = _ENTRY.fullmatch(entry)
        what = "param" if name == "Args" else "raises"
        made.append(f":{what} {_name_of(found).lstrip('*')}: {found[5]}" if found else f":{what}: {entry}")
    return made


def _numpy(name: str, entries: Sequence[str]) -> list[str]:
    title = "Parameters" if name == "Args" else name
    made = [title, "-" * len(title)]
    for entry in entries:
        found = _ENTRY.fullmatch(entry)
        if found is None:
            made.append(entry)
            continue
        kind = f" : {found[4]}" if found[4] else ""
        made += [
            f"{_name_of(found)}{kind}",
            *(f"{STEP}{line.strip()}" for line in found[5].split("\n") if line.strip()),
        ]
    return made


_FIELDS = {"Returns": "return", "Yields": "yields"}
_FIELD = re.compile(r":\w+[^:\n]*:")
_WRITERS = {"Google": _google, "NumPy": _numpy, "Sphinx": _sphinx}


def _block(lines: list[str], number: int) -> tuple[list[str], int]:
    """The lines from ``number`` on to the next blank one or heading, at no depth; and the number behind them."""
    end = number
    while end < len(lines) and lines[end].strip() and not _HEAD.fullmatch(lines[end].strip()):
        end += 1
    return textwrap.dedent("\n".join(lines[number:end])).split("\n") if end > number else [], end


def _entries(block: list[str], name: str, parameters: Collection[str] | None) -> list[str]:
    """What a section names, each with the lines that continue it."""
    found: list[str] = []
    for line in block:
        is_more = _depth(line) and not _BULLET.match(line.strip())
        if found and (is_more or (name not in ("Returns", "Yields") and not _names_something(line))):
            found[-1] += f"\n{STEP}{line.strip()}"
        else:
            found.append(_BULLET.sub("", line.strip(), count=1))
    if all(_NOTHING.fullmatch(entry.strip()) for entry in found):
        return []
    if name == "Args":
        found = [entry for each in found if (entry := _argument(each, parameters))]
    return found


def _names_something(line: str) -> bool:
    return _BULLET.match(line.strip()) is not None or _ENTRY.match(line.strip()) is not None


def _argument(entry: str, parameters: Collection[str] | None) -> str:
    """An entry in Google's form; nothing where it names no parameter."""
    found = _ENTRY.fullmatch(entry)
    if found is None:
        return entry if parameters is None else ""
    if parameters is not None and _name_of(found).lstrip("*") not in parameters:
        return ""
    kind = f" ({found[4]})" if found[4] else ""
    return f"{_name_of(found)}{kind}: {found[5]}".rstrip()


def _name_of(entry: re.Match[str]) -> str:
    return entry[1] or entry[2] or entry[3]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
