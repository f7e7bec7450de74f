"""Python names that exist nowhere; above all, what is not held against an answer."""

from __future__ import annotations

import pytest

from fimble.suggest.names import cut_unknown_names, words_of
from fimble.text import Reason
from tests.unit.syntax.at import at

URI = "file:///a.py"


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("‸\n", "print(os.path)", Reason.UNKNOWN_NAME),
        ("y.foo(bar=1)\n‸\n", "foo()", Reason.UNKNOWN_NAME),
        ("y.foo(bar=1)\n‸\n", "bar()", Reason.UNKNOWN_NAME),
        ("print(fo‸)\n", "o", Reason.UNKNOWN_NAME),
        ("# foo\n‸\n", "foo()", Reason.UNKNOWN_NAME),
        ("x = 'say foo'\n‸\n", "foo()", Reason.UNKNOWN_NAME),
        ("‸\n", "print(f'{foo}')", Reason.UNKNOWN_NAME),
        ("def f(x: ‸): pass\n", "Foo", Reason.UNKNOWN_NAME),
        ("@‸\ndef f(): pass\n", "foo", Reason.UNKNOWN_NAME),
        ("‸\n", "a = 1\nb = a\nc = foo(b)\nd = c", "a = 1\nb = a"),
        ("‸\n", "a = helper()\n\ndef rest(): return foo\n\ndef helper(): pass", Reason.UNKNOWN_NAME),
    ],
)
def test_unknown(marked: str, answer: str, expected: str | Reason) -> None:
    assert cut_unknown_names(answer, at(marked, "python", URI)) == expected


@pytest.mark.parametrize(
    ("marked", "answer"),
    [
        ("import os\n‸\n", "print(os.path)"),
        ("x = [‸]\n", "y for y in range(3)"),
        ("x = {‸}\n", "k: v for k, (v, *w) in {}.items()"),
        ("‸\n", "def g(a, *b, c=1, **d):\n    return a, b, c, d, lambda z, *y: (z, y)"),
        ("‸\n", "with open('x') as h, open('y') as (i, j):\n    h.read(mode=1)\n    i, j"),
        ("from x import *\n‸\n", "foo(1)"),
        ("from .x import (\n    *\n)\n‸\n", "foo(1)"),
        ("‸\n", "print('foo')  # bar"),
        ("foo = 1\nprint(fo‸)\n", "o"),
        ("__all__ = ['zed']\n‸\n", "zed()"),
        ("‸\n", "import a.b as c, d\nfrom e import f as g, h\nc, d, g, h"),
        ("‸\n", "if (n := 3) > 2:\n    print(n)"),
        ("‸\n", "try:\n    pass\nexcept ValueError as e:\n    raise RuntimeError from e"),
        ("x = 1\n‸\n", "match x:\n    case Foo(y=z) | [z, *_]:\n        print(z)"),
        ("def f(‸): pass\n", "x: int, y: str = 'a', *, z"),
        ("‸\n", "@property\ndef a(self) -> int: ..."),
        ("‸\n", "for i, (j, k) in []:\n    print(i, j, k)"),
        ("‸\n", "global g\ng += 1"),
        ("‸\n", "def f[T](x: T) -> T: ..."),
        ("‸\n", "type Pair[T] = tuple[T, T]\np: Pair"),
        ("‸\ndef later(): pass\n", "later()"),
        ('"""Say ‸"""\n', "what you mean"),
        ('"""Say ‸\n', "what you mean"),
        ("x = ‸ foo bar\n", "1 +"),
        ("é = 1\n‸\n", "é + 1"),
        ("‸\n", "__file__, __path__, _, self, cls"),
        ("x.‸\n", "attribute.chain(key=1)"),
    ],
)
def test_known(marked: str, answer: str) -> None:
    assert cut_unknown_names(answer, at(marked, "python", URI)) == answer


def test_names_from_elsewhere() -> None:
    cursor = at("‸\n", "python", URI)
    assert cut_unknown_names("foo(bar)", cursor, words_of(["def foo(): ...", "bar = 1"])) == "foo(bar)"
    assert cut_unknown_names("foo(bar)", cursor, words_of(["def foo(): ..."])) is Reason.UNKNOWN_NAME


@pytest.mark.parametrize(
    ("language", "uri"),
    [("javascript", "file:///a.js"), ("python", "vscode-notebook-cell:/a.ipynb#x"), ("python", "file:///SConstruct")],
)
def test_where_nothing_is_judged(language: str, uri: str) -> None:
    assert cut_unknown_names("foo()", at("‸\n", language, uri)) == "foo()"
