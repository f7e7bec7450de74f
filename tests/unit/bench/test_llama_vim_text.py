"""llama.vim's window and its trimming, case by case after its source."""

from __future__ import annotations

import pytest

from fimble.bench.llama_vim_text import context_at, context_behind, place_at, rendered


def at(text: str) -> tuple[str, int]:
    return text.replace("‸", ""), text.index("‸")


def test_the_current_line_stands_in_the_middle() -> None:
    context = context_at(place_at(*at("a\nb\n    c = ‸1\nd\n")))
    assert (context.prefix, context.middle, context.suffix) == ("a\nb\n", "    c = ", "1\nd\n\n")
    assert (context.num_indent, context.num_right) == (4, 1)


def test_a_blank_line_counts_as_empty() -> None:
    context = context_at(place_at(*at("a\n    ‸\nd")))
    assert (context.prefix, context.middle, context.suffix, context.num_indent) == ("a\n", "", "\nd\n", 0)


def test_the_window_has_256_lines_before_and_64_after() -> None:
    lines = [str(number) for number in range(1000)]
    text = "\n".join([*lines[:500], "‸", *lines[501:]])
    context = context_at(place_at(*at(text)))
    assert context.prefix.split("\n") == [*lines[244:500], ""]
    assert context.suffix.split("\n") == ["", *lines[501:565], ""]


def test_ahead_is_as_if_the_suggestion_had_been_accepted() -> None:
    place = place_at(*at("a\n    if x‸\nd"))
    one = context_behind(place, (" > 1:",), 4)
    assert (one.prefix, one.middle, one.suffix) == ("a\n", "    if x > 1:", "\nd\n")
    three = context_behind(place, (" > 1:", "        y()", "        z()"), 4)
    assert (three.prefix, three.middle) == ("a\n    if x > 1:\n        y()\n", "        z()")
    assert three.num_indent == 4 and three.num_right == 0


@pytest.mark.parametrize(
    ("text", "answer", "shown"),
    [
        ("x = ‸\n", "1\n\n", ("1",)),
        ("x = ‸\n", "", ("",)),
        ("x = ‸\n", "\n\n", ("",)),
        ("    ‸\n", "    return x\n    pass", ("return x", "    pass")),
        ("        ‸\n", "    return x", ("return x",)),
        ("f(‸)\n", ")", ("",)),
        ("a‸\nb\nc\n", "\nb\nc", ("",)),
        ("‸\nx = 1\ny\n", "x = 1", ("",)),
        ("‸\n\nx = 1\ny\n", "x = 1", ("",)),
        ("‸\nx = 1\nyes\n", "x = 1\nye", ("",)),
        ("‸\nx = 1\ny\nz\n", "x = 1\ny\nz", ("",)),
        ("‸\nx = 1\ny\nz\n", "x = 1\ny\nw", ("x = 1", "y", "w")),
    ],
)
def test_what_repeats_the_file_is_not_shown(text: str, answer: str, shown: tuple[str, ...]) -> None:
    assert rendered(place_at(*at(text)), answer) == shown
