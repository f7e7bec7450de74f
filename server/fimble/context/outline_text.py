"""Definitions as a model reads them fastest: signatures, what the first line says of them, no bodies."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fimble.index.records import Chunk, Kind

MAX_SIGNATURE_CHARS = 280
MAX_DOC_CHARS = 90
_MAX_FIELDS = 12
_MAX_VALUE_CHARS = 160
_FIELD = re.compile(r"^([ \t]+)[^\W\d]\w*[ \t]*(?::[^=\n]+)?(?:=[^\n]*)?$", re.MULTILINE)


def of_function(chunk: Chunk, language: str, indentation: str = "", with_doc: bool = True) -> str:
    """Signature and first line of the docstring, as whole lines."""
    signature = cut_off(chunk.signature, MAX_SIGNATURE_CHARS)
    if language != "python":
        return f"{indentation}{signature}\n"
    line = f"{indentation}{signature}" + ("" if signature.endswith(":") else ":")
    told = _first_line(chunk.docstring) if with_doc else ""
    return f'{line}\n{indentation}    """{told}"""\n' if told else f"{line} ...\n"


def of_class(
    chunk: Chunk, members: Sequence[Chunk], language: str, worth: Callable[[str], float], max_chars: int
) -> str:
    """Header, fields, and the signatures of the members that are worth most, in their order, as far as they fit."""
    head = cut_off(chunk.signature, MAX_SIGNATURE_CHARS)
    is_python = language == "python"
    head += "\n" if not is_python or head.endswith(":") else ":\n"
    told = _first_line(chunk.docstring)
    if told and is_python:
        head += f'    """{told}"""\n'
    lines = [(-1, head)]
    room = max_chars - len(head)
    named = {member.name for member in members}
    fields = [found[0].rstrip() + "\n" for found in _FIELD.finditer(chunk.text) if _is_field(found, named)][
        :_MAX_FIELDS
    ]
    for text in fields:
        if len(text) <= room and len(text) <= _MAX_VALUE_CHARS:
            lines.append((-1, text))
            room -= len(text)
    ranked = sorted(range(len(members)), key=lambda place: (-_worth(members[place].name, worth), place))
    for place in ranked:
        if members[place].kind is Kind.CLASS:
            continue
        text = of_function(members[place], language, "    ", with_doc=False)
        if len(text) <= room:
            lines.append((place, text))
            room -= len(text)
    lines = lines[: 1 + len(fields)] + sorted(lines[1 + len(fields) :]) if len(lines) > 1 + len(fields) else lines
    return "".join(text for _, text in lines) + ("    ...\n" if len(lines) == 1 and is_python else "")


def of_value(chunk: Chunk, name: str) -> str:
    """The line that gives a constant its value, cut off where it is long."""
    found = re.search(rf"^[^\n]*\b{re.escape(name)}[ \t]*(?::[^=\n]+)?=[^\n]*$", chunk.text, re.MULTILINE)
    return cut_off(found[0].rstrip(), _MAX_VALUE_CHARS) + "\n" if found else ""


def cut_off(text: str, max_chars: int) -> str:
    """``text``, or its beginning up to a comma or blank where it is longer."""
    if len(text) <= max_chars:
        return text
    kept = text[: max_chars - 5]
    return (kept[: kept.rfind(",") + 1] or kept) + " …" + (")" if "(" in kept else "")


def _is_field(found: re.Match[str], members: set[str]) -> bool:
    line = found[0].strip()
    if line.endswith(("(", "[", "{")):
        return False
    name = re.match(r"\w+", line)
    return (
        len(found[1].expandtabs(4)) <= 4
        and (":" in line or "=" in line)
        and name is not None
        and name[0] not in members
    )


def _worth(name: str, worth: Callable[[str], float]) -> float:
    """A constructor says how a class is made; other special methods and private ones say little."""
    if name in ("__init__", "constructor"):
        return 10.0
    if name.startswith("__"):
        return -2.0
    return worth(name) - (0.5 if name.startswith("_") else 0.0)


def _first_line(docstring: str) -> str:
    line = next((line.strip() for line in docstring.split("\n") if line.strip()), "")
    return "" if '"""' in line else cut_off(line, MAX_DOC_CHARS)
