"""Small contents of files for tests of the index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from fimble.index.reader import Reader
from fimble.index.records import Chunk, FileContent, Import, Kind, Reference, Stamp, Use
from fimble.syntax.languages import Language

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


def cut(path: str, language: Language | None, text: str) -> FileContent:
    """A chunk for every line that begins with ``def``, up to the next one; what is called is what has brackets."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("def ")]
    chunks = []
    for start, end in pairwise([*starts, len(lines)]):
        body = "\n".join(lines[start:end])
        name, *uses = re.findall(r"(\w+)\(", body) or [""]
        chunks.append(function(name, body, list(dict.fromkeys(uses)), start, end_line=end))
    imports = [Import(module, "", module) for module in re.findall(r"^import (\w+)", text, re.MULTILINE)]
    return FileContent(path, language.name if language else "", len(lines), tuple(chunks), tuple(imports))


def everything(folder: Path) -> dict[str, object]:
    """What an index says, without the numbers that depend on the order in which it was written."""
    reader = Reader(folder)
    counts = reader.counts()
    found: dict[str, object] = {
        path: ([one.chunk for one in reader.in_file(path)], reader.imports_of(path)) for path in reader.paths()
    }
    asked = {word for path in reader.paths() for one in reader.in_file(path) for word in split(one.chunk.text)}
    found["words"] = {
        word: sorted(
            (one.path, one.chunk.start_line) for one in reader.chunks([i for i, _ in reader.match([word], 999)])
        )
        for word in sorted(asked)[:200]
    }
    ids, vectors = reader.vectors()
    found["vectors"] = sorted(
        (one.path, one.chunk.start_line, tuple(vector.tolist()))
        for one, vector in zip(reader.chunks(ids), vectors, strict=True)
    )
    found["counts"] = counts
    rows = reader.all_for_graph()
    found["graph"] = (sorted(rows.names), sum(map(len, rows.references.values())), sum(map(len, rows.imports.values())))
    reader.close()
    return found
