"""Small random models of other architectures than the graph writer's, as a hub publishes them, and their vocabularies.

Weights follow from a seed, vocabularies from a training on the calibration samples. Next tokens are sharp: what two
programs compute differs by rounding alone, which seldom decides between two of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from fimble.weights.samples import CALIBRATION

NUM_POSITIONS = 512
SLIDING_WINDOW = 48
"""Of StarCoder2: most prompts of a test are longer."""
_TEXTS = tuple(text for sample in CALIBRATION for text in (sample.prefix, sample.suffix))


@dataclass(frozen=True)
class RandomModel:
    """How to make one."""

    family: str
    """Its prompt family."""
    make: Callable[[int, Tokenizer], Any]
    """From the size of its vocabulary, and that, to a torch model."""
    tokenizer: Callable[[], Tokenizer]
    seed: int = 1


def write_source(model: RandomModel, folder: Path) -> Any:
    """The model as safetensors, config.json and tokenizer.json; returns the torch model."""
    import torch

    torch.manual_seed(model.seed)
    tokenizer = model.tokenizer()
    made = model.make(tokenizer.get_vocab_size(), tokenizer).eval()
    made.save_pretrained(str(folder), safe_serialization=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return made


def byte_level(*control: str, size: int = 500, opens: str = "", closes: str = "") -> Tokenizer:
    """GPT-2's kind of vocabulary. ``opens`` and ``closes``: what RoBERTa's puts around a text."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(control),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(_TEXTS, trainer)
    if opens:
        ends = (closes, made.token_to_id(closes)), (opens, made.token_to_id(opens))
        made.post_processor = processors.RobertaProcessing(*ends, add_prefix_space=False)
    return made


def codegen_like() -> Tokenizer:
    """GPT-2's with tokens for runs of spaces and of tabs, which are no control tokens."""
    made = byte_level("<|endoftext|>")
    made.add_tokens([*(" " * number for number in range(31, 1, -1)), *("\t" * number for number in range(9, 1, -1))])
    return made


def llama_like(*control: str, size: int = 600) -> Tokenizer:
    """SentencePiece's kind with bytes for what is unknown, as Llama has it: a space before each text."""
    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    made.pre_tokenizer = pre_tokenizers.Split(Regex("\n"), "isolated")
    single = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>", *single, *control], show_progress=False
    )
    made.train_from_iterator(_TEXTS, trainer)
    values = json.loads(made.to_str())
    values["added_tokens"] = [token for token in values["added_tokens"] if token["content"] not in single]
    values["pre_tokenizer"] = None
    return Tokenizer.from_str(json.dumps(values))


def t5_like(size: int = 500) -> Tokenizer:
    """T5's kind: pieces by their likelihood, words with the space before them, an end mark behind."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    sentinels = [f"<extra_id_{number}>" for number in range(10)]
    trainer = trainers.UnigramTrainer(
        vocab_size=size,
        special_tokens=["<pad>", "</s>", "<unk>", *sentinels],
        unk_token="<unk>",
        initial_alphabet=[*map(chr, range(0x21, 0x7F)), "\n", "\t"],
        show_progress=False,
    )
    made.train_from_iterator(_TEXTS, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", made.token_to_id("</s>"))]
    )
    return made


def codet5_like() -> Tokenizer:
    """RoBERTa's vocabulary with T5's sentinels, the highest number first."""
    sentinels = [f"<extra_id_{number}>" for number in reversed(range(10))]
    return byte_level("<pad>", "<s>", "</s>", "<unk>", "<mask>", *sentinels, opens="<s>", closes="</s>")


def codegen(vocabulary: int, tokenizer: Tokenizer) -> Any:
    from transformers import CodeGenConfig, CodeGenForCausalLM

    end = tokenizer.token_to_id("<|endoftext|>")
    return CodeGenForCausalLM(
        CodeGenConfig(
            vocab_size=vocabulary + 12,  # as CodeGen's, it has rows that no token uses
            n_positions=NUM_POSITIONS,
            n_embd=64,
            n_layer=2,
            n_head=4,
            rotary_dim=8,
            initializer_range=0.3,
            bos_token_id=end,
            eos_token_id=end,
        )
    )


def gpt2(vocabulary: int, tokenizer: Tokenizer) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    end = tokenizer.token_to_id("<|endoftext|>")
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=vocabulary,
            n_positions=NUM_POSITIONS,
            n_embd=64,
            n_layer=2,
            n_head=4,
            initializer_range=0.3,
            bos_token_id=end,
            eos_token_id=end,
        )
    )


def starcoder2(vocabulary: int, tokenizer: Tokenizer) -> Any:
    from transformers import Starcoder2Config, Starcoder2ForCausalLM

    end = tokenizer.token_to_id("<|endoftext|>")
    return Starcoder2ForCausalLM(
        Starcoder2Config(
            vocab_size=vocabulary,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=NUM_POSITIONS,
            sliding_window=SLIDING_WINDOW,
            initializer_range=0.3,
            bos_token_id=end,
            eos_token_id=end,
        )
    )


def gpt_bigcode(vocabulary: int, tokenizer: Tokenizer) -> Any:
    from transformers import GPTBigCodeConfig, GPTBigCodeForCausalLM

    end = tokenizer.token_to_id("<|endoftext|>")
    return GPTBigCodeForCausalLM(
        GPTBigCodeConfig(
            vocab_size=vocabulary,
            n_positions=NUM_POSITIONS,
            n_embd=64,
            n_layer=2,
            n_head=4,
            initializer_range=0.3,
            bos_token_id=end,
            eos_token_id=end,
        )
    )


def llama(vocabulary: int, tokenizer: Tokenizer) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=NUM_POSITIONS,
            initializer_range=0.3,
            bos_token_id=tokenizer.token_to_id("<s>"),
            eos_token_id=tokenizer.token_to_id("</s>"),
        )
    )


def t5(vocabulary: int, tokenizer: Tokenizer) -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=vocabulary,
            d_model=64,
            d_kv=16,
            d_ff=96,
            num_layers=2,
            num_heads=4,
            feed_forward_proj="gated-gelu",
            initializer_factor=3.0,
            tie_word_embeddings=False,  # tied, a random model repeats itself
            pad_token_id=tokenizer.token_to_id("<pad>"),
            decoder_start_token_id=tokenizer.token_to_id("<pad>"),
            eos_token_id=tokenizer.token_to_id("</s>"),
        )
    )


_END = "<|endoftext|>"
_FIM = ("<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>", "<repo_name>", "<file_sep>")
DECODERS = {
    "codegen": RandomModel("plain", codegen, codegen_like),
    "gpt2": RandomModel("plain", gpt2, lambda: byte_level(_END)),
    "starcoder2": RandomModel("starcoder2", starcoder2, lambda: byte_level(_END, *_FIM)),
    "gpt_bigcode": RandomModel("starcoder2", gpt_bigcode, lambda: byte_level(_END, *_FIM[:4])),
    "llama": RandomModel("codellama", llama, lambda: llama_like("▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>")),
}
PAIRS = {
    "t5": RandomModel("t5-sentinels", t5, t5_like, seed=3),
    "codet5": RandomModel("codet5", t5, codet5_like, seed=4),
    "codet5p": RandomModel("codet5p", t5, codet5_like, seed=5),
}
