"""A chunk as the encoder reads it: the code as people write it, what it says of itself cut short, humps made blanks.

Measured with the publisher's encoder on 600 questions about 1,500 functions: names and comment in front of the code
give a mean reciprocal rank of 0.804, the code as it stands 0.824, with the humps of its names made blanks 0.827
(``getURLPath`` is one odd word to an encoder that was taught on text in lower case). The class or file that stands in
front of it now was not a part of that measurement.
"""

from __future__ import annotations

import re
from hashlib import sha256

from fimble.index.records import Chunk, Kind

MAX_CHARS = 1600
"""More than the encoder's ``engine.encoder.MAX_TOKENS`` hold of most code."""
MAX_DOCSTRING_CHARS = 400
FORMAT = 2
"""Part of every digest: another way to describe is another text."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PYTHON_DOCSTRING = re.compile(
    r"""(?P<head>:[ \t]*(?:\#[^\n]*)?\n\s*)[rRuUbB]{0,2}(?P<quotes>\"{3}|'{3}|"|')(?P<text>.*?)(?P=quotes)[ \t]*\n?""",
    re.DOTALL,
)
_BLANKS = re.compile(r"[ \t]+")
_LETTER = re.compile(r"[^\W\d_]")


def describe(path: str, chunk: Chunk) -> str:
    """The text that stands for ``chunk`` of the file ``path`` in the vector space."""
    around = chunk.qualified.removesuffix(chunk.name).rstrip(".> ") or path.rpartition("/")[2].rpartition(".")[0]
    said, text = summary(chunk.docstring), chunk.text
    if said and (place := _docstring_place(chunk)) is not None:
        text = f'{text[: place[0]]}"""{said}"""\n{text[place[1] :]}'
    elif said:
        text = f"{said}\n{text}"
    # a file that is called by a number says nothing of what it holds
    head = f"{around}\n" if _LETTER.search(around) else ""
    return _HUMP.sub(" ", f"{head}{_BLANKS.sub(' ', text)}"[:MAX_CHARS])


def digest(path: str, chunk: Chunk) -> bytes:
    """What tells two described chunks apart; 16 bytes."""
    return sha256(f"{FORMAT}\0{describe(path, chunk)}".encode("utf-8", "surrogatepass")).digest()[:16]


def summary(docstring: str) -> str:
    """The first paragraph, on one line."""
    first = re.split(r"\n[ \t]*\n", docstring.strip(), maxsplit=1)[0]
    return " ".join(first.split())[:MAX_DOCSTRING_CHARS]


def _docstring_place(chunk: Chunk) -> tuple[int, int] | None:
    """Where Python's docstring begins and ends in the text; in other languages the comment stands above it."""
    if chunk.kind not in (Kind.FUNCTION, Kind.METHOD, Kind.CLASS):
        return None
    found = _PYTHON_DOCSTRING.search(chunk.text)
    if found is None or chunk.docstring.split()[:3] != found["text"].split()[:3]:
        return None
    return found.start("quotes"), found.end()
