"""What a definition says of itself: its signature on one line, its docstring or the comment above it."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from fimble.index.spans import Span
from fimble.syntax import kinds

if TYPE_CHECKING:
    import tree_sitter

MAX_SIGNATURE_CHARS = 500
MAX_DOCSTRING_CHARS = 8_000
_PREFIX = re.compile(r"[A-Za-z]{0,2}(\"{3}|'{3}|\"|')")
_OPENING = re.compile(r"^[ \t]*(?:/\*[*!]?|//[/!]?|#+!?|--+(?:\[=*\[)?|<!--|\"{3}|'{3})")
_CLOSING = re.compile(r"[ \t]*(?:\*+/|-->|\]=*\])[ \t]*$")
_STAR = re.compile(r"^[ \t]*\*(?!/) ?")
_BEFORE_BODY = re.compile(r"\s*(?:\{|(?<![=<>!:])=|:)\s*$")
_AFTER_BRACKET, _BEFORE_BRACKET = re.compile(r"\( "), re.compile(r",? \)")
_ANNOTATIONS = re.compile(r"(?:@(?!interface)[\w.]+(?:\([^()]*\))?\s+)+|(?:\[[^\[\]]*\]\s+)+")
_LINE_COMMENT = re.compile(r"(?m)(?:^|[ \t])(?:#|//)[ \t].*$")


def signature(span: Span, data: bytes) -> str:
    """What stands before the body, without decorators, the brace or colon; of one without a body its first line."""
    if span.body is not None:
        head = _decode(data[span.head : min(span.head_end, span.head + 4 * MAX_SIGNATURE_CHARS)])
    else:
        head = _decode(data[span.head : min(span.node.end_byte, span.head + MAX_SIGNATURE_CHARS)])
        if span.is_class:
            head = head.split("{", 1)[0]
    if "#" in head or "//" in head:
        head = _LINE_COMMENT.sub("", head)
    if head[:1] in ("@", "["):
        head = _ANNOTATIONS.sub("", head, count=1)
    head = _AFTER_BRACKET.sub("(", _BEFORE_BRACKET.sub(")", " ".join(head.split())))
    return _BEFORE_BODY.sub("", head).rstrip(";")[:MAX_SIGNATURE_CHARS]


def docstring(span: Span, data: bytes, is_python: bool) -> str:
    """Python's, else the comment right above."""
    if is_python:
        found = kinds.docstring_of(span.body)
        if found is not None:
            return python_string(found, data)
    return comment_text("\n".join(_decode(data[start:end]) for start, end in span.comments))


def python_string(node: tree_sitter.Node, data: bytes) -> str:
    """The text of a string, dedented, without its quotes; escapes stay as they are written."""
    written = _decode(data[node.start_byte : node.end_byte][: 4 * MAX_DOCSTRING_CHARS])
    opened = _PREFIX.match(written)
    if opened is not None:
        written = written[opened.end() :].removesuffix(opened[1])
    return inspect.cleandoc(written).strip()[:MAX_DOCSTRING_CHARS]


def comment_text(written: str) -> str:
    """A block of comments without its marks."""
    if not written:
        return ""
    is_block = written.lstrip().startswith("/*")
    lines = []
    for line in written.split("\n")[:400]:
        bare = _CLOSING.sub("", _OPENING.sub("", line, count=1))
        lines.append(_STAR.sub("", bare, count=1) if is_block else bare)
    return inspect.cleandoc("\n".join(lines)).strip()[:MAX_DOCSTRING_CHARS]


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")
