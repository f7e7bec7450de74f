"""The line being written, as often as a person can read it."""

from __future__ import annotations

import asyncio

import pytest

from fimble.lsp.progress import MAX_CHARS, Ticker, last_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("```python\n", ""),
        ("```python\nde", "de"),
        ("```python\ndef f():\n    ret", "ret"),
        ("a\n\n  \n", "a"),
        ("```py\nx = 1\n```", "x = 1"),
        ("y" * 200, "y" * MAX_CHARS),
        ("编写\r\n", "编写"),
    ],
)
def test_the_last_line_that_says_anything(text: str, line: str) -> None:
    assert last_line(text) == line


async def test_the_first_line_at_once_and_then_ten_a_second() -> None:
    now_s = 0.0
    seen: list[str] = []
    tick = Ticker(asyncio.get_running_loop(), seen.append, lambda: now_s)
    for text in ("```py\n", "```py\na", "```py\nab"):
        tick(text)
    await asyncio.sleep(0)
    assert seen == ["a"], "a fence is nothing to see"
    for number in range(100):
        now_s += 0.01
        tick(f"line {number}")
    await asyncio.sleep(0)
    assert 9 <= len(seen) - 1 <= 10
