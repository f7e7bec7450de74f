"""A tokenizer learned from the repository's own text: byte pairs, so that nothing is ever out of vocabulary.

Text is first cut where a person would cut it: before a word with the space or underscore that leads it, inside
``camelCase`` and ``HTTPServer``, around each digit, around runs of signs and of indentation. Letters without case,
such as Chinese, stay together, and which of them belong together is learned from their bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fimble.errors import NothingToLearn
from fimble.training.configuration import ModelKind

if TYPE_CHECKING:
    from tokenizers import Tokenizer

END = "<|endoftext|>"
START, STOP, HOLE = "<pad>", "</s>", "<extra_id_0>"
CONTROL_TOKENS = {
    ModelKind.DECODER: (
        *(END, "<|im_start|>", "<|im_end|>"),
        *("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
    ),
    ModelKind.ENCODER_DECODER: (START, STOP, HOLE, "<extra_id_1>"),
}
PROMPT_FAMILIES = {ModelKind.DECODER: "qwen2.5-coder", ModelKind.ENCODER_DECODER: "t5-sentinels"}
END_TOKENS = {ModelKind.DECODER: END, ModelKind.ENCODER_DECODER: STOP}

_SPLIT = (
    r"[ _]?(?:\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{Lu}|[\p{Lo}\p{Lm}\p{Lt}]+)|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(texts: Iterable[str], num_tokens: int, kind: ModelKind) -> Tokenizer:
    """A byte-level tokenizer of at most ``num_tokens``, control tokens first.

    Raises ``NothingToLearn`` where ``texts`` hold no text.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=num_tokens,
        min_frequency=2,
        special_tokens=list(CONTROL_TOKENS[kind]),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    num_chars = 0

    def counted() -> Iterable[str]:
        nonlocal num_chars
        for text in texts:
            num_chars += len(text.strip())
            yield text.encode("utf-8", "replace").decode()

    made.train_from_iterator(counted(), trainer)
    if not num_chars:
        raise NothingToLearn("There is no text that a tokenizer could be learned from.")
    return made
