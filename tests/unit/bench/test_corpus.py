"""Which files a benchmark types through."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.bench.corpus import read
from fimble.errors import DocumentError
from tests.unit.bench.texts import TEXT


def test_what_nobody_types_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "good.py").write_text(TEXT, encoding="utf-8")
    (tmp_path / "a.js").write_text("let word = other;\n" * 60, encoding="utf-8")
    (tmp_path / "short.py").write_text("word = 1\n", encoding="utf-8")
    (tmp_path / "table.py").write_text("(12345, 67890),\n" * 60, encoding="utf-8")
    (tmp_path / "windows.py").write_bytes(TEXT.replace("\n", "\r\n").encode())
    (tmp_path / "minified.js").write_text(TEXT + "word;" * 1000, encoding="utf-8")
    (tmp_path / "latin.py").write_bytes(TEXT.encode() + b"# caf\xe9\n")
    (tmp_path / "notes.txt").write_text(TEXT, encoding="utf-8")
    found = read(tmp_path)
    assert [(file.path, file.language) for file in found] == [("a.js", "javascript"), ("b/good.py", "python")]
    assert found[1].text == TEXT


def test_a_folder_without_sources_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no source file"):
        read(tmp_path)
