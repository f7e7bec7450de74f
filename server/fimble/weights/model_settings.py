"""What a model's configuration says of it, before its weights are looked at, or even here.

Refused, each with its reason: a model that brings its own code, one that its makers quantised, one without a tokenizer
or with another model's, and an architecture that nothing here writes or exports.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights.architecture import Dimensions
from fimble.weights.manifest import SEQ2SEQ

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
SETTINGS = (
    *(CONFIG, TOKENIZER, "tokenizer_config.json", "generation_config.json", "chat_template.jinja"),
    *("special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt"),
)
"""What a folder of safetensors has beside its weights, as far as anything here reads it."""
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HEADS = ("num_attention_heads", "n_head", "num_heads")
_HIDDEN = ("hidden_size", "n_embd", "d_model")
_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx")
_PAIR_CONTEXT = 512
"""T5's positions are relative and endless; it was taught on this many tokens."""


class Way(Enum):
    """How the model becomes a graph; the value is what a person reads."""

    DIRECT = "fimble's own graph writer"
    EXPORTED = "optimum's exporter"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a model's configuration says, before any weights are looked at."""

    architecture: str
    way: Way
    is_pair: bool
    """An encoder and a decoder."""
    context_length: int
    vocabulary: int
    hidden: int
    kv_values: int
    """Numbers that a token leaves in the KV cache."""


def look_at(folder: Path) -> tuple[Settings, Tokenizer]:
    """What ``config.json`` says, and the tokenizer.

    Raises ``UnsupportedArchitecture`` for what is refused, ``WeightsError`` for what is damaged or missing.
    """
    from fimble.weights.safetensors_file import read_json

    if not (folder / CONFIG).is_file():
        raise WeightsError(f"{folder} holds no {CONFIG}, so nobody can tell what it is.", "Name a model's own folder.")
    config = read_json(folder / CONFIG)
    _refuse_code(config, folder)
    _refuse_quantised(config)
    if not (folder / TOKENIZER).is_file():
        raise WeightsError(
            f"{folder} holds no {TOKENIZER}: without its tokenizer a model cannot be asked anything.",
            "Fetch it from where the weights came; where the makers give none, transformers' "
            "AutoTokenizer.save_pretrained writes one.",
        )
    settings, tokenizer = _settings(config), _tokenizer(folder)
    check_tokenizer(tokenizer, settings.vocabulary)
    if settings.way is Way.EXPORTED:
        from fimble.weights.exportable import check_rope

        check_rope(config, folder)
    return settings, tokenizer


def check_tokenizer(tokenizer: Tokenizer, vocabulary: int) -> None:
    """Refuse one that makes tokens for which a model of so many has no row. Raises ``WeightsError``."""
    last = max(tokenizer.get_vocab().values(), default=0)
    if last >= vocabulary:
        raise WeightsError(
            f"The tokenizer numbers tokens up to {last}, and the model has {vocabulary}.",
            "They do not belong together; fetch both again.",
        )


def check_sizes(settings: Settings, parameters: int) -> None:
    """Refuse a configuration of a larger model than one of so many numbers. Raises ``WeightsError``.

    The libraries build what it says before they look at the weights, with a thousand million layers if need be.
    """
    least = settings.hidden * (settings.vocabulary + settings.kv_values)  # the embedding, and each layer's keys, values
    if least > parameters:
        raise WeightsError(
            f"{CONFIG} describes a model of at least {least} numbers, and the weights are {parameters}.",
            "They do not belong together; fetch both again.",
        )


def _refuse_code(config: dict[str, Any], folder: Path) -> None:
    from fimble.weights.safetensors_file import read_json

    about = folder / "tokenizer_config.json"
    said = [config, read_json(about) if about.is_file() else {}]
    if any("auto_map" in values for values in said):
        raise UnsupportedArchitecture(
            "The model brings its own code (auto_map), and code that comes with a model is never run.",
            "Choose a model of an architecture that transformers has itself.",
        )


def _refuse_quantised(config: dict[str, Any]) -> None:
    about = config.get("quantization_config")
    if about:
        kind = about.get("quant_method", "unknown") if isinstance(about, dict) else about
        raise UnsupportedArchitecture(
            f"The model's weights are quantised ({str(kind)[:40]!r}), in a form that nothing here reads.",
            "Choose the model in bfloat16, float16 or float32, or its GGUF file if it is a Llama or Qwen2.",
        )


def _settings(config: dict[str, Any]) -> Settings:
    from fimble.weights import exporters
    from fimble.weights.safetensors_file import dimensions_from_config

    try:
        return from_dimensions(dimensions_from_config(config, attention_bias=False))
    except UnsupportedArchitecture as error:
        kind = str(config.get("model_type", "unknown"))
        pairs, decoders = exporters.known_pairs(), exporters.known_decoders()
        if kind not in pairs | decoders:
            more = " With the `export` extra installed more of them can be had."
            hint = "optimum does not know it either." if exporters.can_export() else error.hint + more
            raise UnsupportedArchitecture(error.what, hint) from error
    is_pair = kind in SEQ2SEQ
    if not is_pair and (kind not in decoders or config.get("is_encoder_decoder")):
        raise UnsupportedArchitecture(
            f"An encoder-decoder of the type {kind!r} is not served.", "Choose a decoder, or a model of T5's kind."
        )
    try:
        hidden, heads = _first(config, _HIDDEN), _first(config, _HEADS)
        layers = max(_first(config, _LAYERS), *(int(config.get(key) or 0) for key in (*_LAYERS, "num_decoder_layers")))
        width = int(config.get("head_dim") or config.get("d_kv") or hidden // heads)
        kv_heads = int(config.get("num_key_value_heads") or heads)
        if min(width, kv_heads) < 1:
            raise ValueError(f"{kv_heads} heads of {width}")
        context = _PAIR_CONTEXT if is_pair and not any(config.get(key) for key in _CONTEXT) else None
        return Settings(
            architecture=kind,
            way=Way.EXPORTED,
            is_pair=is_pair,
            context_length=context or _first(config, _CONTEXT),
            vocabulary=int(config["vocab_size"]),
            hidden=hidden,
            kv_values=2 * layers * kv_heads * width,
        )
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise WeightsError(f"{CONFIG} has no meaning: {error!r}.", "Fetch it again.") from error


def _first(config: dict[str, Any], keys: tuple[str, ...]) -> int:
    found = next((int(config[key]) for key in keys if config.get(key)), 0)
    if found < 1:
        raise ValueError(f"it states none of {', '.join(keys)}")
    return found


def from_dimensions(size: Dimensions) -> Settings:
    """The settings of a model that the graph writer knows."""
    return Settings(
        architecture=size.architecture,
        way=Way.DIRECT,
        is_pair=False,
        context_length=size.context_length,
        vocabulary=size.vocabulary_size,
        hidden=size.hidden,
        kv_values=2 * size.num_layers * size.num_kv_heads * size.head_dim,
    )


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(folder / TOKENIZER))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the package raises bare exceptions, and panics are not even those
        raise WeightsError(f"{folder / TOKENIZER} cannot be read: {error}.", "Fetch it again.") from error
