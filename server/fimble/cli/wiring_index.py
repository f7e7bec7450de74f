"""Where an index's parts are made and joined: options -> who fills it, index -> who answers questions about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.config import Config
from fimble.errors import FimbleError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from fimble.engine.encoder import Encoder
    from fimble.features.search import Searcher
    from fimble.index.embedder import Embedder
    from fimble.index.indexer import Encoding, Indexer
    from fimble.index.orders import Wish
    from fimble.index.places import Place
    from fimble.index.reader import Reader
    from fimble.index.searcher import Translate
    from fimble.index.store import Store
    from fimble.index.worker import Tell, Worker
    from fimble.privacy import Privacy

_EMBEDDERS: dict[Path, Embedder] = {}
_EMBEDDERS_LOCK = threading.Lock()


def make_worker(root: str, wish: Wish, disabled: Sequence[Sequence[str]], tell: Tell) -> Worker:
    """Who follows the folder ``root``; ``disabled`` are lists beside the person's own.

    Raises ``FolderTooWide`` where a person has to be asked first, ``IndexUnavailable`` or ``ConfigError``.
    """
    from dataclasses import replace

    from fimble import config
    from fimble.index.places import place_of, refuse_too_wide
    from fimble.index.worker import Worker

    place = place_of(Path(root))
    if not wish.is_allowed:
        refuse_too_wide(place.root)
    options, complaints = config.load()
    for complaint in complaints:
        tell({"note": complaint})
    indexer = make_indexer(place, replace(options, index_max_files=wish.max_files), num_threads=1)
    return Worker(place, indexer, options.disabled_paths, wish.max_mb, tell, also_disabled=disabled)


def make_indexer(
    place: Place, options: Config, num_threads: int = 0
) -> Callable[[Store, Privacy, Callable[[str], None]], Indexer]:
    """From a store, the privacy rules and who is told of notes to what fills the store.

    ``num_threads`` for the encoder, 0 for one a physical core.
    """
    from fimble.index.chunks import cut
    from fimble.index.indexer import Indexer

    def make(store: Store, privacy: Privacy, on_note: Callable[[str], None]) -> Indexer:
        encoding = _encoding(num_threads, on_note)
        return Indexer(place.root, store, privacy, cut, encoding, options.index_max_files, on_note)

    return make


def open_search(root: Path, config: Config, translate: Translate | None = None) -> Searcher:
    """What answers questions about the workspace ``root``, indexed or not. Raises ``FimbleError``.

    ``translate`` puts a query in Chinese into English. All but that is shared by all who ask in this process.
    """
    from fimble.index.places import place_of
    from fimble.index.searcher import Searcher
    from fimble.index.shared import READERS, VIEWS

    folder = place_of(root).folder
    reader, views = READERS.get(folder), VIEWS.get(folder)
    try:
        encoder = embedder(config.num_threads)
        encoder.load()
    except FimbleError as error:
        return Searcher(reader, views, note=str(error))
    if reader.meta("encoder") not in (None, encoder_name()):
        return Searcher(reader, views, note="The index was made with another encoder; `fimble index` makes it anew.")
    return Searcher(reader, views, lambda query: encoder.embed([query])[0], translate)


def translator(config: Config) -> Translate:
    """Puts a question into English; the model is loaded at the first."""

    def translate(question: str) -> str:
        from fimble.cli.wiring import load_engine
        from fimble.cli.wiring_instructed import english_on

        if config.endpoint:
            return _translated_there(question, config)
        loaded = load_engine(config)
        try:
            english = english_on(loaded)
            return english(question) if english else ""
        finally:
            loaded.engine.close()

    return translate


def _translated_there(question: str, config: Config) -> str:
    from fimble.cli import wiring_remote

    engine = wiring_remote.remote_engine(config)
    try:
        return wiring_remote.english_on(engine)(question)
    finally:
        engine.close()


def embedder(num_threads: int = 0) -> Embedder:
    """The encoder that all of this process share, with ``num_threads`` as who came first says.

    Raises ``ModelNotInstalled``.
    """
    from fimble.index.embedder import Embedder
    from fimble.weights import encoder as weights

    folder = weights.installed()
    with _EMBEDDERS_LOCK:
        if folder not in _EMBEDDERS:
            _EMBEDDERS[folder] = Embedder(lambda: load_encoder(num_threads, folder))
        return _EMBEDDERS[folder]


def load_encoder(num_threads: int = 0, folder: Path | None = None) -> Encoder:
    """The one in use, or the one in ``folder``. Raises ``ModelNotInstalled`` or ``ModelFolderInvalid``."""
    from fimble.weights import encoder as weights

    folder = folder or weights.installed()
    from fimble.engine.encoder import Encoder

    return Encoder(folder, num_threads)


def encoder_name() -> str:
    """Of what makes vectors, and of how chunks are described to it: others make other vectors."""
    from fimble.index.describe import FORMAT
    from fimble.weights import encoder as weights

    return f"{weights.fingerprint()}-{FORMAT}"


def _encoding(num_threads: int, on_note: Callable[[str], None]) -> Encoding | None:
    """How chunks get vectors; nothing, aloud, where the encoder is not set up. It is loaded at the first chunk."""
    import numpy as np

    from fimble.index.indexer import Encoding

    try:
        encoder = embedder(num_threads)
    except FimbleError as error:
        on_note(str(error))
        return None

    def embed(texts: Sequence[str]) -> npt.NDArray[np.float16]:
        return encoder.embed(texts).astype(np.float16)

    return Encoding(embed, encoder_name())


def index_readers(config: Config) -> Callable[[str], Reader | None]:
    """From a workspace folder to its index, there or not; each is opened once in a process, and none where nothing is
    indexed."""
    from fimble.index.places import place_of
    from fimble.index.shared import READERS

    known: dict[str, Reader | None] = {}

    def reader_of(root: str) -> Reader | None:
        if root not in known:
            try:
                known[root] = READERS.get(place_of(Path(root)).folder)
            except FimbleError:
                known[root] = None
        return known[root]

    return reader_of if config.index and config.cross_file else lambda _: None
