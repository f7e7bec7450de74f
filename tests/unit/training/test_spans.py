from __future__ import annotations

from random import Random

import pytest

from fimble.syntax.languages import LANGUAGES
from fimble.training.spans import AROUND_CHARS, MAX_CHARS, Hole, around, holes, tree_of

PYTHON = '''# Copyright 2024 A. Licensed under the MIT License, which everyone has read.

import os


def largest(values, limit=None):
    """Return the largest of the values, or nothing."""
    best = None
    for value in values:
        if best is None or value > best:
            best = value
    return min(best, limit) if limit else best


class Reader:
    def __init__(self, path):
        self.path = os.path.join(path, "名字", "data")
        self.lines = []

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            self.lines = file.readlines()
        return len(self.lines)
'''
SCRIPT = """export function total(items: Item[], tax = 0.2): number {
  let sum = 0;
  for (const item of items) {
    sum += item.price * item.count;
  }
  return sum * (1 + tax);
}

export class Basket {
  add(item: Item): void {
    this.items.push(item);
    this.changed.emit({ kind: "added", item });
  }
}
"""


def cut(text: str, language: str, num: int = 60, seed: int = 1) -> list[Hole]:
    return holes(text, tree_of(text, LANGUAGES.get(language)), num, Random(seed))


def middles(text: str, found: list[Hole], *cuts: str) -> set[str]:
    return {text[hole.start : hole.end] for hole in found if not cuts or hole.cut in cuts}


def test_holes_are_cut_on_nodes_lines_and_at_random() -> None:
    found = cut(PYTHON, "python", 400)
    nodes = {hole.cut for hole in found} - {"line", "random"}
    assert {"block", "argument_list", "expression_statement", "return_statement"} <= nodes
    assert {"line", "random"} <= {hole.cut for hole in found}
    assert "values, limit=None" in middles(PYTHON, found, "parameters")
    assert '"名字", "data"' not in middles(PYTHON, found), "only whole nodes"
    assert 'path, "名字", "data"' in middles(PYTHON, found, "argument_list")
    body = "best = None\n    for value in values:\n        if best is None or value > best:\n            best = value\n"
    assert f"{body}    return min(best, limit) if limit else best" in middles(PYTHON, found, "block")
    assert "self.lines = file.readlines()" in middles(PYTHON, found)


def test_a_language_with_braces() -> None:
    found = cut(SCRIPT, "typescript", 400)
    assert "sum += item.price * item.count;" in middles(SCRIPT, found, "statement_block", "expression_statement")
    assert 'this.items.push(item);\n    this.changed.emit({ kind: "added", item });' in middles(SCRIPT, found)


def test_equal_seeds_give_equal_holes_and_others_do_not() -> None:
    assert cut(PYTHON, "python") == cut(PYTHON, "python")
    assert cut(PYTHON, "python") != cut(PYTHON, "python", seed=2)


@pytest.mark.parametrize(("text", "language"), [(PYTHON, "python"), (SCRIPT, "typescript"), (PYTHON, "none")])
def test_no_hole_is_blank_too_long_twice_there_or_in_the_notice(text: str, language: str) -> None:
    long = text + "\n\n" + "\n".join(f"name_{n} = compute(name_{n - 1}, {n})" for n in range(1, 200)) + "\n"
    found = cut(long, language, 500)
    assert len({(hole.start, hole.end) for hole in found}) == len(found) > 200
    for hole in found:
        middle = long[hole.start : hole.end]
        assert len("".join(middle.split())) >= 4
        assert len(middle) <= MAX_CHARS
        assert sum(map(str.isalpha, middle)) >= 2
        assert hole.cut == "random" or "Copyright" not in middle


def test_broken_code_and_prose_are_cut_by_line() -> None:
    assert {hole.cut for hole in cut("# Title\n\nSome words that say something.\nMore of these words.\n", "none")} == {
        "line", "random"
    }  # fmt: skip
    assert cut("def f(:\n    retur x +\n" + PYTHON, "python")


@pytest.mark.parametrize("text", ["", "\n\n\n", "x", "....\n----\n====\n", "\0\0\0\0\0\0\0\0\0"])
def test_where_there_is_nothing_there_is_no_hole(text: str) -> None:
    assert cut(text, "python") == []


def test_what_is_around_are_whole_lines_and_not_too_much() -> None:
    text = "".join(f"line {number} has some words in it\n" for number in range(1000))
    start = text.index("line 500")
    prefix, suffix = around(text, start + 3, start + 9)
    assert text[start + 3 - len(prefix) : start + 3] == prefix and prefix.startswith("line")
    assert suffix.endswith("\n") and text[start + 9 :].startswith(suffix)
    assert AROUND_CHARS - 40 < len(prefix) <= AROUND_CHARS
    assert AROUND_CHARS - 40 < len(suffix) <= AROUND_CHARS
    assert around(text, 3, 9) == ("lin", text[9 : 9 + len(around(text, 3, 9)[1])])
    one_line = "x" * 20_000
    assert len(around(one_line, 9000, 9010)[0]) <= AROUND_CHARS
