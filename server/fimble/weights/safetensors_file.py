"""A folder of safetensors as a checkpoint, as hubs publish them: config.json, tokenizer.json, one or more shards.

Read through the ``safetensors`` package, which maps the files and knows no code, only
numbers. config.json may be in the form of transformers 4 (``rope_theta``) or 5
(``rope_parameters``): reading only one of them would fall back to a wrong theta in silence.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights import architecture as names
from fimble.weights import chat
from fimble.weights.architecture import Dimensions, Float32, unsupported
from fimble.weights.quantize import Blocks
from fimble.weights.tokenizer import end_tokens_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_PARTS = {
    "attn_norm": "input_layernorm.weight",
    "q": "self_attn.q_proj.weight",
    "k": "self_attn.k_proj.weight",
    "v": "self_attn.v_proj.weight",
    "q_bias": "self_attn.q_proj.bias",
    "k_bias": "self_attn.k_proj.bias",
    "v_bias": "self_attn.v_proj.bias",
    "o": "self_attn.o_proj.weight",
    "ffn_norm": "post_attention_layernorm.weight",
    "gate": "mlp.gate_proj.weight",
    "up": "mlp.up_proj.weight",
    "down": "mlp.down_proj.weight",
}
INDEX = "model.safetensors.index.json"
_LAYOUTS = {"qwen2": "qwen2", "llama": "llama", "mistral": "llama"}
_KNOWN_TYPES = ("BF16", "F16", "F32")


class SafetensorsCheckpoint:
    """All shards of a folder, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        """Raises ``WeightsError`` for missing or damaged files, ``UnsupportedArchitecture`` for unknown models."""
        self._folder = folder
        config = read_json(folder / "config.json")
        self._stack = ExitStack()
        self._shards = self._open_shards()
        if "model.layers.0.self_attn.o_proj.bias" in self._shards or "model.layers.0.mlp.up_proj.bias" in self._shards:
            raise unsupported("A model with biases after attention or in its feed-forward part")
        self.dimensions = dimensions_from_config(
            config, attention_bias="model.layers.0.self_attn.q_proj.bias" in self._shards
        )
        last = f"model.layers.{self.dimensions.num_layers - 1}.input_layernorm.weight"
        if last not in self._shards:
            raise WeightsError(f"The safetensors files have no tensor {last}.", "Fetch them again.")
        self.end_tokens = self._end_tokens(config)
        self.chat = chat.from_folder(folder)
        self._places = {
            names.EMBEDDING: "model.embed_tokens.weight",
            names.OUTPUT: "lm_head.weight",
            names.OUTPUT_NORM: "model.norm.weight",
        }
        for layer in range(self.dimensions.num_layers):
            for part, place in _PARTS.items():
                self._places[names.layer_tensor(layer, part)] = f"model.layers.{layer}.{place}"

    def tensor(self, name: str) -> Float32:
        return np.ascontiguousarray(self._slice(name)[:], dtype=np.float32)

    def rows(self, name: str, start: int, stop: int) -> Float32:
        return np.ascontiguousarray(self._slice(name)[start:stop], dtype=np.float32)

    def blocks(self, name: str, start: int, stop: int) -> Blocks | None:
        return None

    def tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        if not path.is_file():
            raise WeightsError(f"{self._folder} holds no tokenizer.json.", "Fetch it from where the weights came.")
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:
            raise WeightsError(f"{path} cannot be read: {error}.", "Fetch it again.") from error

    def _open_shards(self) -> dict[str, Any]:
        from safetensors import SafetensorError, safe_open

        index = self._folder / INDEX
        if index.is_file():
            paths = [self._folder / name for name in shard_names(index)]
        else:
            paths = sorted(self._folder.glob("*.safetensors"))
        if not paths:
            pickled = any(self._folder.glob("*.bin")) or any(self._folder.glob("*.pt"))
            raise UnsupportedArchitecture(
                f"{self._folder} holds no .safetensors file"
                + (", only pickled weights, and loading those can run any code." if pickled else "."),
                "Use the model's safetensors or GGUF files.",
            )
        shards: dict[str, Any] = {}
        for path in paths:
            try:
                opened = self._stack.enter_context(safe_open(str(path), framework="numpy"))
                shards.update(dict.fromkeys(opened.keys(), opened))
            except (OSError, SafetensorError) as error:
                raise WeightsError(f"{path} cannot be read: {error}.", "Fetch it again.") from error
        return shards

    def _slice(self, name: str) -> Any:
        place = self._places.get(name, name)
        if place not in self._shards:
            raise WeightsError(f"The safetensors files have no tensor {place}.", "Fetch them again.")
        found = self._shards[place].get_slice(place)
        if found.get_dtype() not in _KNOWN_TYPES:
            raise WeightsError(
                f"{place} is stored as {found.get_dtype()}.", "Use weights in bfloat16, float16 or float32."
            )
        return found

    def _end_tokens(self, config: dict[str, Any]) -> tuple[int, ...]:
        found = set(end_tokens_of(self.tokenizer()))
        generation = self._folder / "generation_config.json"
        for values in (config, read_json(generation) if generation.is_file() else {}):
            found.update(stated_end_tokens(values))
        return tuple(sorted(found))


def dimensions_from_config(config: dict[str, Any], attention_bias: bool) -> Dimensions:
    """Shapes from a hub's config.json. Raises ``UnsupportedArchitecture`` for what is not known exactly."""
    kind = str(config.get("model_type", "unknown"))
    if kind not in _LAYOUTS:
        raise unsupported(f"A model of the type {kind!r}")
    if config.get("hidden_act", "silu") != "silu":
        raise unsupported(f"The activation {config['hidden_act']!r}")
    try:
        hidden, num_heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        head_dim = int(config.get("head_dim") or hidden // num_heads)
        theta, divisors = _rope(config, head_dim)
        return Dimensions(
            architecture=_LAYOUTS[kind],
            num_layers=int(config["num_hidden_layers"]),
            hidden=hidden,
            num_heads=num_heads,
            num_kv_heads=int(config.get("num_key_value_heads") or num_heads),
            head_dim=head_dim,
            ffn=int(config["intermediate_size"]),
            vocabulary_size=int(config["vocab_size"]),
            context_length=min(int(config["max_position_embeddings"]), _window(config)),
            rope_theta=theta,
            rms_epsilon=float(config["rms_norm_eps"]),
            tied_embeddings=bool(config.get("tie_word_embeddings", False)),
            attention_bias=attention_bias,
            rope_divisors=divisors,
        )
    except KeyError as error:
        raise WeightsError(f"config.json lacks {error}.", "Fetch it again.") from error
    except (ArithmeticError, TypeError, ValueError) as error:
        raise WeightsError(f"config.json has no meaning: {error}.", "Fetch it again.") from error


def stated_end_tokens(config: dict[str, Any]) -> tuple[int, ...]:
    """``eos_token_id`` of config.json or generation_config.json: one id, a list or nothing. Raises ``WeightsError``."""
    stated = config.get("eos_token_id")
    tokens = stated if isinstance(stated, list) else [] if stated is None else [stated]
    if not all(isinstance(token, int) for token in tokens):
        raise WeightsError(f"eos_token_id is {stated!r}, which names no tokens.", "Fetch the model's config again.")
    return tuple(tokens)


def shard_names(index: Path) -> list[str]:
    """The files that an index of shards names, sorted; all lie beside it. Raises ``WeightsError``."""
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places or not all(map(_is_shard, places.values())):
        raise WeightsError(f"{index} names no .safetensors files beside it.", "Fetch it again.")
    return sorted(set(places.values()))


def _is_shard(name: object) -> bool:
    return isinstance(name, str) and name.endswith(".safetensors") and Path(name).name == name


def _window(config: dict[str, Any]) -> int:
    """Positions that see each other; below a sliding window attention is the ordinary one."""
    used = config.get("use_sliding_window", config.get("model_type") == "mistral")
    return int(config.get("sliding_window") or 2**31) if used else 2**31


def _rope(config: dict[str, Any], head_dim: int) -> tuple[float, tuple[float, ...]]:
    scaling = {**(config.get("rope_scaling") or {}), **(config.get("rope_parameters") or {})}
    theta = float(scaling.get("rope_theta", config.get("rope_theta", 10000.0)))
    if float(scaling.get("partial_rotary_factor", config.get("partial_rotary_factor") or 1)) != 1:
        raise unsupported("Rope over a part of each head")
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind == "default":
        return theta, ()
    if kind == "linear":
        return theta, names.linear_divisors(float(scaling["factor"]), head_dim)
    if kind == "llama3":
        return theta, names.llama3_divisors(
            theta,
            head_dim,
            float(scaling["factor"]),
            float(scaling["low_freq_factor"]),
            float(scaling["high_freq_factor"]),
            int(scaling["original_max_position_embeddings"]),
        )
    raise unsupported(f"Rope scaling of the kind {kind!r}")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises ``WeightsError``."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} cannot be read: {error}.", "Fetch it again.") from error
    if not isinstance(values, dict):
        raise WeightsError(f"{path} holds no object.", "Fetch it again.")
    return values
