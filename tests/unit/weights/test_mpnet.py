"""A tiny MPNet, as set-up writes it, against transformers' own; in floats, in 8-bit rows and in 8-bit blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import MPNetConfig, MPNetModel
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

from fimble.engine.encoder import Encoder
from fimble.errors import WeightsError
from fimble.weights.forms import BlockInt8, EmbeddingForm, MatmulForm, Plain, RowInt8
from fimble.weights.mpnet import MAX_TOKENS, buckets, write_encoder

Values = npt.NDArray[np.float32]
WORDS = ("read", "write", "file", "send", "again", "path", "open", "x", "y", "z")
VOCABULARY = {word: number for number, word in enumerate(("<s>", "<pad>", "</s>", "[UNK]", *WORDS))}
TEXTS = ["read file", "", "send again open path", "x y z unknown", "read " * 100, "z " * 300 + "read"] * 2
FLOATS = Plain(np.dtype(np.float32))


def model(seed: int = 1) -> MPNetModel:
    torch.manual_seed(seed)
    config = MPNetConfig(
        vocab_size=len(VOCABULARY), hidden_size=96, intermediate_size=160, num_hidden_layers=2, num_attention_heads=12
    )
    made = MPNetModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        for name, values in made.named_parameters():
            values.normal_(1.0 if name.endswith("LayerNorm.weight") else 0.0, 0.3)
    return made


def tensors(seed: int = 1) -> dict[str, Values]:
    return {name: values.numpy() for name, values in model(seed).state_dict().items() if values.is_floating_point()}


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", VOCABULARY["<s>"]), ("</s>", VOCABULARY["</s>"])]
    )
    return made


def encoder(folder: Path, matrices: MatmulForm = FLOATS, words: EmbeddingForm = FLOATS) -> Encoder:
    write_encoder(tensors(), folder, matrices, words)
    tokenizer().save(str(folder / "tokenizer.json"))
    return Encoder(folder, 1)


def expected(text: str) -> Values:
    """The mean of transformers' states of one text, as a unit vector."""
    ids = tokenizer().encode(text).ids
    if len(ids) > MAX_TOKENS:
        ids = [*ids[: MAX_TOKENS - 1], VOCABULARY["</s>"]]
    with torch.no_grad():
        states = model()(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long))[0][0]
    mean: Values = states.mean(0).numpy()
    unit: Values = mean / np.linalg.norm(mean)
    return unit


def test_a_vector_is_what_transformers_gives(tmp_path: Path) -> None:
    found = encoder(tmp_path).embed(TEXTS)
    for text, vector in zip(TEXTS, found, strict=True):
        assert vector == pytest.approx(expected(text), abs=1e-4), text[:30]


@pytest.mark.parametrize("matrices", [RowInt8(), BlockInt8(32)])
def test_eight_bits_change_little(tmp_path: Path, matrices: MatmulForm) -> None:
    found = encoder(tmp_path, matrices, BlockInt8(32)).embed(TEXTS)
    exact = np.array([expected(text) for text in TEXTS])
    assert (found * exact).sum(axis=1).min() > 0.99
    assert not np.allclose(found, exact, atol=1e-4), "nothing was rounded"


def test_it_does_not_matter_what_a_text_is_embedded_with(tmp_path: Path) -> None:
    made = encoder(tmp_path, RowInt8(), BlockInt8(32))
    together = made.embed(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert made.embed([text])[0] == pytest.approx(vector, abs=1e-3), text[:30]


def test_a_long_text_is_cut_where_the_graph_says(tmp_path: Path) -> None:
    made = encoder(tmp_path)
    held = "read " * (MAX_TOKENS - 2)
    whole, longer, other = made.embed([held, held + "x", "x " + held[5:]])
    assert longer == pytest.approx(whole, abs=1e-5) and other != pytest.approx(whole, abs=1e-5)


@pytest.mark.parametrize("num_tokens", [1, 7, 140, MAX_TOKENS])
def test_distances_fall_into_the_buckets_of_transformers(num_tokens: int) -> None:
    places = torch.arange(num_tokens)
    theirs = MPNetEncoder.relative_position_bucket(places[None, :] - places[:, None], num_buckets=32)
    assert (buckets(num_tokens, 32) == theirs.numpy()).all()


@pytest.mark.parametrize(
    "name",
    [
        "embeddings.LayerNorm.bias",
        "encoder.relative_attention_bias.weight",
        "encoder.layer.1.attention.attn.k.weight",
        "encoder.layer.0.output.dense.bias",
    ],
)
def test_a_missing_tensor_is_told(tmp_path: Path, name: str) -> None:
    given = tensors()
    del given[name]
    with pytest.raises(WeightsError, match=name):
        write_encoder(given, tmp_path, FLOATS, FLOATS)
