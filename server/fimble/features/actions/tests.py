"""Write tests: for a function, in the project's own framework, as a document of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from fimble.checks.check import check
from fimble.checks.finding import Finding
from fimble.checks.finding import Kind as What
from fimble.checks.imports import with_imports
from fimble.features.actions.action import Done, Kind, NewDocument, Offer, Page, Selection
from fimble.features.actions.surroundings import as_written, class_around, definition_at
from fimble.features.generation.generator import Task
from fimble.prompt.chat import Message, Role
from fimble.syntax.outline import enclosing

MAX_TOKENS = 512


@dataclass(frozen=True, slots=True)
class _Framework:
    """How a language's tests are written, as far as the model has to be told."""

    name: str
    file: str
    """The new document's name; ``{}`` is the stem of the source's."""
    opening: str
    """How the file begins; ``{stem}`` and ``{name}`` are filled in."""
    asserts: re.Pattern[str]


_PYTEST = _Framework(
    "pytest", "test_{}.py", "from {stem} import {name}\n\n\ndef test_", re.compile(r"\bassert\b|pytest\.raises")
)
_UNITTEST = _Framework(
    "unittest",
    "test_{}.py",
    "import unittest\n\nfrom {stem} import {name}\n\n\nclass Test",
    re.compile(r"self\.assert\w+"),
)
_FRAMEWORKS = {
    "python": _PYTEST,
    "javascript": _Framework(
        "node:test",
        "{}.test.mjs",
        "import test from 'node:test';\nimport assert from 'node:assert/strict';\n"
        "import {{ {name} }} from './{stem}.js';\n\n",
        re.compile(r"\bassert\b"),
    ),
    "typescript": _Framework(
        "vitest",
        "{}.test.ts",
        "import {{ describe, expect, it }} from 'vitest';\nimport {{ {name} }} from './{stem}';\n\n",
        re.compile(r"\bexpect\("),
    ),
    "go": _Framework(
        "testing", "{}_test.go", 'package {package}\n\nimport "testing"\n\nfunc Test', re.compile(r"t\.\w+\(")
    ),
    "rust": _Framework("cargo test", "{}_test.rs", "use super::*;\n\n#[test]\n", re.compile(r"assert\w*!")),
    "java": _Framework(
        "JUnit 5",
        "{}Test.java",
        "import static org.junit.jupiter.api.Assertions.*;\nimport org.junit.jupiter.api.Test;\n\nclass ",
        re.compile(r"\bassert\w+\("),
    ),
}
_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)
_USES_UNITTEST = re.compile(r"^\s*(?:import unittest|from unittest)", re.MULTILINE)


class WriteTests:
    """Offers, asks and gives a new document."""

    kind = Kind.TESTS
    wanted = "test"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """One: the innermost named function at the cursor, if it is written."""
        parsed = page.parsed
        if parsed.language.name not in _FRAMEWORKS:
            return []
        around = enclosing(parsed, selection.start)
        if not around or around[0].is_class or around[0].is_empty:
            return []
        return [Offer(self.kind, f"Write tests for {around[0].name}", around[0].start, around[0].end)]

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask. The project's own tests tell its framework."""
        parsed = page.parsed
        framework = framework_of(parsed.language.name, page.project_tests)
        target = definition_at(parsed, offer.start, offer.end)
        holder = class_around(parsed, target.start, target)
        name = holder.name if holder is not None else target.name
        package = _PACKAGE.search(parsed.text)
        opening = framework.opening.format(stem=_stem(page.uri), name=name, package=package[1] if package else "main")
        start = f"```{parsed.language.name}\n{opening}"
        said = (
            f"Write {framework.name} tests for {target.name}: a usual case and the edge cases.\n"
            f"```{parsed.language.name}\n{as_written(parsed, target).rstrip()}\n```"
        )

        def checked(code: str) -> tuple[Finding, ...]:
            if not framework.asserts.search(code) or not re.search(rf"\b{re.escape(target.name)}\s*\(", code):
                return (Finding(What.SYNTAX, 1, f"it does not test {target.name}"),)
            return tuple(finding for finding in check(code, parsed.language) if finding.kind is not What.SECURITY)

        mend = with_imports if parsed.language.name == "python" else str
        return Task((Message(Role.USER, said),), checked, start=start, mend=mend, max_tokens=MAX_TOKENS)

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """The tests as a document of their own."""
        language = page.parsed.language.name
        name = framework_of(language, page.project_tests).file.format(_stem(page.uri))
        return Done(document=NewDocument(name, language, code))


def framework_of(language: str, project: str) -> _Framework:
    """The framework of a project whose tests read ``project``."""
    if language == "python" and _USES_UNITTEST.search(project) and "pytest" not in project:
        return _UNITTEST
    return _FRAMEWORKS[language]


def _stem(uri: str) -> str:
    return PurePosixPath(unquote(urlsplit(uri).path)).stem or "module"
