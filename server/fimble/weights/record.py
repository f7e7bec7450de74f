"""Asks transformers, which loads the weights in its own way, for reference answers in fp32.

    python -m fimble.weights.record MODEL --from FILE_OR_FOLDER

writes ``models/<MODEL>.reference.json``. Needs the ``export`` extra. Only data formats are
loaded and no code that comes with a model is run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fimble.errors import VerificationFailed
from fimble.weights.entry import Reference
from fimble.weights.exporters import quiet
from fimble.weights.samples import VERIFICATION, Sample, tokens_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NUM_NEXT_TOKENS = 16
NUM_LIKELIEST = 8
_DECIMALS = 5


def can_record() -> bool:
    """Whether torch and transformers are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers"))


def record(source: Path, samples: Sequence[Sample] = VERIFICATION) -> tuple[Reference, ...]:
    """Greedy continuations of the samples with the likeliest tokens at each step.

    Those that the model's context has no room for are left out.
    ``source``: a GGUF file or a safetensors folder. Raises ``VerificationFailed`` when transformers cannot load it.
    """
    from fimble.weights.record_pair import is_pair, record_pair

    if is_pair(source):
        return record_pair(source, samples)
    tokenizer = _tokenizer(source)
    model = load_with_transformers(source)
    references = []
    longest = getattr(model.config, "max_position_embeddings", 1 << 30) - NUM_NEXT_TOKENS
    for sample in samples:
        prompt = tokens_of(tokenizer, sample)
        if len(prompt) <= longest:
            references.append(answer(model, sample.title, prompt))
    return tuple(references)


def _tokenizer(source: Path) -> Tokenizer:
    if source.suffix == ".gguf":
        from fimble.weights.gguf_header import read_header
        from fimble.weights.tokenizer import build_tokenizer

        return build_tokenizer(read_header(source).metadata)
    from tokenizers import Tokenizer

    folder = source.parent if source.is_file() else source
    try:
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:
        raise VerificationFailed(f"{folder} holds no readable tokenizer.json: {error}.", "Fetch it again.") from error


def load_with_transformers(source: Path) -> Any:
    """The source as a torch module in fp32, by transformers' own reading of it."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # the reader of GGUF draws a bar of its own, which nothing else can stop
    import torch
    import transformers

    folder = source.parent if source.is_file() else source
    options: dict[str, Any] = {"gguf_file": source.name} if source.suffix == ".gguf" else {"use_safetensors": True}
    refuse_unread_rope(folder / "config.json", transformers.__version__)
    try:
        with quiet():
            model = transformers.AutoModelForCausalLM.from_pretrained(
                str(folder), dtype=torch.float32, trust_remote_code=False, local_files_only=True, **options
            )
    except (OSError, ValueError, ImportError, RuntimeError, KeyError) as error:
        raise VerificationFailed(
            f"transformers cannot load {source}: {error}.", "Use a source it knows, or a model with recorded answers."
        ) from error
    return model.eval()


def refuse_unread_rope(config: Path, version: str) -> None:
    """transformers 4 ignores ``rope_parameters`` and takes theta 10000 without a word."""
    if int(version.partition(".")[0]) >= 5 or not config.is_file():
        return
    values = json.loads(config.read_text(encoding="utf-8"))
    if "rope_parameters" in values and "rope_theta" not in values:
        raise VerificationFailed(
            f"{config} is written for transformers 5, and version {version} would misread its rope.",
            "Add the key rope_theta with the value from rope_parameters.",
        )


def answer(model: Any, title: str, prompt: Sequence[int]) -> Reference:
    """What a torch decoder writes after ``prompt``, greedily."""
    import torch

    next_tokens: list[int] = []
    top_ids: list[tuple[int, ...]] = []
    top_logprobs: list[tuple[float, ...]] = []
    fed, cache = list(prompt), None
    with torch.inference_mode():
        for _ in range(NUM_NEXT_TOKENS):
            output = model(input_ids=torch.tensor([fed]), past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            top = torch.log_softmax(output.logits[0, -1].float(), -1).topk(NUM_LIKELIEST)
            top_ids.append(tuple(int(token) for token in top.indices))
            top_logprobs.append(tuple(round(float(value), _DECIMALS) for value in top.values))
            next_tokens.append(top_ids[-1][0])
            fed = next_tokens[-1:]
    return Reference(title, tuple(prompt), tuple(next_tokens), tuple(top_ids), tuple(top_logprobs))


def made_with(sha256: str) -> dict[str, str]:
    """What answers were recorded with: the weights by their digest, and the versions of the libraries."""
    import torch
    import transformers

    return {
        "source_sha256": sha256,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "precision": "float32",
    }


def to_json(references: Sequence[Reference], recorded_with: dict[str, str]) -> str:
    """The text of a reference file: one line a reference, so that changes can be read."""
    lines = ",\n".join("    " + json.dumps(asdict(reference), ensure_ascii=False) for reference in references)
    return f'{{\n  "made_with": {json.dumps(recorded_with)},\n  "references": [\n{lines}\n  ]\n}}\n'


def main() -> None:
    """The command in this module's header."""
    from fimble.weights import catalog
    from fimble.weights.manifest import record_of

    parser = argparse.ArgumentParser(description="Record a model's reference answers with transformers.")
    parser.add_argument("model", help="catalogue name")
    parser.add_argument("--from", dest="source", type=Path, required=True, help="GGUF file or safetensors folder")
    parser.add_argument("--to", type=Path, default=None, help="file to write; the catalogue's by default")
    options = parser.parse_args()
    entry = catalog.find(options.model)
    if options.source.is_file() and record_of(options.source).sha256 != entry.file.sha256:
        parser.error(f"{options.source} is not the file that the catalogue names for {entry.name}")
    references = record(options.source)
    target = options.to or Path(str(catalog.builtin_folder())) / f"{entry.name}.reference.json"
    target.write_text(to_json(references, made_with(entry.file.sha256)), encoding="utf-8")
    print(f"{target}: {len(references)} references")


if __name__ == "__main__":
    main()
