"""The code in what an instruct model said: out of its fences, without the chatter around them."""

from __future__ import annotations

import re
from collections.abc import Callable

_DEF = re.compile(r"\s*(?:async\s+)?def\s+(\w+)")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n`]*\n", re.MULTILINE)
_USAGE = re.compile(
    r"^(?:#|//|--)\s*(?:(?:an?\s+)?(?:examples?|sample|usage|tests?|testing|demo|try)\b|示例|测试|例子|使用|用法)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A comment of its own, at no depth."""
_DEFINES = re.compile(r"\b(?:def|function|fn|func|class|fun|sub|lambda)\b|=>|\)\s*\{")
_CHATTER = re.compile(
    r"(?:(?:sure|certainly|of course|here(?:'s| is| are)|below is|the following|this (?:function|code|method)|note"
    r"|explanation|in this)\b|当然|好的|以下|下面|这个|说明|解释|注意).*[:.!：。！]",
    re.IGNORECASE,
)


def code_in(answer: str, languages: tuple[str, ...] = ()) -> str:
    """The first fenced block of one of ``languages``, else the first of all, else the answer without its chatter.

    A block whose fence is not closed, because the model was stopped, goes to the end. Ends with a line break
    unless empty.
    """
    blocks = list(_blocks(answer))
    named = [text for name, text in blocks if name.lower() in languages]
    text = (named or [text for _, text in blocks] or [_without_chatter(answer)])[0]
    text = text.strip("\n").rstrip()
    return f"{text}\n" if text else ""


def is_complete(answer: str) -> bool:
    """Whether a fenced block has been opened and closed: whatever follows is chatter. Asked while it streams."""
    opened = _FENCE.search(answer)
    return opened is not None and _closing(answer, opened) is not None


def without_usage(code: str) -> str:
    """``code`` without the example of its use that a model puts below what it was asked for."""
    found = next((match for match in _USAGE.finditer(code) if _DEFINES.search(code[: match.start()])), None)
    return f"{code[: found.start()].rstrip()}\n" if found else code


def _blocks(answer: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    start = 0
    while (opened := _FENCE.search(answer, start)) is not None:
        closed = _closing(answer, opened)
        end = closed.start() if closed else len(answer)
        found.append((opened[2], answer[opened.end() : end]))
        start = closed.end() if closed else len(answer)
    return found


def _closing(answer: str, opened: re.Match[str]) -> re.Match[str] | None:
    return re.compile(rf"^[ \t]*{re.escape(opened[1])}[ \t]*$", re.MULTILINE).search(answer, opened.end())


def _without_chatter(answer: str) -> str:
    """Sentences before the first and after the last line of code left out, where nothing is fenced."""
    lines = answer.strip("\n").split("\n")
    while lines and (not lines[0].strip() or _CHATTER.fullmatch(lines[0].strip())):
        lines.pop(0)
    for number, line in enumerate(lines):
        if number and not lines[number - 1].strip() and _CHATTER.fullmatch(line.strip()):
            return "\n".join(lines[:number])
    return "\n".join(lines)


def body_is_over(opening: str) -> Callable[[str], bool]:
    """Asked of an answer that began with ``opening``, a Python function without its body: has the body ended?

    Helpers that it names may follow; tests and usage are not waited for.
    """
    depth = len(opening) - len(opening.lstrip())
    for line in opening.split("\n"):
        if _DEF.match(line):
            depth = len(line) - len(line.lstrip())

    def is_over(answer: str) -> bool:
        said = answer.partition(opening)[2]
        *lines, _ = said.split("\n")
        for number, line in enumerate(lines):
            if not line.strip() or len(line) - len(line.lstrip()) > depth or line.lstrip()[0] in ")]}":
                continue
            before = "\n".join(lines[:number])
            if before.count('"""') % 2 or before.count("'''") % 2:
                continue
            helper = _DEF.match(line)
            if helper is None or not re.search(rf"\b{re.escape(helper[1])}\(", before):
                return True
            return is_complete(answer)
        return False

    return is_over
