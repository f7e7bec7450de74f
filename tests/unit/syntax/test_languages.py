"""How a language is found, and that every grammar loads and knows what is said of it."""

from __future__ import annotations

import logging

import pytest

from fimble.syntax.languages import LANGUAGES, Language, find, grammar
from tests.unit.syntax.samples import SAMPLES


@pytest.mark.parametrize(
    ("language_id", "uri", "name"),
    [
        ("python", "file:///a.txt", "python"),
        ("typescriptreact", "file:///a.tsx", "tsx"),
        ("javascriptreact", "file:///a.jsx", "javascript"),
        ("shellscript", "file:///a", "bash"),
        ("jsonc", "file:///a", "json"),
        ("c-sharp", "file:///a", "csharp"),
        ("", "file:///dir.py/a.rs", "rust"),
        ("", "file:///a%20b.KT", "kotlin"),
        ("plaintext", "file:///a.go", "go"),
        ("", "file:///app/Gemfile", "ruby"),
        ("", "file:///a.h", "cpp"),
        ("c", "file:///a.h", "c"),
        ("", "untitled:Untitled-1", None),
        ("", "file:///py", None),
        ("scss", "file:///a.scss", None),
        ("markdown", "file:///README.md", None),
        ("", "http://[", None),
    ],
)
def test_find(language_id: str, uri: str, name: str | None) -> None:
    found = find(language_id, uri)
    assert (found and found.name) == name


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.name)
def test_a_grammar_knows_the_node_types_named_for_it(language: Language) -> None:
    known = grammar(language)
    assert known is not None
    kinds = {known.node_kind_for_id(kind) for kind in range(known.node_kind_count)}
    assert language.comments | language.strings | language.code_in_strings <= kinds
    assert language.name in SAMPLES


def test_a_grammar_that_cannot_be_loaded_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    missing = Language("cobol", "tree_sitter_that_is_not_there")
    with caplog.at_level(logging.WARNING):
        assert grammar(missing) is None
        assert grammar(missing) is None
    assert len(caplog.records) == 1
    assert "cobol" in caplog.text
