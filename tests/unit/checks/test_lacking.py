"""What code reads of a standard library and does not import, and what is somebody's own."""

from __future__ import annotations

import pytest

from fimble.checks.lacking import Lacking, lacking
from fimble.checks.libraries import LIBRARIES
from fimble.checks.tools import has_tool
from fimble.syntax.languages import LANGUAGES

needs_gcc = pytest.mark.skipif(not has_tool("c"), reason="gcc is not installed")
needs_gpp = pytest.mark.skipif(not has_tool("cpp"), reason="g++ is not installed")


def statements(language: str, text: str) -> list[str]:
    return [one.statement for one in lacking(text, LANGUAGES[language])]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("go", "package a\n\nfunc f() { fmt.Println(os.Args) }\n", ['import "fmt"', 'import "os"']),
        ("go", 'package a\n\nimport "os"\n\nfunc f() { var b bytes.Buffer; os.Exit(b) }\n', ['import "bytes"']),
        ("go", "package a\n\nfunc f(path []string) { sort := 1; path.x(sort.y) }\n", []),
        ("go", "package a\n\nvar log Logger\n\nfunc f() { log.Print() }\n", []),
        ("go", "package a\n\nfunc f() { rand.Intn(3); mine.F() }\n", ['import "math/rand"']),
        ("go", "package a\n\nfunc f() { rand.Read(b); io.ReadFull(rand.Reader, b) }\n",
         ['import "io"', 'import "crypto/rand"']),
        ("java", "class A { List<String> f() { return new ArrayList<>(); } }", ["import java.util.ArrayList;",
                                                                               "import java.util.List;"]),
        ("java", "import java.util.*;\nclass A { int f(int[] a) { Arrays.sort(a); return 1; } }", []),
        ("java", "import b.List;\nclass A { List<String> f() { return null; } }", []),
        ("java", "class Path {}\nclass A { Path f() { return null; } }", []),
        ("rust", "fn f() -> HashMap<u8, u8> { HashMap::new() }", ["use std::collections::HashMap;"]),
        ("rust", "use std::collections::{HashMap};\nfn f() -> HashMap<u8, u8> { HashMap::new() }", []),
        ("rust", "struct Path;\nfn f(a: &Path) {}", []),
        ("ruby", "JSON.parse(x)", []),
    ],
)  # fmt: skip
def test_what_is_told_by_where_it_stands(language: str, text: str, expected: list[str]) -> None:
    assert statements(language, text) == expected


def test_every_table_is_one_of_a_language_and_its_query_can_be_asked() -> None:
    for name, library in LIBRARIES.items():
        assert lacking("x", LANGUAGES[name]) == ()
        assert all("\n" not in statement for statement in library.names.values())


@needs_gcc
def test_headers_of_c_are_told_by_its_compiler() -> None:
    text = "int f(char *s) { bool b = strlen(s) > 1; other(b); return b; }\n"
    assert lacking(text, LANGUAGES["c"]) == (
        Lacking("bool", "#include <stdbool.h>"),
        Lacking("strlen", "#include <string.h>"),
    )
    assert statements("c", "#include <string.h>\nint f(char *s) { return (int)strlen(s); }\n") == []


@needs_gpp
def test_headers_of_cpp_are_told_by_its_compiler_or_by_the_table() -> None:
    text = "double m(std::vector<double> v) { std::sort(v.begin(), v.end()); return floor(v[0]); }\n"
    assert statements("cpp", text) == ["#include <cmath>", "#include <algorithm>", "#include <vector>"]


@needs_gcc
def test_a_file_that_is_included_by_its_path_is_not_read() -> None:
    assert statements("c", '#include "../a.h"\nint f(char *s) { return strlen(s); }\n') == []
