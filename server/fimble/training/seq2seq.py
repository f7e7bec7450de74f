"""A small encoder-decoder from a configuration: T5's architecture, which optimum exports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fimble.engine.tokenizer import Tokenizer
from fimble.training.configuration import Configuration
from fimble.training.vocabulary import START, STOP
from fimble.weights.entry import Reference
from fimble.weights.record import NUM_LIKELIEST, NUM_NEXT_TOKENS


def new_encoder_decoder(configuration: Configuration, tokenizer: Tokenizer, num_tokens: int) -> Any:
    """An untrained torch model for ``num_tokens``; its weights follow from torch's seed."""
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(
        vocab_size=num_tokens,
        d_model=configuration.hidden,
        d_kv=configuration.hidden // configuration.heads,
        d_ff=configuration.feed_forward,
        num_layers=configuration.layers,
        num_decoder_layers=configuration.layers,
        num_heads=configuration.heads,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
        n_positions=configuration.context,
        pad_token_id=tokenizer.token_id(START),
        decoder_start_token_id=tokenizer.token_id(START),
        eos_token_id=tokenizer.token_id(STOP),
    )
    return T5ForConditionalGeneration(config)


def open_encoder_decoder(folder: Path) -> Any:
    """The torch model that was saved into ``folder``, in float32."""
    import torch
    from transformers import T5ForConditionalGeneration

    return T5ForConditionalGeneration.from_pretrained(
        str(folder), dtype=torch.float32, use_safetensors=True, local_files_only=True
    ).eval()


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
