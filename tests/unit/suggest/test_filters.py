"""Filters: what is dropped or cut, why, and that they only shorten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.suggest.pipeline import FILTERS, refine
from fimble.text import Cursor, Reason, Snapshot
from tests.unit.cursor_mark import at_mark


@pytest.mark.parametrize(
    ("marked", "answer", "expected"),
    [
        ("x = ‸\n", "  \n", Reason.EMPTY),
        ("x = ‸\n", "compute(y)\n", "compute(y)"),
        ("print(‸)\n", "value)", "value"),
        ("print(‸)\n", "f(value)", "f(value)"),
        ("f(‸, timeout=3)\n", "url, timeout=3)", "url"),
        ("def f():\n    a = 1\n    ‸\n    return a\n", "return a", Reason.REPEATS_SUFFIX),
        ("def f():\n    a = 1\n    ‸\n    return a\n", "a += 1\n    return a", "a += 1"),
        ("if x {\n  ‸\n}\n", "y()\n}", "y()"),
        ("total = compute(a)\n‸\n", "total = compute(a)", Reason.REPEATS_PREFIX),
        ("‸\n", "print('again')\n" * 5, "print('again')"),
        ("‸\n", "start()\n" + "print('again')\n" * 5, "start()"),
        ("x = ‸\n", "}", Reason.BREAKS_SYNTAX),
        ('name = "‸"\n', 'John"', "John"),
        ('msg = "Hello, ‸"\n', '" + name + "!"', '" + name + "!'),
        ('f("a", ‸"b")\n', '"x", "', '"x", '),
        ("return ‸;\n", "a + b;", "a + b"),
        ('  "host": ‸,\n', '"localhost",', '"localhost"'),
        ('"""‸"""\n', '""', Reason.REPEATS_SUFFIX),
        ("result = ‸ bar_baz\n", "x + bar", Reason.BREAKS_SYNTAX),
        ("return ‸total_price\n", "sum(x) - tot", "sum(x) - tot"),
        ("x = [‸]\n", "0, 1, " * 12, Reason.LOOPS),
        ("x = [‸]\n", "'-' * 3", "'-' * 3"),
        ("# ‸\n", "=" * 60, "=" * 60),
    ],
)
def test_refine(marked: str, answer: str, expected: str | Reason) -> None:
    assert refine(answer, at_mark(marked)) == expected


CODE = st.text(st.sampled_from("ab =()[]{}\n \t"), max_size=40)


@given(CODE, CODE, CODE)
def test_filters_only_shorten_and_are_idempotent(before: str, after: str, answer: str) -> None:
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, before + after), len(before))
    for keep in FILTERS:
        result = keep(answer, cursor)
        if isinstance(result, str):
            assert answer.startswith(result)
    once = refine(answer, cursor)
    if isinstance(once, str):
        assert once.strip()
        assert refine(once, cursor) == once
