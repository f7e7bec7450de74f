from __future__ import annotations

from random import Random

import pytest

from fimble.syntax.languages import LANGUAGES
from fimble.training.pairs import pairs, says_something
from fimble.training.records import Kind
from fimble.training.spans import tree_of


def found(text: str, language: str = "python", seed: int = 0) -> list[tuple[Kind, str, str]]:
    parsed = tree_of(text, LANGUAGES[language])
    assert parsed is not None
    return [
        (
            pair.kind,
            text[: pair.hole.start].rpartition("\n")[0].rpartition("\n")[2],
            text[pair.hole.start : pair.hole.end],
        )
        for pair in pairs(parsed, Random(seed))
    ]


def test_a_docstring_and_the_body_below_it() -> None:
    text = 'import os\n\n\ndef f(a, b):\n    """Add both numbers."""\n    total = a + b\n    return total\n'
    (first, _, told), (second, line, body) = found(text)
    assert first is Kind.CODE_TO_DOCSTRING
    assert told in ("Add both numbers.", '"""Add both numbers."""')
    assert (second, line) == (Kind.COMMENT_TO_CODE, '    """Add both numbers."""')
    assert body == "total = a + b\n    return total"
    assert {found(text, seed=seed)[0][2] for seed in range(9)} == {"Add both numbers.", '"""Add both numbers."""'}


def test_a_comment_and_its_paragraph() -> None:
    text = (
        "import os\n\n# Read all of the lines.\nfile = open(name)\nlines = file.readlines()\n\nother = 1\n"
        "# 把所有的行合并起来\ntext = ''.join(lines)\n# switched = off(1)\nx = 1\n"
    )
    assert found(text) == [
        (Kind.COMMENT_TO_CODE, "# Read all of the lines.", "file = open(name)\nlines = file.readlines()"),
        (Kind.COMMENT_TO_CODE, "# 把所有的行合并起来", "text = ''.join(lines)"),
    ]


@pytest.mark.parametrize(
    ("language", "text", "comment", "body"),
    [
        (
            "typescript",
            "const a = 1;\n\n/** Adds both of the numbers. */\nexport function add(a: number, b: number) {\n"
            "  return a + b;\n}\n",
            "/** Adds both of the numbers. */", "return a + b;",
        ),
        (
            "go",
            "package a\n\n// Add adds both of the numbers.\n// It never fails.\nfunc Add(a, b int) int {\n"
            "\treturn a + b\n}\n",
            "// Add adds both of the numbers.\n// It never fails.", "return a + b",
        ),
        (
            "rust",
            "use a;\n\n/// Adds both of the numbers.\nfn add(a: i32, b: i32) -> i32 {\n    let c = a + b;\n    c\n}\n",
            "/// Adds both of the numbers.", "let c = a + b;\n    c",
        ),
    ],
)  # fmt: skip
def test_a_comment_above_a_definition(language: str, text: str, comment: str, body: str) -> None:
    assert [(kind, middle) for kind, _, middle in found(text, language)] == [
        (Kind.CODE_TO_DOCSTRING, comment),
        (Kind.COMMENT_TO_CODE, body),
    ]


def test_of_members_only_the_first_belongs_to_a_comment() -> None:
    text = "interface A {\n  x: 1;\n  /** The name that people see. */\n  name: string;\n  other: number;\n}\n"
    assert [middle for kind, _, middle in found(text, "typescript") if kind is Kind.COMMENT_TO_CODE] == ["name: string"]


def test_a_long_body_is_cut_after_a_statement() -> None:
    lines = [f"    value_{number} = compute(value_{number}, {number})" for number in range(60)]
    text = "x = 1\n\n\ndef f():\n    '''Compute all of the values.'''\n" + "\n".join(lines) + "\n"
    body = found(text)[1][2]
    assert 400 < len(body) <= 600
    assert body == "\n".join(lines[: body.count("\n") + 1]).strip()


@pytest.mark.parametrize(
    "text",
    [
        "# Copyright 2024 A. Licensed under the MIT License.\nx = compute(1)\n",
        "x = 1\n# x = compute(2)\ny = compute(3)\n",
        "x = 1\n# noqa: this is a long line of words\ny = compute(3)\n",
        "x = 1\n# TODO: mend the code that is below\ny = compute(3)\n",
        "x = 1\n# --------------------------------\ny = compute(3)\n",
        "x = 1\n# too short\ny = compute(3)\n",
        "x = 1\n# Some words that say it.\n\ny = compute(3)\n",
        "def f():\n    '''Says what is to come.'''\n    raise NotImplementedError\n",
        "def f():\n    '''Of no use at all.'''\n",
        "def f(:\n    '''Broken beyond all repair.'''\n    return 1\n",
    ],
)
def test_what_is_no_pair(text: str) -> None:
    assert [pair for pair in found(text) if pair[0] is Kind.COMMENT_TO_CODE] == []


def test_what_says_something() -> None:
    assert says_something("Read the file, and close it (twice).")
    assert says_something("读取文件并关闭")
    assert not says_something("return x;")
    assert not says_something("x.y(1, 2)\nfoo(3)")
    assert not says_something("type: ignore[attr] because of that")
