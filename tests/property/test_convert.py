"""Positions and edits against naive twins, in all three encodings."""

from __future__ import annotations

import copy
import re

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from fimble.lsp import convert
from fimble.lsp.documents import Document

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

characters = st.sampled_from(
    [
        "a",
        "b",
        " ",
        "\t",
        "é",
        "€",
        "😀",
        "𝕏",
        "\n",
        "\r",
        "\r\n",
        "\u2028",
        "\x0c",
        "\x85",
        "\ud83d",
        "\ude00",
    ]
)
texts = st.lists(characters, max_size=20).map("".join)
encodings = st.sampled_from(sorted(CODECS))
numbers = st.integers(0, 12)
positions = st.builds(types.Position, line=numbers, character=numbers)
ranges = st.builds(types.Range, start=positions, end=positions)
changes = st.one_of(
    st.builds(types.TextDocumentContentChangePartial, range=ranges, text=texts),
    st.builds(types.TextDocumentContentChangeWholeDocument, text=texts),
)


def naive_lines(text: str) -> list[str]:
    """Split by hand: the text between line ends, with the ends."""
    parts = re.split(r"(\r\n|\n|\r)", text)
    return [line + end for line, end in zip(parts[::2], [*parts[1::2], ""], strict=True)]


def naive_units(text: str, encoding: str) -> int:
    codec, size = CODECS[encoding]
    return sum(len(character.encode(codec)) // size for character in text)


def naive_offset(text: str, position: types.Position, encoding: str) -> int:
    """Try every column of the line; the last that is not past the position is meant."""
    lines = naive_lines(text)
    if position.line >= len(lines):
        return len(text)
    line = re.sub(r"(\r\n|\n|\r)$", "", lines[position.line])
    fitting = [c for c in range(len(line) + 1) if naive_units(line[:c], encoding) <= position.character]
    return len("".join(lines[: position.line])) + fitting[-1]


def naive_change(text: str, change: types.TextDocumentContentChangeEvent, encoding: str) -> str:
    new = re.sub("[\ud800-\udfff]", "\ufffd", change.text)
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return new
    ends = [naive_offset(text, p, encoding) for p in (change.range.start, change.range.end)]
    return text[: min(ends)] + new + text[max(ends) :]


@given(texts, positions, encodings)
def test_a_position_is_found_like_by_trying_every_column(text: str, position: types.Position, encoding: str) -> None:
    document = Document("file:///a", "", 1, text)
    before = copy.deepcopy(position)
    place = convert.place_of(document.lines, position, encoding)
    assert document.offset(place) == naive_offset(document.snapshot().text, position, encoding)
    assert position == before


@given(texts, positions, encodings)
def test_a_place_survives_the_way_there_and_back(text: str, position: types.Position, encoding: str) -> None:
    lines = Document("file:///a", "", 1, text).lines
    place = convert.place_of(lines, position, encoding)
    there = convert.position_of(lines, place, encoding)
    assert convert.place_of(lines, there, encoding) == place
    assert there.character == naive_units(lines[place[0]][: place[1]], encoding)


@given(texts)
def test_lines_are_those_of_lsp_and_no_others(text: str) -> None:
    assert convert.split_lines(text) == naive_lines(text)


@given(texts, st.lists(changes, max_size=6), encodings)
def test_edits_lead_to_the_same_text_as_on_one_string(
    text: str, edits: list[types.TextDocumentContentChangeEvent], encoding: str
) -> None:
    document = Document("file:///a", "", 1, text)
    twin = re.sub("[\ud800-\udfff]", "\ufffd", text)
    for version, change in enumerate(edits, start=2):
        twin = naive_change(twin, change, encoding)
        document.change(version, [change], encoding)
        assert document.snapshot().text == twin
        assert document.lines == naive_lines(twin)
        assert document.num_bytes == len(twin.encode())
        assert document.snapshot().version == version
