"""What the windows of a daemon share, made and joined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.context.elsewhere import Elsewhere
    from fimble.daemon.window import Shared
    from fimble.features.search import Searcher, Translate
    from fimble.lsp.model import LoadedModel


def run(ready_fd: int | None) -> NoReturn:
    """Be the daemon; see ``fimble.daemon.process.run``."""
    from fimble.cli.through import here
    from fimble.daemon import process

    process.run(here, _shared, ready_fd)


def _shared() -> Shared:
    from fimble.daemon.window import Shared
    from fimble.lsp.followers import Followers

    return Shared(_load, _open_search, Followers)


def _load(
    config: Config, elsewhere: Elsewhere, adjustment: Callable[[], float], on_progress: Callable[[str], None]
) -> LoadedModel:
    from fimble.cli.wiring import load_feature

    return load_feature(config, elsewhere, adjustment, on_progress)


def _open_search(root: Path, config: Config, translate: Translate) -> Searcher:
    from fimble.cli.wiring_index import open_search

    return open_search(root, config, translate)
