"""Turns architectures that the graph writer does not know into a graph through optimum; nothing serves it yet.

    python -m fimble.weights.export FOLDER TO

This is the first half of serving them: the exporter, and the test that compares its graph with transformers. The
graph is not the writer's: its keys and values grow by concatenation (``past_key_values.<i>.key`` in,
``present.<i>.key`` out), and it computes every position's logits. The engine does not know that contract, so
``fimble setup`` does not come here. Such a folder has the precision ``fp32`` and says ``"kv": "growing"``
beside its verification. Needs the ``export`` extra.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fimble.errors import FimbleError, UnsupportedArchitecture, WeightsError
from fimble.weights import chat
from fimble.weights.architecture import SERVED
from fimble.weights.manifest import GRAPH, TOKENIZER, Manifest, record_of, with_files
from fimble.weights.safetensors_file import INDEX, read_json, shard_names, stated_end_tokens

TASK = "text-generation-with-past"
GROWING = "growing"
_WHOLE = "model.safetensors"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
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


def export(source: Path, folder: Path, on_progress: Callable[[str, float], None], prompt_family: str = "") -> Manifest:
    """Convert the safetensors folder ``source`` into the existing ``folder``; returns the saved manifest.

    Raises ``UnsupportedArchitecture`` when optimum is missing, does not know the model, or might have
    to run code or unpickle to load it; ``WeightsError`` when ``source`` is incomplete.
    """
    weights = _checked_weights(source)
    config = _checked_config(source)
    if not can_export():
        raise UnsupportedArchitecture(
            f"A model of the type {config.get('model_type')!r} can be exported only where optimum is installed.",
            f"Install fimble with the `export` extra. The graph is not served yet: {SERVED}",
        )
    manifest = _manifest(config, source, weights, prompt_family)
    from optimum.exporters.onnx import main_export

    on_progress("exporting", 0.0)
    try:
        main_export(
            str(source), output=folder, task=TASK, trust_remote_code=False, local_files_only=True, do_validation=False
        )
    except (ValueError, KeyError, OSError, RuntimeError, NotImplementedError) as error:
        raise UnsupportedArchitecture(f"optimum cannot export {source}: {error}", SERVED) from error
    (folder / "model.onnx").rename(folder / GRAPH)
    if not (folder / TOKENIZER).is_file():
        shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    names = (GRAPH, TOKENIZER, *(path.name for path in sorted(folder.glob("*.onnx_data"))))
    manifest = with_files(manifest, folder, names)
    manifest.save(folder)
    on_progress("exporting", 1.0)
    return manifest


def _checked_weights(source: Path) -> Path:
    """The file that transformers will load, when it can load nothing but safetensors from ``source``.

    The exporter has no option that demands safetensors, so the folder must leave it no choice.
    """
    pickled = sorted(path.name for pattern in _PICKLED for path in source.glob(pattern))
    if pickled:
        raise UnsupportedArchitecture(
            f"{source} holds {pickled[0]}, which may be pickled, and loading pickled weights can run any code.",
            "Use a folder that holds the model's safetensors files and no other weights.",
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
        raise WeightsError(f"{source} holds no {TOKENIZER}.", "Fetch it from where the weights came.")
    config = read_json(source / "config.json")
    if "auto_map" in config:
        raise UnsupportedArchitecture(f"The model in {source} brings its own code, which is not run.", SERVED)
    return config


def _manifest(config: dict[str, Any], source: Path, weights: Path, prompt_family: str) -> Manifest:
    try:
        heads, hidden = _first(config, _HEADS), _first(config, _HIDDEN)
        return Manifest(
            model=source.resolve().name,
            precision="fp32",
            architecture=str(config["model_type"]),
            source_sha256=record_of(weights).sha256,
            prompt_family=prompt_family,
            context_length=_first(config, _CONTEXT),
            vocabulary_size=int(config["vocab_size"]),
            num_layers=_first(config, _LAYERS),
            num_kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or hidden // heads),
            end_tokens=stated_end_tokens(config),
            chat=chat.from_folder(source),
            verification={"recipe": "optimum", "kv": GROWING},
        )
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise WeightsError(f"{source / 'config.json'} has no meaning: {error!r}.", "Fetch it again.") from error


def _first(config: dict[str, Any], keys: tuple[str, ...]) -> int:
    for key in keys:
        if config.get(key):
            return int(config[key])
    raise WeightsError(f"config.json states none of {', '.join(keys)}.", "Fetch it again.")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command in this module's header."""
    parser = argparse.ArgumentParser(
        prog="python -m fimble.weights.export",
        description="Export a folder of safetensors as an ONNX graph, through optimum. fimble does not serve it yet.",
    )
    parser.add_argument("folder", type=Path, help="folder with config.json, tokenizer.json and safetensors")
    parser.add_argument("to", type=Path, help="folder to make; it must not exist yet")
    parser.add_argument("--prompt-family", default="", help="fill-in-the-middle family to note in the manifest")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    try:
        options.to.mkdir(parents=True)
    except OSError as error:
        parser.error(f"{options.to} cannot be made: {error.strerror}")
    try:
        made = export(options.folder, options.to, lambda stage, share: None, options.prompt_family)
    except (FimbleError, OSError) as error:
        shutil.rmtree(options.to, ignore_errors=True)
        parser.exit(1, f"{parser.prog}: {error}\n")
    print(f"{options.to}: {made.architecture}, {made.num_bytes} bytes. fimble does not serve it yet.")


if __name__ == "__main__":
    main()
