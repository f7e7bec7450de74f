"""What the windows of a daemon share, made and joined."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.daemon.window import Shared
    from fimble.features.search import Searcher, Translate


def run(ready_fd: int | None) -> NoReturn:
    """Be the daemon; see ``fimble.daemon.process.run``."""
    from fimble.cli.through import here
    from fimble.daemon import process

    process.run(here, _shared, ready_fd)


def _shared() -> Shared:
    from fimble.cli.wiring_sharing import new_sharing
    from fimble.daemon.window import Shared
    from fimble.lsp.followers import Followers

    sharing = new_sharing()
    return Shared(sharing.load, _open_search, Followers, sharing.state, sharing.close)


def _open_search(root: Path, config: Config, translate: Translate) -> Searcher:
    from fimble.cli.wiring_index import open_search

    return open_search(root, config, translate)
