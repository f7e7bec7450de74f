"""Real source files to type through: every readable one below a folder, in a stable order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fimble.errors import DocumentError

LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".jsx": "javascriptreact",
    ".ts": "typescript",
    ".tsx": "typescriptreact",
    ".java": "java",
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".hpp": "cpp",
    ".cs": "csharp",
    ".go": "go",
    ".rs": "rust",
    ".rb": "ruby",
    ".php": "php",
    ".sh": "shellscript",
    ".html": "html",
    ".css": "css",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".sql": "sql",
    ".lua": "lua",
    ".kt": "kotlin",
    ".scala": "scala",
    ".swift": "swift",
}
"""File name suffix -> the language id that editors send."""
MIN_LINES = 40
MAX_BYTES = 512 * 1024
MAX_LINE_CHARACTERS = 400
"""A longer line marks a file that no person types: minified, or a table of data."""
MIN_LETTERS_SHARE = 0.5
"""Of what is no white space; fewer mark a table of numbers."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a corpus."""

    path: str
    """Relative to the corpus, with ``/``."""
    language: str
    text: str


def read(folder: Path) -> tuple[SourceFile, ...]:
    """The files below ``folder`` that a person could have typed, by path. Raises ``DocumentError`` for none.

    Left out: other kinds of files, under ``MIN_LINES`` lines, larger than ``MAX_BYTES``, with
    very long lines, tables of numbers, not UTF-8, or with carriage returns.
    """
    found = [_read(path, folder) for path in sorted(folder.rglob("*")) if path.suffix in LANGUAGES and path.is_file()]
    files = tuple(file for file in found if file is not None)
    if not files:
        raise DocumentError(
            f"{folder} holds no source file of at least {MIN_LINES} lines.", "Name a folder of source files."
        )
    return files


def _read(path: Path, folder: Path) -> SourceFile | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    lines = text.split("\n")
    is_typed = (
        len(lines) >= MIN_LINES
        and "\r" not in text
        and max(map(len, lines)) <= MAX_LINE_CHARACTERS
        and sum(map(str.isalpha, text)) >= MIN_LETTERS_SHARE * len("".join(text.split()))
    )
    return SourceFile(path.relative_to(folder).as_posix(), LANGUAGES[path.suffix], text) if is_typed else None
