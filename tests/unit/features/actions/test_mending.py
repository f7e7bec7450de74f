"""Programs of their own are given the imports that they lack, and Go's lose those that it would refuse."""

from __future__ import annotations

import pytest

from fimble.checks.tools import has_tool
from fimble.features.actions.mending import mending
from fimble.syntax.languages import LANGUAGES

MAIN = "func main() {\n\tfmt.Println(os.Args)\n}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"package main\n\n{MAIN}", f'package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n\n{MAIN}'),
        (f'package main\n\nimport "fmt"\n\n{MAIN}', f'package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n\n{MAIN}'),
        (
            f'package main\n\nimport (\n\t"encoding/json"\n\t"fmt"\n\n\t"a.b/c"\n)\n\n{MAIN}',
            f'package main\n\nimport (\n\t"fmt"\n\t"os"\n\n\t"a.b/c"\n)\n\n{MAIN}',
        ),
        (
            f'package main\n\nimport (\n\t"fmt"\n\t"os"\n\t"io"\n)\n\n{MAIN}',
            f'package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n\n{MAIN}',
        ),
        ('package main\n\nimport "os"\n\nfunc f() {\n}\n', "package main\n\nfunc f() {\n}\n"),
        ('package main\n\nimport "os"\n\nfunc f() {\n\tfmt.Println()\n}\n',
         'package main\n\nimport "fmt"\n\nfunc f() {\n\tfmt.Println()\n}\n'),
        ('package main\n\nimport "C"\nimport _ "embed"\n\nfunc f() {\n}\n',
         'package main\n\nimport "C"\nimport _ "embed"\n\nfunc f() {\n}\n'),
    ],
    ids=["none", "one", "a block", "one too many", "nothing used", "another", "what has an effect"],
)  # fmt: skip
def test_imports_of_go(before: str, after: str) -> None:
    mended = mending(LANGUAGES["go"])
    assert mended(before) == after
    assert mended(after) == after


@pytest.mark.skipif(not has_tool("cpp"), reason="g++ is not installed")
def test_headers() -> None:
    code = "#include <vector>\n\nvoid f(std::vector<int> &v) { std::sort(v.begin(), v.end()); }\n"
    wanted = code.replace("<vector>\n", "<vector>\n#include <algorithm>\n", 1)
    assert mending(LANGUAGES["cpp"])(code) == wanted


def test_what_cannot_be_read_stays() -> None:
    assert mending(LANGUAGES["python"])("def f(:\n") == "def f(:\n"
    assert mending(LANGUAGES["go"])("") == ""
