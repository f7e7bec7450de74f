"""Counting brackets, roughly: strings and comments are not told apart from code."""

from __future__ import annotations

_PAIRS = {")": "(", "]": "[", "}": "{"}


def surplus_closers(text: str) -> int:
    """How many closing brackets in ``text`` have no opening one before them in ``text``."""
    stack: list[str] = []
    surplus = 0
    for char in text:
        if char in _PAIRS.values():
            stack.append(char)
        elif char in _PAIRS:
            if stack and stack[-1] == _PAIRS[char]:
                stack.pop()
            else:
                surplus += 1
    return surplus


def net_closers(text: str) -> int:
    """How many more closing brackets than opening ones ``text`` has."""
    return sum((char in _PAIRS) - (char in _PAIRS.values()) for char in text)
