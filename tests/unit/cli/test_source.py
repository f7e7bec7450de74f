"""Which files and which standard input commands take, and what they say to the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.cli.source import Source, language_called, open_source
from fimble.config import Config
from fimble.errors import ActionRefused, ConfigError, DocumentError, FimbleError, NotText, PositionOutside
from fimble.syntax.languages import LANGUAGES
from fimble.text import Snapshot

TEXT = "def f():\r\n    return 1\r\n\r\n\r\n\r\nx = f()\r\n"


def opened(path: Path, language: str = "", config: Config | None = None) -> Source:
    return open_source(str(path), language, "--lang", config or Config())


def test_the_text_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    source = opened(path)
    assert (source.text, source.path, source.language.name) == (TEXT, path, "python")
    assert source.snapshot.language == "python"


def test_a_name_that_tells_nothing_needs_the_option(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"The name script does not tell its language. Give it: --lang python"):
        opened(path)
    assert opened(path, "golang").language.name == "go"


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("a.py", b"", ActionRefused, "There is no code in"),
        ("a.py", b" \n\t\n", ActionRefused, "There is no code in"),
        ("a.py", b"x = 1\n\xff", NotText, "is not UTF-8"),
        ("a.py", b"x\0y", NotText, "binary data"),
        (".env", b"KEY=1\n", ActionRefused, "never reads. The built-in rule"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, name: str, content: bytes, error: type[FimbleError], says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=says):
        opened(tmp_path / name, "bash")


def test_a_private_file_is_refused_before_it_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ActionRefused, match="disabled_paths"):
        opened(tmp_path / "nosuch.py", config=Config(disabled_paths=("*.py",)))
    with pytest.raises(DocumentError, match="cannot be read"):
        opened(tmp_path / "nosuch.py")


def test_lines_are_counted_as_editors_do() -> None:
    source = Source("a.py", None, Snapshot("", "python", 0, TEXT), LANGUAGES["python"])
    assert source.span(1, 2) == (0, TEXT.index("\r\n\r\n"))
    assert source.span(2, 2) == (TEXT.index("return"), TEXT.index("return") + 8)
    assert source.span(6, 6)[0] == TEXT.index("x = f()")
    start, end = source.span(4, 4)
    assert start == end
    for line in (0, 7):
        with pytest.raises(PositionOutside, match=f"Line {line} is outside a.py, which has 6 lines"):
            source.span(1, line) if line else source.span(0, 1)


@pytest.mark.parametrize(
    ("name", "language"),
    [("Python", "python"), ("py", "python"), ("C++", "cpp"), ("C#", "csharp"), ("js", "javascript"), (".rs", "rust")],
)
def test_languages_by_their_many_names(name: str, language: str) -> None:
    assert language_called(name).name == language


@pytest.mark.parametrize("name", ["klingon", "", "../etc", "c##"])
def test_an_unknown_language_is_told_with_all_that_are_known(name: str) -> None:
    with pytest.raises(ConfigError, match=r"There is no language .*python, javascript, .*swift"):
        language_called(name)
