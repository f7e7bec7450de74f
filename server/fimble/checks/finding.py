"""What a check has to say about a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What is wrong; the value is what a person reads."""

    SYNTAX = "syntax"
    NAME = "undefined name"
    CALL = "call"
    TOOL = "compiler"
    EXAMPLE = "example"
    BEHAVIOUR = "behaviour"
    SECURITY = "insecure pattern"
    SOURCE = "source"
    """Of what was given, not of what was made of it."""
    UNTRIED = "not tried"

    @property
    def is_fatal(self) -> bool:
        """Whether a text with such a finding is not shown; the others are told along with it."""
        return self not in (Kind.EXAMPLE, Kind.BEHAVIOUR, *_REMARKS)

    @property
    def asks_for_another(self) -> bool:
        """Whether another text is looked for that has no such finding."""
        return self not in _REMARKS


_REMARKS = (Kind.SECURITY, Kind.SOURCE, Kind.UNTRIED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    line: int
    """From 1, in the text that was checked."""
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message} ({self.kind.value})"


def new_ones(after: Iterable[Finding], before: Iterable[Finding]) -> tuple[Finding, ...]:
    """What ``after`` has and ``before`` has not, wherever it stands: a text is not blamed for its surroundings."""
    known = Counter((finding.kind, finding.message) for finding in before)
    found: list[Finding] = []
    for finding in after:
        if known[finding.kind, finding.message]:
            known[finding.kind, finding.message] -= 1
        else:
            found.append(finding)
    return tuple(found)


def fatal(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those that keep a text from being shown."""
    return tuple(finding for finding in findings if finding.kind.is_fatal)
