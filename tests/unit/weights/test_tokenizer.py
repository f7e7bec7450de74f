"""A tokenizer rebuilt from a GGUF file cuts text exactly like the original."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights.gguf_header import read_header
from fimble.weights.samples import CALIBRATION, VERIFICATION, calibration_tokens, tokens_of
from fimble.weights.tokenizer import build_tokenizer, end_token_ids
from tests.unit import tiny

TEXTS = (
    *(sample.prefix + sample.suffix for sample in (*VERIFICATION, *CALIBRATION)),
    "x = 1234567890 * 3.14e-10\r\n\r\n\tif (a&&b) {\n\t\t\t}\n",
    "naïve café e\u0301 🙂 \u200b हिन्दी 한국어 don't WE'LL",
    "   \n  \n\n   x   ",
    "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|><tool_call>c",
    "",
)


@pytest.fixture
def metadata(tmp_path: Path) -> dict[str, Any]:
    return dict(read_header(tiny.write_gguf(tiny.QWEN2, tmp_path / "model.gguf")).metadata)


@pytest.mark.parametrize("text", TEXTS)
def test_it_encodes_and_decodes_like_the_original(text: str, metadata: dict[str, Any]) -> None:
    rebuilt, original = build_tokenizer(metadata), tiny.tokenizer()
    ids = original.encode(text, add_special_tokens=False).ids
    assert rebuilt.encode(text, add_special_tokens=False).ids == ids
    for skip in (True, False):
        assert rebuilt.decode(ids, skip_special_tokens=skip) == original.decode(ids, skip_special_tokens=skip)


def test_control_tokens_are_special_and_user_defined_ones_are_not(metadata: dict[str, Any]) -> None:
    added = build_tokenizer(metadata).get_added_tokens_decoder()
    special = {token.content: token.special for token in added.values()}
    assert special == {**dict.fromkeys(tiny.CONTROL_TOKENS, True), **dict.fromkeys(tiny.USER_DEFINED_TOKENS, False)}


def test_marks_keep_their_ids(metadata: dict[str, Any]) -> None:
    rebuilt, original = build_tokenizer(metadata), tiny.tokenizer()
    for mark in tiny.CONTROL_TOKENS:
        assert rebuilt.token_to_id(mark) == original.token_to_id(mark) is not None
        assert rebuilt.encode(mark, add_special_tokens=False).ids == [original.token_to_id(mark)]


def test_ends_are_those_named_and_those_well_known(metadata: dict[str, Any]) -> None:
    original = tiny.tokenizer()
    assert end_token_ids(metadata) == tuple(
        sorted(original.token_to_id(token) for token in ("<|endoftext|>", "<|im_end|>"))
    )


def test_samples_use_the_marks_there_are(metadata: dict[str, Any]) -> None:
    tokenizer = build_tokenizer(metadata)
    assert tokens_of(tokenizer, VERIFICATION[0])[0] == tokenizer.token_to_id("<|fim_prefix|>")
    without = {**metadata, "tokenizer.ggml.token_type": [1] * 512}
    without["tokenizer.ggml.tokens"] = [t.replace("fim_", "no_") for t in metadata["tokenizer.ggml.tokens"]]
    plain = tokens_of(build_tokenizer(without), VERIFICATION[0])
    assert build_tokenizer(without).decode(plain) == VERIFICATION[0].prefix
    assert len(calibration_tokens(tokenizer)) > 200


@pytest.mark.parametrize(
    ("pre", "text", "pieces"),
    [
        ("qwen2", "a1234 b", ["a", "1", "2", "3", "4", "Ġb"]),
        ("llama-bpe", "a1234 b", ["a", "123", "4", "Ġb"]),
        ("gpt-2", "a1234 b", ["a", "1234", "Ġb"]),
        ("starcoder", "a1234 b", ["a", "1", "2", "3", "4", "Ġb"]),
        ("deepseek-coder", "a1234 b\n\n中文x", ["a", "1", "2", "3", "4", "Ġb", "Ċ", "Ċ", "ä¸Ńæĸĩ", "x"]),
    ],
)
def test_each_family_splits_in_its_way(pre: str, text: str, pieces: list[str], metadata: dict[str, Any]) -> None:
    tokenizer = build_tokenizer({**metadata, "tokenizer.ggml.pre": pre})
    assert [piece for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)] == pieces


def test_unknown_kinds_are_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedArchitecture, match="splitting"):
        build_tokenizer({**metadata, "tokenizer.ggml.pre": "never-seen"})
    with pytest.raises(UnsupportedArchitecture, match="'llama'") as failure:
        build_tokenizer({**metadata, "tokenizer.ggml.model": "llama"})
    assert "safetensors" in failure.value.hint


def test_a_damaged_vocabulary_is_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match="damaged"):
        build_tokenizer({**metadata, "tokenizer.ggml.merges": ["never seen"]})
    with pytest.raises(WeightsError, match="merges"):
        build_tokenizer({key: value for key, value in metadata.items() if not key.endswith("merges")})


def test_transformers_agrees(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    if int(transformers.__version__.partition(".")[0]) < 5:
        pytest.skip("transformers 4 loses the marks of a GGUF vocabulary")
    source = tiny.write_gguf(tiny.QWEN2, tmp_path / "model.gguf")
    theirs = transformers.AutoTokenizer.from_pretrained(str(tmp_path), gguf_file=source.name)
    ours = build_tokenizer(read_header(source).metadata)
    for text in TEXTS:
        assert ours.encode(text, add_special_tokens=False).ids == theirs.encode(text, add_special_tokens=False)


def test_saved_tokenizers_are_whole(tmp_path: Path, metadata: dict[str, Any]) -> None:
    path = tmp_path / "tokenizer.json"
    build_tokenizer(metadata).save(str(path))
    assert json.loads(path.read_text(encoding="utf-8"))["model"]["type"] == "BPE"
