"""Measures of an answer against the text that really stood there; for benchmarks and training alike."""

from __future__ import annotations


def first_line(text: str) -> str:
    """The first line of ``text`` that is not blank, without white space around it; else the empty string."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def exact_match(answer: str, expected: str) -> bool:
    """Whether both have the same first line, white space around it apart."""
    return first_line(answer) == first_line(expected)
