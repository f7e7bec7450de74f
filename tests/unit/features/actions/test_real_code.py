"""Functions of installed packages: emptied and filled again they are what they were; documented they do the same."""

from __future__ import annotations

import ast
import importlib.util
import random
from pathlib import Path

import pytest

from fimble.features.actions.action import Page, Selection
from fimble.features.actions.document import Document
from fimble.features.actions.edits import applied
from fimble.features.actions.implement import Implement
from fimble.syntax.code import is_same_code
from fimble.syntax.languages import find
from fimble.syntax.offsets import encode
from fimble.syntax.outline import Definition, definitions, enclosing
from fimble.syntax.parsed import Parsed, parse
from fimble.text import Snapshot

PACKAGES = ("requests", "rich")
NUM_FUNCTIONS = 24


def python(text: str) -> Parsed:
    known = find("python", "")
    assert known is not None
    parsed = parse(known, text, encode(text), 5000)
    assert parsed is not None
    return parsed


def functions(package: str) -> list[tuple[Parsed, Definition]]:
    """Some of a package's functions, each on lines of its own; always the same ones."""
    found = importlib.util.find_spec(package)
    assert found is not None and found.origin is not None
    random_ = random.Random(4)
    files = sorted(Path(found.origin).parent.glob("*.py"))
    chosen: list[tuple[Parsed, Definition]] = []
    for file in random_.sample(files, min(len(files), NUM_FUNCTIONS)):
        parsed = python(file.read_text(encoding="utf-8"))
        written = [
            one for one in definitions(parsed) if not one.is_class and not one.is_empty and _is_tall(parsed, one)
        ]
        chosen += [(parsed, one) for one in random_.sample(written, min(len(written), 2))]
    return chosen[:NUM_FUNCTIONS]


def _is_tall(parsed: Parsed, found: Definition) -> bool:
    assert found.inside is not None
    return not parsed.text[found.inside[0] :].partition("\n")[0].strip()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_function_emptied_and_filled_again_is_what_it_was(package: str) -> None:
    chosen = functions(package)
    assert len(chosen) > 10
    for parsed, found in chosen:
        assert found.inside is not None
        text, keep = parsed.text, found.docstring[1] if found.docstring else found.inside[0]
        depth = text[text.rfind("\n", 0, found.start) + 1 : found.start]
        filler = "" if found.docstring else f"\n{depth}    pass"
        emptied = text[:keep] + filler + text[found.inside[1] :]
        page = Page(python(emptied), "file:///a.py", runs_examples=False)
        offers = Implement().offers(Selection(Snapshot(page.uri, "python", 1, emptied), keep, keep), page)
        assert [offer.title for offer in offers] == [f"Implement {found.name}"]
        classes = "".join("    " * number + f"class A{number}:\n" for number in range(len(depth) // 4))
        answer = classes + depth + text[found.start : found.end] + "\n"
        after = applied(page.parsed, Implement().done(offers[0], page, answer).edits)
        assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(text)), found.name
        before = enclosing(page.parsed, keep)[0].start
        assert after[:before] == text[:before]


@pytest.mark.parametrize("package", PACKAGES)
def test_documenting_a_function_changes_no_code(package: str) -> None:
    for parsed, found in functions(package):
        assert found.body is not None
        page = Page(parsed, "file:///a.py")
        place = found.body[0]
        (offer,) = Document().offers(Selection(Snapshot(page.uri, "python", 1, parsed.text), place, place), page)
        after = applied(parsed, Document().done(offer, page, 'Say "it".\n\nArgs:\n    a: \\ one\n').edits)
        assert after != parsed.text and is_same_code(parsed.text, after, "python")
