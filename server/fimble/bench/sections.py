"""A docstring's sections, so that docstring-parser reads what a person would: models write many of them as lists.

``Parameters:`` above ``- name: ...`` at the same indentation becomes Google's form. A section that
says there is nothing ("None") is taken out, and so are entries that name nothing: one of them
makes docstring-parser give up the whole text.
"""

from __future__ import annotations

import re
import textwrap

_HEAD = re.compile(r"(Args|Arguments|Parameters|Params|Raises|Exceptions|Returns|Return|Yields):[ \t]*", re.IGNORECASE)
_BULLET = re.compile(r"[-*+•][ \t]+")
_NOTHING = re.compile(r"[-*+•\s]*(?:none|n/a|nothing)\b[^\n]{0,60}", re.IGNORECASE)
_PARAMETER = re.compile(r"([`*\w\\]+)(?:[ \t]*$|[ \t]*(?=[-–—(])(.*))")
_EXCEPTION = re.compile(r"([`\w.]+)(.*)")
"""Of entries without a colon."""
_TITLES = {"return": "Returns", "exceptions": "Raises"}


def readable(docstring: str) -> str:
    """``docstring`` with its sections as docstring-parser reads them; all else as it is."""
    lines, made, number = docstring.split("\n"), list[str](), 0
    while number < len(lines):
        head = _HEAD.fullmatch(lines[number].strip())
        if head is None:
            made.append(lines[number])
            number += 1
            continue
        block, number = _block(lines, number)
        entries = _entries(block, head[1].lower())
        if entries:
            title = _TITLES.get(head[1].lower(), head[1].capitalize())
            made += ["", f"{title}:", *(f"    {line}" for entry in entries for line in entry.split("\n")), ""]
    return "\n".join(made)


def has_list(docstring: str) -> bool:
    """Whether a section's entries are written as a list, which is no docstring style's form."""
    lines = docstring.split("\n")
    return any(
        _HEAD.fullmatch(line.strip()) and _BULLET.match(next((text for text in lines[number:] if text), "").strip())
        for number, line in enumerate(lines, 1)
    )


def _block(lines: list[str], number: int) -> tuple[list[str], int]:
    """What stands below the heading at ``number``, and the number of the line behind it."""
    depth = _indent(lines[number])
    end = number + 1
    while end < len(lines):
        line = lines[end]
        is_below = _indent(line) > depth or (_indent(line) == depth and _BULLET.match(line.strip()))
        if line.strip() and not is_below:
            break
        end += 1
    return textwrap.dedent("\n".join(lines[number + 1 : end])).strip("\n").split("\n"), end


def _entries(block: list[str], title: str) -> list[str]:
    """Each with what continues it; such as name something, where the section's have to."""
    if _NOTHING.fullmatch("\n".join(block).strip()):
        return []
    if title in ("returns", "return", "yields"):
        return [text] if (text := _BULLET.sub("", "\n".join(block).strip(), count=1)) else []
    found: list[str] = []
    for line in block:
        if not line.strip():
            continue
        if _indent(line) and found:
            found[-1] += f"\n{line}"
            continue
        found.append(_BULLET.sub("", line.strip(), count=1))
    return [entry for text in found if (entry := _with_colon(text, title))]


def _with_colon(entry: str, title: str) -> str:
    """An entry as ``name: text``; empty where it names nothing."""
    first, _, more = entry.partition("\n")
    if ":" in first:
        return entry
    named = (_EXCEPTION if title in ("raises", "exceptions") else _PARAMETER).fullmatch(first)
    return "" if named is None else f"{named[1]}: {named[2] or ''}" + (f"\n{more}" if more else "")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
