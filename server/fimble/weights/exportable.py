"""What a folder of safetensors must be so that it can be exported, found out without running anything of it.

The exporter has no option that demands safetensors, and transformers would run a model's own code if it were let: so
the folder must leave them no choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights.exporters import can_export, known_decoders, known_pairs
from fimble.weights.manifest import SEQ2SEQ, TOKENIZER
from fimble.weights.safetensors_file import INDEX, read_json, shard_names, stated_end_tokens

UNKNOWN = "Choose one of an architecture that transformers has itself, or its GGUF file if it is a Llama or Qwen2."
_WHOLE = "model.safetensors"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_HEADS = ("num_attention_heads", "n_head", "num_heads")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HIDDEN = ("hidden_size", "n_embd", "d_model")
_ROPES_OF_LENGTH = ("dynamic", "longrope")
_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx")
_PAIR_CONTEXT = 512
"""Of a T5 that states none: its positions are relative and endless, but it was taught on no more."""


@dataclass(frozen=True, slots=True)
class Exportable:
    """What config.json says, as far as a manifest wants it."""

    weights: Path
    """The file that transformers will load, or the index of several."""
    architecture: str
    is_pair: bool
    """An encoder and a decoder."""
    context_length: int
    vocabulary_size: int
    num_layers: int
    num_kv_heads: int
    head_dim: int
    end_tokens: tuple[int, ...]


def look_at(source: Path) -> Exportable:
    """The model in the folder ``source``.

    Raises ``UnsupportedArchitecture`` when optimum is missing, does not know the model, or might have to run code or
    unpickle to load it; ``WeightsError`` when something is missing or damaged.
    """
    weights = check_weights(source)
    config = _checked_config(source)
    kind = str(config.get("model_type"))
    if not can_export():
        raise UnsupportedArchitecture(
            f"A model of the type {kind!r} is exported by optimum, which is not installed.",
            "Install fimble with the `export` extra, in its folder: pip install -c constraints.txt -e '.[cpu,export]'.",
        )
    check_rope(config, source)
    is_pair = kind in SEQ2SEQ
    if not is_pair and (kind in known_pairs() - known_decoders() or config.get("is_encoder_decoder")):
        raise UnsupportedArchitecture(f"{source} is an encoder-decoder of a kind that is not served: {kind}.", UNKNOWN)
    if not is_pair and kind not in known_decoders():
        raise UnsupportedArchitecture(f"The architecture of {source} is not known: {kind}.", UNKNOWN)
    try:
        heads, hidden = _first(config, _HEADS), _first(config, _HIDDEN)
        return Exportable(
            weights=weights,
            architecture=kind,
            is_pair=is_pair,
            context_length=_first(config, _CONTEXT, _PAIR_CONTEXT if is_pair else 0),
            vocabulary_size=int(config["vocab_size"]),
            num_layers=_first(config, _LAYERS),
            num_kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or config.get("d_kv") or hidden // heads),
            end_tokens=_end_tokens(config, source),
        )
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise WeightsError(f"{source / 'config.json'} has no meaning: {error!r}.", "Fetch it again.") from error


def check_weights(source: Path) -> Path:
    """The file that transformers will load, when it can load nothing but safetensors from ``source``."""
    pickled = sorted(path.name for pattern in _PICKLED for path in source.glob(pattern))
    if pickled:
        raise UnsupportedArchitecture(
            f"{source} holds {pickled[0]}, which may be pickled, and loading pickled weights can run any code.",
            "Use a folder that holds the model's safetensors files and no other weights. Where its makers give none, "
            "somebody who trusts them can load the model with transformers and save it with save_pretrained.",
        )
    for name in (_WHOLE, INDEX):
        if (source / name).is_file():
            missing = [n for n in shard_names(source / name) if not (source / n).is_file()] if name == INDEX else []
            if missing:
                raise WeightsError(f"{source} holds no {missing[0]}, which its index names.", "Fetch it again.")
            return source / name
    raise UnsupportedArchitecture(f"{source} holds neither {_WHOLE} nor {INDEX}.", "Use the model's safetensors files.")


def _checked_config(source: Path) -> dict[str, Any]:
    if not (source / TOKENIZER).is_file():
        raise WeightsError(
            f"{source} holds no {TOKENIZER}: without its tokenizer a model cannot be asked anything.",
            "Fetch it from where the weights came; where the makers give none, transformers' "
            "AutoTokenizer.save_pretrained writes one.",
        )
    config = read_json(source / "config.json")
    settings = source / "tokenizer_config.json"
    for values in (config, read_json(settings) if settings.is_file() else {}):
        if "auto_map" in values:
            raise UnsupportedArchitecture(
                f"The model in {source} brings its own code (auto_map), and code that comes with a model is never run.",
                UNKNOWN,
            )
    return config


def check_rope(config: dict[str, Any], source: Path) -> None:
    """Refuse what both the exporter and the reference answers would get wrong alike, so that nobody would notice."""
    from fimble.weights.record import refuse_unread_rope

    refuse_unread_rope(source / "config.json", version("transformers"))
    scaling = config.get("rope_scaling")
    kind = scaling.get("rope_type", scaling.get("type")) if isinstance(scaling, dict) else None
    if kind in _ROPES_OF_LENGTH:
        raise UnsupportedArchitecture(
            f"The model in {source} turns its positions by the length of the text (rope {kind!r}), and a graph cannot.",
            UNKNOWN,
        )


def _end_tokens(config: dict[str, Any], source: Path) -> tuple[int, ...]:
    """What config.json and generation_config.json state. Raises ``WeightsError`` for a tokenizer of another model."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(source / TOKENIZER))
    except Exception as error:  # the package raises bare exceptions
        raise WeightsError(f"{source / TOKENIZER} cannot be read: {error}.", "Fetch it again.") from error
    if tokenizer.get_vocab_size() > int(config["vocab_size"]):
        raise WeightsError(
            f"The tokenizer has {tokenizer.get_vocab_size()} tokens and the model only {config['vocab_size']}.",
            "They do not belong together; fetch both again.",
        )
    generation = source / "generation_config.json"
    stated = [config, read_json(generation) if generation.is_file() else {}]
    return tuple(sorted({token for values in stated for token in stated_end_tokens(values)}))


def _first(config: dict[str, Any], keys: tuple[str, ...], otherwise: int = 0) -> int:
    found = next((int(config[key]) for key in keys if config.get(key)), otherwise)
    if not found:
        raise WeightsError(f"config.json states none of {', '.join(keys)}.", "Fetch it again.")
    return found
