"""How a model wants to be talked to: its chat template, and the tokens that the template names.

A Jinja template written by the model's makers; it is kept as text and rendered in a
sandbox by ``prompt/chat.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_CHARS = 100_000
"""A longer template is no template."""


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """All empty where a model was not taught to chat."""

    template: str = ""
    bos_token: str = ""
    eos_token: str = ""


def from_gguf(metadata: Mapping[str, Any]) -> ChatFormat:
    """What a GGUF file says."""
    tokens = metadata.get("tokenizer.ggml.tokens", ())

    def token(key: str) -> str:
        place = metadata.get(f"tokenizer.ggml.{key}_token_id")
        return str(tokens[place]) if isinstance(place, int) and 0 <= place < len(tokens) else ""

    return ChatFormat(_checked(metadata.get("tokenizer.chat_template")), token("bos"), token("eos"))


def from_folder(folder: Path) -> ChatFormat:
    """What ``tokenizer_config.json`` and ``chat_template.jinja`` of a folder say; nothing where they cannot be read."""
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = {}
    if not isinstance(config, dict):
        config = {}
    template = config.get("chat_template")
    if isinstance(template, list):
        named = {item.get("name"): item.get("template") for item in template if isinstance(item, dict)}
        template = named.get("default")
    own = folder / "chat_template.jinja"
    if own.is_file():
        template = own.read_text(encoding="utf-8", errors="replace")
    return ChatFormat(_checked(template), _text(config.get("bos_token")), _text(config.get("eos_token")))


def _checked(template: object) -> str:
    return template if isinstance(template, str) and len(template) <= MAX_CHARS else ""


def _text(token: object) -> str:
    """A token, written as text or as an object with its content."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else ""
