"""A text is taken for what it is, whatever vocabulary it is cut with: nothing added, nothing taken, no marks made."""

from __future__ import annotations

from pathlib import Path

import pytest
import tokenizers

from fimble.engine.tokenizer import Tokenizer
from fimble.prompt.build import bind
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Snapshot
from fimble.weights.samples import encoded
from tests.unit import tiny
from tests.unit.random_models import DECODERS, PAIRS, byte_level, codegen_like

MODELS = {**DECODERS, **PAIRS}
CODE = '''def area(self, width: int) -> int:
    """How much."""
    if width < 1:
        return 0
    return width * self.height
'''
PIECES = [CODE, "\t\t\tx", " ", "  x", "x", "\n", "\n\n    return", "    pass\n", "(", ") ->", ""]


@pytest.fixture(scope="module", params=list(MODELS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def file(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vocabulary") / "tokenizer.json"
    MODELS[kind].tokenizer().save(str(path))
    return path


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_of_text_stays_itself(file: Path, piece: str) -> None:
    tokenizer = Tokenizer(file)
    ids = tokenizer.encode(piece)
    assert tokenizer.decode(ids) == piece
    assert tokenizer.vocabulary.text_bytes(ids) == piece.encode()


def test_pieces_put_together_are_the_whole(file: Path) -> None:
    tokenizer = Tokenizer(file)
    for place in range(0, len(CODE), 7):
        ids = [*tokenizer.encode(CODE[:place]), *tokenizer.encode(CODE[place:])]
        assert tokenizer.decode(ids) == CODE


def test_marks_in_a_text_are_characters(kind: str, file: Path) -> None:
    tokenizer = Tokenizer(file)
    for mark in FAMILIES[MODELS[kind].family].parts:
        if isinstance(mark, str):
            number = tokenizer.token_id(mark)
            assert number is not None
            assert number not in tokenizer.encode(f"x = '{mark}'")


def test_a_prompt_shows_the_text_and_heals_the_last_word(kind: str, file: Path) -> None:
    tokenizer = Tokenizer(file)
    builder = bind(FAMILIES[MODELS[kind].family], tokenizer)
    place = CODE.index("turn width")
    cursor = Cursor(Snapshot("file:///area.py", "python", 0, CODE), place)
    anchor = builder.anchor(cursor, 400)
    tail = anchor.tail(cursor)
    assert tail is not None
    prompt = builder.prompt(anchor, tail)
    assert prompt.required.endswith("re")
    text = tokenizer.decode(prompt.tokens) + prompt.required
    written = CODE[place:] if builder.has_suffix else ""
    assert text == CODE[: anchor.end] + written + CODE[anchor.end : place]
    assert tokenizer.begins_with(prompt.required).allowed(()) is not None


def test_tokens_that_were_added_for_spaces_are_text(tmp_path: Path) -> None:
    codegen_like().save(str(tmp_path / "tokenizer.json"))
    tokenizer = Tokenizer(tmp_path / "tokenizer.json")
    four = tokenizer.token_id("    ")
    assert tokenizer.encode("    x")[0] == four
    assert tokenizer.encode_marked("    x<|endoftext|>") == [*tokenizer.encode("    x"), 0]
    allowed = tokenizer.begins_with("    ").allowed(())
    assert allowed is not None
    assert four in allowed


def test_letters_that_were_added_are_spelled_with_the_tokens_of_their_bytes(tmp_path: Path) -> None:
    """DeepSeek-Coder adds thirteen, and decodes their tokens to half a character."""
    made = byte_level("<|endoftext|>")
    made.add_tokens(["ü", "ÿ"])
    made.save(str(tmp_path / "tokenizer.json"))
    tokenizer = Tokenizer(tmp_path / "tokenizer.json")
    text = "# für über ÿ\nx = 'ü'"
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.vocabulary.text_bytes(ids) == text.encode()
    assert tokenizer.encode_marked(f"{text}<|endoftext|>") == [*ids, 0]


def test_a_text_is_neither_cut_nor_filled_to_a_length(tmp_path: Path) -> None:
    """Whoever saved a tokenizer after a training saved that with it."""
    made = byte_level("<|endoftext|>")
    made.enable_truncation(5)
    made.enable_padding(length=12, pad_id=0, pad_token="<|endoftext|>")
    made.save(str(tmp_path / "tokenizer.json"))
    tokenizer = Tokenizer(tmp_path / "tokenizer.json")
    for text in (CODE, "x"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert 0 not in tokenizer.encode(text)
    assert tokenizer.decode(encoded(tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json")), CODE)) == CODE


def test_a_vocabulary_that_adds_nothing_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a large one a second time would cost a part of a second at every start."""
    tiny.tokenizer().save(str(tmp_path / "tokenizer.json"))
    monkeypatch.setattr(tokenizers.Tokenizer, "from_str", None)
    assert Tokenizer(tmp_path / "tokenizer.json").encode(" x")
