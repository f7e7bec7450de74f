"""Turns architectures that the graph writer does not know into graphs through optimum.

    python -m fimble.weights.export FOLDER TO

The graphs are not the writer's: keys and values grow by concatenation (``past_key_values.<i>.key`` in,
``present.<i>.key`` out). Such a folder says ``"kv": "growing"`` beside its verification. Decoders (CodeGen, GPT-2,
StarCoder2 and what else optimum knows) are served by ``engine/growing.py``; encoder-decoders (T5, CodeT5) by
``engine/seq2seq.py``: two graphs, the decoder's with a branch for the first run and one for a next token.
``narrow`` puts what was exported into 8 bits. Needs the ``export`` extra.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fimble.errors import FimbleError, UnsupportedArchitecture, WeightsError
from fimble.weights import chat, disk
from fimble.weights.exportable import UNKNOWN, Exportable, look_at
from fimble.weights.exporters import can_export, quiet
from fimble.weights.manifest import (
    ENCODER,
    EXPORTED,
    GRAPH,
    GROWING,
    TOKENIZER,
    Manifest,
    record_of,
    with_files,
)

__all__ = ["can_export", "export", "export_as", "narrow"]

TASK = "text-generation-with-past"
SEQ2SEQ_TASK = "text2text-generation-with-past"
INT8 = "int8"


def export(
    source: Path,
    folder: Path,
    on_progress: Callable[[str, float], None],
    prompt_family: str = "",
    name: str = "",
) -> Manifest:
    """Convert the safetensors folder ``source`` into ``folder``, empty or not there yet; returns the saved manifest.

    ``name``: the model's, if not that of ``source``. Where anything fails, ``folder`` is left as it was.
    Raises ``UnsupportedArchitecture`` when optimum is missing, does not know the model, or might have
    to run code or unpickle to load it; ``WeightsError`` when ``source`` is incomplete.
    """
    about = look_at(source)
    manifest = _manifest(about, source, prompt_family, name or source.resolve().name)
    with _whole(folder):
        on_progress("exporting", 0.0)
        _run_optimum(source, folder, SEQ2SEQ_TASK if about.is_pair else TASK)
        on_progress("exporting", 0.9)
        manifest = _named_pair(folder, manifest) if about.is_pair else _named_decoder(folder, manifest)
        shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)  # what transformers saves may be of another class
        manifest = _recorded(manifest, folder)
        on_progress("exporting", 1.0)
    return manifest


def export_as(
    precision: str,
    source: Path,
    folder: Path,
    on_progress: Callable[[str, float], None],
    prompt_family: str,
    name: str,
) -> Manifest:
    """As ``export``, in ``int8`` or ``fp32``. What ``folder`` held before goes: it is one that is being filled.

    Raises ``UnsupportedArchitecture`` for another precision, too.
    """
    if precision not in (INT8, EXPORTED):
        raise UnsupportedArchitecture(
            f"A model that optimum exports is not served in {precision}: it runs on the CPU only.",
            "Set provider to cpu, or name --precision int8.",
        )
    shutil.rmtree(folder)
    if precision == EXPORTED:
        return export(source, folder, on_progress, prompt_family, name)
    with tempfile.TemporaryDirectory(prefix=f".{EXPORTED}-", dir=folder.parent) as exact:
        export(source, Path(exact), on_progress, prompt_family, name)
        return narrow(Path(exact), folder, on_progress)


def narrow(exported: Path, folder: Path, on_progress: Callable[[str, float], None]) -> Manifest:
    """What was exported into ``exported``, with its matrices in 8 bits, into ``folder``; as ``export``.

    It is not verified. Raises ``UnsupportedArchitecture`` where there is no matrix to put into 8 bits.
    """
    from fimble.weights import exported_graph
    from fimble.weights import manifest as manifests

    before = manifests.load(exported)
    with _whole(folder):
        graphs = [name for name in (ENCODER, GRAPH) if name in before.files]
        for number, name in enumerate(graphs):
            on_progress("writing 8 bits", number / len(graphs))
            model = exported_graph.read(exported / name)
            if not exported_graph.to_int8(model):
                raise UnsupportedArchitecture(f"{exported / name} multiplies by no matrix.", "Serve it as it is.")
            exported_graph.write(model, folder / name)
        shutil.copyfile(exported / TOKENIZER, folder / TOKENIZER)
        after = replace(before, precision=INT8, verification={"recipe": "optimum-int8", "kv": GROWING})
        after = _recorded(after, folder)
        on_progress("writing 8 bits", 1.0)
    return after


def _manifest(about: Exportable, source: Path, prompt_family: str, name: str) -> Manifest:
    return Manifest(
        model=name,
        precision=EXPORTED,
        architecture=about.architecture,
        source_sha256=record_of(about.weights).sha256,
        prompt_family=prompt_family,
        context_length=about.context_length,
        vocabulary_size=about.vocabulary_size,
        num_layers=about.num_layers,
        num_kv_heads=about.num_kv_heads,
        head_dim=about.head_dim,
        end_tokens=about.end_tokens,
        chat=chat.from_folder(source),
        verification={"recipe": "optimum", "kv": GROWING},
    )


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    """Fill ``folder`` in the block, or leave it as it was: not there, or empty."""
    was_there = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise WeightsError(f"{folder} is not empty.", "Name a folder that does not exist yet.")
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if was_there:
            folder.mkdir(exist_ok=True)
        raise


def _run_optimum(source: Path, folder: Path, task: str) -> None:
    from optimum.exporters.onnx import main_export

    try:
        with quiet():
            main_export(
                str(source),
                output=folder,
                task=task,
                trust_remote_code=False,
                local_files_only=True,
                do_validation=False,
            )
    except Exception as error:  # whatever a library of this size raises is the reason
        if disk.tells_of(error):
            raise disk.full(folder, "while exporting") from error
        raise UnsupportedArchitecture(f"optimum cannot export {source}: {error}", UNKNOWN) from error


def _named_decoder(folder: Path, manifest: Manifest) -> Manifest:
    """Name the graph, with logits where they are wanted, and take the cache's shape from it."""
    import onnx

    from fimble.weights import exported_graph

    path = folder / "model.onnx"
    model = onnx.load(str(path), load_external_data=False)
    shape = exported_graph.cache_shape(model.graph)
    exported_graph.keep_last_logits(model.graph)
    onnx.save(model, str(folder / GRAPH))
    path.unlink()
    _remove_others(folder, (GRAPH,))
    return replace(
        manifest,
        num_layers=shape.num_layers,
        num_kv_heads=shape.num_kv_heads,
        head_dim=shape.head_dim,
        vocabulary_size=shape.vocabulary_size,
    )


def _named_pair(folder: Path, manifest: Manifest) -> Manifest:
    """Keep the encoder, and the decoder with both branches; what else optimum wrote goes."""
    if not (folder / "decoder_model_merged.onnx").is_file():
        raise UnsupportedArchitecture("optimum could not join the decoder's two graphs, as it does for T5.", UNKNOWN)
    (folder / "encoder_model.onnx").rename(folder / ENCODER)
    (folder / "decoder_model_merged.onnx").rename(folder / GRAPH)
    _remove_others(folder, (ENCODER, GRAPH))
    return manifest


def _remove_others(folder: Path, graphs: Sequence[str]) -> None:
    """All but the graphs, and what their weights lie in."""
    from fimble.weights import exported_graph

    wanted = {*graphs, *(name for graph in graphs for name in exported_graph.files_beside(folder / graph))}
    for path in folder.iterdir():
        if path.name not in wanted:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _recorded(manifest: Manifest, folder: Path) -> Manifest:
    manifest = with_files(manifest, folder, tuple(sorted(path.name for path in folder.iterdir())))
    manifest.save(folder)
    return manifest


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
    if options.to.exists():
        parser.error(f"{options.to} cannot be made: it exists")
    try:
        made = export(options.folder, options.to, lambda stage, share: None, options.prompt_family)
    except (FimbleError, OSError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    print(f"{options.to}: {made.architecture}, {made.num_bytes} bytes.")


if __name__ == "__main__":
    main()
