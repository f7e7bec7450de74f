"""Import statements: which are needed, and where they go."""

from __future__ import annotations

import pytest

from fimble.features.actions.edits import applied
from fimble.features.actions.imports import import_edit
from fimble.features.actions.needed import needed_imports
from fimble.syntax.languages import find
from fimble.syntax.parsed import Parsed, parse


def read(language: str, text: str) -> Parsed:
    known = find(language, "")
    assert known is not None
    parsed = parse(known, text, text.encode(), 1000)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "", "NEW\n"),
        ("python", "x = 1\n", "NEW\n\nx = 1\n"),
        ("python", "def f(): ...\n", "NEW\n\n\ndef f(): ...\n"),
        ("python", '"""Doc."""\nx = 1\n', '"""Doc."""\n\nNEW\n\nx = 1\n'),
        ("python", '"""Doc."""\n\n\nx = 1\n', '"""Doc."""\n\nNEW\n\n\nx = 1\n'),
        ("python", "#!/bin/python\n# License\n\nx = 1\n", "#!/bin/python\n# License\n\nNEW\n\nx = 1\n"),
        ("python", "from __future__ import annotations\nx = 1\n", "from __future__ import annotations\nNEW\nx = 1\n"),
        ("python", "import a  # why\nx = 1\nimport b\n", "import a  # why\nNEW\nx = 1\nimport b\n"),
        ("python", "from a import (\n    b,\n)\n", "from a import (\n    b,\n)\nNEW\n"),
        ("javascript", "'use strict';\n\nf();\n", "'use strict';\n\nNEW\n\nf();\n"),
        ("javascript", "const a = require('a');\nf();\n", "const a = require('a');\nNEW\nf();\n"),
        ("java", "package a;\n\nclass A {}\n", "package a;\n\nNEW\n\nclass A {}\n"),
        ("c", "#ifndef A\n#define A\n#include <a.h>\n#endif\n", "#ifndef A\n#define A\n#include <a.h>\nNEW\n#endif\n"),
        ("c", "#pragma once\nint x;\n", "#pragma once\n\nNEW\n\nint x;\n"),
        ("php", "<?php\n\nf();\n", "<?php\nNEW\n\nf();\n"),
        ("php", "<?php\nnamespace A;\n\nf();\n", "<?php\nnamespace A;\n\nNEW\n\nf();\n"),
        ("ruby", "require 'a'\n\nf\n", "require 'a'\nNEW\n\nf\n"),
        ("rust", "use a::b;\n\nfn f() {}\n", "use a::b;\nNEW\n\nfn f() {}\n"),
        ("lua", "local a = require('a')\nf()\n", "local a = require('a')\nNEW\nf()\n"),
    ],
)  # fmt: skip
def test_where_an_import_goes(language: str, text: str, expected: str) -> None:
    edit = import_edit(read(language, text), ["NEW"])
    assert edit is not None
    assert applied(read(language, text), [edit]) == expected


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("package a\n", ["b", "a"], 'package a\n\nimport (\n\t"a"\n\t"b"\n)\n'),
        ('package a\n\nimport (\n\t"a"\n\t"c" // why\n\n\t"x.y/z"\n)\n', ["b", "x.y/a", "d"],
         'package a\n\nimport (\n\t"a"\n\t"b"\n\t"c" // why\n\t"d"\n\n\t"x.y/a"\n\t"x.y/z"\n)\n'),
        ('package a\n\nimport "b"\n', ["a"], 'package a\n\nimport (\n\t"a"\n\t"b"\n)\n'),
        ('package a\n\nimport "x.y/z"\n', ["a"], 'package a\n\nimport (\n\t"a"\n\n\t"x.y/z"\n)\n'),
        ('package a\n\nimport (\n\t"x.y/z"\n)\n', ["a"], 'package a\n\nimport (\n\t"a"\n\n\t"x.y/z"\n)\n'),
        ('package a\n\nimport "C"\n', ["a"], 'package a\n\nimport "C"\nimport "a"\n'),
        ('package a\n\nimport "b"\nimport "c"\n', ["a"], 'package a\n\nimport "b"\nimport "c"\nimport "a"\n'),
    ],
)  # fmt: skip
def test_go_has_one_block_of_imports(text: str, lines: list[str], expected: str) -> None:
    edit = import_edit(read("go", text), [f'import "{line}"' for line in lines])
    assert edit is not None
    assert applied(read("go", text), [edit]) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("go", "package a\n\n// Asks.\n", 'package a\n\nimport "b"\n\n// Asks.\n'),
        ("go", "package a\n\n// Asks.\n\nvar x = 1\n", 'package a\n\nimport "b"\n\n// Asks.\n\nvar x = 1\n'),
        ("php", "<?php\n\n// Asks.\n", '<?php\nimport "b"\n\n// Asks.\n'),
    ],
)
def test_a_comment_that_asks_for_code_is_no_head(language: str, text: str, expected: str) -> None:
    edit = import_edit(read(language, text), ['import "b"'], asked=text.index("// Asks"))
    assert edit is not None
    assert applied(read(language, text), [edit]) == expected


@pytest.mark.parametrize(
    ("language", "offered", "placed", "needed"),
    [
        ("python", ["import os, re", "from a import b as c, d"], "re.sub(c)", ["import re", "from a import b as c"]),
        ("python", [], "json.dumps(Counter())", ["from collections import Counter", "import json"]),
        ("python", ["from __future__ import annotations", "import os.path"], "os.path", ["import os.path"]),
        ("javascript", ["import { b as c } from 'd';", "import e from 'f';"], "c()", ["import { b as c } from 'd';"]),
        ("javascript", ["const { a } = require('b')", "const d = require('d')"], "a()", ["const { a } = require('b')"]),
        ("java", ["import b.List;", "import b.Map;", "import a.*;"], "List x", ["import b.List;", "import a.*;"]),
        ("go", ['import (\n"fmt"\n"math/rand"\n)'], "rand.Int()", ['import "math/rand"']),
        ("rust", ["use std::fmt;", "use a::{B, C};"], "B::new()", ["use a::{B, C};"]),
        ("c", ["#include <stdio.h>", "#include <ctype.h>"], "isspace(c)", ["#include <ctype.h>"]),
        ("c", ["#include <stdio.h>"], "printf(c)", ["#include <stdio.h>"]),
        ("csharp", ["using System;", "using System.Linq;"], "x.Sum()", ["using System.Linq;"]),
        ("csharp", ["using System.Linq;", "using System.Collections.Generic;"], "Math.Max(1, x.Count)", []),
        ("csharp", ["using System.Text;", "using Mine;"], "new StringBuilder()", ["using System.Text;", "using Mine;"]),
        ("go", [], "package a\nfunc f() { fmt.Sprint(os.Args) }", ['import "fmt"', 'import "os"']),
        ("go", ['import "a.b/fmt"'], "package a\nfunc f() { fmt.F() }", ['import "a.b/fmt"']),
        ("ruby", ["require 'json'", "require 'set'"], "JSON.parse", ["require 'json'"]),
        ("kotlin", ["import a.B", "import c.D"], "D()", ["import c.D"]),
        ("php", ["use A\\B;", "use C\\D;"], "new D()", ["use C\\D;"]),
    ],
)  # fmt: skip
def test_only_what_is_used_is_imported(language: str, offered: list[str], placed: str, needed: list[str]) -> None:
    assert list(needed_imports(read(language, ""), placed, placed, offered)) == needed


def test_what_is_imported_already_is_not_imported_again() -> None:
    text = 'package a\n\nimport (\n\t"math"\n)\n'
    assert needed_imports(read("go", text), "math.Pi", "math.Pi", ['import "math"']) == ()
    assert needed_imports(read("java", "import a.B;\n"), "B x", "B x", ["import a.B;"]) == ()
    text = "import re\n"
    assert needed_imports(read("python", text), f"{text}re.sub()\n", "re.sub()", ["import re"]) == ()
