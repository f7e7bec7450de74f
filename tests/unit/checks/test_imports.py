"""Imports that a Python text lacks: only what it can mean, and where imports may stand."""

from __future__ import annotations

import ast
import warnings

import pytest

from fimble.checks.imports import missing_imports, with_imports


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("print(math.pi, os.path.join('a'))\n", ("import math", "import os")),
        ("def f(x: List[int]): return Counter(x)\n", ("from collections import Counter", "from typing import List")),
        ("print(datetime.datetime.now())\n", ("import datetime",)),
        ("print(urllib.parse.quote('a'))\n", ("import urllib.parse",)),
        ("def f(): this.x = 1\n", ()),
        ("def f(): queue.append(1)\n", ()),
        ("def f(): return string.split(',')\n", ()),
        ("def f(): return antigravity.fly()\n", ()),
        ("math = 1\nprint(math.pi)\n", ()),
        ("def f(:\n", ()),
    ],
)
def test_only_what_can_be_meant_is_imported(text: str, lines: tuple[str, ...]) -> None:
    assert missing_imports(text) == lines


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("print(math.pi)\n", "import math\n\nprint(math.pi)\n"),
        ("import os\n\nprint(math.pi, os)\n", "import math\nimport os\n\nprint(math.pi, os)\n"),
        ("#!/usr/bin/env python\nprint(math.pi)\n", "#!/usr/bin/env python\n\nimport math\n\nprint(math.pi)\n"),
        ('"""What."""\n\nprint(math.pi)\n', '"""What."""\n\nimport math\n\nprint(math.pi)\n'),
        (
            '"""What."""\nfrom __future__ import annotations\n\nprint(math.pi)\n',
            '"""What."""\nfrom __future__ import annotations\n\nimport math\n\nprint(math.pi)\n',
        ),
        ("print(1)\n", "print(1)\n"),
    ],
)
def test_imports_stand_behind_what_must_come_first(text: str, wanted: str) -> None:
    assert with_imports(text) == wanted
    ast.parse(wanted)


def test_what_python_warns_of_is_not_said_here() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        missing_imports("x = '\\d'\nprint(math.pi is 3)\n")
    assert said == []
