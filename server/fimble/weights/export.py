"""Any architecture that optimum knows, as a graph: slower to make and to serve, and it needs torch.

The graph is not the writer's: its keys and values grow by concatenation, each layer's
being returned anew (``past_key_values.<i>.key`` in, ``present.<i>.key`` out), and it computes every
position's logits. Such a folder has the precision ``fp32`` and says ``"kv": "growing"`` beside its
verification, and it is not served until the engine knows that contract.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fimble.errors import UnsupportedArchitecture, WeightsError
from fimble.weights.entry import CatalogEntry
from fimble.weights.manifest import GRAPH, TOKENIZER, Manifest, with_files

TASK = "text-generation-with-past"
GROWING = "growing"
_HEADS = ("num_attention_heads", "n_head", "num_heads")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HIDDEN = ("hidden_size", "n_embd", "d_model")
_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx")


def can_export() -> bool:
    """Whether optimum's exporter is installed."""
    try:
        return importlib.util.find_spec("optimum.exporters.onnx") is not None
    except ModuleNotFoundError:
        return False


def export(source: Path, entry: CatalogEntry, folder: Path, on_progress: Callable[[str, float], None]) -> Manifest:
    """Convert the safetensors folder ``source`` into the existing ``folder``; returns the saved manifest.

    Raises ``UnsupportedArchitecture`` when optimum is missing, does not know the model, or would have
    to run code or unpickle to load it; ``WeightsError`` when ``source`` is incomplete.
    """
    config = _checked_config(source)
    if not can_export():
        raise UnsupportedArchitecture(
            f"A model of the type {config.get('model_type')!r} cannot be written directly.",
            "Install fimble with the `export` extra to convert it through optimum.",
        )
    from optimum.exporters.onnx import main_export

    on_progress("exporting", 0.0)
    try:
        main_export(
            str(source), output=folder, task=TASK, trust_remote_code=False, local_files_only=True, do_validation=False
        )
    except (ValueError, KeyError, OSError, RuntimeError, NotImplementedError) as error:
        raise UnsupportedArchitecture(
            f"optimum cannot export {source}: {error}", "Choose another model of the catalogue."
        ) from error
    (folder / "model.onnx").rename(folder / GRAPH)
    if not (folder / TOKENIZER).is_file():
        shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    names = (GRAPH, TOKENIZER, *(path.name for path in sorted(folder.glob("*.onnx_data"))))
    manifest = with_files(_manifest(config, entry), folder, names)
    manifest.save(folder)
    on_progress("exporting", 1.0)
    return manifest


def _checked_config(source: Path) -> dict[str, Any]:
    if not any(source.glob("*.safetensors")):
        raise UnsupportedArchitecture(
            f"{source} holds no safetensors, and loading pickled weights can run any code.",
            "Use the model's safetensors files.",
        )
    if not (source / TOKENIZER).is_file():
        raise WeightsError(f"{source} holds no {TOKENIZER}.", "Fetch it from where the weights came.")
    try:
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{source / 'config.json'} cannot be read: {error}.", "Fetch it again.") from error
    if not isinstance(config, dict) or "auto_map" in config:
        raise UnsupportedArchitecture(
            f"The model in {source} brings its own code, which is not run.", "Choose another model of the catalogue."
        )
    return config


def _manifest(config: dict[str, Any], entry: CatalogEntry) -> Manifest:
    heads, hidden = _first(config, _HEADS), _first(config, _HIDDEN)
    stated = config.get("eos_token_id")
    return Manifest(
        model=entry.name,
        precision="fp32",
        architecture=str(config["model_type"]),
        source_sha256=entry.file.sha256,
        prompt_family=entry.prompt_family,
        context_length=min(entry.context_length, _first(config, _CONTEXT)),
        vocabulary_size=int(config["vocab_size"]),
        num_layers=_first(config, _LAYERS),
        num_kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=int(config.get("head_dim") or hidden // heads),
        end_tokens=tuple([stated] if isinstance(stated, int) else stated or ()),
        verification={"recipe": "optimum", "kv": GROWING},
    )


def _first(config: dict[str, Any], keys: tuple[str, ...]) -> int:
    for key in keys:
        if config.get(key):
            return int(config[key])
    raise WeightsError(f"config.json states none of {', '.join(keys)}.", "Fetch it again.")
