"""How high search ranks what was looked for: by words, by meaning, by both, and with the graph.

Each corpus is a workspace: files on the disk, indexed as a person's own. So what is measured is what is served.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fimble.bench.packages import Package
from fimble.bench.retrieval import Ranks, gain
from fimble.errors import IndexUnavailable
from fimble.index.reader import Reader
from fimble.index.searcher import MAX_MATCHES, Embed, telling
from fimble.index.view import Views

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

UNSEEN = (
    Package("flask", "3.1.3", "f4bcbefc124291925f1a26446da31a5178f9483862233b23c0c96a20701f670c"),
    Package("requests", "2.34.2", "2a0d60c172f83ac6ab31e4554906c0f3b3588d37b5cb939b1c061f4907e278e0"),
    Package("click", "8.5.1", "8bb5376d2006950386f8c6427613334a2acadc5f559cb80e638d00b4df957e37"),
    Package("jinja2", "3.1.6", "85ece4451f492d0c13c5dd7c13a64681a86afae63a5f347908daf103ce6d2f67"),
    Package("werkzeug", "3.1.9", "6392e50c78460ba618e5b21f08a71f59c99ce99cdc6cf6e3dd7e6ccca8754fab"),
    Package("httpx", "0.28.1", "d909fcccc110f8c7faf814ca82a9a4d816bc5a6dbfea25d6591d6985b8ba59ad"),
    Package("wtforms", "3.3.2", "2fac992f39102d6268b06e05cdbdf37a7e9b9a4e103916d2dff1d09a080b531d"),
    Package("mkdocs", "1.6.1", "db91759624d1647f3f34aa0c3f327dd2601beae39a366d6e064c03468d35c20e"),
    Package("fabric", "3.2.3", "ce61917f4f398018337ce279b357650a3a74baecf3fdd53a5839013944af965e"),
    Package("simpy", "4.1.2", "43071f84b6512c9b4fcb33ef057f240ccb1d1f3b263f9b4f9229d072e310b372"),
    Package("pypdf", "7.1.1", "04c5680d4b4cfa04ab505b09393fc949860c34a4dad6565284d11a2f5c3ce8b1"),
    Package("scrapy", "2.19.0", "44c1ad4b008f1976e946c75b2adce0e448cbfe470c584b1b59469abf270e8013"),
)
"""Packages of which nothing was seen when the encoder and the graph's weights were taught."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query and its one answer: the chunk of the file ``path`` that is called ``name``, or its first where empty."""

    query: str
    path: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Ranks by retriever, queries in one order for all."""

    ranks: dict[str, list[int]]
    milliseconds: list[float]
    """Of each query with everything, once the index is in memory."""
    num_chunks: int
    num_edges: int
    num_lost: int
    """Queries whose answer is no chunk of its own."""

    def to_json(self) -> dict[str, Any]:
        found = {name: Ranks(tuple(ranks)) for name, ranks in self.ranks.items()}
        times = sorted(self.milliseconds) or [0.0]
        return {
            "retrievers": {name: ranks.to_json() for name, ranks in found.items()},
            "gain": {
                "fused_over_embedding": gain(found["fused"], found["embedding"]),
                "graph_over_fused": gain(found["fused_graph"], found["fused"]),
            },
            "num_queries": len(self.milliseconds),
            "num_chunks": self.num_chunks,
            "num_edges": self.num_edges,
            "num_lost": self.num_lost,
            "p50_ms": round(times[len(times) // 2], 1),
            "p95_ms": round(times[int(len(times) * 0.95)], 1),
        }


RETRIEVERS = ("bm25", "embedding", "fused", "fused_graph")


def measure(
    folder: Path,
    wanted: Sequence[Wanted],
    embed: Embed,
    on_query: Callable[[int], None] = lambda _: None,
    has_graph: bool = True,
) -> Measured:
    """Rank the answers of ``wanted`` in the index at ``folder``. Raises ``IndexUnavailable`` where it is not whole.

    Without ``has_graph`` the files are of as many projects, and names that are alike are no edges.
    """
    reader = Reader(folder)
    counts = reader.counts()
    if counts.num_missing_vectors or not counts.num_chunks:
        raise IndexUnavailable(f"The index in {folder} is not whole.")
    plain, whole = Views(reader, has_graph=False).latest(), Views(reader, has_graph).latest()
    ranks: dict[str, list[int]] = {name: [] for name in RETRIEVERS}
    milliseconds: list[float] = []
    num_lost = 0
    for number, one in enumerate(wanted):
        on_query(number)
        places = reader.in_file(one.path, with_references=False)
        right = next((stored.id for stored in places if not one.name or stored.chunk.qualified == one.name), None)
        if right is None:
            num_lost += 1
            continue
        begun_s = time.perf_counter()
        matches = whole.matches(dict(reader.match(telling(one.query), MAX_MATCHES)))
        cosines = whole.cosines(embed(one.query))
        assert cosines is not None, "every chunk has a vector"
        graph = whole.network.scores(cosines, matches)
        milliseconds.append((time.perf_counter() - begun_s) * 1e3)
        scores: dict[str, npt.NDArray[np.floating[Any]]] = {
            "bm25": matches,
            "embedding": cosines,
            "fused": plain.network.scores(cosines, matches),
            "fused_graph": graph,
        }
        for name, values in scores.items():
            ranks[name].append(_rank(values, whole.rows[right]))
    reader.close()
    num_edges = whole.network.num_edges if has_graph else 0
    return Measured(ranks, milliseconds, counts.num_chunks, num_edges, num_lost)


def together(parts: Sequence[Measured]) -> Measured:
    """Several workspaces as one table: each query was looked for in its own."""
    ranks = {name: [rank for part in parts for rank in part.ranks[name]] for name in RETRIEVERS}
    return Measured(
        ranks,
        [one for part in parts for one in part.milliseconds],
        sum(part.num_chunks for part in parts),
        sum(part.num_edges for part in parts),
        sum(part.num_lost for part in parts),
    )


def _rank(values: npt.NDArray[np.floating[Any]], right: int) -> int:
    """What scores alike counts as better."""
    return int((values >= values[right]).sum())
