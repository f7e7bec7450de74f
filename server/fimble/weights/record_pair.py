"""Reference answers of an encoder-decoder, as ``record.py`` gives them of a decoder: transformers' own, in fp32.

What an engine is asked is one token sequence (``engine/seq2seq.py``): the source up to its end mark, and behind it
what the decoder has written so far, the start token left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fimble.errors import VerificationFailed
from fimble.weights.entry import Reference
from fimble.weights.manifest import SEQ2SEQ, TOKENIZER
from fimble.weights.record import NUM_LIKELIEST, NUM_NEXT_TOKENS
from fimble.weights.samples import VERIFICATION, Sample, encoded

START, END, HOLE = "<pad>", "</s>", "<extra_id_0>"
_MAX_SOURCE_TOKENS = 480
"""T5 was taught on 512."""


def is_pair(source: Path) -> bool:
    """Whether the folder's config.json names an encoder-decoder that is served."""
    from fimble.weights.safetensors_file import read_json

    config = source / "config.json"
    return config.is_file() and read_json(config).get("model_type") in SEQ2SEQ


def record_pair(source: Path, samples: Sequence[Sample] = VERIFICATION) -> tuple[Reference, ...]:
    """Greedy continuations of the samples' holes. Raises ``VerificationFailed`` when transformers cannot load it."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(source / TOKENIZER))
    marks = [tokenizer.token_to_id(mark) for mark in (START, END, HOLE)]
    if None in marks:
        raise VerificationFailed(f"{source / TOKENIZER} lacks the marks of an encoder-decoder.", "It is not served.")
    start, end, hole = marks
    model = open_pair(source)
    made = []
    for sample in samples:
        read = [*encoded(tokenizer, sample.prefix), hole, *encoded(tokenizer, sample.suffix)]
        read = [*read[max(0, len(read) - _MAX_SOURCE_TOKENS) :], end]
        written = [hole, *encoded(tokenizer, sample.middle)]
        made.append(answer(model, f"{sample.title}, as a hole", read, [start, *written], [*read, *written]))
    return tuple(made)


def open_pair(folder: Path) -> Any:
    """The torch model in ``folder``, in float32. Raises ``VerificationFailed``."""
    import torch
    from transformers import AutoModelForSeq2SeqLM

    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(
            str(folder), dtype=torch.float32, use_safetensors=True, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError, ImportError, RuntimeError, KeyError) as error:
        raise VerificationFailed(f"transformers cannot load {folder}: {error}.", "Fetch the model again.") from error
    return model.eval()


def answer(model: Any, title: str, source: Sequence[int], begun: Sequence[int], prompt: Sequence[int]) -> Reference:
    """What ``model`` writes after ``begun`` (start token first) having read ``source``, greedily.

    ``prompt``: the same as the engine is asked.
    """
    import torch

    next_tokens: list[int] = []
    top_ids: list[tuple[int, ...]] = []
    top_logprobs: list[tuple[float, ...]] = []
    with torch.inference_mode():
        encoded = model.encoder(input_ids=torch.tensor([list(source)]))
        for _ in range(NUM_NEXT_TOKENS):
            written = torch.tensor([[*begun, *next_tokens]])
            logits = model(encoder_outputs=encoded, decoder_input_ids=written).logits
            top = torch.log_softmax(logits[0, -1].float(), -1).topk(NUM_LIKELIEST)
            top_ids.append(tuple(int(token) for token in top.indices))
            top_logprobs.append(tuple(float(value) for value in top.values))
            next_tokens.append(top_ids[-1][0])
    return Reference(title, tuple(prompt), tuple(next_tokens), tuple(top_ids), tuple(top_logprobs))
