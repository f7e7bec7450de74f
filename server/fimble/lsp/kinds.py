"""What each action is called in the protocol, without lsprotocol: ``initialize`` is answered with these."""

from __future__ import annotations

from collections.abc import Sequence

KINDS = {
    "fix": "quickfix.fimble",
    "implement": "refactor.rewrite.fimble.implement",
    "document": "refactor.rewrite.fimble.document",
    "translate": "refactor.rewrite.fimble.translate",
    "explain": "fimble.explain",
    "tests": "fimble.tests",
}
"""An action's own name -> its kind.

None lies below ``source``: editors run such kinds on saving, and VS Code keeps them out of its usual list.
"""
EDITING = frozenset({"fix", "implement", "document"})
"""Those that change the document they are asked for in; the others make another one."""


def wanted(only: Sequence[str] | None) -> frozenset[str]:
    """The names of the actions that an editor asks for. ``only`` holds kinds, each with all below it."""
    return frozenset(name for name, kind in KINDS.items() if not only or any(covers(asked, kind) for asked in only))


def covers(asked: str, kind: str) -> bool:
    """Whether ``kind`` is ``asked`` or lies below it; the empty kind is above all."""
    return not asked or kind == asked or kind.startswith(f"{asked}.")
