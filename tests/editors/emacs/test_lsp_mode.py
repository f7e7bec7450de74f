"""lsp-mode with ``fimble.el``, in ``--batch``: nothing comes by itself there, so each thing is asked for."""

from __future__ import annotations

from typing import Any

EVEN = 'def is_even(number):\n    """Return whether the number is even."""\n    return number % 2 == 0\n'


def test_a_suggestion_is_drawn_and_accepted(lsp_mode: dict[str, Any]) -> None:
    assert lsp_mode["ghost"].endswith("first + second")
    assert lsp_mode["accepted"] == "def add(first, second):\n    return first + second"
    assert lsp_mode["cursor"] == 0


def test_a_word_is_accepted_then_the_rest_of_the_line(lsp_mode: dict[str, Any]) -> None:
    assert lsp_mode["word"] == "def multiply(first, second):\n    return first"
    assert lsp_mode["rest"] is True
    assert lsp_mode["line"] == "def multiply(first, second):\n    return first * second"


def test_a_setting_changes_while_the_server_runs(lsp_mode: dict[str, Any]) -> None:
    assert lsp_mode["suggested while off"] is None
    assert "switched off" in lsp_mode["why"]


def test_implement_with_the_command_of_lsp_mode(lsp_mode: dict[str, Any]) -> None:
    assert lsp_mode["own"] == EVEN


def test_implement_while_emacs_goes_on(lsp_mode: dict[str, Any]) -> None:
    assert lsp_mode["act"] == EVEN


def test_implement_is_cancelled_and_nothing_changes(lsp_mode: dict[str, Any]) -> None:
    assert lsp_mode["unchanged"] is True
    assert lsp_mode["server"] == "initialized"
