"""From what an editor calls a document to the paths that rules are asked about.

Editors differ in what they encode, so an address may be read in more than one way. All
readings are asked, and one that is private makes the address private.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
"""Two characters at least: one letter and a colon is a Windows drive."""
_DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")


def path_of(address: str | Path) -> str:
    """The path part of a URI, percent-decoded, ``/`` between names; a path as it is.

    ``file:///c%3A/x`` gives ``c:/x``, ``file://host/share/x`` gives ``//host/share/x`` and
    ``untitled:Untitled-1`` gives ``Untitled-1``. A query or fragment is no part of it.
    """
    return readings(address)[0]


def readings(address: str | Path) -> tuple[str, ...]:
    """Every path that ``address`` may mean, likeliest first; absolute where it was or where it is a plain path.

    A client that leaves ``#`` or ``?`` unencoded means them as part of the name, others as the
    fragment or query that the standard makes of them.
    """
    if isinstance(address, Path) or not (scheme := _SCHEME.match(address)):
        return (os.path.abspath(address).replace(os.sep, "/"),)  # noqa: PTH100 (keeps a link's own name)
    whole = address[scheme.end() :]
    cut = re.split(r"[?#]", whole, maxsplit=1)[0]
    is_file = scheme[1].lower() == "file"
    return tuple(_decoded(part, is_file) for part in dict.fromkeys((cut, whole)))


def _decoded(rest: str, is_file: bool) -> str:
    authority = ""
    if rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
    path = unquote(rest, errors="surrogateescape")
    if is_file and authority.lower() not in ("", "localhost"):
        return f"//{unquote(authority)}{path}"
    return path[1:] if _DRIVE.match(path) else path
