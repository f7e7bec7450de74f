"""Definitions as a model reads them fastest: signatures, what the first line says of them, no bodies."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fimble.index.records import Chunk, Kind

MAX_SIGNATURE_CHARS = 280
MAX_DOC_CHARS = 90
MAX_HEADER_CHARS = 120
MAX_MEMBERS = 10
_FIELD_SHARE = 0.8
"""Of a field's worth: it says less than a method."""
_MAX_RESULT_CHARS = 48
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
    """Header, and what of its fields and its members' signatures is worth most, in their order, as far as it fits."""
    is_python = language == "python"
    head = cut_off(chunk.signature, MAX_HEADER_CHARS)
    head += "\n" if not is_python or head.endswith(":") else ":\n"
    told = _first_line(chunk.docstring)
    if told and is_python:
        head += f'    """{told}"""\n'
    named = {member.name for member in members}
    body = chunk.text[chunk.text.find("\n") + 1 :]
    body = re.sub(r"(?s)\A\s*[rR]?\"{3}.*?\"{3}", "", body, count=1)
    fields = [found[0].rstrip() + "\n" for found in _FIELD.finditer(body) if _is_field(found, named)]
    parts = [(_FIELD_SHARE * _worth(text.split(":")[0].split("=")[0].strip(), worth), text) for text in fields]
    for member in members:
        if member.kind is not Kind.CLASS:
            signature = short(member.signature) if is_python else cut_off(member.signature, MAX_SIGNATURE_CHARS)
            text = f"    {signature}: ...\n" if is_python else f"    {signature}\n"
            parts.append((_worth(member.name, worth), text))
    room = max_chars - len(head)
    kept: set[int] = set()
    for place in sorted(range(len(parts)), key=lambda place: (-parts[place][0], place)):
        text = parts[place][1]
        if len(text) <= min(room, MAX_SIGNATURE_CHARS) and len(kept) < MAX_MEMBERS:
            kept.add(place)
            room -= len(text)
    shown = "".join(dict.fromkeys(text for place, (_, text) in enumerate(parts) if place in kept))
    return head + (shown or ("    ...\n" if is_python else ""))


def short(signature: str) -> str:
    """A Python signature without its parameters' annotations and default values: ``def f(self, a, b=...) -> int``."""
    start = signature.find("(")
    depth, parts, begin = 0, [], start + 1
    for place in range(start, len(signature)) if start >= 0 else ():
        char = signature[place]
        depth += (char in "([{") - (char in ")]}")
        if (char == "," and depth == 1) or depth == 0:
            parts.append(signature[begin:place].strip())
            begin = place + 1
        if depth == 0:
            names = [_parameter(part) for part in parts if part]
            result = signature[place + 1 :].rstrip(": ")
            return (
                signature[: start + 1] + ", ".join(names) + ")" + (result if len(result) <= _MAX_RESULT_CHARS else "")
            )
    return cut_off(signature, MAX_SIGNATURE_CHARS)


def _parameter(written: str) -> str:
    name = re.match(r"[*/]*\w*", written)
    has_default = "=" in re.sub(r"\[[^\]]*\]|[=!<>]=", "", written)
    return (name[0] if name else written) + ("=..." if has_default else "")


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
