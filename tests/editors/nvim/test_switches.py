"""What a person switches off in Neovim, and what a statusline says of it."""

from __future__ import annotations

from tests.editors.nvim.neovim import Neovim

START = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return"


def reason(neovim: Neovim) -> str:
    """What ``:Fimble why`` says."""
    neovim.forget_told()
    neovim.nvim.command("Fimble why")
    return str(neovim.wait(lambda: "".join(neovim.told), "an answer"))


def test_toggle_hides_and_brings_back(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.at_end()
    neovim.type(" ")
    neovim.wait_for_ghost()
    neovim.nvim.command("Fimble toggle")
    assert neovim.ghost == ""
    assert neovim.statusline == "fimble: off"
    assert neovim.told == ["fimble: suggestions are off"]
    neovim.nvim.command("Fimble toggle")
    neovim.type("a")
    neovim.wait_for_ghost()
    assert neovim.statusline == "fimble: ready"


def test_the_server_knows_that_it_is_off(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.nvim.command("Fimble disable")
    neovim.wait(
        lambda: "switched off" in neovim.lua("return require('fimble.status').condition().message"), "it says so"
    )
    neovim.nvim.command("Fimble enable")
    neovim.wait(lambda: "ready" in neovim.lua("return require('fimble').status()"), "it says so")


def test_a_language_off(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.nvim.command("Fimble language")
    assert neovim.told == ["fimble: suggestions are off in python"]
    neovim.at_end()
    neovim.type(" ")
    neovim.wait(lambda: "switched off for this language (python)" in reason(neovim), "the reason")
    assert neovim.ghost == ""
    assert neovim.statusline == "fimble: off in python"
    neovim.nvim.command("Fimble language python")
    neovim.type("a")
    neovim.wait_for_ghost()


def test_a_buffer_off_and_no_other(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.nvim.command("Fimble buffer")
    neovim.at_end()
    neovim.type(" ")
    assert neovim.statusline == "fimble: off in this buffer"
    neovim.open(START)
    neovim.at_end()
    neovim.type(" ")
    neovim.wait_for_ghost()
    neovim.escape()
    neovim.nvim.command("buffer #")
    assert neovim.statusline == "fimble: off in this buffer"
    neovim.nvim.command("Fimble buffer")
    neovim.at_end()
    neovim.type("a")
    neovim.wait_for_ghost()


def test_snooze_ends_by_itself(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.nvim.command("Fimble snooze 10")
    assert neovim.statusline == "fimble: asleep for 10 min"
    neovim.nvim.command("Fimble snooze 0")
    assert neovim.statusline == "fimble: ready"
    neovim.nvim.command("Fimble snooze 0.005")
    neovim.wait(lambda: neovim.statusline == "fimble: ready", "awake again")
    neovim.at_end()
    neovim.type(" ")
    neovim.wait_for_ghost()


def test_why_says_what_became_of_the_last_request(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.at_end()
    neovim.type(" ")
    neovim.wait_for_ghost()
    assert reason(neovim).startswith("fimble: a suggestion at line 6, confidence 0.")


def test_status_in_a_sentence_and_nothing_where_it_does_not_run(neovim: Neovim) -> None:
    neovim.open(START)
    neovim.nvim.command("Fimble status")
    assert neovim.told == ["fimble: qwen2.5-coder-0.5b-instruct ready on CPU"]
    neovim.nvim.command("new")
    assert neovim.statusline == ""
    neovim.nvim.command("bwipeout!")


def test_the_command_completes_and_says_what_it_does_not_know(neovim: Neovim) -> None:
    def completed(line: str) -> list[str]:
        return list(neovim.nvim.funcs.getcompletion(line, "cmdline"))

    assert completed("Fimble s") == ["snooze", "status", "suggest"]
    assert "python" in completed("Fimble language pyth")
    assert completed("Fimble snooze 1") == ["10"]
    assert completed("Fimble toggle ") == []
    neovim.nvim.command("Fimble sing")
    neovim.nvim.command("Fimble snooze soon")
    neovim.nvim.command("Fimble why now")
    assert neovim.told[0].startswith("fimble: :Fimble sing does not exist; there are buffer, disable")
    assert neovim.told[1] == "fimble: snooze takes minutes, up to a day, not soon"
    assert neovim.told[2] == "fimble: :Fimble why takes less"
