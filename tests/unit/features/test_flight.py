"""An answer that is being written: keys that agree with it join it, others do not."""

from __future__ import annotations

import pytest

from fimble.features.continuation import Place
from fimble.features.flight import Flight
from tests.unit.cursor_mark import at_mark


@pytest.fixture
def flight() -> Flight:
    return Flight(Place.at(at_mark("x = ‸\n"), ()))


def test_before_anything_is_written_every_key_joins(flight: Flight) -> None:
    assert flight.joins(at_mark("x = abc‸\n"))
    assert flight.goes_on("a") and flight.goes_on("abc") and flight.goes_on("abcd")
    assert not flight.goes_on("abd")


def test_a_key_that_goes_another_way_does_not_join(flight: Flight) -> None:
    assert flight.goes_on("total")
    assert not flight.joins(at_mark("x = ti‸\n"))
    assert flight.goes_on("total + 1"), "nobody has joined, so nothing stops it"


def test_what_was_typed_last_counts(flight: Flight) -> None:
    assert flight.joins(at_mark("x = to‸\n"))
    assert flight.joins(at_mark("x = ‸\n")), "after two backspaces"
    assert flight.joins(at_mark("x = a‸\n"))
    assert flight.goes_on("a + b") and not flight.goes_on("to")


def test_typing_beyond_what_is_written_waits_for_it(flight: Flight) -> None:
    assert flight.goes_on("to")
    assert flight.joins(at_mark("x = total‸\n"))
    assert flight.goes_on("tot") and not flight.goes_on("toto")


@pytest.mark.parametrize("marked", ["y = t‸\n", "x = t‸\nz\n", "x =‸\n", "\nx = t‸\n"])
def test_an_edit_elsewhere_does_not_join(flight: Flight, marked: str) -> None:
    assert not flight.joins(at_mark(marked))


def test_another_document_does_not_join(flight: Flight) -> None:
    assert not flight.joins(at_mark("x = t‸\n", uri="file:///other.py"))
