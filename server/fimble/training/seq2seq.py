"""A small encoder-decoder from a configuration: T5's architecture, which optimum exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fimble.engine.tokenizer import Tokenizer
from fimble.training.configuration import Configuration
from fimble.training.vocabulary import START, STOP


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
