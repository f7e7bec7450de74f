"""Incremental parsing against parsing from nothing, and offsets against a naive count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.syntax.edits import between
from fimble.syntax.languages import LANGUAGES, Language
from fimble.syntax.offsets import encode, point, to_byte, to_offset
from fimble.syntax.parsed import parse
from fimble.syntax.trees import Trees
from fimble.text import Cursor, Snapshot

TEXT = st.text(st.sampled_from("ab é😀\ud83d\n\r\t"), max_size=30)
LINES = st.sampled_from(
    [
        "function f(x) {\n",
        "  return x;\n",
        "}\n",
        "/* a\n",
        "*/\n",
        "// b\n",
        "<a>\n",
        "</a>\n",
        "- a: 1\n",
        "[a]\n",
        "`${x}`\n",
        "if x then\n",
        "end\n",
        "fi\n",
        "def f(x):\n",
        "    return x\n",
        "if x:\n",
        "    y = (1,\n",
        "    2)\n",
        "'é😀'\n",
        '"""\n',
        "x = [a]\n",
        "\n",
        "@\n",
    ]
)


@given(TEXT, st.integers(0, 30))
def test_offsets_against_a_naive_twin(text: str, offset: int) -> None:
    offset = min(offset, len(text))
    data = encode(text)
    byte = to_byte(text, offset)
    assert byte == sum(len(encode(char)) for char in text[:offset])
    assert to_offset(data, byte) == offset
    rows = data[:byte].split(b"\n")
    assert point(data, byte) == (len(rows) - 1, len(rows[-1]))


@given(TEXT, TEXT)
def test_an_edit_makes_one_text_of_the_other(old: str, new: str) -> None:
    before, after = encode(old), encode(new)
    edit = between(before, after)
    assert before[: edit.start] + after[edit.start : edit.new_end] + before[edit.old_end :] == after
    assert before[: edit.start] == after[: edit.start] and before[edit.old_end :] == after[edit.new_end :]
    for data, index in ((before, edit.start), (before, edit.old_end), (after, edit.new_end)):
        assert index == len(data) or data[index] & 0xC0 != 0x80


@given(TEXT, TEXT, TEXT, TEXT)
def test_an_edit_is_no_longer_than_what_changed(prefix: str, old: str, new: str, suffix: str) -> None:
    edit = between(encode(prefix + old + suffix), encode(prefix + new + suffix))
    assert edit.old_end - edit.start <= len(encode(old))
    assert edit.new_end - edit.start <= len(encode(new))


EDITS = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 6), LINES | TEXT), max_size=8)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.name)
@given(st.lists(LINES, max_size=12), EDITS)
def test_typing_gives_the_faults_of_a_fresh_parse(
    language: Language, lines: list[str], edits: list[tuple[int, int, str]]
) -> None:
    trees, text = Trees(), "".join(lines)
    for place, num_deleted, inserted in edits:
        start = min(place, len(text))
        text = text[:start] + inserted + text[start + num_deleted :]
        typed = trees.at(Cursor(Snapshot("file:///a", _id(language), 1, text), start))
        fresh = parse(language, text, encode(text), 10_000)
        assert typed is not None and fresh is not None
        assert len(typed.faults) == len(fresh.faults)


def _id(language: Language) -> str:
    return "typescriptreact" if language.name == "tsx" else language.name
