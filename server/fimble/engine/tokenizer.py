"""Text to token ids and back, with the user's text always taken as plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import tokenizers

from fimble.engine.healing import BeginsWith, OtherThan
from fimble.engine.vocabulary import Vocabulary, is_text
from fimble.errors import ModelFolderInvalid


class Tokenizer:
    """A model's tokenizer. ``encode`` never makes a control token out of a user's characters."""

    def __init__(self, file: Path) -> None:
        """Read a ``tokenizer.json``. Raises ``ModelFolderInvalid``."""
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:
            raise ModelFolderInvalid(
                f"{file} cannot be read: {error}.", "Run 'fimble setup --force' to prepare it again."
            ) from error
        self._tokenizer = _as_text_is(self._tokenizer)
        self._tokenizer.no_truncation()  # what it was last used with may have been saved with it
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True
        added = self._tokenizer.get_added_tokens_decoder()
        self._control = {token.content: number for number, token in added.items() if _is_mark(token.content)}
        self._control_ids = frozenset(self._control.values())
        longest_first = sorted(self._control, key=len, reverse=True)
        self._markers = re.compile(f"({'|'.join(map(re.escape, longest_first)) or '(?!)'})")

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Every token's bytes. Reading them takes a few tenths of a second, once; any thread may ask first."""
        return Vocabulary.of(self._tokenizer)

    def begins_with(self, text: str) -> BeginsWith:
        """The constraint that an answer begins with ``text``."""
        return BeginsWith(self.vocabulary, text.encode(errors="replace"))

    def other_than(self, banned: Collection[int], text: str = "") -> OtherThan:
        """The constraint that an answer begins with ``text``, but not with a token of ``banned``."""
        return OtherThan(self.vocabulary, banned, text.encode(errors="replace"))

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text``; ``<|fim_middle|>`` in it is eleven characters, not a marker."""
        ids: list[int] = self._tokenizer.encode(_without_surrogates(text), add_special_tokens=False).ids
        if self._control_ids.isdisjoint(ids) or not self._markers.search(text) or len(text) < 2:
            return ids
        # T5's sentinels are pieces of its vocabulary too. Cut after its first character a mark is none.
        places = [0, *(found.start() + 1 for found in self._markers.finditer(text)), len(text)]
        return [token for begin, end in pairwise(places) for token in self.encode(text[begin:end])]

    def encode_marked(self, text: str) -> list[int]:
        """Token ids of a text of our own, in which ``<|im_start|>`` is the control token."""
        ids: list[int] = []
        for place, part in enumerate(self._markers.split(text)):
            ids += [self._control[part]] if place % 2 else self.encode(part) if part else []
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ``ids``, control tokens left out; a character cut in two ends in U+FFFD."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def token_id(self, token: str) -> int | None:
        """The id of a control token such as ``<|fim_prefix|>``."""
        result: int | None = self._tokenizer.token_to_id(token)
        return result


def _without_surrogates(text: str) -> str:
    """Lone surrogates, which an editor may send, cannot be encoded: each becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_mark(added: str) -> bool:
    """Whether an added token is a control token, which a text may spell without meaning it."""
    return len(added) > 1 and not is_text(added)


def _as_text_is(tokenizer: tokenizers.Tokenizer) -> tokenizers.Tokenizer:
    """One that takes each text for what it is.

    SentencePiece's vocabularies (Llama, T5) put a space before a text and take it away again when they decode, as if
    each began a document. Ours are pieces of one: prefix, suffix, and what is typed. DeepSeek-Coder's added single
    letters (``ü``), whose tokens are decoded to half a character: like control tokens, they are made of no text.
    """
    parts = {place: getattr(tokenizer, place) for place in ("normalizer", "pre_tokenizer", "decoder")}
    said = {place: json.loads(part.__getstate__()) for place, part in parts.items() if part is not None}
    changed = {place: _exact(part) for place, part in said.items()}
    letters = {
        token.content
        for token in tokenizer.get_added_tokens_decoder().values()
        if len(token.content) == 1 and not token.special and not is_text(token.content)
    }
    if changed == said and not letters:
        return tokenizer
    whole = json.loads(tokenizer.to_str()) | changed
    for token in whole["added_tokens"]:
        token["special"] = token["special"] or token["content"] in letters
    return tokenizers.Tokenizer.from_str(json.dumps(whole))


def _exact(part: Any) -> Any:
    """A normalizer, pre-tokenizer or decoder without what adds or takes a space; ``None`` where nothing is left."""
    if not isinstance(part, dict):
        return part
    match part.get("type"):
        case "Prepend" | "Strip":
            return None
        case "Metaspace":
            return {**part, "prepend_scheme": "never"}
    for inside in ("normalizers", "pretokenizers", "decoders"):
        if inside in part:
            return {**part, inside: [kept for one in part[inside] if (kept := _exact(one)) is not None]}
    return part
