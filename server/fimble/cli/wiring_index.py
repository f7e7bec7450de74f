"""Where an index's parts are made and joined: options -> who fills it, index -> who answers questions about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.config import Config

if TYPE_CHECKING:
    from fimble.features.search import Searcher
    from fimble.index.indexer import Indexer
    from fimble.index.places import Place
    from fimble.index.store import Store
    from fimble.privacy import Privacy


def make_indexer(place: Place, options: Config) -> Callable[[Store, Privacy, Callable[[str], None]], Indexer]:
    """From a store, the privacy rules and who is told of notes to what fills the store."""
    from fimble.index.chunks import cut
    from fimble.index.indexer import Indexer

    def make(store: Store, privacy: Privacy, on_note: Callable[[str], None]) -> Indexer:
        return Indexer(place.root, store, privacy, cut, None, options.index_max_files, on_note)

    return make


def open_search(root: Path, config: Config) -> Searcher:
    """What answers questions about the workspace ``root``, indexed or not. Raises ``FimbleError``."""
    from fimble.index.lexical import Lexical
    from fimble.index.places import place_of
    from fimble.index.reader import Reader

    return Lexical(Reader(place_of(root).folder))
