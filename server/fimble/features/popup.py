"""From one suggestion to the entries of a completion popup.

Ghost text shows a suggestion in place; a popup shows a list of names, one line each.
So a suggestion becomes up to three entries: its first line, all of it, and its first
few words, for whoever wants only those.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from fimble.text import Suggestion

_MAX_LABEL_CHARS = 60
_MAX_WORDS = 3
_WORD_LEFT = re.compile(r"\w*\Z")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_NOT_A_NAME = re.compile(r"[^\w+#.-]")
_OPENERS, _CLOSERS = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry."""

    text: str
    """What stands in place of the word left of the cursor, that word included."""
    label: str
    """One line for the list."""
    filter_text: str
    """What the editor compares with what is typed on; begins with the typed word."""
    num_more_lines: int
    """Lines after the first one that is not blank."""


def word_left(line_prefix: str) -> str:
    """The letters, digits and underscores just before the cursor."""
    match = _WORD_LEFT.search(line_prefix)
    return match.group() if match else ""


def choices(word: str, suggestion: Suggestion) -> list[Choice]:
    """The entries for ``suggestion`` after ``word``, the most useful first; none are alike."""
    text = suggestion.text.replace("\r\n", "\n").rstrip()
    line = _first_line(text)
    parts = [line, text, _first_words(word, line)]
    return [_choice(word, part) for number, part in enumerate(parts) if part and part not in parts[:number]]


def preview(text: str, indent: str, language: str, as_markdown: bool) -> str:
    """``text`` as it will stand in the file, without the indentation it stands under."""
    code = textwrap.dedent(indent + text).strip("\n")
    if not as_markdown:
        return code
    longest = max((len(ticks) for ticks in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{_NOT_A_NAME.sub('', language)}\n{code}\n{fence}"


def _choice(word: str, part: str) -> Choice:
    line = _first_line(part)
    begins_below = "\n" in line
    first = " ".join(f"{word} {line}".split() if begins_below else (word + line).split())
    num_more_lines = part.strip().count("\n")
    label = first if len(first) <= _MAX_LABEL_CHARS else first[: _MAX_LABEL_CHARS - 1].rstrip() + "…"
    if num_more_lines and not label.endswith("…"):
        label += " …"
    return Choice(word + part, label, first, num_more_lines)


def _first_line(text: str) -> str:
    """``text`` up to the end of its first line that is not blank."""
    end = text.find("\n", len(text) - len(text.lstrip()))
    return text if end == -1 else text[:end]


def _first_words(word: str, line: str) -> str:
    """The longest beginning of ``line`` with two or three words and no bracket left open, if it is not all of it."""
    best, num_words, depth = "", 0, 0
    for token in _TOKEN.finditer(word + line):
        found = token.group()
        depth += (found in _OPENERS) - (found in _CLOSERS)
        is_word = found[0].isalnum() or found[0] == "_"
        num_words += is_word
        end = token.end() - len(word)
        if num_words > _MAX_WORDS or depth < 0:
            break
        if end > 0 and num_words > 1 and depth == 0 and (is_word or found in _CLOSERS):
            best = line[:end]
    return best if best != line.rstrip() else ""
