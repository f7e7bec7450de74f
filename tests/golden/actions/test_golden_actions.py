"""Golden files for code actions: a document, what the model wrote, and the document afterwards.

One TOML file a theme, one table a case:

- ``language`` (the editor's id) and ``text``, in which ``‸`` marks the cursor;
- ``answer``: what the model wrote, for Implement and Fix as it came, for Document the words alone;
- ``after``: the document with all edits in it; or ``refused``: words of why there are none; or ``offers``: the titles
  of what is offered, where nothing is asked of the model;
- ``kind`` (default Implement); ``problem`` and ``at`` for Fix: the message, and the code that it is about;
- ``line_ends``: ``"crlf"`` for a file with such line ends; ``is_cut``: no line break at the document's end.

A tab is written ``→`` in texts, so that it can be seen.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from fimble.checks.finding import fatal
from fimble.features.actions.action import Kind, Page, Problem, Selection
from fimble.features.actions.actions import offers
from fimble.features.actions.document import Document
from fimble.features.actions.edits import applied
from fimble.features.actions.fix import Fix
from fimble.features.actions.implement import Implement
from fimble.features.generation.cutting import code_in
from fimble.syntax.code import is_same_code
from fimble.syntax.languages import LANGUAGES, language_of
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Snapshot
from tests.unit.cursor_mark import MARK

FOLDER = Path(__file__).parent
ACTIONS = {action.kind.value: action for action in (Implement(), Document(), Fix())}
WITHOUT_FUNCTIONS = {"html", "css", "json", "yaml", "toml"}


@dataclass(frozen=True, slots=True)
class Case:
    """One table of a golden file."""

    language: str
    text: str
    answer: str = ""
    after: str = ""
    refused: str = ""
    offers: tuple[str, ...] | None = None
    kind: str = "implement"
    problem: str = ""
    at: str = ""
    line_ends: str = "lf"
    is_cut: bool = False

    def selection(self, uri: str) -> Selection:
        before, mark, after = self._as_file(self.text).partition(MARK)
        assert mark and MARK not in after, "exactly one cursor mark"
        text = before + after
        place = text.index(self.at) if self.at else len(before)
        problems = (Problem(place, place + len(self.at), self.problem),) if self.problem else ()
        return Selection(Snapshot(uri, self.language, 1, text), len(before), len(before), problems)

    def expected(self) -> str:
        return self._as_file(self.after)

    def _as_file(self, text: str) -> str:
        text = text.removeprefix("\n").replace("→", "\t")
        text = text.removesuffix("\n") if self.is_cut else text
        return text.replace("\n", "\r\n") if self.line_ends == "crlf" else text


def golden() -> dict[str, Case]:
    """Every case of every file, by its theme and name."""
    cases = {}
    for file in sorted(FOLDER.glob("*.toml")):
        for name, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
            titles = table.pop("offers", None)
            cases[f"{file.stem}/{name}"] = Case(**table, offers=None if titles is None else tuple(titles))
    return cases


GOLDEN = golden()


@pytest.mark.parametrize("name", GOLDEN)
def test_the_document_afterwards(name: str) -> None:
    case = GOLDEN[name]
    assert sum((bool(case.after), bool(case.refused), case.offers is not None)) == 1, "one outcome"
    selection = case.selection(f"file:///{name.replace('/', '-')}")
    found = offers(selection, {Kind(case.kind)})
    if case.offers is not None:
        assert tuple(offer.title for offer in found) == case.offers
        return
    assert found, "nothing is offered"
    parsed = TREES.at(Cursor(selection.snapshot, found[0].start))
    assert parsed is not None
    page, action = Page(parsed, selection.snapshot.uri), ACTIONS[case.kind]
    code = case.answer.strip("\n") if case.kind == "document" else code_in(case.answer.replace("→", "\t"))
    said = "; ".join(str(finding) for finding in fatal(action.task(found[0], page).check(code)))
    if case.refused:
        assert case.refused in said
        return
    after = applied(parsed, action.done(found[0], page, code).edits)
    assert after == case.expected()
    assert said == ""
    if case.kind == "document":
        assert is_same_code(parsed.text, after, parsed.language.name)


def test_every_language_with_functions_has_cases() -> None:
    """Of Implement and of Document; SQL has comments to implement, and no functions that its grammar reads."""
    with_functions = set(LANGUAGES) - WITHOUT_FUNCTIONS
    for kind, wanted in (("implement", with_functions), ("document", with_functions - {"sql"})):
        cases = (case for case in GOLDEN.values() if case.kind == kind and case.after)
        known = {language_of(case.selection("untitled:unnamed").snapshot) for case in cases}
        assert {language.name for language in known if language} == wanted
