"""Ghost text in Neovim, as a person meets it."""

from __future__ import annotations

from tests.editors.nvim.neovim import Neovim

START = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return"


def test_it_appears_and_is_accepted(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.at_end()
    neovim.type(" a")
    ghost = neovim.wait_for_ghost()
    neovim.type("<Tab>")
    neovim.wait(lambda: neovim.text == START + " a" + ghost, "what was seen is there")
