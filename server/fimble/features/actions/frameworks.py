"""Test frameworks: which one a project uses, told from its own tests and manifests, and how its files begin."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Framework:
    """How tests are written, as far as the model has to be told."""

    name: str
    file: str
    """The new document's name; ``{}`` is the stem of the source's. Empty where tests stand in the source itself."""
    opening: str
    """How the text begins, with ``{import}``, ``{package}``, ``{name}`` and ``{stem}`` to be filled in."""
    asserts: re.Pattern[str]
    """What each of its tests has."""
    is_told_by: re.Pattern[str] | None = None
    """What a project's tests or manifests say that use it; the last of a language is the usual one."""
    module: str = ""
    """What tests may use of it that do not import it."""

    def imported(self, code: str) -> str:
        """``code`` with the import of ``module``, where it uses that and has none."""
        if not self.module or not re.search(rf"\b{self.module}\.", code):
            return code
        is_there = re.search(rf"^(?:import|from) {self.module}\b", code, re.MULTILINE)
        return code if is_there else f"import {self.module}\n\n{code}"


_EXPECTS = re.compile(r"\bexpect\s*\(")
_ASSERTS = re.compile(r"\bassert\w*\b")
_JUNIT = (
    "{package}import static org.junit.jupiter.api.Assertions.*;\n\nimport org.junit.jupiter.api.Test;\n\n"
    "class {stem}Test {{\n"
)
_JUNIT_4 = "{package}import static org.junit.Assert.*;\n\nimport org.junit.Test;\n\npublic class {stem}Test {{\n"
_TESTNG = (
    "{package}import static org.testng.Assert.*;\n\nimport org.testng.annotations.Test;\n\npublic class {stem}Test {{\n"
)

_JEST = Framework("Jest", "{}.test.js", "{import}\n\n", _EXPECTS, re.compile(r"\bjest\b"))
_VITEST = Framework(
    "Vitest",
    "{}.test.js",
    "import {{ describe, expect, it }} from 'vitest';\n{import}\n\n",
    _EXPECTS,
    re.compile(r"\bvitest\b"),
)
_MOCHA = Framework(
    "Mocha",
    "{}.test.js",
    "{assert}\n{import}\n\ndescribe('{name}', ",
    re.compile(r"\bassert\b|\bexpect\s*\("),
    re.compile(r"\bmocha\b"),
)
_NODE = Framework("node:test", "{}.test.{suffix}", "{test}\n{assert}\n{import}\n\n", re.compile(r"\bassert\b"))

_PYTEST = Framework(
    "pytest", "test_{}.py", "{import}\n\n\ndef test_", re.compile(r"\bassert\b|pytest\.raises"), module="pytest"
)

FRAMEWORKS: dict[str, tuple[Framework, ...]] = {
    "python": (
        Framework(
            "unittest",
            "test_{}.py",
            "import unittest\n\n{import}\n\n\nclass Test",
            re.compile(r"self\.assert\w+"),
            re.compile(r"\A(?!.*\bpytest\b).*^\s*(?:import unittest|from unittest)", re.MULTILINE | re.DOTALL),
        ),
        Framework(
            "pytest", "test_{}.py", "{import}\n\n\ndef test_", re.compile(r"\bassert\b|pytest\.raises"), module="pytest"
        ),
    ),
    "javascript": (_VITEST, _JEST, _MOCHA, _NODE),
    "typescript": (_JEST, _MOCHA, _VITEST),
    "go": (Framework("testing", "{}_test.go", '{package}import "testing"\n\nfunc Test', re.compile(r"\bt\.\w+\(")),),
    "rust": (
        Framework("cargo test", "", "#[cfg(test)]\nmod {module} {{\n    use super::*;\n\n    #[test]\n", _ASSERTS),
    ),
    "java": (
        Framework("JUnit 5", "{}Test.java", _JUNIT, _ASSERTS, re.compile(r"junit[.-]jupiter")),
        Framework("TestNG", "{}Test.java", _TESTNG, _ASSERTS, re.compile(r"\btestng\b")),
        Framework(
            "JUnit 4",
            "{}Test.java",
            _JUNIT_4,
            _ASSERTS,
            re.compile(r"\borg\.junit\.\w+;|\bjunit:junit:4|<artifactId>junit<"),
        ),
        Framework("JUnit 5", "{}Test.java", _JUNIT, _ASSERTS),
    ),
}


def framework_of(language: str, project: str) -> Framework:
    """The one of a project whose tests and manifests read ``project``."""
    known = FRAMEWORKS[language]
    return next((each for each in known if each.is_told_by and each.is_told_by.search(project)), known[-1])
