"""Files and places in them: what is refused, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.document import cursor_at, read
from fimble.errors import DocumentError, DocumentTooLarge, NotText, PositionOutside
from fimble.text import Snapshot

TEXT = Snapshot("file:///a.py", "python", 0, "first\r\n😀 = 1\n")


def test_columns_count_code_points_from_one() -> None:
    assert cursor_at(TEXT, 2, 2).prefix == "first\r\n😀"
    assert cursor_at(TEXT, 1, 6).prefix == "first"
    assert cursor_at(TEXT, 3, 1).prefix == TEXT.text


@pytest.mark.parametrize(("line", "column"), [(0, 1), (4, 1), (1, 0), (1, 7), (2, 7)])
def test_a_place_outside_is_refused(line: int, column: int) -> None:
    with pytest.raises(PositionOutside, match=r"outside"):
        cursor_at(TEXT, line, column)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "latin.py"
    file.write_bytes("name = 'é'".encode("latin-1"))
    with pytest.raises(NotText, match="byte 8"):
        read(file, 4)


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "big.py"
    file.write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(DocumentTooLarge, match="limit is 1 MB"):
        read(file, 1)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read(tmp_path / "none.py", 1)
