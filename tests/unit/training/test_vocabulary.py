"""A tokenizer out of a repository's text: nothing is lost, names fall into their words, control tokens are apart."""

from __future__ import annotations

import pytest
import tokenizers

from fimble.engine.tokenizer import Tokenizer
from fimble.errors import NothingToLearn
from fimble.prompt.build import bind
from fimble.prompt.templates import FAMILIES
from fimble.training.configuration import ModelKind
from fimble.training.vocabulary import CONTROL_TOKENS, END_TOKENS, PROMPT_FAMILIES, train_tokenizer

TEXTS = [
    "def read_order(orderNumber, HTTPServer):\n    # 从一行数据读取订单\n    return read_order(12)\n",
    "class OrderReader:\n    def readOrder(self, order_number): ...\n\tx = 3.14\r\n",
    "# 读取订单，然后写入订单。订单的数据在这一行。\n",
] * 5
HARD = [
    "naïve café 𝔘 👩‍💻 日本語テキスト עברית",
    "\x00\x7f\t \r\n  \n\n",
    "<|endoftext|></s><extra_id_0>",
    "ǅ Ⅷ ٣ e\u0301",
]


@pytest.fixture(scope="module", params=list(ModelKind))
def kind(request: pytest.FixtureRequest) -> ModelKind:
    return ModelKind(request.param)


@pytest.fixture(scope="module")
def made(kind: ModelKind, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    file = tmp_path_factory.mktemp("vocabulary") / "tokenizer.json"
    train_tokenizer(TEXTS, 420, kind).save(str(file))
    return Tokenizer(file)


@pytest.mark.parametrize("text", [*TEXTS[:3], *HARD])
def test_every_text_comes_back_as_it_was(made: Tokenizer, text: str) -> None:
    ids = made.encode(text)
    assert made.vocabulary.text_bytes(ids).decode() == text


def test_control_tokens_are_never_made_of_text(made: Tokenizer, kind: ModelKind) -> None:
    control = {made.token_id(token) for token in CONTROL_TOKENS[kind]}
    assert None not in control
    assert len(control) == len(CONTROL_TOKENS[kind])
    assert control.isdisjoint(made.encode("".join(CONTROL_TOKENS[kind])))
    prompts = bind(FAMILIES[PROMPT_FAMILIES[kind]], made)
    assert made.token_id(END_TOKENS[kind]) in prompts.stop_tokens
    assert prompts.has_suffix


def test_names_fall_into_their_words(made: Tokenizer) -> None:
    def pieces(text: str) -> list[str]:
        return [made.decode([token]) for token in made.encode(text)]

    for text in ("readOrder", "OrderReader", "read_order", "HTTPServer", " order_number"):
        boundaries = {0}
        for piece in pieces(text):
            boundaries.add(max(boundaries) + len(piece))
        words = {"readOrder": 4, "OrderReader": 5, "read_order": 4, "HTTPServer": 4, " order_number": 6}
        assert words[text] in boundaries, (text, pieces(text))
    assert len(made.encode(" read")) + len(made.encode("_order")) == 2


def test_frequent_chinese_words_are_learned(made: Tokenizer) -> None:
    assert len(made.encode("订单")) < len("订单".encode())


def test_there_are_no_more_tokens_than_asked_and_fewer_for_little_text(kind: ModelKind) -> None:
    assert train_tokenizer(TEXTS, 300, kind).get_vocab_size() == 300
    small: tokenizers.Tokenizer = train_tokenizer(["ab ab\n"], 5000, kind)
    assert 256 < small.get_vocab_size() < 300


@pytest.mark.parametrize("texts", [[], ["", " \n\t"]])
def test_without_text_there_is_nothing_to_learn(texts: list[str], kind: ModelKind) -> None:
    with pytest.raises(NothingToLearn):
        train_tokenizer(texts, 400, kind)


def test_lone_surrogates_do_no_harm(kind: ModelKind) -> None:
    assert train_tokenizer(["a\ud800b" * 9], 400, kind).get_vocab_size() > 256
