"""FILE:LINE and FILE:A-B, as people write them and as they should not."""

from __future__ import annotations

import pytest

from fimble.cli.place import Place, line_in, lines_in
from fimble.errors import PositionOutside


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("app.py:12", Place("app.py", 12, 12, False)),
        ("-:3", Place("-", 3, 3, False)),
        ("C:\\code\\app.py:1", Place("C:\\code\\app.py", 1, 1, False)),
        ("a:1:2", Place("a:1", 2, 2, False)),
    ],
)
def test_one_line(written: str, place: Place) -> None:
    assert line_in(written, "document") == place
    assert lines_in(written, "explain") == place


def test_several_lines() -> None:
    assert lines_in("-:3-14", "explain") == Place("-", 3, 14, True)
    assert lines_in("a-b.py:5-5", "explain") == Place("a-b.py", 5, 5, True)


@pytest.mark.parametrize("written", ["app.py", "app.py:", ":12", "app.py:-1", "app.py:x", "a:1-2", "a:" + "9" * 5000])
def test_what_is_no_line_is_told_with_an_example(written: str) -> None:
    with pytest.raises(PositionOutside, match=r"is not FILE:LINE. For example: fimble document app.py:12"):
        line_in(written, "document")


@pytest.mark.parametrize("written", ["app.py", "app.py:1-", "app.py:1-2-3", "app.py:1–2", "12-20"])
def test_what_are_no_lines_is_told_with_an_example(written: str) -> None:
    with pytest.raises(PositionOutside, match=r"is not FILE:A-B. For example: fimble explain app.py:12-20"):
        lines_in(written, "explain")


def test_lines_the_wrong_way_round() -> None:
    with pytest.raises(PositionOutside, match=r"Line 7 comes before line 9. For example: app.py:7-9"):
        lines_in("app.py:9-7", "explain")
