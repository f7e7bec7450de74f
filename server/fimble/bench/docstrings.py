"""What a docstring says in its sections, and how that fits the function; no model judges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fimble.bench.functions import Function
from fimble.bench.sections import has_list, readable
from fimble.errors import ConfigError

if TYPE_CHECKING:
    from docstring_parser import Docstring

_NONE = re.compile(r"(?:none|n/a|nothing)\b.{0,60}", re.IGNORECASE | re.DOTALL)


REPEATED_WORDS = 3


@dataclass(frozen=True, slots=True)
class Quality:
    """One docstring beside its function."""

    num_parameters: int
    """That the function has."""
    num_named: int
    """Of these, in the docstring's section."""
    num_invented: int
    """In that section, but none of the function's."""
    is_returns_right: bool
    """A section on what is returned or yielded is there exactly when the function gives a value."""
    num_raises: int
    """Exceptions that the docstring names."""
    num_raises_in_body: int
    """Of these, in the function's body."""
    has_list: bool
    """Whether entries are written as a list, which is no docstring style's form."""
    is_repeating: bool
    """Whether a line of at least ``REPEATED_WORDS`` words stands there twice."""


def check_parser() -> None:
    """Raise ``ConfigError`` where the parser of docstrings is not installed."""
    try:
        import docstring_parser  # noqa: F401 (only whether it is there)
    except ImportError as error:
        raise ConfigError(
            "Docstrings are read by docstring-parser, which is not installed here.",
            "Install it with: pip install 'fimble[bench]'",
        ) from error


def quality(docstring: str, function: Function) -> Quality:
    """How ``docstring`` fits ``function``."""
    read = _read(docstring)
    parameters = set(function.parameters)
    named = _named(read) - {function.called_on} if read else set[str]()
    raised = {kind for part in read.raises if (kind := _exception(part.type_name))} if read else set[str]()
    return Quality(
        len(parameters),
        len(parameters & named),
        len(named - parameters),
        (read is not None and _has_returns(read)) == function.gives_value,
        len(raised),
        len(raised & function.names),
        has_list(docstring),
        _is_repeating(docstring),
    )


def token_f1(text: str, reference: str) -> float:
    """Overlap of words, each counted as often as it stands there; 0 to 1."""
    ours, theirs = (Counter(re.findall(r"\w+", part.lower())) for part in (text, reference))
    num_shared = (ours & theirs).total()
    return 2 * num_shared / (ours.total() + theirs.total()) if num_shared else 0.0


def first_paragraph(docstring: str) -> str:
    """Up to the first blank line."""
    return re.split(r"\n\s*\n", docstring.strip(), maxsplit=1)[0]


def summary(qualities: Sequence[Quality]) -> dict[str, Any]:
    """Shares in per cent, over all docstrings together; ``None`` where there is nothing to share."""

    def share(part: int, whole: int) -> float | None:
        return round(100 * part / whole, 1) if whole else None

    num_parameters = sum(one.num_parameters for one in qualities)
    num_named = sum(one.num_named for one in qualities)
    num_invented = sum(one.num_invented for one in qualities)
    num_raises = sum(one.num_raises for one in qualities)
    return {
        "num_docstrings": len(qualities),
        "parameters_named": share(num_named, num_parameters),
        "parameters_invented": share(num_invented, num_named + num_invented),
        "returns_right": share(sum(one.is_returns_right for one in qualities), len(qualities)),
        "num_raises": num_raises,
        "raises_in_body": share(sum(one.num_raises_in_body for one in qualities), num_raises),
        "num_with_lists": sum(one.has_list for one in qualities),
        "num_repeating": sum(one.is_repeating for one in qualities),
    }


def _read(docstring: str) -> Docstring | None:
    from docstring_parser import ParseError, parse

    try:
        return parse(readable(docstring))
    except ParseError:
        return None


def _named(read: Docstring) -> set[str]:
    """Parameters, as the signature writes them."""
    parts = [part.arg_name for part in read.params if part.args and part.args[0] != "attribute"]
    return {name for part in parts for word in part.split(",") if (name := word.strip(" \t\n`*\\"))}


def _has_returns(read: Docstring) -> bool:
    said = [part.type_name or part.description or "" for part in read.many_returns]
    return any(not _NONE.fullmatch(text.strip()) for text in said)


def _exception(name: str | None) -> str:
    found = re.findall(r"[A-Za-z_]\w*", name or "")
    return found[-1] if found else ""


def _is_repeating(docstring: str) -> bool:
    lines = [line for part in docstring.split("\n") if len((line := part.strip()).split()) >= REPEATED_WORDS]
    return len(set(lines)) < len(lines)
