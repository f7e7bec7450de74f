"""For every language: code with a cursor, what fits there, and what breaks it there."""

from __future__ import annotations

SAMPLES: dict[str, tuple[str, str, str]] = {
    "python": ("def f(x):\n    ‸\n", "return x + 1", "return x + 1)"),
    "javascript": ("function f(x) {\n  ‸\n}\n", "return x + 1;", "return x + 1);"),
    "typescript": ("function f(x: number): number {\n  ‸\n}\n", "return x as number;", "return x as number};"),
    "tsx": ("const a = (x: string) => {\n  return ‸\n}\n", "<b>{x}</b>;", "<b>{x};"),
    "java": ("class A {\n  int f(int x) {\n    ‸\n  }\n}\n", "return x + 1;", "return x + ;"),
    "c": ("int f(int x) {\n  ‸\n}\n", "return x + 1;", "return x + 1);"),
    "cpp": ("template <class T> T f(T x) {\n  ‸\n}\n", "return std::move(x);", "return std::move(x;"),
    "csharp": ("class A {\n  int F(int x) {\n    ‸\n  }\n}\n", "return x + 1;", "return x + 1"),
    "go": ("package a\n\nfunc f(x int) int {\n\t‸\n}\n", "return x + 1", "return x + 1)"),
    "rust": ("fn f(x: i32) -> i32 {\n    ‸\n}\n", "let y = x + 1;\n    y", "let y = = x"),
    "ruby": ("def f(x)\n  ‸\nend\n", "x + 1", "x + 1)"),
    "php": ("<?php\nfunction f($x) {\n    ‸\n}\n", "return $x + 1;", "return $x + 1);"),
    "bash": ("f() {\n  ‸\n}\n", 'echo "$1"', 'if [ -n "$1" ]; then'),
    "html": ("<ul>\n  ‸\n</ul>\n", "<li>one</li>", "<li one"),
    "css": ("a {\n  ‸\n}\n", "color: red;", "color: red; }}"),
    "json": ("[\n  1‸\n]\n", ", [2, 3]", ", [2, 3}"),
    "yaml": ("a:\n  - 1\n  ‸\n", "- 2", "- [2, 3"),
    "toml": ("[a]\n‸\n", "b = 1", "b = = 1"),
    "sql": ("SELECT a FROM b‸;\n", " WHERE a > 1", " WHERE a > (1"),
    "lua": ("function f(x)\n  ‸\nend\n", "return x + 1", "return x + 1)"),
    "kotlin": ("fun f(x: Int): Int {\n    ‸\n}\n", "return x + 1", "return x + 1)"),
    "scala": ("object A {\n  def f(x: Int): Int = {\n    ‸\n  }\n}\n", "x + 1", "x + 1)"),
    "swift": ("func f(x: Int) -> Int {\n    ‸\n}\n", "return x + 1", "return x + 1)"),
}
