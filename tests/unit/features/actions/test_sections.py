"""Docstrings as small models write them, laid out as their file does."""

from __future__ import annotations

import pytest

from fimble.features.actions.sections import in_style, parameters_of

SAID = """Add two numbers.

Parameters:
- a (int): The first,
  which is not None.
- `b`: The second.
- c (int): There is none.

Returns:
int: The sum.

Raises:
- None"""


@pytest.mark.parametrize(
    ("style", "wanted"),
    [
        (
            "Google",
            "Add two numbers.\n\nArgs:\n    a (int): The first,\n        which is not None.\n    b: The second.\n\n"
            "Returns:\n    int: The sum.",
        ),
        (
            "Sphinx",
            "Add two numbers.\n\n:param a: The first,\n    which is not None.\n:param b: The second.\n"
            ":return: int: The sum.",
        ),
        (
            "NumPy",
            "Add two numbers.\n\nParameters\n----------\na : int\n    The first,\n    which is not None.\nb\n"
            "    The second.\n\nReturns\n-------\nint\n    The sum.",
        ),
    ],
)
def test_sections_are_written_as_the_style_has_them(style: str, wanted: str) -> None:
    assert in_style(SAID, style, {"a", "b"}) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Say it all.",
        "Say it all.\n\nAnd more: of it.",
        "Say.\n\nArgs:\n    a: One.\n    *args: Others.\n    **kwargs: Named.\n\nReturns:\n    What it is.",
        "Say.\n\n:param a: One.\n:return: Two.",
        "Say.\n\nParameters\n----------\na : int\n    One.",
        "Say.\n\nExample:\n    Args: are no section here.",
    ],
)
def test_what_is_in_form_stays_as_it_is(text: str) -> None:
    assert in_style(text, "Google", {"a", "args", "kwargs"}) == text


def test_what_cannot_be_compared_is_kept() -> None:
    assert in_style("Say.\n\nArgs:\nx: One.", "Google") == "Say.\n\nArgs:\n    x: One."
    assert in_style("Say.\n\nReturns: The sum.", "Google") == "Say.\n\nReturns:\n    The sum."
    assert in_style("Say.\n\nReturns:\nNone", "Google") == "Say."


def test_parameters_are_read_from_the_signature() -> None:
    assert parameters_of("@d\ndef f(self, a, /, b: int = 1, *args, c, **kw) -> int:\n") == frozenset(
        ("self", "a", "b", "args", "c", "kw")
    )
    assert parameters_of("    async def f(a):") == frozenset("a")
    assert parameters_of("def f(a") is None and parameters_of("class A:") is None
