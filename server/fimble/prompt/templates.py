"""FIM prompt families as data: the order of parts and the names of the control tokens.

Sources: the models' own cards and tokenizers (Qwen2.5-Coder, StarCoder and StarCoder2, Code Llama,
DeepSeek-Coder, Codestral, CodeT5). ``plain`` is for models that only continue text (CodeGen, GPT-2). For
encoder-decoders (``PAIRS``) what stands before the end mark is read by the encoder, and the decoder writes on from the
hole's sentinel, before which CodeT5 writes the mark that begins a text, and CodeT5+ does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Part(Enum):
    """A place in a prompt for the user's text."""

    PREFIX = "prefix"
    SUFFIX = "suffix"
    PATH = "path"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Family:
    """How one family of models wants the text around the cursor."""

    name: str
    parts: tuple[str | Part, ...]
    """Control tokens by name, and places for text."""
    stops: tuple[str, ...]
    """Control tokens that end an answer; one that a vocabulary lacks is left out."""
    snippet: tuple[str | Part, ...] = ()
    """How a piece of another file is written before ``parts``; nothing: the family has no form for it."""


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "qwen2.5-coder",
            ("<|fim_prefix|>", Part.PREFIX, "<|fim_suffix|>", Part.SUFFIX, "<|fim_middle|>"),
            (
                "<|endoftext|>",
                "<|im_end|>",
                "<|fim_prefix|>",
                "<|fim_suffix|>",
                "<|fim_middle|>",
                "<|fim_pad|>",
                "<|repo_name|>",
                "<|file_sep|>",
            ),
            ("<|file_sep|>", Part.PATH, Part.TEXT),
        ),
        Family(
            "starcoder2",
            ("<fim_prefix>", Part.PREFIX, "<fim_suffix>", Part.SUFFIX, "<fim_middle>"),
            (
                "<|endoftext|>",
                "<file_sep>",
                "<repo_name>",
                "<fim_prefix>",
                "<fim_suffix>",
                "<fim_middle>",
                "<fim_pad>",
            ),
            ("<file_sep>", Part.PATH, Part.TEXT),
        ),
        Family(
            "codellama",
            ("<s>", "▁<PRE>", Part.PREFIX, "▁<SUF>", Part.SUFFIX, "▁<MID>"),
            ("</s>", "▁<EOT>", "▁<PRE>", "▁<SUF>", "▁<MID>"),
        ),
        Family(
            "deepseek-coder",
            (
                "<｜begin▁of▁sentence｜>",
                "<｜fim▁begin｜>",
                Part.PREFIX,
                "<｜fim▁hole｜>",
                Part.SUFFIX,
                "<｜fim▁end｜>",
            ),
            ("<｜end▁of▁sentence｜>", "<|EOT|>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
        ),
        Family(
            "codestral",
            ("<s>", "[SUFFIX]", Part.SUFFIX, "[PREFIX]", Part.PREFIX),
            ("</s>", "[SUFFIX]", "[PREFIX]"),
        ),
        Family(
            "t5-sentinels",
            (Part.PREFIX, "<extra_id_0>", Part.SUFFIX, "</s>", "<extra_id_0>"),
            ("</s>", "<pad>", "<extra_id_0>", "<extra_id_1>"),
        ),
        Family(
            "codet5",
            ("<s>", Part.PREFIX, "<extra_id_0>", Part.SUFFIX, "</s>", "<s>", "<extra_id_0>"),
            ("</s>", "<pad>", "<s>", "<extra_id_0>", "<extra_id_1>"),
        ),
        Family(
            "codet5p",
            ("<s>", Part.PREFIX, "<extra_id_0>", Part.SUFFIX, "</s>", "<extra_id_0>"),
            ("</s>", "<pad>", "<s>", "<extra_id_0>", "<extra_id_1>"),
        ),
        Family("plain", (Part.PREFIX,), ("<|endoftext|>", "</s>")),
    )
}

PAIRS = ("t5-sentinels", "codet5", "codet5p")
"""The families of encoder-decoders."""
