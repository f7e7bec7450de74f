"""Tokens as bytes: byte-level and SentencePiece vocabularies, lookups against plain loops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models

from fimble.engine.vocabulary import Vocabulary
from tests.unit import tiny

TOKENS = st.lists(st.binary(max_size=4).map(lambda text: bytes(byte % 3 or 255 for byte in text)), max_size=30)
TEXT = st.binary(min_size=1, max_size=8).map(lambda text: bytes(byte % 3 or 255 for byte in text))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.of(tiny.tokenizer())


@given(st.text())
def test_byte_level_tokens_spell_what_they_encode(text: str) -> None:
    tokenizer = tiny.tokenizer()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    added = tokenizer.get_added_tokens_decoder()
    if not added.keys() & set(ids):
        assert Vocabulary.of(tokenizer).text_bytes(ids) == text.encode()


def test_every_byte_has_a_token_and_control_tokens_have_no_text(vocabulary: Vocabulary) -> None:
    for byte in range(256):
        assert len(vocabulary.leading_to(bytes([byte])))
    every = set(vocabulary.beginning_with(b"").tolist())
    assert len(every) == len(vocabulary)
    for mark in (*tiny.CONTROL_TOKENS, *tiny.USER_DEFINED_TOKENS):
        index = tiny.tokenizer().token_to_id(mark)
        assert index not in every
        assert vocabulary.bytes_of(index) == b""


def test_numbers_that_no_text_uses_are_left_out() -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "[PAD1]": 1, "[PAD9]": 2}, []))
    tokenizer.decoder = decoders.ByteLevel()
    vocabulary = Vocabulary.of(tokenizer)
    assert sorted(vocabulary.beginning_with(b"").tolist()) == [0, 2]


def test_sentencepiece_tokens_have_spaces_and_single_bytes() -> None:
    tokenizer = Tokenizer(
        models.BPE({"<unk>": 0, "<0x0A>": 1, "\u2581def": 2, "\u2581": 3, "\u00e9": 4, "<0xyz>": 5}, [])
    )
    tokenizer.add_special_tokens(["<unk>"])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    vocabulary = Vocabulary.of(tokenizer)
    assert [vocabulary.bytes_of(index) for index in range(6)] == [
        *(b"", b"\n", b" def", b" ", b"\xc3\xa9"),
        b"<0xyz>",  # it only looks like one
    ]
    assert vocabulary.leading_to(b" d").tolist() == [2, 3]


@given(TOKENS, TEXT)
def test_lookups_equal_plain_loops(texts: list[bytes], text: bytes) -> None:
    tokens = dict(enumerate(texts))
    vocabulary = Vocabulary(tokens)
    beginning = [index for index, token in tokens.items() if token and token.startswith(text)]
    leading = [index for index, token in tokens.items() if token and (token.startswith(text) or text.startswith(token))]
    assert sorted(vocabulary.beginning_with(text).tolist()) == beginning
    assert vocabulary.leading_to(text).tolist() == leading
