"""Write tests: for a function, in the project's own framework, as a document of its own."""

from __future__ import annotations

import ast
import re
from keyword import iskeyword
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from fimble.checks.check import check
from fimble.checks.finding import Finding
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Edit, Kind, NewDocument, Offer, Page, Selection
from fimble.features.actions.frameworks import FRAMEWORKS, framework_of
from fimble.features.actions.members import strange_uses
from fimble.features.actions.mending import mending
from fimble.features.actions.surroundings import as_written, class_around, definition_at
from fimble.features.generation.cutting import code_in, is_complete
from fimble.features.generation.generator import Task
from fimble.prompt.chat import Message, Role
from fimble.syntax.outline import enclosing

MAX_TOKENS = 512
MAX_TESTS = 6
"""In Python; what a small model adds to these are the same again."""
_UNTRIED = Finding(What.UNTRIED, 1, "nothing has run these tests")

_BEGUN = re.compile(r"^(?:[ \t]*@[^\n]*\n)*[ \t]*(?:async )?def test_?\w*", re.MULTILINE)
_PACKAGE = re.compile(r"^package\s+([\w.]+)\s*;?[ \t]*$", re.MULTILINE)
_EXPORTS = re.compile(r"^export\b", re.MULTILINE)
_IMPORTED = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)


class WriteTests:
    """Offers, asks and gives a new document."""

    kind = Kind.TESTS
    wanted = "test"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """One: the innermost named function at the cursor, if it is written."""
        parsed = page.parsed
        if parsed.language.name not in FRAMEWORKS:
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
        opening = framework.opening.format_map(_words(page, name))
        start = f"```{parsed.language.name}\n{opening}"
        said = (
            f"Write {framework.name} tests for {target.name}: a usual case and the edge cases.\n"
            f"```{parsed.language.name}\n{as_written(parsed, target).rstrip()}\n```"
        )

        def checked(code: str) -> tuple[Finding, ...]:
            if not framework.asserts.search(code) or not re.search(rf"\b{re.escape(target.name)}\s*\(", code):
                return (Finding(What.SYNTAX, 1, f"it does not test {target.name}"),)
            found = [finding for finding in check(code, parsed.language) if finding.kind is not What.SECURITY]
            return (*found, *strange_uses(parsed, holder, code), _UNTRIED)

        mend = mending(parsed.language)
        return Task(
            (Message(Role.USER, said),),
            checked,
            start=start,
            cut=lambda answer: _whole(code_in(answer)),
            is_over=lambda answer: is_complete(answer) or _num_begun(answer) > MAX_TESTS,
            mend=lambda code: mend(framework.imported(code)),
            max_tokens=MAX_TOKENS,
        )

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """The tests as a document of their own, or at the end of the source where that is the language's way."""
        parsed = page.parsed
        framework = framework_of(parsed.language.name, page.project_tests)
        if not framework.file:
            end = parsed.start + len(parsed.text.rstrip())
            return Done((Edit(end, parsed.start + len(parsed.text), f"\n\n{code}"),))
        name = framework.file.format(_stem(page.uri), **_words(page, ""))
        return Done(document=NewDocument(name, parsed.language.name, code))


def _num_begun(text: str) -> int:
    return len(_BEGUN.findall(text))


def _whole(code: str) -> str:
    """Python tests without the one that was cut off, and without those that are too many."""
    begun = [match.start() for match in _BEGUN.finditer(code)]
    if len(begun) > MAX_TESTS:
        return f"{code[: begun[MAX_TESTS]].rstrip()}\n"
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return f"{code[: begun[-1]].rstrip()}\n" if len(begun) > 1 else code
    return code


def _words(page: Page, name: str) -> dict[str, str]:
    """What a framework's opening may have filled in, for tests of ``name``."""
    text, path = page.parsed.text, PurePosixPath(unquote(urlsplit(page.uri).path))
    package = _PACKAGE.search(text)
    module = f"{name}_tests" if "mod tests" in text else "tests"
    words = {"name": name, "stem": _stem(page.uri), "package": "", "module": module}
    if page.parsed.language.name == "python":
        return words | {"import": _python_import(path, name, page.project_tests)}
    if page.parsed.language.name in ("go", "java"):
        end = ";" if page.parsed.language.name == "java" else ""
        said = package[1] if package else "" if end else "main"
        return words | {"package": f"package {said}{end}\n\n" if said else ""}
    is_typed = page.parsed.language.name == "typescript"
    source = f"./{path.stem}" if is_typed else f"./{path.name or 'module.js'}"
    if is_typed or path.suffix == ".mjs" or (path.suffix != ".cjs" and _EXPORTS.search(text)):
        return words | {
            "import": f"import {{ {name} }} from '{source}';",
            "assert": "import assert from 'node:assert/strict';",
            "test": "import test from 'node:test';",
            "suffix": "mjs",
        }
    return words | {
        "import": f"const {{ {name} }} = require('{source}');",
        "assert": "const assert = require('node:assert/strict');",
        "test": "const test = require('node:test');",
        "suffix": "cjs",
    }


def _python_import(path: PurePosixPath, name: str, project: str) -> str:
    """Brings ``name`` from the module at ``path``; by its whole name where the project's tests import its package."""
    parts = [*path.parent.parts, _stem(path.as_posix())]
    for package in _IMPORTED.findall(project):
        if package in parts[:-1]:
            parts = parts[len(parts) - 1 - parts[::-1].index(package) :]
            break
    else:
        parts = parts[-1:]
    if all(part.isidentifier() and not iskeyword(part) for part in parts):
        return f"from {'.'.join(parts)} import {name}"
    return f'from importlib import import_module\n\n{name} = import_module("{".".join(parts)}").{name}'


def _stem(uri: str) -> str:
    return PurePosixPath(unquote(urlsplit(uri).path)).stem or "module"
