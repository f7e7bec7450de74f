"""What files import, as they write it."""

from __future__ import annotations

import pytest

from fimble.index.chunks import cut
from fimble.syntax.languages import LANGUAGES


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "import os, a.b as c\n", "os||os a.b||c"),
        ("python", "from ..x import (y,  # why\n  z as w,\n)\n", "..x|y|y ..x|z|w"),
        ("python", "from . import *\n", ".|*|"),
        ("python", "def f():\n    from a import b\n", "a|b|b"),
        ("python", "from . \\\n  import q\n", ".|q|q"),
        (
            "typescript", "import a, {b as c, type D} from './m';\nimport * as ns from 'n';\nimport './s';\n",
            "./m|default|a ./m|b|c ./m|D|D n||ns ./s||",
        ),
        ("typescript", "export { a as b } from './x';\nexport * from './y';\n", "./x|a|b ./y|*|"),
        ("javascript", "const a = require('./a'), { b, c: d } = require('./e');\n", "./a||a ./e|b|b ./e|c|d"),
        (
            "go", 'package a\nimport "fmt"\nimport (\n\tm "x.com/y/model"\n\t"x.com/z/v2"\n)\n',
            "fmt||fmt x.com/y/model||m x.com/z/v2||z",
        ),
        ("java", "import a.b.C;\nimport static a.D.e;\nimport a.x.*;\n", "a.b|C|C a.D|e|e a.x|*|"),
        ("kotlin", "import a.b.C\nimport a.D as E\n", "a.b|C|C a|D|E"),
        ("scala", "import a.b.{C, D}\nimport a.x._\n", "a.b|C|C a.b|D|D a.x|*|"),
        (
            "rust", "use a::{b, c::d as e, f::*, self};\nuse crate::g;\nmod h;\n",
            "a|b|b a::c|d|e a::f|*| |a|a crate|g|g self|h|h",
        ),
        ("c", '#include <stdio.h>\n#include "a/b.h"\n', "stdio.h|*| a/b.h|*|"),
        ("ruby", "require 'json'\nrequire_relative 'x/y'\n", "json|*| ./x/y|*|"),
        ("php", "<?php\nuse A\\B\\C as D;\n", "A\\B|C|D"),
        ("csharp", "using A.B;\nusing X = C.D;\nclass Q {}\n", "A.B|*| C.D||X"),
    ],
)  # fmt: skip
def test_imports(language: str, text: str, expected: str) -> None:
    found = cut("a.x", LANGUAGES[language], text).imports
    assert [f"{one.module}|{one.name}|{one.alias}" for one in found] == expected.split(" ")
