"""Helix, which has no ghost text: its completion menu, and its code actions."""

from __future__ import annotations

from tests.editors.helix.conftest import ENTRY, POPUP, Helix

STUB = 'def is_even(number):\n    """Return whether the number is even."""\n    pass\n'


def test_entries_stand_beside_those_of_the_other_server_and_one_is_accepted(helix: Helix) -> None:
    path = helix.open("popup.py", POPUP)
    helix.terminal.type("A.")
    place = next(index for index, line in enumerate(helix.entries()) if line.strip().startswith(ENTRY))
    helix.terminal.press(*["Tab"] * (place + 1), "Enter")
    helix.terminal.wait_for(f"names.{ENTRY}")
    helix.saved(path, f"{POPUP}.{ENTRY}\n")


def test_implement(helix: Helix) -> None:
    path = helix.open("even.py", STUB)
    helix.terminal.type("k a")
    line = helix.terminal.wait_for("Implement is_even")
    assert "Implement is_even" in line
    helix.terminal.press("Enter")
    helix.terminal.wait_for("return number % 2 == 0")
    helix.saved(path, STUB.replace("pass", "return number % 2 == 0"))
