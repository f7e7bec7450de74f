"""Filters on any text: they raise nothing, only shorten, and change nothing the second time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fimble.suggest.blank import drop_blank
from fimble.suggest.closers import cut_surplus_closers
from fimble.suggest.comments import cut_comments, in_comment
from fimble.suggest.loops import cut_loops
from fimble.suggest.names import cut_unknown_names
from fimble.suggest.parse import cut_breaking_lines
from fimble.suggest.pipeline import Filter, refine
from fimble.suggest.repetition import drop_repeated_definition, drop_repeated_prefix
from fimble.suggest.suffix import cut_line_overlap, cut_next_lines
from fimble.syntax.languages import LANGUAGES, grammar
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Snapshot

ALL: tuple[Filter, ...] = (
    drop_blank,
    cut_loops,
    cut_next_lines,
    cut_line_overlap,
    drop_repeated_prefix,
    drop_repeated_definition,
    cut_comments,
    cut_surplus_closers,
    cut_unknown_names,
    cut_breaking_lines,
)
CHARACTERS = "()[]{}'\"`#=,;:.xy@*é😀\\\n\r\t \x00\ufeff\ud83d"
WORDS = (
    "\r\n,    ,${,/*,*/,//,--,<!--,-->,<a>,</a>,def f(x):,return x,if x:,else,for i in y,import os,lambda,match x:,"
    "case y:,x = 1\n,print(x)\n,foo(a),}\n,f'{,}',<|fim_prefix|>,<|fim_middle|>"
)
PIECES = st.sampled_from([*CHARACTERS, *WORDS.split(",")])
CODE = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=20)
LANGUAGE = st.sampled_from([*LANGUAGES, "typescriptreact", "klingon", ""])
PYTHON = "python"


@pytest.mark.parametrize("keep", ALL, ids=lambda keep: keep.__name__)
@given(LANGUAGE | st.just(PYTHON), CODE, CODE, CODE)
@example(PYTHON, "x = (", ")\n", "1) + (2)")
@example("bash", "case $x in\n", "\nesac", "a) b ;;\n c) d")
def test_a_filter_only_shortens_once(keep: Filter, language: str, before: str, after: str, answer: str) -> None:
    cursor = Cursor(Snapshot("file:///a.py", language, 1, before + after), len(before))
    result = keep(answer, cursor)
    if isinstance(result, str):
        assert answer.startswith(result)
        assert keep(result, cursor) == result


@given(st.just(PYTHON) | LANGUAGE, CODE, CODE, CODE)
def test_all_filters_together(language: str, before: str, after: str, answer: str) -> None:
    cursor = Cursor(Snapshot("file:///a.py", language, 1, before + after), len(before))
    result = refine(answer, cursor)
    if isinstance(result, str):
        assert result.strip() and answer.startswith(result)
        assert refine(result, cursor) == result


@given(LANGUAGE, CODE, CODE, CODE)
def test_what_is_kept_adds_no_fault_to_a_plain_parse(language: str, before: str, after: str, answer: str) -> None:
    cursor = Cursor(Snapshot("file:///b.py", language, 1, before + after), len(before))
    kept = cut_breaking_lines(answer, cursor)
    if language == "sql" and num_faults(cursor, ""):
        return
    if isinstance(kept, str):
        assert num_faults(cursor, kept) <= num_faults(cursor, "")


@given(LANGUAGE, CODE, CODE)
def test_in_comment_answers_for_any_text(language: str, before: str, after: str) -> None:
    assert in_comment(Cursor(Snapshot("file:///a", language, 1, before + after), len(before))) in (True, False)


def num_faults(cursor: Cursor, inserted: str) -> int:
    """ERROR and MISSING nodes of the text, parsed from nothing and walked node by node."""
    import tree_sitter

    parsed = TREES.at(cursor)
    known = grammar(parsed.language) if parsed else None
    if known is None:
        return 0
    text = cursor.prefix + inserted + cursor.suffix
    nodes = [tree_sitter.Parser(known).parse(text.encode("utf-8", "surrogatepass")).root_node]
    count = 0
    while nodes:
        node = nodes.pop()
        count += node.is_error or node.is_missing
        nodes += node.children
    return count
