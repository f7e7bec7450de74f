"""Bodies put into place: what the person wrote stays."""

from __future__ import annotations

import pytest

from fimble.features.actions.bodies import filled
from fimble.features.actions.edits import applied
from fimble.syntax.languages import find
from fimble.syntax.outline import definitions
from fimble.syntax.parsed import parse


def after(language: str, text: str, name: str, code: str) -> str | None:
    known = find(language, "")
    assert known is not None
    parsed = parse(known, text, text.encode(), 1000)
    assert parsed is not None
    begun = next(found for found in definitions(parsed) if found.name == name)
    edits = filled(parsed, begun, code)
    return applied(parsed, edits) if edits else None


@pytest.mark.parametrize(
    ("language", "text", "code", "expected"),
    [
        pytest.param(
            "python",
            'class S:\n  @p\n  def f(self, a: int):\n    """Say\n\n    it."""\n    ...\n\n  x = 1\n',
            "class S:\n    def f(self, a):\n        '''Other.'''\n        if a:\n"
            "            return 1\n        return 2\n",
            'class S:\n  @p\n  def f(self, a: int):\n    """Say\n\n    it."""\n    if a:\n'
            "      return 1\n    return 2\n\n  x = 1\n",
            id="a method keeps its decorator, signature, docstring and step",
        ),
        pytest.param(
            "python",
            "def f(a):\n    pass\n",
            "import math\n\ndef f(a):\n    return math.pi\n\nprint(f(1))\n",
            "import math\n\n\ndef f(a):\n    return math.pi\n",
            id="what stands around the definition is left out",
        ),
        pytest.param(
            "python",
            "def f(a): ...\n",
            "def f(a):\n    # two\n    b = a\n\n    return b\n",
            "def f(a):\n    # two\n    b = a\n\n    return b\n",
            id="a body on the line of its signature",
        ),
        pytest.param(
            "javascript",
            "class A {\n  // Add.\n  add(a, b) {\n  }\n}\n",
            "add(a, b) {\n    if (a) {\n        return b;\n    }\n    return a + b;\n}",
            "class A {\n  // Add.\n  add(a, b) {\n    if (a) {\n      return b;\n    }\n    return a + b;\n  }\n}\n",
            id="a method without its class",
        ),
        pytest.param(
            "javascript",
            "class A {\n  add(a, b) {\n  }\n}\n",
            "class A {\n    add(x, y) {\n        return x + y;\n    }\n}\n",
            "class A {\n  add(a, b) {\n    return x + y;\n  }\n}\n",
            id="braces",
        ),
        pytest.param(
            "go",
            "package a\n\nfunc f(a int) int {\n}\n",
            "func f(a int) int {\n\tif a > 0 {\n\t\treturn a\n\t}\n\treturn 0\n}\n",
            "package a\n\nfunc f(a int) int {\n\tif a > 0 {\n\t\treturn a\n\t}\n\treturn 0\n}\n",
            id="tabs",
        ),
        pytest.param(
            "rust",
            "fn f(a: i32) -> i32 {\n    todo!()\n}\n",
            "fn f(a: i32) -> i32 {\n    a + 1\n}\n",
            "fn f(a: i32) -> i32 {\n    a + 1\n}\n",
            id="what stood in for a body goes",
        ),
        pytest.param(
            "ruby",
            "class A\n  def f(x)\n  end\nend\n",
            "def f(x)\n  x + 1\nend\n",
            "class A\n  def f(x)\n    x + 1\n  end\nend\n",
            id="without a body of its own",
        ),
        pytest.param("python", "def f(a):\n    pass\n", "x = 1\n", None, id="no definition"),
    ],
)
def test_a_body_is_put_in(language: str, text: str, code: str, expected: str | None) -> None:
    name = "add" if "add" in text else "f"
    assert after(language, text, name, code) == expected
