"""A folder as a workspace that is indexed, for benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

    from fimble.engine.encoder import Encoder


def indexed(place: Path, encoder: Encoder, progress: Progress, title: str) -> Path:
    """The folder of an index of ``place``/workspace, whole; it lies in ``place``, too, and what is there is kept."""
    import numpy as np

    from fimble.cli.wiring_index import encoder_name
    from fimble.index.chunks import cut
    from fimble.index.indexer import Encoding, Indexer
    from fimble.index.store import Store
    from fimble.privacy import Privacy

    root, folder = (place / "workspace").resolve(), place / "index"
    store = Store.open(folder, lambda _: None)
    encoding = Encoding(lambda texts: encoder.embed(texts).astype(np.float16), encoder_name())
    indexer = Indexer(root, store, Privacy([], [root]), cut, encoding, on_note=lambda _: None)
    task = progress.add_task(f"indexing {title}", total=None)
    for step in indexer.steps():
        progress.update(task, completed=step.done, total=step.total)
    progress.remove_task(task)
    store.close()
    return folder


def embed_one(encoder: Encoder) -> Callable[[str], Any]:
    """A query's unit vector."""
    return lambda query: encoder.embed([query])[0]
