"""What is cut out of sources, and what of it is asked."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fimble.bench.docpairs import MAX_LINES, Pair, first_sentence, is_query, strip

BODY = "    a = 1\n    b = 2\n    c = 3\n    return a + b + c\n"


def stripped(tmp_path: Path, text: str, path: str = "a.py") -> tuple[str, list[Pair]]:
    """The copy of one file, and its pairs."""
    file = tmp_path / "from" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    pairs = strip(tmp_path / "from", tmp_path / "to")
    return (tmp_path / "to" / path).read_text(encoding="utf-8"), pairs


def test_a_docstring_is_cut_out_and_every_line_keeps_its_number(tmp_path: Path) -> None:
    text = (
        '"""Of the module."""\nimport os\n\n\ndef load(path):\n    """Read all the bytes of a file.\n\n'
        '    More of it.\n    """\n' + BODY
    )
    found, pairs = stripped(tmp_path, text)
    before, after = text.split("\n"), found.split("\n")
    assert after == [*before[:5], "", "", "", "", *before[9:]]
    assert pairs == [Pair("Read all the bytes of a file", "a.py", "load")]


def test_a_body_that_was_only_a_docstring_becomes_dots(tmp_path: Path) -> None:
    found, pairs = stripped(tmp_path, 'class A:\n    async def f(self):\n        """Says\n        much."""\n\nx = 1\n')
    assert found == "class A:\n    async def f(self):\n        ...\n\n\nx = 1\n"
    assert pairs == [], "nothing is left that could be found"


@pytest.mark.parametrize("line", ['def f(): "doc"\n', 'def f(): "doc"; return 1\n', 'async def f(): """doc"""\n'])
def test_a_function_on_one_line_is_left(tmp_path: Path, line: str) -> None:
    assert stripped(tmp_path, line)[0] == line


@pytest.mark.parametrize(
    "text",
    [
        'class A:\n    """Of a class."""\n    def f(self):\n        """One."""\n        def g():\n            "two"\n',
        'if True:\n    def f():\n        "One."\nelse:\n    def f():\n        "Two."\n        return 2\n',
        'try:\n    def f():\n        """One."""\nfinally:\n    pass\n',
        '@property\n@other(1)\ndef f(\n    a,\n    b,\n):\n    r"""One.\n    \\d"""\n    return a\n',
        'def f():\n    # before\n    """One."""  # after\n    return 1\n',
        'def f():\n    ("One. "\n     "And more.")\n    return 1\n',
        'def f():\n\t"""One."""\n\treturn "ä"\n',
        "def f():\n    '''One.\\\n    Two.'''\n",
    ],
)
def test_what_is_left_is_the_same_program_without_docstrings(tmp_path: Path, text: str) -> None:
    found, _ = stripped(tmp_path, text)
    assert found.count("\n") == text.count("\n")
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Expr(ast.Constant(...))]
    assert ast.dump(ast.parse(found)) == ast.dump(tree)


def test_classes_keep_theirs_and_their_methods_are_named_with_them(tmp_path: Path) -> None:
    method = '    def send(self):\n        """Try the transfer once more."""\n' + "        pass\n" * 5
    found, pairs = stripped(tmp_path, f'class Client:\n    """Talks to a server."""\n{method}', "net/client.py")
    assert '"""Talks to a server."""' in found and "transfer" not in found
    assert pairs == [Pair("Try the transfer once more", "net/client.py", "Client.send")]


def test_what_begins_alike_is_asked_once(tmp_path: Path) -> None:
    said = {"one": "Count all the things.", "two": "count all THE things", "three": "Count more of it."}
    text = "".join(f'def {name}():\n    """{first}\n\n    Of {name}.\n    """\n{BODY}' for name, first in said.items())
    found, pairs = stripped(tmp_path, text)
    assert [(pair.query, pair.name) for pair in pairs] == [
        ("Count all the things", "one"),
        ("Count more of it", "three"),
    ]
    assert "ount" not in found


def test_short_and_long_functions_are_not_asked(tmp_path: Path) -> None:
    text = 'def few():\n    """Count all the things."""\n    return 1\n'
    text += 'def many():\n    """Count none of the things."""\n' + "    pass\n" * MAX_LINES
    found, pairs = stripped(tmp_path, text)
    assert pairs == [] and "ount" not in found


def test_tests_and_what_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    for path in ("tests/a.py", "pkg/test_b.py", "testing/deep/c.py"):
        file = tmp_path / "from" / path
        file.parent.mkdir(parents=True)
        file.write_text("x = 1\n")
    (tmp_path / "from" / "broken.py").write_text("def f(:\n")
    (tmp_path / "from" / "latin.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "from" / "nul.py").write_bytes(b"x = 1\0\n")
    (tmp_path / "from" / "notes.md").write_text("words\n")
    assert stripped(tmp_path, "x = 1\n", "contest/a.py") == ("x = 1\n", [])
    assert [file.name for file in (tmp_path / "to").rglob("*.*")] == ["a.py"]


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        ("Read it all. Then close it.", "Read it all. Then close it"),
        ("Read all of the file. Then close it.", "Read all of the file"),
        ("  Read all\n   of it, now!\n\nMore.", "Read all of it, now!"),
        ("Use :class:`~a.b.Client` or ``x`` to `go`\n  \nMore", "Use a.b.Client or x to go"),
        ("Parse version 1.2 of the file", "Parse version 1.2 of the file"),
        ("Say\n:param x: what", "Say :param x: what"),
        ("", ""),
    ],
)
def test_the_first_sentence(docstring: str, sentence: str) -> None:
    assert first_sentence(docstring) == sentence


@pytest.mark.parametrize(
    ("sentence", "is_one"),
    [
        ("Read the file", True),
        ("Read it", False),
        ("x y z 1 2 3", False),
        ("word " * 40, True),
        ("word " * 41, False),
        ("Lies die ganze Größe", False),
        ("See the other function", False),
        ("Deprecated since the last version", False),
        ("Test whether it works", False),
        ("Same as the one above", False),
        ("", False),
    ],
)
def test_what_can_be_asked(sentence: str, is_one: bool) -> None:
    assert is_query(sentence) is is_one
