"""Documentation in each language's own form."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.features.actions.conventions import CONVENTIONS, PYTHON, style_of


@pytest.mark.parametrize(
    ("language", "said", "text"),
    [
        (
            "python",
            'Add two.\n\n    Args:\n        a: one\n    """\n    return a',
            "Add two.\n\n    Args:\n        a: one",
        ),
        ("python", 'Add two."""', "Add two."),
        (
            "javascript",
            "Adds.\n * @param {number} a one\n *\n * more\n */\nfunction",
            "Adds.\n@param {number} a one\n\nmore",
        ),
        ("rust", "Adds.\n///\n/// # Panics\nfn f() {}", "Adds.\n\n# Panics"),
        ("go", "f adds.\nfunc f() {}", "f adds."),
        ("ruby", "Adds.\n# @return [Integer]\ndef f\n", "Adds.\n@return [Integer]"),
        ("rust", "Adds.\n///\n/// ```\n/// f(1);\n/// ```\n///\n/// ```\n/// f(2\n", "Adds.\n\n```\nf(1);\n```"),
    ],
)
def test_the_documentation_is_cut_out_of_what_was_said(language: str, said: str, text: str) -> None:
    convention = CONVENTIONS[language]
    assert convention.text_in(said) == text
    ends = [length for length in range(len(said) + 1) if convention.is_over(said[:length])]
    assert not ends or convention.text_in(said[: ends[0]]) == text


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("python", '"""Add.\n\n    Args:\n        a: one\n    """'),
        ("java", "/**\n     * Add.\n     *\n     * Args:\n     *     a: one\n     */"),
        ("rust", "/// Add.\n    ///\n    /// Args:\n    ///     a: one"),
        ("lua", "--- Add.\n    ---\n    --- Args:\n    ---     a: one"),
    ],
)
def test_it_is_written_at_the_depth_of_its_place(language: str, expected: str) -> None:
    assert CONVENTIONS[language].written("Add.\n\nArgs:\n    a: one", "    ", "    ") == expected


@given(st.text(st.sampled_from("ab\"'\\\n */#{}é"), min_size=1, max_size=40))
def test_whatever_it_says_it_stays_documentation(text: str) -> None:
    """No text can get out of its quotes or its comment."""
    docstring = PYTHON.written(text.strip("\n") or "a", "    ", "    ")
    (statement,) = ast.parse(f"def f():\n    {docstring}\n    return 1\n").body
    assert isinstance(statement, ast.FunctionDef) and len(statement.body) == 2
    assert ast.get_docstring(statement) is not None
    comment = CONVENTIONS["java"].written(text, "", "    ")
    assert comment.endswith("*/") and comment.count("*/") == 1
    for language in ("go", "rust", "ruby", "lua", "bash"):
        mark = CONVENTIONS[language].line.strip()
        assert all(
            line.strip().startswith(mark) for line in CONVENTIONS[language].written(text, "  ", "  ").split("\n")
        )


def test_the_style_of_a_file_is_told_from_it() -> None:
    assert style_of("def f():\n    '''A.\n\n    Parameters\n    ----------\n    a\n    '''\n") == "NumPy"
    assert style_of("    :param a: one\n    :returns: two\n") == "Sphinx"
    assert style_of("    Args:\n        a: one\n") == "Google"
    assert style_of("x = 1\n") == "Google"
