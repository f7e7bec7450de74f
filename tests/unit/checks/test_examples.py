"""A docstring's own examples: found in the forms that people use, run, and only where that is harmless."""

from __future__ import annotations

import ast
import importlib
import inspect

import pytest

from fimble.checks.examples import Example, check_examples, examples_in
from fimble.checks.harmless import ALLOWED, is_harmless


@pytest.mark.parametrize(
    ("docstring", "found"),
    [
        (
            "Say.\n\n    >>> f(1)\n    2\n    >>> f([1,\n    ...    2])\n    [2]\n",
            [("f(1)", "2"), ("f([1,\n   2])", "[2]")],
        ),
        ("f(1) == 2", [("f(1)", "2")]),
        ("f(1) ➞ 2, f(2) -> '(3)'", [("f(2)", "'(3)'")]),
        ("f((1, 2), ')') => True", [("f((1, 2), ')')", "True")]),
        ("f(a=1) returns None.", [("f(a=1)", "None")]),
        ("f(1) # returns [1, 2] because so", [("f(1)", "[1, 2]")]),
        ("for f(7, 34) == 34", [("f(7, 34)", "34")]),
        ("f(a) => False", []),
        ("f(1) is nice", []),
        ("g(1) == 2 and gf(1) == 2", []),
        (">>> f(1) # doctest\nTraceback (most recent call last):\n  ...\nValueError: no\n", []),
        ("", []),
    ],
)
def test_examples_are_found(docstring: str, found: list[tuple[str, str]]) -> None:
    assert examples_in(docstring, "f") == tuple(Example(*pair) for pair in found)


def said(program: str, *pairs: tuple[str, str]) -> list[str]:
    return [finding.message for finding in check_examples(program, "f", tuple(Example(*pair) for pair in pairs))]


def test_what_does_not_hold_is_told_with_what_comes_instead() -> None:
    program = "import math\n\ndef f(a):\n    print('noise')\n    return [math.sqrt(a)]\n"
    assert said(program, ("f(4)", "[2.0]"), ("f(2)", "[1.41421356]")) == []
    assert said(program, ("f(4)", "[3.0]")) == ["f(4) should be [3.0], but is [2.0]"]
    assert said(program, ("f(-1)", "[1.0]"))[0].startswith("f(-1) should be [1.0], but raises ValueError")
    assert said("def f(a):\n    return 1\n", ("f(0)", "True")) == [], "as Python compares"


def test_examples_of_a_dataclass_with_late_annotations_can_be_run() -> None:
    program = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom typing import ClassVar\n\n"
        "@dataclass\nclass P:\n    x: int\n    n: ClassVar[int] = 2\n\ndef f(a):\n    return P(a).x * P.n\n"
    )
    assert said(program, ("f(4)", "8")) == []
    assert said(program, ("f(4)", "9")) == ["f(4) should be 9, but is 8"]


def test_what_does_not_end_or_stops_the_program_is_told() -> None:
    assert said("def f(a):\n    while True:\n        pass\n", ("f(1)", "1")) == ["f(1) does not end"]
    assert said("x = 1 / 0\n", ("f(1)", "1"))[0].endswith("the code raises ZeroDivisionError: division by zero")
    assert said("def f(a):\n    raise SystemExit\n", ("f(1)", "1"))[0].startswith(
        "f(1) should be 1, but raises SystemExit"
    )


@pytest.mark.parametrize(
    "program",
    [
        "import os\ndef f(a): return 1",
        "import functools\nclass W: pass\ndef f(a): return functools.update_wrapper(W(), f, ('g',))",
        "from functools import wraps\ndef f(a): return wraps(f, ('g',))(a)",
        "class W:\n    def __setattr__(self, n, v): pass\ndef f(a): return 1",
        "class M(type): pass\ndef f(a): return 1",
        "def f(a): return type('X', (), {})",
        "def f(a): return type(type(a))('X', (), {})",
        "from builtins import type as t\ndef f(a): return 1",
        "from abc import ABCMeta\ndef f(a): return ABCMeta('X', (), {})",
        "from abc import ABCMeta as M\ndef f(a): return 1",
        "import enum\nclass M(enum.EnumMeta): pass\ndef f(a): return 1",
        "def _evaluate(): pass\ndef f(a): return a._evaluate({}, {})",
        "def f(a): return dict(__globals__=a)",
        "def f(a): return ('__globals__', a)",
        "from os import path\ndef f(a): return 1",
        "from . import x\ndef f(a): return 1",
        "def f(a): return open('x')",
        "def f(a): return eval('1')",
        "def f(a): return getattr(a, 'x')",
        "def f(a): return a.__class__.__subclasses__()",
        "def f(a): return __import__('os')",
        "def f(a): return (i for i in a).gi_frame",
        "from operator import attrgetter\ndef f(a): return 1",
        "import importlib\ndef f(a): return 1",
        "import random\ndef f(a): return random._os.system('true')",
        "import random\ndef f(a):\n    r = random\n    return r._os.getcwd()",
        "from random import _os\ndef f(a): return _os.getcwd()",
        "import enum\ndef f(a): return enum.sys.modules['os'].getcwd()",
        "import dataclasses as d\ndef f(a): return d.inspect.getsource(d)",
        "from operator import *\ndef f(a): return attrgetter('__class__')(a)",
        "import string\ndef f(a): return string.Formatter().get_field('0.__class__', (a,), {})",
        "import typing\ndef f(a): return typing.get_type_hints(a)",
        "def f(a):\n    match a:\n        case object(__class__=c):\n            return c",
        "class A:\n    __class__ = 1\n    def f(self): return self.__dict__",
        "import random\nclass A:\n    def f(self):\n        self._os = 1\ndef f(self=random):\n    return self._os",
        "from functools import singledispatch\n@singledispatch\ndef f(a): return 1",
        "def __getattr__(a): return 1\ndef f(a): return a.__globals__",
    ],
)
def test_what_could_reach_further_is_not_run(program: str) -> None:
    assert not is_harmless(ast.parse(program))
    assert said(program, ("f(1)", "2")) == []


def test_private_names_of_its_own_are_no_harm() -> None:
    assert is_harmless(
        ast.parse("def _g(_a):\n    return _a\nclass A:\n    def __init__(self):\n        self._x = _g(1)\n")
    )
    assert is_harmless(ast.parse("def f(a):\n    b = a.copy()\n    for _ in b: pass\n    return sorted(b)"))


@pytest.mark.parametrize("module", sorted(ALLOWED))
def test_no_module_leads_to_one_that_is_not_allowed(module: str) -> None:
    """Modules have what they import as attributes."""
    found = importlib.import_module(module)
    for name in dir(found):
        if inspect.ismodule(getattr(found, name)) and is_harmless(ast.parse(f"import {module}\n{module}.{name}")):
            assert getattr(found, name).__name__ in ALLOWED | {"collections.abc"}, f"{module}.{name}"


@pytest.mark.parametrize(
    "program",
    [
        "def f(a): return type(a) is int and type(a).__name__",
        "from functools import wraps\ndef d(g):\n    @wraps(g)\n    def h(a): return g(a)\n    return h",
        "from abc import ABCMeta\nclass A(metaclass=ABCMeta): pass",
        "class A:\n    def __init__(self): self._x = 1\n    def __add__(self, other): return other._x",
        'def f(a):\n    """Not `__main__`."""\n    return a',
    ],
)
def test_what_people_write_every_day_is_harmless(program: str) -> None:
    assert is_harmless(ast.parse(program))


def test_what_computes_is_harmless() -> None:
    assert is_harmless(
        ast.parse("from typing import List\nimport re, collections.abc\ndef f(a): return sorted(a)[0].upper()")
    )
