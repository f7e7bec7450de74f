"""What only looks like a fix."""

from __future__ import annotations

import pytest

from fimble.features.actions.hiding import hides, only_removes
from fimble.syntax.languages import find


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("f(x)", "f(x)  # noqa"),
        ("f(x)", "f(x)  # type: ignore[name-defined]"),
        ("f(x);", "// @ts-expect-error\nf(x);"),
        ("f(x);", "/* eslint-disable */\nf(x);"),
        ("fn f() {}", "#[allow(dead_code)]\nfn f() {}"),
        ("void f() {}", '@SuppressWarnings("all")\nvoid f() {}'),
        ("f(x)", "try:\n    f(x)\nexcept Exception as e:\n    pass"),
        ("f(x)", "with suppress(NameError):\n    f(x)"),
        ("f(x);", "try { f(x); } catch { }"),
        ("f(x)", "begin\n  f(x)\nrescue\nend"),
        ("rm x", "rm x || true"),
        ("f(x)", "if False:\n    f(x)"),
    ],
)
def test_a_problem_that_is_only_hidden(old: str, new: str) -> None:
    assert hides(old, new)
    assert not hides(new, new), "what was there before is no part of the fix"


def test_handling_a_problem_is_not_hiding_it() -> None:
    assert not hides("f(x)", "try:\n    f(x)\nexcept ValueError:\n    return None")
    assert not hides("f(x);", "try { f(x); } catch (e) { log(e); }")


@pytest.mark.parametrize(
    ("old", "new", "problem", "does"),
    [
        ("f(x)", "", "undefined name 'f'", True),
        ("f(x)", "# f(x)", "undefined name 'f'", True),
        ("f(x)", "pass", "undefined name 'f'", True),
        ("f(x))", "f(x)", "unmatched ')'", False),
        ("import os", "", "'os' imported but unused", False),
        ("# f", "", "undefined name 'f'", False),
        ("", "import re", "undefined name 're'", False),
    ],
)
def test_code_that_gives_way_to_none(old: str, new: str, problem: str, does: bool) -> None:
    python = find("python", "")
    assert python is not None
    assert bool(only_removes(old.split("\n"), new.split("\n"), problem, python)) == does
