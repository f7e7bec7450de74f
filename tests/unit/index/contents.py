"""Small contents of files for tests of the index."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fimble.index.records import Chunk, FileContent, Import, Kind, Reference, Stamp, Use

STAMP = Stamp(100, 1_700_000_000_000_000_000)


def split(text: str) -> list[str]:
    """Words of letters and digits, in lower case."""
    return re.findall(r"\w+", text.lower())


def function(name: str, text: str = "", uses: Sequence[str] = (), line: int = 0, **other: object) -> Chunk:
    values: dict[str, object] = {
        "name": name,
        "qualified": name,
        "kind": Kind.FUNCTION,
        "start_line": line,
        "end_line": line + 2,
        "signature": f"def {name}():",
        "docstring": "",
        "text": text or f"def {name}():\n    pass\n",
        "references": tuple(Reference(used, Use.CALL) for used in uses),
    }
    return Chunk(**(values | other))  # type: ignore[arg-type]


def content(path: str, *chunks: Chunk, imports: Sequence[Import] = ()) -> FileContent:
    return FileContent(path, "python", 10, chunks, tuple(imports))


def digests(content: FileContent) -> list[bytes]:
    """One for each different text."""
    return [chunk.text.encode().ljust(16, b"\0")[:16] for chunk in content.chunks]
