"""Whole lines from the one that matters most."""

from __future__ import annotations

import pytest

from fimble.context.excerpt import excerpt
from fimble.context.passages import Passage, read

TEXT = """\
# Helpers for prices.

LIMIT = 3

def net_price(gross):
    tax = gross / 6
    return gross - tax


def label(price):
    return f"{price} EUR"
"""


@pytest.fixture
def passage() -> Passage:
    passage = read(TEXT)
    assert passage is not None
    return passage


def test_all_of_it_where_it_fits(passage: Passage) -> None:
    assert excerpt(passage, {"net_price": 1.0}, len(TEXT)) == TEXT


def test_the_definition_and_what_follows(passage: Passage) -> None:
    expected = "def net_price(gross):\n    tax = gross / 6\n"
    assert excerpt(passage, {"net_price": 1.0, "gross": 0.5}, 50) == expected


def test_what_stands_above_comes_last(passage: Passage) -> None:
    expected = 'def label(price):\n    return f"{price} EUR"\n'
    assert excerpt(passage, {"EUR": 1.0}, 50) == expected


def test_blank_lines_at_the_edges_are_left_out(passage: Passage) -> None:
    assert excerpt(passage, {"tax": 1.0}, 45) == "    tax = gross / 6\n    return gross - tax\n"


def test_not_even_one_line(passage: Passage) -> None:
    assert excerpt(passage, {"net_price": 1.0}, 20) == ""
    assert excerpt(passage, {"net_price": 1.0}, -5) == ""
