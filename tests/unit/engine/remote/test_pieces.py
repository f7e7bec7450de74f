"""Text as numbers, without a tokenizer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.remote.pieces import Mark, Pieces, mark_of

PIECES = Pieces()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \t\n\r_ab"))


def cut(text: str) -> list[str]:
    return [PIECES.decode([piece]) for piece in PIECES.encode(text)]


@given(TEXTS)
def test_nothing_is_lost(text: str) -> None:
    pieces = PIECES.encode(text)
    assert PIECES.decode(pieces) == text
    assert all(0 < piece < 1 << 63 for piece in pieces)
    assert [mark_of(piece) for piece in pieces] == [None] * len(pieces)


@given(TEXTS, TEXTS)
def test_pieces_can_be_put_together(first: str, second: str) -> None:
    assert PIECES.decode([*PIECES.encode(first), *PIECES.encode(second)]) == first + second


@given(TEXTS)
def test_each_piece_is_text_of_its_own(text: str) -> None:
    assert "".join(cut(text)) == text


def test_words_lines_and_long_words() -> None:
    assert cut("def add(a):\n    return a\r\n") == ["def", " add", "(", "a", "):", "\n", "   ", " return", " a", "\r\n"]
    assert cut("internationalisation") == ["interna", "tionali", "sation"]
    assert cut("日本語😀") == ["日本", "語", "😀"]


def test_a_mark_in_a_text_is_no_mark() -> None:
    text = Mark.MIDDLE.text
    assert PIECES.decode(PIECES.encode(text)) == text
    assert PIECES.encode_marked(f"a{text}b") == [*PIECES.encode("a"), Mark.MIDDLE.id, *PIECES.encode("b")]
    assert PIECES.token_id(text) == Mark.MIDDLE.id
    assert PIECES.token_id("<|fim_middle|>") is None


def test_marks_are_no_text() -> None:
    assert [mark_of(mark.id) for mark in Mark] == list(Mark)
    assert PIECES.decode([Mark.PREFIX.id, *PIECES.encode("x"), Mark.SUFFIX.id]) == "x"


def test_lone_surrogates_are_replaced() -> None:
    assert PIECES.decode(PIECES.encode("a\ud800b")) == "a\ufffdb"
