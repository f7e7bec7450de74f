"""A tiny encoder, as set-up writes it, against the same network in plain numpy; and adapters merged into one."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from fimble.engine.encoder import MAX_TOKENS, Encoder
from fimble.errors import ModelFolderInvalid, WeightsError
from fimble.weights.bert import NUM_HEADS, adapted, write_encoder

Values = npt.NDArray[np.float32]
HIDDEN, INNER, NUM_LAYERS, NUM_PLACES = 48, 96, 2, 200
START, END, UNKNOWN = 101, 102, 100
WORDS = (
    *("read", "write", "file", "send", "again", "path", "open", "close", "list", "sort", "map", "key", "value", "the"),
    *("of", "a", "to", "##s", "##er", "##ing", "##ed", "(", ")", ":", ".", ",", "=", "_", "?", "x", "y", "z"),
)
VOCABULARY = {word: number for number, word in enumerate(("[PAD]", *WORDS))}
VOCABULARY |= {"[UNK]": UNKNOWN, "[CLS]": START, "[SEP]": END}
TEXTS = [
    "read the file",
    "",
    "send again",
    "openers: sorted(list, key=value)?",
    "a " * 40,
    "nothing known",
    "x y z",
] * 4


def weights(seed: int = 1) -> dict[str, Values]:
    """Random, under the hub's names."""
    random = np.random.default_rng(seed)

    def some(*shape: int, scale: float = 0.3, mean: float = 0.0) -> Values:
        return random.normal(mean, scale, shape).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": some(END + 1, HIDDEN),
        "embeddings.position_embeddings.weight": some(NUM_PLACES, HIDDEN),
        "embeddings.token_type_embeddings.weight": some(2, HIDDEN),
        "embeddings.LayerNorm.weight": some(HIDDEN, mean=1.0),
        "embeddings.LayerNorm.bias": some(HIDDEN),
    }
    for layer in range(NUM_LAYERS):
        shapes = {
            "attention.self.query": (HIDDEN, HIDDEN),
            "attention.self.key": (HIDDEN, HIDDEN),
            "attention.self.value": (HIDDEN, HIDDEN),
            "attention.output.dense": (HIDDEN, HIDDEN),
            "intermediate.dense": (INNER, HIDDEN),
            "output.dense": (HIDDEN, INNER),
        }
        for part, shape in shapes.items():
            tensors[f"encoder.layer.{layer}.{part}.weight"] = some(*shape)
            tensors[f"encoder.layer.{layer}.{part}.bias"] = some(shape[0])
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            tensors[f"encoder.layer.{layer}.{norm}.weight"] = some(HIDDEN, mean=1.0)
            tensors[f"encoder.layer.{layer}.{norm}.bias"] = some(HIDDEN)
    return tensors


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", START), ("[SEP]", END)]
    )
    # as the publisher's file asks for it; texts are padded and cut elsewhere
    made.enable_padding(length=128)
    made.enable_truncation(128)
    return made


def write(folder: Path, tensors: dict[str, Values]) -> Path:
    folder.mkdir(exist_ok=True)
    write_encoder(tensors, folder)
    tokenizer().save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("encoder"), weights())


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder(folder, 1)


def slow_vector(tensors: dict[str, Values], text: str) -> npt.NDArray[np.float64]:
    """One text at a time, one head at a time, in double precision."""
    exact = {name: values.astype(np.float64) for name, values in tensors.items()}
    plain = tokenizer()
    plain.no_padding()
    plain.no_truncation()
    ids = plain.encode(text).ids
    if len(ids) > MAX_TOKENS:
        ids = [*ids[: MAX_TOKENS - 1], END]

    def dense(name: str, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        product: npt.NDArray[np.float64] = x @ exact[f"{name}.weight"].T + exact[f"{name}.bias"]
        return product

    def normed(name: str, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        centred = x - x.mean(axis=1, keepdims=True)
        unit = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
        scaled: npt.NDArray[np.float64] = unit * exact[f"{name}.weight"] + exact[f"{name}.bias"]
        return scaled

    x = exact["embeddings.word_embeddings.weight"][ids]
    x = x + exact["embeddings.position_embeddings.weight"][: len(ids)]
    x = normed("embeddings.LayerNorm", x + exact["embeddings.token_type_embeddings.weight"][0])
    width = HIDDEN // NUM_HEADS
    for layer in range(NUM_LAYERS):
        name = f"encoder.layer.{layer}."
        query, key, value = (dense(f"{name}attention.self.{part}", x) for part in ("query", "key", "value"))
        heard = np.zeros_like(x)
        for start in range(0, HIDDEN, width):
            head = slice(start, start + width)
            logits = query[:, head] @ key[:, head].T / math.sqrt(width)
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            heard[:, head] = shares / shares.sum(axis=1, keepdims=True) @ value[:, head]
        x = normed(f"{name}attention.output.LayerNorm", x + dense(f"{name}attention.output.dense", heard))
        inner = dense(f"{name}intermediate.dense", x)
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = normed(f"{name}output.LayerNorm", x + dense(f"{name}output.dense", inner))
    mean: npt.NDArray[np.float64] = x.mean(axis=0)
    unit: npt.NDArray[np.float64] = mean / np.linalg.norm(mean)
    return unit


def test_a_vector_is_what_the_slow_network_gives(encoder: Encoder) -> None:
    found = encoder.embed(TEXTS)
    assert found.shape == (len(TEXTS), HIDDEN) and found.dtype == np.float32 and encoder.dimension == HIDDEN
    expected = {text: slow_vector(weights(), text) for text in set(TEXTS)}
    for text, vector in zip(TEXTS, found, strict=True):
        assert vector == pytest.approx(expected[text], abs=1e-4), text
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)


def test_it_does_not_matter_what_a_text_is_embedded_with(encoder: Encoder) -> None:
    together = encoder.embed(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert encoder.embed([text])[0] == pytest.approx(vector, abs=1e-4), text
    assert encoder.embed(TEXTS[::-1]) == pytest.approx(together[::-1], abs=1e-4)


def test_no_texts_have_no_vectors(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, HIDDEN)


def test_a_long_text_is_cut(encoder: Encoder) -> None:
    held = "read " * (MAX_TOKENS - 2)
    whole, longer, much_longer, other = encoder.embed([held, held + "x", held + "y " * 5000, "x " + held])
    assert longer == pytest.approx(whole, abs=1e-4) and much_longer == pytest.approx(whole, abs=1e-4)
    assert other != pytest.approx(whole, abs=1e-4)
    assert whole == pytest.approx(slow_vector(weights(), held + "z z"), abs=1e-4)


@pytest.mark.parametrize("text", ["\ud800", "read \udfff the file", "\0", "\ufffe\U0010ffff", "读取 файл 🙂"])
def test_odd_characters_have_a_vector(encoder: Encoder, text: str) -> None:
    assert np.linalg.norm(encoder.embed([text, "read"]), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["graph.onnx", "weights.bin", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_damaged_folder_is_told(tmp_path: Path, name: str, damage: str) -> None:
    file = write(tmp_path / "encoder", weights()) / name
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(b"" if damage == "empty" else file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ModelFolderInvalid, match="cannot be loaded") as raised:
        Encoder(tmp_path / "encoder", 1)
    assert "fimble setup" in raised.value.hint and "\n" not in raised.value.what


def test_a_tokenizer_that_says_something_else_is_told(tmp_path: Path) -> None:
    (write(tmp_path / "encoder", weights()) / "tokenizer.json").write_text(json.dumps({"model": 3}))
    with pytest.raises(ModelFolderInvalid):
        Encoder(tmp_path / "encoder", 1)


@pytest.mark.parametrize(
    "name",
    ["embeddings.LayerNorm.bias", "encoder.layer.1.attention.self.key.weight", "encoder.layer.0.output.dense.bias"],
)
def test_a_missing_tensor_is_told(tmp_path: Path, name: str) -> None:
    tensors = weights()
    del tensors[name]
    with pytest.raises(WeightsError, match=name):
        write_encoder(tensors, tmp_path)


def test_an_adapter_is_merged(tmp_path: Path) -> None:
    tensors = weights()
    random = np.random.default_rng(7)
    places = {
        "0.q": ("encoder.layer.0.attention.self.query", HIDDEN, HIDDEN),
        "0.k": ("encoder.layer.0.attention.self.key", HIDDEN, HIDDEN),
        "0.v": ("encoder.layer.0.attention.self.value", HIDDEN, HIDDEN),
        "1.o": ("encoder.layer.1.attention.output.dense", HIDDEN, HIDDEN),
        "1.up": ("encoder.layer.1.intermediate.dense", INNER, HIDDEN),
        "1.down": ("encoder.layer.1.output.dense", HIDDEN, INNER),
    }
    norms = {
        "ln": "embeddings.LayerNorm",
        "0.ln1": "encoder.layer.0.attention.output.LayerNorm",
        "1.ln2": "encoder.layer.1.output.LayerNorm",
    }
    adapter: dict[str, Values] = {}
    expected = dict(tensors)
    for short, (name, num_out, num_in) in places.items():
        a, b = adapter[f"{short}.A"], adapter[f"{short}.B"] = (
            random.normal(0, 0.2, (3, num_in)).astype(np.float32),
            random.normal(0, 0.2, (num_out, 3)).astype(np.float32),
        )
        expected[f"{name}.weight"] = tensors[f"{name}.weight"] + b @ a
    for short, name in norms.items():
        for kind, ending in (("w", "weight"), ("b", "bias")):
            adapter[f"{short}.{kind}"] = expected[f"{name}.{ending}"] = random.normal(1, 0.2, HIDDEN).astype(np.float32)
    merged = adapted(tensors, adapter)
    assert merged.keys() == expected.keys()
    for name, values in expected.items():
        assert merged[name] == pytest.approx(values, abs=1e-6), name
    assert all((values == weights()[name]).all() for name, values in tensors.items()), "what was given is left"
    found = Encoder(write(tmp_path / "encoder", merged), 1).embed(["read the file"])[0]
    assert found == pytest.approx(slow_vector(expected, "read the file"), abs=1e-4)


def test_without_an_adapter_the_names_lose_their_prefix() -> None:
    tensors = weights()
    given = {f"bert.{name}": values for name, values in tensors.items()}
    merged = adapted(given, {})
    assert merged.keys() == tensors.keys() and all(merged[name] is tensors[name] for name in tensors)


ZEROS = {
    "A": np.zeros((3, HIDDEN), np.float32),
    "B": np.zeros((HIDDEN, 3), np.float32),
    "wide": np.zeros((HIDDEN, 4), np.float32),
    "inner": np.zeros((INNER, 3), np.float32),
}


@pytest.mark.parametrize(
    "adapter",
    [
        {"0.q.B": "B"},
        {"0.q.B": "wide", "0.q.A": "A"},
        {"0.q.B": "inner", "0.q.A": "A"},
        {"0.other.B": "B", "0.other.A": "A"},
        {"9.q.B": "B", "9.q.A": "A"},
        {"0.ln3.w": "A"},
        {"odd": "A"},
        {"0.q.B.more": "B"},
    ],
)
def test_an_adapter_that_does_not_fit_is_told(adapter: dict[str, str]) -> None:
    with pytest.raises(WeightsError, match="does not fit"):
        adapted(weights(), {name: ZEROS[kind] for name, kind in adapter.items()})
