"""How files of many languages are cut."""

from __future__ import annotations

import textwrap

import pytest

from fimble.index.chunks import cut
from fimble.index.prose import MAX_LINES
from fimble.index.records import Chunk, FileContent, Kind
from fimble.syntax.languages import LANGUAGES

PYTHON = '''\
#!/usr/bin/env python
"""Sends files.

Slowly.
"""
from __future__ import annotations
import os

LIMIT = 5
DELAYS: dict[str, int] = {
    "a": 1,
}


@register(1)
@other
class Client(Base[int], net.Sender):
    """One connection.

    Closed at the end.
    """

    limit: int = LIMIT
    name = field()

    class Options:
        deep = 1

    @property
    def size(self): return self.limit

    async def send(self, path: str, *rest: int, **more: int) -> None:
        # slowly
        await self.socket.write(path, timeout=rest)
        def again(times):
            retry(times, path)
            return super().send(path)
        return again


# Says it loud.
def shout(
    text: str,  # what
    mark: str = "!",
) -> list[str]:
    return [upper(one) for one in text]

if __name__ == "__main__":
    shout("a")
def test_shout(): assert shout("a")
'''


def read(language: str, text: str, path: str = "pkg/client.x") -> FileContent:
    return cut(path, LANGUAGES[language], text)


def named(content: FileContent, qualified: str) -> Chunk:
    return next(chunk for chunk in content.chunks if chunk.qualified == qualified)


def test_python_is_cut_into_definitions_and_values() -> None:
    content = read("python", PYTHON)
    found = [(one.kind.value, one.qualified, one.start_line, one.end_line, one.parent) for one in content.chunks]
    assert found == [
        ("values", "client", 1, 5, None),
        ("values", "LIMIT", 8, 12, None),
        ("class", "Client", 14, 38, None),
        ("class", "Client.Options", 25, 27, 2),
        ("method", "Client.size", 28, 30, 2),
        ("method", "Client.send", 31, 38, 2),
        ("function", "Client.send.again", 34, 37, 5),
        ("function", "shout", 41, 46, None),
        ("values", "client", 47, 49, None),
        ("function", "test_shout", 49, 50, None),
    ]


def test_signatures_and_docstrings_of_python() -> None:
    content = read("python", PYTHON)
    assert content.chunks[0].docstring == "Sends files.\n\nSlowly."
    assert content.chunks[1].signature == "LIMIT, DELAYS"
    client = named(content, "Client")
    assert client.signature == "class Client(Base[int], net.Sender)"
    assert client.docstring == "One connection.\n\nClosed at the end."
    assert named(content, "Client.size").signature == "def size(self)"
    send = "async def send(self, path: str, *rest: int, **more: int) -> None"
    assert named(content, "Client.send").signature == send
    assert named(content, "shout").signature == 'def shout(text: str, mark: str = "!") -> list[str]'
    assert named(content, "shout").docstring == "Says it loud."


def test_a_class_shows_its_members_without_what_they_do() -> None:
    assert named(read("python", PYTHON), "Client").text == textwrap.dedent('''\
        @register(1)
        @other
        class Client(Base[int], net.Sender):
            """One connection.

            Closed at the end.
            """

            limit: int = LIMIT
            name = field()

            class Options:

            @property
            def size(self): return self.limit

            async def send(self, path: str, *rest: int, **more: int) -> None:''')


def test_imports_licences_and_single_lines_are_no_chunks() -> None:
    text = "# Copyright 2024 A\n# All rights reserved\n\nimport os\nLOG = get()\n\nimport sys\n\ndef f():\n    pass\n"
    assert [one.name for one in read("python", text).chunks] == ["f"]


def test_long_values_are_cut_at_empty_lines() -> None:
    text = "".join(f"VALUE_{number} = {number}\n" + "\n" * (number % 40 == 39) for number in range(100))
    found = read("python", text).chunks
    assert [(one.name, one.start_line, one.end_line) for one in found] == [
        ("VALUE_0", 0, 40), ("VALUE_40", 41, 81), ("VALUE_80", 82, 102)
    ]  # fmt: skip
    table = "TABLE = [\n" + "    1,\n" * 150 + "]\n"
    pieces = read("python", table).chunks
    assert [one.name for one in pieces] == ["TABLE"] * 3
    assert all(one.end_line - one.start_line <= MAX_LINES for one in pieces)


def test_what_can_be_read_of_broken_code_is_cut_and_the_rest_is_lines() -> None:
    text = (
        "def good(x):\n    return x\n\nclass A:\n    def m(self):\n        go(\n\n    def n(self):\n        return 1\n"
    )
    assert [one.qualified for one in read("python", text).chunks] == ["good", "A", "A.m", "A.n"]
    found = read("python", "def whole(a):\n    return a\n\nclass A(\n    x = (1,\n    y = 2\n").chunks
    assert [(one.kind, one.name) for one in found] == [(Kind.FUNCTION, "whole"), (Kind.LINES, "client")]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "typescript",
            "/** Sends. */\n@Injectable()\nexport class Up<T> extends Base<T> implements Stop {\n"
            "  private q: T[] = [];\n"
            "  /** Again\n   *  and again. */\n  async retry(file: T): Promise<void> {\n    send(file);\n  }\n"
            "  done = () => {\n    stop();\n  };\n}\nexport interface Options {\n  run(): void;\n}\n"
            "type Name = string;\nexport const go = async (x: number) => {\n  return x;\n};\n",
            "class Up|Sends.|export class Up<T> extends Base<T> implements Stop\n"
            "method Up.retry|Again\\nand again.|async retry(file: T): Promise<void>\n"
            "method Up.done||done = () =>\nclass Options||export interface Options\nclass Name||type Name = string\n"
            "function go||export const go = async (x: number) =>",
        ),
        (
            "go",
            "// Package store keeps.\npackage store\n\nconst (\n\tMax = 1\n\tMin = 2\n)\n\n// Store is one.\n"
            "type Store struct {\n\tBase\n}\n\n// Get finds.\nfunc (s *Store) Get(key string) (int, error) {\n"
            "\treturn s.find(key)\n}\n",
            "values pkg|Package store keeps.|// Package store keeps.\nvalues Max||Max, Min\n"
            "class Store|Store is one.|type Store struct\nmethod Store.Get|Get finds.|"
            "func (s *Store) Get(key string) (int, error)",
        ),
        (
            "rust",
            "/// A thing.\n#[derive(Debug)]\npub struct Thing { a: u8 }\n\nimpl Show for Thing {\n    /// Shows.\n"
            "    #[inline]\n    pub fn show(&self) -> u8 {\n        self.a\n    }\n}\n",
            "class Thing|A thing.|pub struct Thing\nclass Thing||impl Show for Thing\n"
            "method Thing.show|Shows.|pub fn show(&self) -> u8",
        ),
        (
            "java",
            "package a;\nimport b.C;\n\n/** Sends. */\n@Service\npublic class Up extends Base {\n  int a;\n"
            "  @Override\n  public void run() {\n    go();\n  }\n}\n",
            "class Up|Sends.|public class Up extends Base\nmethod Up.run||public void run()",
        ),
        (
            "cpp",
            "#include <a>\nnamespace n {\n// A shape.\ntemplate <typename T>\nclass Shape : public Base {\n"
            "  double area() const;\n};\ntemplate <class T>\ndouble Shape<T>::area() const {\n  return 1;\n}\n}\n",
            "class Shape|A shape.|class Shape : public Base\nmethod Shape.area||double Shape<T>::area() const",
        ),
        (
            "ruby",
            "require 'json'\n# A thing.\nclass Thing < Base\n  # does\n  def go(a)\n    help(a)\n  end\nend\n",
            "class Thing|A thing.|class Thing < Base\nmethod Thing.go|does|def go(a)",
        ),
        ("lua", "-- Opens.\nfunction M.open(a)\n  go(a)\nend\n", "method M.open|Opens.|function M.open(a)"),
        ("shellscript", "# Says.\nsay() {\n  echo hi\n}\n", "function say|Says.|say()"),
        ("c", "/* Adds. */\nstatic int add(int a) {\n  return a;\n}\n", "function add|Adds.|static int add(int a)"),
        (
            "kotlin",
            "class A(val x: Int) {\n  fun go(): Int {\n    return x\n  }\n}\n",
            "class A||class A(val x: Int)\nmethod A.go||fun go(): Int",
        ),
        ("php", "<?php\n/** Goes. */\nfunction go($a) {\n  return $a;\n}\n", "function go|Goes.|function go($a)"),
        (
            "csharp",
            "class A {\n  int F(int a) {\n    return a;\n  }\n}\n",
            "class A||class A\nmethod A.F||int F(int a)",
        ),
        (
            "swift",
            "class A {\n  func f(a: Int) -> Int {\n    return a\n  }\n}\n",
            "class A||class A\nmethod A.f||func f(a: Int) -> Int",
        ),
        (
            "scala",
            "object A {\n  def f(a: Int): Int = {\n    a\n  }\n}\n",
            "class A||object A\nmethod A.f||def f(a: Int): Int",
        ),
    ],
)
def test_other_languages_are_cut_alike(language: str, text: str, expected: str) -> None:
    known = {"shellscript": "bash"}.get(language, language)
    found = read(known, text, "pkg/mod.x" if language == "go" else "pkg/client.x").chunks
    shown = [f"{one.kind.value} {one.qualified}|{one.docstring}|{one.signature}".replace("\n", "\\n") for one in found]
    assert "\n".join(shown) == expected


def test_small_functions_within_functions_belong_to_the_outer_one() -> None:
    content = read("javascript", "function f() {\n  const g = () => 1;\n  const h = () => {\n    g();\n  };\n}\n")
    assert [one.qualified for one in content.chunks] == ["f", "f.h"]


def test_definitions_on_one_line_are_one_chunk() -> None:
    assert len(read("javascript", "function a(){}" * 1000).chunks) == 1


def test_data_is_cut_without_a_syntax_tree() -> None:
    content = read("toml", "[tool]\nname = 'a'\n\n[other]\nsize = 1\n", "pyproject.toml")
    assert [(one.kind, one.name, one.start_line, one.end_line) for one in content.chunks] == [
        (Kind.VALUES, "pyproject", 0, 5)
    ]


def test_lines_are_counted_and_the_language_is_told() -> None:
    assert (read("python", "a\nb").num_lines, read("python", "a\nb\n").num_lines, read("python", "").num_lines) == (
        2,
        2,
        0,
    )
    assert cut("a.unknown", None, "a\n").language == ""
    assert read("python", "").chunks == ()
