"""``fimble bench``: how fast and how good fimble is here, and how it compares with a peer in the same run."""

from __future__ import annotations

import typer

from fimble.cli.bench.actions import actions
from fimble.cli.bench.adapters import adapters
from fimble.cli.bench.anchors import anchors
from fimble.cli.bench.confidence import confidence
from fimble.cli.bench.crossfile import crossfile
from fimble.cli.bench.document import document
from fimble.cli.bench.engine import engine
from fimble.cli.bench.fill import fill
from fimble.cli.bench.generate import generate
from fimble.cli.bench.graph import graph
from fimble.cli.bench.index import index
from fimble.cli.bench.load import load
from fimble.cli.bench.precision import precision
from fimble.cli.bench.search import search
from fimble.cli.bench.shots import shots
from fimble.cli.bench.speculate import speculate
from fimble.cli.bench.startup import startup
from fimble.cli.bench.translate import translate
from fimble.cli.bench.typing import typing

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Measure fimble on this machine.")
for command in (
    engine,
    startup,
    precision,
    typing,
    fill,
    speculate,
    confidence,
    crossfile,
    anchors,
    actions,
    adapters,
    load,
    generate,
    translate,
    document,
    shots,
    search,
    graph,
    index,
):
    app.command()(command)
