"""Which line a sentence speaks of."""

from __future__ import annotations

import pytest

from fimble.features.actions.spoken_of import line_of

CODE = [
    "def total_price(items, tax_rate):",
    "    # total_price of items",
    "    price = 0",
    "    for item in items:",
    "        if item.is_free:",
    "            continue",
    "        price += item.price",
    "    return price * (1 + tax_rate)",
]


@pytest.mark.parametrize(
    ("said", "guess", "line"),
    [
        ("Defines a function `total_price` that takes `items` and `tax_rate`.", 3, 0),
        ("Initializes `price` to 0.", 1, 2),
        ("Iterates over each item in `items`.", 1, 3),
        ("Checks if the item `is_free`.", 7, 4),
        ("Checks whether is_free is set.", 7, 4),
        ("Returns the `price` with the `tax_rate`.", 2, 7),
        ("Makes something of the rest.", 5, None),
        ("Ends.", 0, None),
        ("It uses `price`.", 7, None),
        ("It uses `unknown`.", 7, None),
        ("", -3, None),
    ],
)
def test_the_line_that_has_what_is_named(said: str, guess: int, line: int | None) -> None:
    assert line_of(said, CODE, guess) == line


def test_of_one_line_all_is_told_and_of_none_nothing() -> None:
    assert line_of("Ends.", ["x = 1"], 7) == 0
    assert line_of("Returns `a`.", [], 0) is None
