"""A chunk as the encoder reads it: what it is called and said to do, then its code, names cut into words.

The encoder was taught on text, in lower case: ``getURLPath`` is one odd word to it, ``get url path`` three good ones.
"""

from __future__ import annotations

import re
from hashlib import sha256

from fimble.index.records import Chunk, Kind

MAX_CHARS = 1600
"""More than the encoder's ``engine.encoder.MAX_TOKENS`` hold of most code."""
MAX_DOCSTRING_CHARS = 400
FORMAT = 1
"""Part of every digest: another way to describe is another text."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
_PYTHON_DOCSTRING = re.compile(
    r"""(?P<head>:[ \t]*(?:\#[^\n]*)?\n\s*)[rRuUbB]{0,2}(?P<quotes>\"{3}|'{3}|"|')(?P<text>.*?)(?P=quotes)[ \t]*\n?""",
    re.DOTALL,
)
_BLANKS = re.compile(r"[ \t]+")


def describe(path: str, chunk: Chunk) -> str:
    """The text that stands for ``chunk`` of the file ``path`` in the vector space."""
    name = plain_words(chunk.qualified.replace(".", " "))
    said = summary(chunk.docstring)
    place = plain_words(path.rpartition("/")[2].rpartition(".")[0])
    head = f"{name}. {said}" if said else f"{name}."
    code = without_docstring(chunk) if chunk.docstring else chunk.text
    return f"{head}\n{place}\n{_BLANKS.sub(' ', spaced(code))}"[:MAX_CHARS]


def digest(path: str, chunk: Chunk) -> bytes:
    """What tells two described chunks apart; 16 bytes."""
    return sha256(f"{FORMAT}\0{describe(path, chunk)}".encode("utf-8", "surrogatepass")).digest()[:16]


def summary(docstring: str) -> str:
    """The first paragraph, on one line."""
    first = re.split(r"\n[ \t]*\n", docstring.strip(), maxsplit=1)[0]
    return " ".join(first.split())[:MAX_DOCSTRING_CHARS]


def plain_words(name: str) -> str:
    """``getURLPath`` and ``get_url_path`` as ``get url path``."""
    return " ".join(_HUMP.sub(" ", name).split()).lower()


def spaced(code: str) -> str:
    """``code`` with the humps of its names made visible; underscores stay, as the encoder's tokens part there."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", code)


def without_docstring(chunk: Chunk) -> str:
    """The lines of ``chunk`` without Python's docstring; of other languages the comment stands above them."""
    if chunk.kind not in (Kind.FUNCTION, Kind.METHOD, Kind.CLASS):
        return chunk.text
    found = _PYTHON_DOCSTRING.search(chunk.text)
    if (
        found is None
        or chunk.docstring.strip()[:20].strip() not in " ".join(found["text"].split())[:400] + found["text"]
    ):
        return chunk.text
    return chunk.text[: found.start("head")] + found["head"].rstrip(" \t") + chunk.text[found.end() :]
