"""What each action is called in the protocol, without lsprotocol: ``initialize`` is answered with these."""

from __future__ import annotations

from collections.abc import Sequence

KINDS = {
    "fix": "quickfix.fimble",
    "implement": "refactor.rewrite.fimble.implement",
    "document": "refactor.rewrite.fimble.document",
    "translate": "refactor.rewrite.fimble.translate",
    "explain": "fimble.explain",
    "tests": "source.fimble.tests",
}
"""An action's own name -> its kind."""
EDITING = frozenset({"fix", "implement", "document"})
"""Those that change the document they are asked for in; the others make another one."""
_ON_SAVE = "source"


def wanted(only: Sequence[str] | None, is_automatic: bool) -> frozenset[str]:
    """The names of the actions that an editor asks for. ``only`` holds kinds, each with all below it.

    An editor that asks by itself for kinds below ``source`` is about to save and would run what it gets: nothing
    of that kind is for such a moment.
    """
    names = frozenset(name for name, kind in KINDS.items() if not only or any(covers(asked, kind) for asked in only))
    if only and is_automatic:
        return frozenset(name for name in names if not covers(_ON_SAVE, KINDS[name]))
    return names


def covers(asked: str, kind: str) -> bool:
    """Whether ``kind`` is ``asked`` or lies below it; the empty kind is above all."""
    return not asked or kind == asked or kind.startswith(f"{asked}.")
