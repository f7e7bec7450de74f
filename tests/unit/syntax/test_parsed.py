"""Faults, and what a cursor stands in, in every language."""

from __future__ import annotations

import pytest

from fimble.syntax.parsed import Parsed, Place
from fimble.syntax.trees import Trees
from tests.unit.syntax.at import at
from tests.unit.syntax.samples import SAMPLES


def parsed_at(marked: str, language: str) -> tuple[Parsed, int]:
    cursor = at(marked, "typescriptreact" if language == "tsx" else language)
    parsed = Trees().at(cursor)
    assert parsed is not None
    return parsed, cursor.offset


@pytest.mark.parametrize("language", SAMPLES)
def test_whole_code_has_no_faults(language: str) -> None:
    marked, fits, breaks = SAMPLES[language]
    assert parsed_at(marked.replace("‸", fits + "‸"), language)[0].faults == ()
    assert parsed_at(marked.replace("‸", breaks + "‸"), language)[0].faults


def test_faults_say_where_and_what() -> None:
    (missing,) = parsed_at("f(é, 1‸\n", "go")[0].faults[-1:]
    assert missing.start <= missing.end
    parsed, _ = parsed_at("int f() { return 1‸ }\n", "c")
    (missing,) = parsed.faults
    assert missing.is_missing and missing.start == missing.end == 18


@pytest.mark.parametrize(
    ("marked", "language", "place"),
    [
        ("x = ‸1\n", "python", Place.CODE),
        ("# a ‸b\n", "python", Place.COMMENT),
        ("# a b‸\n", "python", Place.COMMENT),
        ("‸# a b\n", "python", Place.CODE),
        ("# a b\n‸\n", "python", Place.CODE),
        ("x = 'a‸b'\n", "python", Place.STRING),
        ("x = 'ab'‸\n", "python", Place.CODE),
        ("x = ‸'ab'\n", "python", Place.CODE),
        ("x = f'é{y‸}b'\n", "python", Place.CODE),
        ("x = f'é{y}‸b'\n", "python", Place.STRING),
        ('"""é\n‸\n"""\n', "python", Place.STRING),
        ("/* a‸ */ int x;\n", "c", Place.COMMENT),
        ("/* a */‸ int x;\n", "c", Place.CODE),
        ("int x; // 😀‸\n", "c", Place.COMMENT),
        ("let x = `a${b‸}c`;\n", "javascript", Place.CODE),
        ("let x = `a${b}‸c`;\n", "javascript", Place.STRING),
        ("/// doc‸\nfn f() {}\n", "rust", Place.COMMENT),
        ("/// doc\n‸fn f() {}\n", "rust", Place.CODE),
        ("<!-- a‸ --><p>b</p>\n", "html", Place.COMMENT),
        ("<!-- a -->‸<p>b</p>\n", "html", Place.CODE),
        ("a: 1 # b‸\n", "yaml", Place.COMMENT),
        ("SELECT 1; -- b‸\n", "sql", Place.COMMENT),
        ("let x = 1 // b‸\n", "swift", Place.COMMENT),
        ("‸", "python", Place.CODE),
    ],
)
def test_place(marked: str, language: str, place: Place) -> None:
    parsed, offset = parsed_at(marked, language)
    assert parsed.place_at(offset) is place
