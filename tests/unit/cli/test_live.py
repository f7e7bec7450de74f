"""The growing answer on a terminal: its end is seen, and it is gone afterwards."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fimble.cli.live import INTERVAL_S, View, live, picture


def terminal(height: int = 6, width: int = 20) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)


def drawn(console: Console, text: str, lexer: str = "python") -> list[str]:
    with console.capture() as captured:
        console.print(picture(console, text, "3 s", lexer))
    return captured.get().splitlines()


def test_the_last_lines_that_fit_are_shown() -> None:
    lines = drawn(terminal(), "```python\n" + "".join(f"x{number} = {number}\n" for number in range(30)) + "last")
    assert lines == ["x27 = 27", "x28 = 28", "x29 = 29", "last", "  3 s"]


@pytest.mark.parametrize("lexer", ["python", "", "nosuch"])
def test_long_lines_are_folded_and_still_fit(lexer: str) -> None:
    lines = drawn(terminal(), "```\n" + "word " * 40 + "end", lexer)
    assert len(lines) == 5
    assert lines[-2].endswith("end")


def test_fences_are_left_out_and_signs_that_steer_terminals_made_visible() -> None:
    assert drawn(terminal(), "```python\nx = '\x1b[2J\x07加'\n```")[0] == "x = '\ufffd[2J\ufffd加'"
    assert drawn(terminal(), "", "")[-1] == "  3 s"


def test_a_view_draws_no_more_often_than_it_should_and_counts_attempts() -> None:
    now_s, shown = 0.0, list[tuple[str, str]]()
    view = View(lambda text, far: shown.append((text, far)), lambda: now_s)
    view.say("loading")
    for number in range(100):
        now_s = number * INTERVAL_S / 10
        view.on_text("x" * (number + 1))
    assert 9 <= len(shown) <= 12
    now_s += 1
    view.on_text("```py\n")
    assert view.num_attempts == 2
    assert shown[-1] == ("```py\n", "attempt 2, 2 s")


def test_the_view_is_gone_at_the_end_even_of_an_error() -> None:
    console = terminal()
    with pytest.raises(KeyboardInterrupt), live("python", console) as view:
        view.on_text("```python\nx = 1")
        raise KeyboardInterrupt
    assert isinstance(console.file, io.StringIO)
    written = console.file.getvalue()
    assert "x = 1" in written
    assert written.rindex("\x1b[2K") > written.rindex("x = 1"), "the lines are cleared"
    assert written.count("\x1b[?25h") == written.count("\x1b[?25l") == 1, "the cursor is there again"


def test_nothing_is_shown_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with live("python") as view:
        view.say("loading")
        view.on_text("```python\nx = 1")
    assert capsys.readouterr() == ("", "")
