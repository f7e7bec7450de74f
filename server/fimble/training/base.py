"""The model that training begins from: a torch network with the floats of fimble's own reader.

The reader is the one that the served graph was written from, so what is learnt fits what is served. A matrix is read
a few thousand rows at a time, and is in memory once, in the type it is kept in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fimble.errors import TrainingError
from fimble.training.settings import Place, require
from fimble.weights import architecture as names
from fimble.weights import catalog, download, manifest, store
from fimble.weights import progress as weights_progress
from fimble.weights.architecture import BIASES, LAYER_PARTS, Dimensions, Float32
from fimble.weights.checkpoint import Checkpoint, load_layer, open_checkpoint
from fimble.weights.digest import sha256_of

_CHUNK_ROWS = 8192
MODULES = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}
"""Where transformers keeps the parts of a layer."""
_NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}


@dataclass(frozen=True, slots=True)
class Base:
    """A source model, opened."""

    path: Path
    sha256: str
    """As manifests of models prepared from it name it, where it is a file of the catalogue or a person's own."""
    checkpoint: Checkpoint


def open_base(path: Path) -> Base:
    """The model in a ``.gguf`` file or a folder of safetensors. Raises ``WeightsError``."""
    checkpoint = open_checkpoint(path)
    if path.is_file() and path.suffix.lower() == ".gguf":
        return Base(path, sha256_of(path), checkpoint)
    folder = path if path.is_dir() else path.parent
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")])
    listing = "".join(f"{sha256_of(file)} {file.name}\n" for file in files)
    return Base(folder, hashlib.sha256(listing.encode()).hexdigest(), checkpoint)


def source_of(
    model: str, source_sha256: str = "", on_progress: weights_progress.OnProgress = weights_progress.silent
) -> Path:
    """The source file that the catalogue's ``model`` is prepared from, fetched again where it is gone.

    ``source_sha256``: what the installed model was prepared from (its manifest says so), where that is known.
    Raises ``TrainingError`` where it was a person's own file, ``WeightsError`` where it cannot be had.
    """
    entry = catalog.find(model)
    if source_sha256 and source_sha256 != entry.file.sha256:
        raise TrainingError(
            f"{model} was set up from a file of your own, which fimble keeps no copy of.", "Name it: --from PATH."
        )
    return download.fetch(entry, on_progress)


def installed_sha256(model: str, precision: str) -> str:
    """What the installed model was prepared from. Raises ``ModelNotInstalled`` or ``ModelFolderInvalid``."""
    return manifest.read(store.inspect(model, precision).folder).source_sha256


def load_model(checkpoint: Checkpoint, place: Place) -> Any:
    """A transformers causal LM on ``place``, all of it frozen, without dropout.

    Raises ``WeightsError`` for a damaged checkpoint, ``TrainingUnavailable`` without torch and transformers.
    """
    require("torch", "transformers")
    import torch

    size = checkpoint.dimensions
    with torch.device("meta"):
        model = empty_model(size)
    model.model.rotary_emb = _rotary(model, size)  # on the meta device it has no numbers
    dtype = torch.bfloat16 if place.is_bf16 else torch.float32
    for name, values in _tensors(checkpoint, dtype):
        module, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(module), attribute, torch.nn.Parameter(values.to(place.device), False))
    if size.tied_embeddings:
        model.tie_weights()
    missing = [name for name, parameter in model.named_parameters() if parameter.is_meta]
    assert not missing, missing
    return model.to(place.device).eval()


def empty_model(size: Dimensions) -> Any:
    """The network of those sizes, its weights as transformers makes them up.

    Qwen2 and Llama differ in nothing but the biases of query, key and value.
    """
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    kinds = (Qwen2Config, Qwen2ForCausalLM) if size.attention_bias else (LlamaConfig, LlamaForCausalLM)
    config = kinds[0](
        vocab_size=size.vocabulary_size,
        hidden_size=size.hidden,
        intermediate_size=size.ffn,
        num_hidden_layers=size.num_layers,
        num_attention_heads=size.num_heads,
        num_key_value_heads=size.num_kv_heads,
        head_dim=size.head_dim,
        max_position_embeddings=size.context_length,
        rope_theta=size.rope_theta,
        rms_norm_eps=size.rms_epsilon,
        tie_word_embeddings=size.tied_embeddings,
        use_cache=False,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
        attn_implementation="sdpa",
    )
    model = kinds[1](config)
    model.model.rotary_emb = _rotary(model, size)
    return model


def _rotary(model: Any, size: Dimensions) -> Any:
    """The model's rope, scaled as the checkpoint says: not every scaling has a name in a config."""
    rotary = type(model.model.rotary_emb)(model.config)
    if size.rope_divisors:
        rotary.inv_freq = rotary.original_inv_freq = rotary.inv_freq / rotary.inv_freq.new_tensor(size.rope_divisors)
    return rotary


def _tensors(checkpoint: Checkpoint, dtype: Any) -> Iterator[tuple[str, Any]]:
    """Every parameter by transformers' name."""
    size = checkpoint.dimensions
    yield "model.embed_tokens.weight", _matrix(checkpoint, names.EMBEDDING, size, dtype)
    if not size.tied_embeddings:
        yield "lm_head.weight", _matrix(checkpoint, names.OUTPUT, size, dtype)
    yield "model.norm.weight", _copied(checkpoint.tensor(names.OUTPUT_NORM), dtype)
    for index in range(size.num_layers):
        layer = load_layer(checkpoint, index)
        for part in LAYER_PARTS:
            values = getattr(layer, part)
            if values is None:
                continue
            if part in BIASES:
                place = f"{MODULES[part.removesuffix('_bias')]}.bias"
            else:
                place = f"{_NORMS.get(part) or MODULES[part]}.weight"
            yield f"model.layers.{index}.{place}", _copied(values, dtype)


def _matrix(checkpoint: Checkpoint, name: str, size: Dimensions, dtype: Any) -> Any:
    """A table of the vocabulary, [vocabulary, hidden]."""
    import torch

    table = torch.empty(size.vocabulary_size, size.hidden, dtype=dtype)
    for start in range(0, size.vocabulary_size, _CHUNK_ROWS):
        stop = min(start + _CHUNK_ROWS, size.vocabulary_size)
        table[start:stop] = _copied(checkpoint.rows(name, start, stop), dtype)
    return table


def _copied(values: Float32, dtype: Any) -> Any:
    """A tensor of its own: a reader's floats may be the file itself, mapped."""
    import torch

    return torch.tensor(values, dtype=dtype)
