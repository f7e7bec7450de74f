"""``fimble serve``: wires the language server to the real model.

What the model needs is imported when the editor is there, on the thread that loads it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.wiring_remote import or_endpoint
from fimble.lsp import process

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.context.elsewhere import Elsewhere
    from fimble.features.search import Searcher, Translate
    from fimble.lsp.model import LoadedModel


def serve(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak over standard input and output; so without --tcp too.")
    ] = False,
    tcp: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="Listen on this port of 127.0.0.1 instead (0: any); port and token are printed as JSON.",
        ),
    ] = None,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Serve here, with a model of its own; so with --tcp too.")
    ] = False,
    daemon: Annotated[bool, typer.Option("--daemon", help="Share one process with all windows.")] = False,
    log_level: Annotated[
        str, typer.Option(help=f"What to log on stderr: {', '.join(process.LOG_LEVELS)}.")
    ] = "warning",
) -> None:
    """Run the language server for one editor.

    The option daemon decides whether the work is done here or in the process that all windows share.
    Over TCP the editor must send the token as initializationOptions.token; FIMBLE_TOKEN sets it.
    The exit code is 0 when the editor shut the server down in order, else 1.
    """
    if tcp is None and log_level in process.LOG_LEVELS and _is_shared(in_process, daemon):
        from fimble.cli import through

        through.serve(log_level)
    process.serve(or_endpoint(_load_feature), None if stdio else tcp, log_level, _open_search)


def _is_shared(in_process: bool, daemon: bool) -> bool:
    if in_process or sys.platform == "win32":
        return False
    from fimble.cli import through

    return daemon or through.is_wanted()


def _load_feature(
    config: Config, elsewhere: Elsewhere, adjustment: Callable[[], float], on_progress: Callable[[str], None]
) -> LoadedModel:
    from fimble.cli.wiring import load_feature

    return load_feature(config, elsewhere, adjustment, on_progress)


def _open_search(root: Path, config: Config, translate: Translate) -> Searcher:
    from fimble.cli.wiring_index import open_search

    return open_search(root, config, translate)
