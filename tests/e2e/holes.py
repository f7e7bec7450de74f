"""Prompts at holes in real files, for tests of the engine alone."""

from __future__ import annotations

from fimble.cli.wiring import LoadedEngine

PREFIX_TOKENS, SUFFIX_TOKENS = 450, 150


def hole(loaded: LoadedEngine, text: str, share: float) -> tuple[tuple[int, ...], str]:
    """The plain prompt at the start of the line that is ``share`` of the way through ``text``, and that line."""
    encode, mark = loaded.tokenizer.encode, loaded.tokenizer.token_id
    offset = text.index("\n", int(len(text) * share)) + 1
    end = text.index("\n", offset)
    before, after = encode(text[:offset])[-PREFIX_TOKENS:], encode(text[end:])[:SUFFIX_TOKENS]
    marks = [mark(f"<|fim_{name}|>") for name in ("prefix", "suffix", "middle")]
    first, second, third = (token for token in marks if token is not None)
    return (first, *before, second, *after, third), text[offset:end]
