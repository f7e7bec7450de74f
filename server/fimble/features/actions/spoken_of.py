"""Which line of code a sentence speaks of: told by what it quotes and by what it says is done.

A small model counts its points rather than the lines, even where each line is shown with its number; what it names it
copies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|'([^'\n]+)'")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--)")
_WORD = re.compile(r"[^\W\d]\w*")
_DONE = tuple(
    (re.compile(said, re.IGNORECASE), re.compile(code))
    for said, code in (
        (r"\breturn", r"\breturn\b"),
        (r"\byield", r"\byield\b"),
        (r"\b(?:iterat|loop|for each|while\b)", r"\b(?:for|foreach|while|loop|each)\b|forEach"),
        (r"\b(?:check|if\b|whether|condition|otherwise)", r"\b(?:if|elif|else|case|when|match|switch|unless)\b|\?"),
        (r"\b(?:rais|throw)", r"\b(?:raise|throw|panic)\b"),
        (r"\bimport", r"\b(?:import|require|use|using|include)\b"),
        (r"\b(?:defin|declar)", r"\b(?:def|class|function|func|fn|struct|interface|enum)\s+\w"),
        (r"\b(?:handle|catch|except)", r"\b(?:except|catch|rescue)\b"),
        (r"\b(?:increment|increas)", r"\+=|\+\+"),
        (r"\b(?:initiali[sz]|assign|set(?:s|ting)?\b|creat|stor)", r"(?<![=!<>+\-*/%|&^])=(?!=)"),
    )
)
"""What people say of code, and what stands in it then."""
_DONE_WEIGHT = 0.4
_LEAST = 0.5
"""What a line must have of what is said: a name that stands on two lines, or several things."""
_NUM_NAMED = 8
"""A name that stands on more lines tells nothing."""


def line_of(said: str, lines: Sequence[str], guess: int) -> int | None:
    """The number, from 0, of the line that has most of what ``said`` names; ``None`` where none has enough, or several
    have as much and ``guess`` is none of them."""
    scores = [0.0] * len(lines)
    lines = ["" if _COMMENT.match(line) else line for line in lines]
    for piece in _pieces(said, lines):
        where = [number for number, line in enumerate(lines) if _has(line, piece)]
        if len(where) <= _NUM_NAMED:
            for number in where:
                scores[number] += 1 / len(where)
    for words, code in _DONE:
        if words.search(said):
            for number, line in enumerate(lines):
                scores[number] += _DONE_WEIGHT if code.search(line) and scores[number] else 0
    best = max(scores, default=0.0)
    if best < _LEAST:
        return 0 if len(lines) == 1 else None
    is_guess = 0 <= guess < len(lines) and scores[guess] == best
    return guess if is_guess else scores.index(best) if scores.count(best) == 1 else None


def _pieces(said: str, lines: Sequence[str]) -> list[str]:
    """What is quoted, as a whole and by its names; and names of the code that are no words of a language."""
    quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(said)]
    names = [name for piece in quoted for name in _WORD.findall(piece)]
    names += [name for name in _WORD.findall(said) if "_" in name or name[1:] != name[1:].lower()]
    return list(dict.fromkeys([*quoted, *names]))


def _has(line: str, piece: str) -> bool:
    begin = r"(?<!\w)" if piece[:1].isalnum() else ""
    end = r"(?!\w)" if piece[-1:].isalnum() else ""
    return re.search(f"{begin}{re.escape(piece)}{end}", line) is not None
