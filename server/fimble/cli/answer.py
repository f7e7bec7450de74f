"""What came of a request to the model, for people and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from fimble.checks.finding import Finding


_MAX_FAULTS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and what is known of it."""

    text: str
    """What was asked for; empty where nothing passed."""
    language: str
    findings: tuple[Finding, ...]
    """Warnings about ``text``, or what is wrong with all that was written."""
    refusal: str
    """Why there is none, in a sentence; empty where there is one."""
    num_attempts: int
    latency_ms: float
    model: str
    provider: str
    rejected: str = ""
    """The best of what did not pass, where nothing did; ``findings`` count its lines."""

    @property
    def passed(self) -> bool:
        return not self.refusal

    def record(self, text_name: str, more: Mapping[str, Any]) -> str:
        """One JSON object, in which ``text`` is called ``text_name``."""
        checks = [
            {
                "kind": finding.kind.name.lower(),
                "line": finding.line,
                "message": finding.message,
                "fatal": finding.kind.is_fatal,
            }
            for finding in self.findings
        ]
        known = {
            text_name: self.text,
            "language": self.language,
            "passed": self.passed,
            "checks": checks,
            "refusal": self.refusal,
            "rejected": self.rejected,
            "attempts": self.num_attempts,
            "latency_ms": round(self.latency_ms, 1),
            "model": self.model,
            "provider": self.provider,
        }
        return json.dumps({**known, **more}, ensure_ascii=False)

    def tell(self) -> None:
        """On standard error: warnings, or the refusal with each fault and its line in what was rejected."""
        if self.passed:
            for finding in self.findings:
                typer.echo(f"fimble: warning: {finding}", err=True)
            if sys.stderr and sys.stderr.isatty():
                typer.secho(f"  {self._summary()}", dim=True, err=True)
            return
        typer.echo(f"fimble: {self.refusal}", err=True)
        for line in _faults(self.findings, self.rejected):
            typer.echo(f"        {line}", err=True)

    def _summary(self) -> str:
        attempts = "1 attempt" if self.num_attempts == 1 else f"{self.num_attempts} attempts"
        return f"{attempts}, {self.latency_ms / 1000:.1f} s"


def put(text: str, end: str = "") -> None:
    """``text`` on standard output: in UTF-8 with its own line ends, except on a terminal, which has its own ways."""
    whole = text + end
    if sys.stdout and sys.stdout.isatty():
        typer.echo(whole, nl=False)
    else:
        typer.echo(whole.encode(), nl=False)


def _faults(findings: Sequence[Finding], rejected: str) -> list[str]:
    if not rejected:
        return []
    from fimble.checks.finding import Kind

    lines = rejected.split("\n")
    told: list[str] = []
    for finding in findings[:_MAX_FAULTS]:
        told.append(str(finding))
        if finding.kind is not Kind.SOURCE and 1 <= finding.line <= len(lines):
            told.append(f"    {finding.line} | {lines[finding.line - 1]}")
    return told
