"""Turns architectures that the graph writer does not know into graphs through optimum.

    python -m fimble.weights.export FOLDER TO

The graphs are not the writer's: keys and values grow by concatenation (``past_key_values.<i>.key`` in,
``present.<i>.key`` out), and every position's logits are computed. Such a folder has the precision ``fp32`` and says
``"kv": "growing"`` beside its verification. Encoder-decoders (T5) are served by ``engine/seq2seq.py``: two graphs,
the decoder's with a branch for the first run and one for a next token. Nothing serves the others yet, so
``fimble setup`` does not come here. Needs the ``export`` extra.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fimble.errors import FimbleError, UnsupportedArchitecture, WeightsError
from fimble.weights import chat
from fimble.weights.architecture import SERVED
from fimble.weights.manifest import ENCODER, EXPORTED, GRAPH, SEQ2SEQ, TOKENIZER, Manifest, record_of, with_files
from fimble.weights.safetensors_file import INDEX, read_json, shard_names, stated_end_tokens

TASK = "text-generation-with-past"
SEQ2SEQ_TASK = "text2text-generation-with-past"
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


def export(
    source: Path,
    folder: Path,
    on_progress: Callable[[str, float], None],
    prompt_family: str = "",
    name: str = "",
) -> Manifest:
    """Convert the safetensors folder ``source`` into the existing ``folder``; returns the saved manifest.

    ``name``: the model's, if not that of ``source``.
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
    manifest = replace(_manifest(config, source, weights, prompt_family), model=name or source.resolve().name)
    is_pair = manifest.architecture in SEQ2SEQ
    from optimum.exporters.onnx import main_export

    on_progress("exporting", 0.0)
    try:
        with _quiet():
            main_export(
                str(source),
                output=folder,
                task=SEQ2SEQ_TASK if is_pair else TASK,
                trust_remote_code=False,
                local_files_only=True,
                do_validation=False,
            )
    except (ValueError, KeyError, OSError, RuntimeError, NotImplementedError) as error:
        raise UnsupportedArchitecture(f"optimum cannot export {source}: {error}", SERVED) from error
    names: tuple[str, ...] = (GRAPH, TOKENIZER)
    if is_pair:
        _name_pair(folder)
        names = (GRAPH, ENCODER, TOKENIZER)
    else:
        (folder / "model.onnx").rename(folder / GRAPH)
    if is_pair or not (folder / TOKENIZER).is_file():  # transformers makes a T5 tokenizer of whatever it finds
        shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    names += tuple(path.name for path in sorted(folder.glob("*.onnx_data")))
    manifest = with_files(manifest, folder, names)
    manifest.save(folder)
    on_progress("exporting", 1.0)
    return manifest


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' remarks on tracing: what went wrong is an exception."""
    loggers = [logging.getLogger(name) for name in ("optimum", "transformers")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _name_pair(folder: Path) -> None:
    """Keep the encoder, and the decoder with both branches; what else optimum wrote goes."""
    if not (folder / "decoder_model_merged.onnx").is_file():
        raise UnsupportedArchitecture("optimum could not join the decoder's two graphs, as it does for T5.", SERVED)
    (folder / "encoder_model.onnx").rename(folder / ENCODER)
    (folder / "decoder_model_merged.onnx").rename(folder / GRAPH)
    for path in folder.iterdir():
        if path.name not in (ENCODER, GRAPH, TOKENIZER) and not path.name.endswith(".onnx_data"):
            path.unlink()


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
            precision=EXPORTED,
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
        description="Export a folder of safetensors as an ONNX graph, through optimum.",
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
    print(f"{options.to}: {made.architecture}, {made.num_bytes} bytes.")


if __name__ == "__main__":
    main()
