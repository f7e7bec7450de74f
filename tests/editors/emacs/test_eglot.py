"""eglot, which is part of Emacs, with ``fimble-eglot.el``: entries of its completion, and code actions."""

from __future__ import annotations

from typing import Any

from tests.editors.emacs.test_lsp_mode import EVEN


def test_the_popup_has_entries(eglot: dict[str, Any]) -> None:
    assert eglot["server"] == "fimble"
    assert "first + second" in eglot["entries"]
    assert eglot["completed"] == "def add(first, second):\n    return first + second"


def test_a_setting_changes_while_the_server_runs(eglot: dict[str, Any]) -> None:
    assert eglot["entries while on"]
    assert not eglot["entries while off"]


def test_implement(eglot: dict[str, Any]) -> None:
    assert "Implement is_even" in eglot["actions"]
    assert eglot["implemented"] == EVEN
