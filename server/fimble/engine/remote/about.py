"""What an endpoint says of itself, in its list of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class About:
    """What an endpoint says of itself."""

    model: str = ""
    """The name that requests have to give; empty where it tells none, and none was set."""
    owner: str = ""
    """``vllm``, ``llamacpp`` …"""
    context_length: int = 0
    """In tokens of its model; 0 where it does not tell."""


def about_in(listed: Any, wanted: str) -> About:
    """Of the model ``wanted``, or the first, in what was answered to ``/models``; whatever that is."""
    models = listed.get("data") if isinstance(listed, dict) else None
    found = (
        [one for one in models if isinstance(one, dict) and isinstance(one.get("id"), str)]
        if isinstance(models, list)
        else []
    )
    one = next((one for one in found if one["id"] == wanted or not wanted), None)
    if one is None:
        return About(wanted)
    meta = one.get("meta")
    length = one.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, dict) else 0)
    owner = one.get("owned_by")
    return About(
        wanted or one["id"],
        owner if isinstance(owner, str) else "",
        max(0, length) if isinstance(length, int) and not isinstance(length, bool) else 0,
    )
