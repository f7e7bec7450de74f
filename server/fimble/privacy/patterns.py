"""Patterns as in ``.gitignore``, read so that a rule which means nothing is an error and not a hole."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

IGNORES_CASE = sys.platform in ("darwin", "win32")
"""Whether ``Notes.txt`` and ``notes.txt`` are one file here."""


def same_name(path: str) -> str:
    """``path`` in the form in which two names of one file are equal: in one Unicode form, and lower case on
    systems that take no notice of case."""
    path = path if path.isascii() else unicodedata.normalize("NFC", path)
    return path.lower() if IGNORES_CASE else path


@dataclass(frozen=True, slots=True)
class _Rule:
    line: str
    regex: re.Pattern[str]
    """Matches the whole of what the line speaks of, and nothing in it."""
    forbids: bool


@dataclass(frozen=True, slots=True)
class Patterns:
    """A list of patterns, ready to match paths relative to the folder that they belong to."""

    rules: tuple[_Rule, ...]

    @classmethod
    def compile(cls, lines: Sequence[str]) -> Patterns:
        """Raises ``ValueError``, naming the line, for a pattern without a meaning."""
        return cls(tuple(_rule(line) for line in lines if line.strip() and not line.startswith("#")))

    def rule_for(self, entry: str) -> tuple[str, bool] | None:
        """The last pattern that speaks of just this ``entry`` (a folder's ends in ``/``), and whether it forbids it."""
        name = same_name(entry)
        for rule in reversed(self.rules):
            if rule.regex.fullmatch(name):
                return rule.line, rule.forbids
        return None

    def forbids(self, path: str) -> str | None:
        """The pattern that forbids ``path`` or, for good, a folder that it is in; or ``None``."""
        for entry in entries(path):
            found = self.rule_for(entry)
            if found and found[1]:
                return found[0]
        return None


def _rule(line: str) -> _Rule:
    """One line as git means it.

    The library's expressions also match what lies in a folder that a line names, and take ``a/**`` for ``a`` itself;
    it reads three stars as one, git as two. Here each folder above a file is asked about by itself, as git does it, so
    each expression must match no more than the line says: otherwise ``*`` and ``!b`` would open all of ``b``, whose
    files git ignores.
    """
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    text = re.sub(r"\*{3,}", "**", line)
    try:
        pattern = GitIgnoreSpecPattern(same_name(text))
        if pattern.regex is None or pattern.include is None:
            raise ValueError
        body, names = pattern.regex.pattern, text.rstrip().split("/")
        if body == ".":
            body = ".+"
        elif body == "(?P<ps_d>/)":
            body = ".+/"
        elif names[-1] == "**":
            body += ".+"
        elif names[-2:] == ["**", ""]:
            body += ".+/"
        return _Rule(line, re.compile(body, re.DOTALL), pattern.include)
    except (ValueError, re.error) as error:
        raise ValueError(f"the pattern {line!r} has no meaning") from error


def entries(path: str) -> list[str]:
    """``a/b/c`` as ``a/``, ``a/b/``, ``a/b/c``: a folder that is forbidden forbids what is in it."""
    ends = [index + 1 for index, char in enumerate(path) if char == "/"]
    return [path[:end] for end in ends if end < len(path)] + [path]
