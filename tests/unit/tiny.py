"""Makes tiny random models, as the files a person would download, so that the real writer makes the real graph.

Everything follows from a seed: the weights from numpy's generator, the vocabulary from
a byte-pair training on the calibration samples. ``prepared`` is what most tests want: a model folder.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from fimble.weights.entry import CatalogEntry, SourceFile
from fimble.weights.prepare import prepare
from fimble.weights.recipe import FP32, Recipe
from fimble.weights.samples import CALIBRATION, VERIFICATION

Weights = dict[str, NDArray[np.float32]]

CONTROL_TOKENS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    *("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
)
USER_DEFINED_TOKENS = ("<tool_call>",)
_QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Tiny:
    """Shapes of a tiny model, under the names of the hub's config.json."""

    model_type: str = "qwen2"
    tied: bool = False
    hidden: int = 64
    num_layers: int = 2
    num_heads: int = 4
    num_kv_heads: int = 2
    ffn: int = 160
    vocabulary: int = 512
    context_length: int = 1024
    rope_theta: float = 10000.0
    rope_scaling: tuple[tuple[str, Any], ...] = ()
    seed: int = 1

    @property
    def head_dim(self) -> int:
        return self.hidden // self.num_heads

    @property
    def config(self) -> dict[str, Any]:
        """config.json."""
        values = {
            "model_type": self.model_type,
            "architectures": ["Qwen2ForCausalLM" if self.model_type == "qwen2" else "LlamaForCausalLM"],
            "hidden_size": self.hidden,
            "num_hidden_layers": self.num_layers,
            "num_attention_heads": self.num_heads,
            "num_key_value_heads": self.num_kv_heads,
            "intermediate_size": self.ffn,
            "vocab_size": self.vocabulary,
            "max_position_embeddings": self.context_length,
            "rms_norm_eps": 1e-6,
            "rope_theta": self.rope_theta,
            "tie_word_embeddings": self.tied,
            "hidden_act": "silu",
            "eos_token_id": tokenizer(self.vocabulary).token_to_id("<|endoftext|>"),
        }
        if self.rope_scaling:
            values["rope_scaling"] = dict(self.rope_scaling)
        return values


QWEN2 = Tiny()
QWEN2_TIED = Tiny(tied=True, seed=2)
LLAMA = Tiny("llama", seed=3)
LLAMA3 = Tiny(
    "llama",
    tied=True,
    rope_scaling=(
        ("rope_type", "llama3"),
        ("factor", 8.0),
        ("low_freq_factor", 1.0),
        ("high_freq_factor", 4.0),
        ("original_max_position_embeddings", 32),
    ),
    seed=4,
)
CASES = {"qwen2": QWEN2, "qwen2-tied": QWEN2_TIED, "llama": LLAMA, "llama3": LLAMA3}


def weights(tiny: Tiny) -> Weights:
    """Random tensors under the hub's names; sharp enough that next tokens are seldom near ties."""
    random = np.random.default_rng(tiny.seed)

    def matrix(rows: int, columns: int, gain: float = 1.0) -> NDArray[np.float32]:
        values = random.standard_normal((rows, columns)) * gain / np.sqrt(columns)
        return np.asarray(values, np.float32)

    def vector(size: int, around: float, spread: float) -> NDArray[np.float32]:
        return (around + spread * random.standard_normal(size)).astype(np.float32)

    q_rows, kv_rows = tiny.num_heads * tiny.head_dim, tiny.num_kv_heads * tiny.head_dim
    result = {"model.embed_tokens.weight": matrix(tiny.vocabulary, tiny.hidden, 4.0)}
    for index in range(tiny.num_layers):
        layer = f"model.layers.{index}."
        result[layer + "input_layernorm.weight"] = vector(tiny.hidden, 1, 0.2)
        for part, rows in (("q", q_rows), ("k", kv_rows), ("v", kv_rows)):
            result[layer + f"self_attn.{part}_proj.weight"] = matrix(rows, tiny.hidden, 1.5)
            if tiny.model_type == "qwen2":
                result[layer + f"self_attn.{part}_proj.bias"] = vector(rows, 0, 0.5)
        result[layer + "self_attn.o_proj.weight"] = matrix(tiny.hidden, q_rows)
        result[layer + "post_attention_layernorm.weight"] = vector(tiny.hidden, 1, 0.2)
        result[layer + "mlp.gate_proj.weight"] = matrix(tiny.ffn, tiny.hidden, 2.0)
        result[layer + "mlp.up_proj.weight"] = matrix(tiny.ffn, tiny.hidden)
        result[layer + "mlp.down_proj.weight"] = matrix(tiny.hidden, tiny.ffn)
    result["model.norm.weight"] = vector(tiny.hidden, 1, 0.2)
    if not tiny.tied:
        result["lm_head.weight"] = matrix(tiny.vocabulary, tiny.hidden, 4.0)
    return result


@functools.cache
def tokenizer(vocabulary: int = 512) -> Tokenizer:
    """A byte-level tokenizer with the marks of Qwen2.5-Coder at its end."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_regex(_QWEN2_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    added = len(CONTROL_TOKENS) + len(USER_DEFINED_TOKENS)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - added - 2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator([text for sample in CALIBRATION for text in (sample.prefix, sample.suffix)], trainer)
    made.add_special_tokens(list(CONTROL_TOKENS))
    made.add_tokens(list(USER_DEFINED_TOKENS))
    return made


def write_safetensors(tiny: Tiny, folder: Path, tensors: Weights | None = None) -> Path:
    """The model as a hub publishes it; returns ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors or weights(tiny), str(folder / "model.safetensors"), {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(tiny.config), encoding="utf-8")
    tokenizer(tiny.vocabulary).save(str(folder / "tokenizer.json"))
    return folder


_GGUF_NAMES = {
    "input_layernorm.weight": "attn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.q_proj.bias": "attn_q.bias",
    "self_attn.k_proj.bias": "attn_k.bias",
    "self_attn.v_proj.bias": "attn_v.bias",
    "self_attn.o_proj.weight": "attn_output.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}


def write_gguf(
    tiny: Tiny,
    path: Path,
    tensors: Weights | None = None,
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
    permuted: bool = True,
) -> Path:
    """The model as llama.cpp's converter writes it; ``kind`` is the type of the matrices. Returns ``path``.

    ``permuted=False`` leaves out the reordering that llama.cpp makes for Llama: a broken file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    arch = "qwen2" if tiny.model_type == "qwen2" else "llama"
    writer = gguf.GGUFWriter(str(path), arch)
    writer.add_block_count(tiny.num_layers)
    writer.add_context_length(tiny.context_length)
    writer.add_embedding_length(tiny.hidden)
    writer.add_feed_forward_length(tiny.ffn)
    writer.add_head_count(tiny.num_heads)
    writer.add_head_count_kv(tiny.num_kv_heads)
    writer.add_rope_freq_base(tiny.rope_theta)
    writer.add_layer_norm_rms_eps(1e-6)
    _add_vocabulary(writer, tiny)
    for name, values in (tensors or weights(tiny)).items():
        place = _gguf_name(name)
        if arch == "llama" and permuted and place.endswith(("attn_q.weight", "attn_k.weight")):
            values = _as_llama_cpp_permutes(values, tiny.head_dim)
        if values.ndim == 2 and values.shape[1] % 32 == 0 and kind is not gguf.GGMLQuantizationType.F32:
            writer.add_tensor(place, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(place, values)
    if tiny.rope_scaling:
        writer.add_tensor("rope_freqs.weight", _llama_cpp_rope_divisors(tiny))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def entry(tiny: Tiny, name: str = "tiny") -> CatalogEntry:
    """A catalogue entry for the model."""
    return CatalogEntry(
        name=name,
        title="Tiny random model",
        licence="Apache-2.0",
        architecture=tiny.model_type,
        prompt_family="qwen2.5-coder",
        context_length=tiny.context_length,
        parameters=1,
        format="gguf",
        file=SourceFile("model.gguf", 1, "0" * 64),
        companions=(),
        sources=(),
        references=(),
    )


def prepared(folder: Path, tiny: Tiny = QWEN2, recipe: Recipe = FP32) -> Path:
    """A model folder, made by the real writer from a GGUF file; returns ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    source = write_gguf(tiny, folder / "source.gguf")
    prepare(source, entry(tiny), recipe, folder, lambda stage, share: None)
    source.unlink()
    return folder


def changed(tiny: Tiny, **values: Any) -> Tiny:
    """``tiny`` with other shapes."""
    return replace(tiny, **values)


def verification_texts() -> list[str]:
    """Real code to tokenise."""
    return [sample.prefix + sample.suffix for sample in VERIFICATION]


def _regex(text: str) -> Any:
    from tokenizers import Regex

    return Regex(text)


def _gguf_name(name: str) -> str:
    fixed = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in fixed:
        return fixed[name]
    _, _, layer, part = name.split(".", 3)
    return f"blk.{layer}.{_GGUF_NAMES[part]}"


def _as_llama_cpp_permutes(values: NDArray[np.float32], head_dim: int) -> NDArray[np.float32]:
    """The reordering of llama.cpp's converter: halves of a head become pairs."""
    heads = values.reshape(-1, 2, head_dim // 2, values.shape[1])
    return heads.swapaxes(1, 2).reshape(values.shape)


def _llama_cpp_rope_divisors(tiny: Tiny) -> NDArray[np.float32]:
    """llama.cpp's own computation of ``rope_freqs`` for Llama 3."""
    scaling = dict(tiny.rope_scaling)
    low = scaling["original_max_position_embeddings"] / scaling["low_freq_factor"]
    high = scaling["original_max_position_embeddings"] / scaling["high_freq_factor"]
    factors = []
    for index in range(0, tiny.head_dim, 2):
        wavelength = 2 * np.pi * tiny.rope_theta ** (index / tiny.head_dim)
        if wavelength < high:
            factors.append(1.0)
        elif wavelength > low:
            factors.append(scaling["factor"])
        else:
            smooth = (scaling["original_max_position_embeddings"] / wavelength - scaling["low_freq_factor"]) / (
                scaling["high_freq_factor"] - scaling["low_freq_factor"]
            )
            factors.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    return np.array(factors, np.float32)


def _add_vocabulary(writer: gguf.GGUFWriter, tiny: Tiny) -> None:
    made = tokenizer(tiny.vocabulary)
    by_id = {index: token for token, index in made.get_vocab(with_added_tokens=True).items()}
    tokens = [by_id.get(index, f"[PAD{index}]") for index in range(tiny.vocabulary)]
    kinds = {**dict.fromkeys(CONTROL_TOKENS, 3), **dict.fromkeys(USER_DEFINED_TOKENS, 4)}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(token, 5 if token.startswith("[PAD") else 1) for token in tokens])
    merges = json.loads(made.to_str())["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_eos_token_id(made.token_to_id("<|endoftext|>"))
