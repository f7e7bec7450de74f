"""A server process around a session: its log on stderr, and its end."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from fimble import config as configuration
from fimble.errors import ConfigError
from fimble.lsp import session
from fimble.lsp.model import Loader

if TYPE_CHECKING:
    from fimble.features.search import OpenSearch

LOG_LEVELS = ("debug", "info", "warning", "error")


def serve(loader: Loader, tcp_port: int | None, log_level: str, open_search: OpenSearch | None = None) -> None:
    """Serve one editor, over standard input and output or over TCP, then end the process.

    Without ``open_search`` no workspace is indexed.
    Raises ``ConfigError`` for an unknown log level and for a port that is taken.
    """
    _log_to_stderr(log_level)
    config, complaints = configuration.load()
    if tcp_port is None:
        code = session.run_stdio(loader, config, complaints, open_search)
    else:
        try:
            code = session.run_tcp(loader, config, tcp_port, complaints, open_search)
        except (OSError, OverflowError) as error:
            hint = "Another --tcp PORT may be free; 0 means any."
            raise ConfigError(f"Port {tcp_port} cannot be opened: {error}.", hint) from error
    _leave(code)


def _log_to_stderr(log_level: str) -> None:
    if log_level not in LOG_LEVELS:
        raise ConfigError(f"The log level {log_level!r} does not exist.", f"Choose {', '.join(LOG_LEVELS)}.")
    logging.basicConfig(
        stream=sys.stderr, level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # pygls logs every message, source code and all, and a traceback for each invalid one.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)


def _leave(code: int) -> None:
    """End the process now, even while native code still runs on the engine thread."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(code)
