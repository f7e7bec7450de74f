"""Generated code at the depth of the place where it goes, with the file's own indentation and line ends."""

from __future__ import annotations

import re
import textwrap
from collections import Counter

DEFAULT_STEP = "    "
_INDENTED = re.compile(r"^([ \t]+)\S", re.MULTILINE)


def step_of(text: str) -> str:
    """One step of indentation as ``text`` has it: a tab, or the most common difference in blanks."""
    widths = [match[1] for match in _INDENTED.finditer(text)]
    if not widths:
        return DEFAULT_STEP
    if sum(width.startswith("\t") for width in widths) * 2 > len(widths):
        return "\t"
    steps = Counter[int]()
    last = 0
    for line in text.split("\n"):
        if line.strip():
            depth = len(line) - len(line.lstrip(" "))
            if depth > last:
                steps[depth - last] += 1
            last = depth
    likely = [(count, -size) for size, count in steps.items() if 2 <= size <= 8]
    return " " * -max(likely)[1] if likely else DEFAULT_STEP


def is_indented(text: str) -> bool:
    """Whether any line of ``text`` says what its steps are."""
    return _INDENTED.search(text) is not None


def indentation_at(text: str, offset: int) -> str:
    """White space at the beginning of the line that holds ``offset``."""
    start = text.rfind("\n", 0, offset) + 1
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return text[start:end]


def line_break_of(text: str) -> str:
    """How ``text`` ends its lines."""
    return "\r\n" if text.endswith("\r\n", 0, text.find("\n") + 1) else "\n"


def laid_out(code: str, indentation: str, step: str) -> str:
    """``code`` with its least depth at ``indentation``, and each of its own steps as ``step``.

    Depths that are no whole steps, as in continued lines, keep their blanks. No line break at the end.
    """
    plain = textwrap.dedent(code.replace("\r\n", "\n").expandtabs(4) if "\t" in code else code.replace("\r\n", "\n"))
    own = len(step_of(plain)) if "\t" not in step_of(plain) else 4
    lines: list[str] = []
    for line in plain.strip("\n").split("\n"):
        content = line.lstrip(" ")
        num_steps, rest = divmod(len(line) - len(content), own)
        lines.append(indentation + step * num_steps + " " * rest + content if content else "")
    return "\n".join(lines).rstrip()
