"""``workspace/symbol`` and the command ``fimble.search``: what a search found, in the words of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from fimble.features.search import MAX_HITS, told
from fimble.index.records import Hit, Kind
from fimble.lsp.workspace import Found

if TYPE_CHECKING:
    from fimble.lsp.greeting import JsonObject
    from fimble.lsp.server import FimbleServer

MAX_SYMBOLS = 50
DEFAULT_HITS = 20
_KINDS = {
    Kind.FUNCTION: types.SymbolKind.Function,
    Kind.METHOD: types.SymbolKind.Method,
    Kind.CLASS: types.SymbolKind.Class,
    Kind.VALUES: types.SymbolKind.Variable,
    Kind.SECTION: types.SymbolKind.String,
    Kind.LINES: types.SymbolKind.File,
}


async def symbols(server: FimbleServer, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    """Names that match the query; where none does, what answers it as a question."""
    return [_symbol(root, hit) for root, hit in await server.workspace_index.symbols(params.query, MAX_SYMBOLS)]


async def search(server: FimbleServer, params: types.ExecuteCommandParams) -> JsonObject:
    """The answers to a question: one object with ``query``, ``hits`` and ``notes``."""
    query, limit = _wanted(params.arguments)
    found, notes = await server.workspace_index.ask(query, limit)
    return to_json(query, found, notes)


def to_json(query: str, found: Found, notes: tuple[str, ...]) -> JsonObject:
    """As ``fimble search --json`` says it, with the places as the protocol has them; ``line`` counts from 1."""
    hits = [
        {
            "uri": _uri(root, hit),
            "range": {
                "start": {"line": hit.start_line, "character": 0},
                "end": {"line": hit.end_line, "character": 0},
            },
            **told(hit),
        }
        for root, hit in found
    ]
    return {"query": query, "hits": hits, "notes": list(notes)}


def _wanted(arguments: object) -> tuple[str, int]:
    """The query and how many hits. Raises ``JsonRpcInvalidParams``."""
    wanted = arguments[0] if isinstance(arguments, list | tuple) and arguments else None
    query = wanted.get("query") if isinstance(wanted, dict) else None
    limit = wanted.get("limit", DEFAULT_HITS) if isinstance(wanted, dict) else DEFAULT_HITS
    if not isinstance(query, str) or type(limit) is not int:
        raise JsonRpcInvalidParams("fimble.search takes one object: query, a text, and if wanted limit, a number.")
    return query, min(max(limit, 1), MAX_HITS)


def _symbol(root: Path, hit: Hit) -> types.SymbolInformation:
    holder, _, name = hit.name.rpartition(" > " if hit.kind is Kind.SECTION else ".")
    span = types.Range(types.Position(hit.start_line, 0), types.Position(hit.end_line, 0))
    return types.SymbolInformation(
        name=name or Path(hit.path).name,
        kind=_KINDS[hit.kind],
        location=types.Location(_uri(root, hit), span),
        container_name=holder or None,
    )


def _uri(root: Path, hit: Hit) -> str:
    return (root / hit.path).as_uri()
