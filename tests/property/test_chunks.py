"""Whatever a text is, it is cut: nothing raises, and every chunk is lines of the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.index.chunks import cut
from fimble.index.prose import MAX_LINES, MAX_TEXT_CHARS
from fimble.index.records import FileContent, Kind
from fimble.index.words import split
from fimble.syntax.languages import LANGUAGES, Language

PIECES = st.sampled_from(
    [
        "def f(x):\n", "    return g(x)\n", "class A(B):\n", "  def m(self):\n", '"""doc"""\n', "@deco\n", "x = 1\n",
        "import a.b\n", "from . import c as d\n", "function f(x) {\n", "}\n", "};\n", "const g = () => {\n",
        "// said\n", "# said\n", "/** said\n", " */\n", "func (s *S) G() {\n", "impl A for B {\n",
        "template <class T>\n", "\n", "\n\n", "(", "{", "[", "'", '"', "`", "<", "=>", "end\n", "é😀\n", "\ud83d", "\0",
        "\r\n", "\t", "=====\n", "# Title\n", "a->b::c.d()\n", "#include <x.h>\n", "use a::{b, c};\n",
        "type T struct {\n", "if True:\n", "   ",
    ]
)  # fmt: skip
TEXT = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join)
_LANGUAGES: tuple[Language | None, ...] = (*LANGUAGES.values(), None)
_IDS = [language.name if language else "none" for language in _LANGUAGES]


def check(content: FileContent, text: str) -> None:
    lines = text.split("\n")
    for position, chunk in enumerate(content.chunks):
        assert 0 <= chunk.start_line < chunk.end_line <= len(lines)
        assert chunk.parent is None or (0 <= chunk.parent < len(content.chunks) and chunk.parent != position)
        assert len(chunk.text) <= MAX_TEXT_CHARS and "\n" not in chunk.signature and chunk.name
        own = lines[chunk.start_line : chunk.end_line]
        if chunk.kind is not Kind.CLASS:
            assert chunk.text == "\n".join(own)[:MAX_TEXT_CHARS]
        else:
            assert set(chunk.text.split("\n")[:-1]) <= set(own)
        if chunk.kind in (Kind.VALUES, Kind.SECTION, Kind.LINES):
            assert chunk.end_line - chunk.start_line <= MAX_LINES
        assert len(set(chunk.references)) == len(chunk.references)
    starts = [chunk.start_line for chunk in content.chunks]
    assert starts == sorted(starts)


@pytest.mark.parametrize("language", _LANGUAGES, ids=_IDS)
@given(TEXT, st.sampled_from(["a.x", "d/__init__.py", "README.md", "x.rst", "d/é.txt"]))
def test_any_text_is_cut(language: Language | None, text: str, path: str) -> None:
    content = cut(path, language, text)
    assert content == cut(path, language, text)
    check(content, text)


@given(st.text())
def test_any_text_is_split_into_words(text: str) -> None:
    assert all(word and not word.isspace() for word in split(text))


@pytest.mark.parametrize("name", ["python", "typescript", "cpp", "kotlin", "bash"])
@pytest.mark.parametrize(
    "text",
    [
        "x = '" + "a" * 1_000_000 + "'\n",
        "a.b(c) + " * 60_000,
        "(" * 10_000,
        "{" * 10_000 + "}" * 10_000,
        "".join(" " * depth + f"def f{depth}():\n" for depth in range(400)),
        "function f() {\n" * 2000 + "}\n" * 2000,
        "a" + ".b()" * 20_000,
        "@a\n" * 10_000 + "def f(): pass\n",
        '"""' * 10_001,
        "function a() {}" * 10_000,
        "\0" * 100_000,
    ],
    ids=["line", "sum", "open", "nested", "deep", "functions", "chain", "decorators", "strings", "row", "nul"],
)
def test_nothing_hangs(name: str, text: str) -> None:
    start = time.process_time()
    check(cut("a.x", LANGUAGES[name], text), text)
    assert time.process_time() - start < 10
