"""Golden files that look like an editor: a file with the cursor, what the model wrote, and what a person sees.

One TOML file a theme, one table a case:

- ``language`` (the editor's id) and ``text``, in which ``‸`` marks the cursor;
- ``answer``: what the model wrote, raw;
- ``shown``: the file with the suggestion in place, between ``⟦`` and ``⟧``; or ``reason``: the name of the
  ``Reason`` for none;
- ``is_cut_off``: the model was stopped before it came to an end; ``comments``: the option (default true);
  ``elsewhere``: what else the model was shown; ``line_ends``: ``"crlf"`` for a file with such line ends.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from fimble.suggest.pipeline import conclude, filters, refine
from fimble.suggest.scope import scope_at
from fimble.syntax.languages import LANGUAGES, language_of
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Reason, Snapshot
from tests.unit.cursor_mark import MARK

FOLDER = Path(__file__).parent
BEGIN, END = "⟦", "⟧"


@dataclass(frozen=True, slots=True)
class Case:
    """One table of a golden file."""

    language: str
    text: str
    answer: str
    shown: str = ""
    reason: str = ""
    is_cut_off: bool = False
    comments: bool = True
    elsewhere: str = ""
    line_ends: str = "lf"

    def cursor(self, uri: str) -> Cursor:
        before, mark, after = self._lines_ended(self.text).partition(MARK)
        assert mark and MARK not in after, "exactly one cursor mark"
        return Cursor(Snapshot(uri, self.language, 1, before + after), len(before))

    def expected(self) -> str:
        """The file with the suggestion in place, or the name of a reason."""
        assert bool(self.shown) != bool(self.reason), "either a suggestion or a reason"
        assert not self.reason or self.reason in Reason.__members__
        return self._lines_ended(self.shown) if self.shown else self.reason

    def _lines_ended(self, text: str) -> str:
        return text.replace("\n", "\r\n") if self.line_ends == "crlf" else text


def golden() -> dict[str, Case]:
    """Every case of every file, by its theme and name."""
    cases = {}
    for file in sorted(FOLDER.glob("*.toml")):
        for name, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
            cases[f"{file.stem}/{name}"] = Case(**table)
    return cases


GOLDEN = golden()


@pytest.mark.parametrize("name", GOLDEN)
def test_what_a_person_sees(name: str) -> None:
    case = GOLDEN[name]
    cursor = case.cursor(f"untitled:{name}")
    keepers = filters([case.elsewhere], case.comments)
    concluded = conclude(case.answer, cursor, scope_at(cursor), case.is_cut_off, keepers)
    if isinstance(concluded, Reason):
        assert concluded.name == case.expected()
        return
    assert f"{cursor.prefix}{BEGIN}{concluded}{END}{cursor.suffix}" == case.expected()
    assert refine(concluded, cursor, keepers) == concluded, "looking at it again changes nothing"
    before, after = TREES.at(cursor), TREES.at(cursor, concluded)
    assert before is not None and after is not None, "every case is in a language that is parsed"
    assert len(after.faults) <= len(before.faults)


def test_every_language_has_a_case() -> None:
    cursors = [case.cursor("untitled:unnamed") for case in GOLDEN.values()]
    shown = {language_of(cursor.snapshot) for cursor in cursors}
    assert {language.name for language in shown if language} == set(LANGUAGES)
