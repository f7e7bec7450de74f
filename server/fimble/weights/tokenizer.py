"""Builds a fast tokenizer from what a GGUF file carries: vocabulary, merges and token types.

Control tokens (fill-in-the-middle marks, document ends) and user-defined ones become
added tokens, so that each stays one token. A text is first split by the expression its merges were
learned with; the file only names it, and an unknown name is refused: another split
gives other tokens, and worse answers, without any error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fimble.errors import UnsupportedArchitecture, WeightsError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

_CONTROL, _USER_DEFINED = 3, 4

_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_QWEN2 = (_WORDS + r"\p{N}" + _REST,)
_LLAMA3 = (_WORDS + r"\p{N}{1,3}" + _REST,)
_DEEPSEEK_CODER = (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+", r"\p{N}")
_DEEPSEEK_3 = (
    r"\p{N}{1,3}",
    r"[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
)
_SPLITS: Mapping[str, tuple[str, ...]] = {
    "qwen2": _QWEN2,
    "deepseek-r1-qwen": _QWEN2,
    "llama-bpe": _LLAMA3,
    "llama3": _LLAMA3,
    "llama-v3": _LLAMA3,
    "smaug-bpe": _LLAMA3,
    "deepseek-coder": _DEEPSEEK_CODER,
    "deepseek-v3": _DEEPSEEK_3,
}
_WHOLE_WORDS_FIRST = ("llama-bpe", "llama3", "llama-v3")
"""Vocabularies that hold words which no chain of merges reaches."""
_GPT2_SPLIT = ("gpt-2", "default")
_GPT2_AND_DIGITS = ("starcoder", "refact", "smollm", "codeshell")

_END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")
_END_TEXTS = frozenset(
    ("<|endoftext|>", "<|im_end|>", "<|end_of_text|>", "<|eot_id|>", "<|EOT|>", "<｜end▁of▁sentence｜>", "</s>")
)


def build_tokenizer(metadata: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer described by a GGUF file's metadata.

    Raises ``UnsupportedArchitecture`` for kinds that cannot be built exactly and
    ``WeightsError`` when the description is incomplete.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models

    kind = metadata.get("tokenizer.ggml.model")
    if kind != "gpt2":
        raise UnsupportedArchitecture(
            f"A tokenizer of the kind {kind!r} cannot be built from a GGUF file.",
            "Use the model's safetensors folder: it brings tokenizer.json.",
        )
    try:
        tokens, types = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
        pairs = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"]]
        split = str(metadata.get("tokenizer.ggml.pre", "default"))
        model = models.BPE(
            vocab={token: index for index, token in enumerate(tokens)},
            merges=pairs,
            ignore_merges=split in _WHOLE_WORDS_FIRST,
        )
    except KeyError as error:
        raise WeightsError(f"The GGUF file lacks {error}.", "Fetch it again.") from error
    except Exception as error:
        raise WeightsError(f"The GGUF file's vocabulary is damaged: {error}.", "Fetch it again.") from error
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = _pre_tokenizer(split)
    tokenizer.decoder = decoders.ByteLevel()
    marked = list(zip(tokens, types, strict=False))
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token, type_ in marked if type_ == _CONTROL]
    )
    tokenizer.add_tokens(
        [AddedToken(token, normalized=False, special=False) for token, type_ in marked if type_ == _USER_DEFINED]
    )
    return tokenizer


def end_token_ids(metadata: Mapping[str, Any]) -> tuple[int, ...]:
    """Tokens that end an answer: those the file names, and the well-known ones in its vocabulary."""
    found = {int(metadata[f"tokenizer.ggml.{key}"]) for key in _END_KEYS if f"tokenizer.ggml.{key}" in metadata}
    tokens = metadata.get("tokenizer.ggml.tokens", ())
    types = metadata.get("tokenizer.ggml.token_type", ())
    for index, (token, type_) in enumerate(zip(tokens, types, strict=False)):
        if type_ == _CONTROL and token in _END_TEXTS:
            found.add(index)
    return tuple(sorted(found))


def end_tokens_of(tokenizer: Tokenizer) -> tuple[int, ...]:
    """The well-known ending tokens among a tokenizer's added ones."""
    added = tokenizer.get_added_tokens_decoder()
    return tuple(sorted(index for index, token in added.items() if token.content in _END_TEXTS))


def _pre_tokenizer(split: str) -> PreTokenizer:
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence, Split

    if split in _SPLITS:
        steps: list[PreTokenizer] = [Split(Regex(text), "isolated") for text in _SPLITS[split]]
        return Sequence([*steps, ByteLevel(add_prefix_space=False, use_regex=False)])
    if split in _GPT2_SPLIT:
        return ByteLevel(add_prefix_space=False, use_regex=True)
    if split in _GPT2_AND_DIGITS:
        return Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)])
    raise UnsupportedArchitecture(
        f"The tokenizer's way of splitting text, {split!r}, is not known.",
        "Use the model's safetensors folder: it brings tokenizer.json.",
    )
