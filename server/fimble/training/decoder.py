"""A small decoder from a configuration: Qwen2's architecture, which fimble's own writer exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fimble.engine.tokenizer import Tokenizer
from fimble.training.configuration import Configuration
from fimble.training.vocabulary import END


def new_decoder(configuration: Configuration, tokenizer: Tokenizer, num_tokens: int) -> Any:
    """An untrained torch model for ``num_tokens``; its weights follow from torch's seed."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    end = tokenizer.token_id(END)
    config = Qwen2Config(
        vocab_size=num_tokens,
        hidden_size=configuration.hidden,
        intermediate_size=configuration.feed_forward,
        num_hidden_layers=configuration.layers,
        num_attention_heads=configuration.heads,
        num_key_value_heads=configuration.kv_heads,
        max_position_embeddings=configuration.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=end,
    )
    return Qwen2ForCausalLM(config)


def open_decoder(folder: Path) -> Any:
    """The torch model that was saved into ``folder``, in float32."""
    from fimble.weights.record import load_with_transformers

    return load_with_transformers(folder)
