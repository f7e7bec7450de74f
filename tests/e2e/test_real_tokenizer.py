"""The default model's tokenizer, as set-up rebuilt it from the GGUF file, against transformers 5.23's recorded ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from fimble.weights.store import models_folder

RECORDED = json.loads((Path(__file__).parent / "tokenizer.reference.json").read_text(encoding="utf-8"))
MARKS = {
    "<|endoftext|>": 151643,
    "<|im_end|>": 151645,
    "<|fim_prefix|>": 151659,
    "<|fim_middle|>": 151660,
    "<|fim_suffix|>": 151661,
    "<|fim_pad|>": 151662,
    "<|repo_name|>": 151663,
    "<|file_sep|>": 151664,
}


@pytest.fixture(scope="module")
def tokenizer(default_model: str) -> Tokenizer:
    path = next((models_folder() / default_model).glob("*/tokenizer.json"))
    return Tokenizer.from_file(str(path))


def test_marks_have_their_ids_and_stay_whole(tokenizer: Tokenizer) -> None:
    special = {index for index, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    for mark, index in MARKS.items():
        assert tokenizer.token_to_id(mark) == index
        assert tokenizer.encode(f"a{mark}b", add_special_tokens=False).ids[1] == index
        assert index in special


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: repr(case["text"])[:24])
def test_ids_are_those_of_transformers(case: dict[str, object], tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(str(case["text"]), add_special_tokens=False).ids == case["ids"]


def test_what_is_encoded_decodes_to_the_same(tokenizer: Tokenizer) -> None:
    for case in RECORDED:
        assert tokenizer.decode(case["ids"], skip_special_tokens=False) == case["text"]
