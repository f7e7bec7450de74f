"""``fimble bench graph``: learns what search's code graph is worth, from docstrings of packages that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fimble.cli.bench.indexing import embed_one, indexed
from fimble.cli.bench.output import Json, bar, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

    from fimble.bench.graphfit import Lesson, Weights
    from fimble.bench.installed import Installed
    from fimble.engine.encoder import Encoder

PACKAGES = ("accelerate", "attrs", "cattrs", "markdown", "packaging", "pyparsing", "rich", "typer", "urllib3")
_PLACE = "RELATIONS in server/fimble/index/network.py: of_words of each, in their order"


def graph(
    packages: Annotated[
        list[str] | None,
        typer.Argument(
            help="Installed packages under permissive licences, at least two.", show_default=", ".join(PACKAGES)
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many queries of each package; 0 for all.")] = 0,
    as_json: Json = False,
) -> None:
    """Learn the weights of search's code graph, and judge them on each package with those of the others.

    Their vectors stay in FIMBLE_HOME/bench/graph: a second run makes no new ones.
    """
    from rich.console import Console
    from rich.progress import Progress

    from fimble.bench import installed
    from fimble.bench.search import UNSEEN
    from fimble.cli.wiring_index import load_encoder
    from fimble.errors import ConfigError

    found = {one.name: one for one in map(installed.find, packages or PACKAGES)}
    if judges := [one.name for one in UNSEEN if one.name in {name.lower() for name in found}]:
        raise ConfigError(f"`fimble bench search --pairs` judges on {', '.join(judges)}.", "Name others.")
    if len(found) < 2:
        raise ConfigError("One package alone cannot be judged by another.", "Name at least two.")
    encoder = load_encoder()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        lessons = {one: _lessons(one, encoder, limit, progress) for one in found.values()}
    show(_report({one: listed for one, listed in lessons.items() if listed}), as_json)


def _lessons(package: Installed, encoder: Encoder, limit: int, progress: Progress) -> list[Lesson]:
    from fimble.bench import docpairs, graphfit
    from fimble.bench.search import Wanted
    from fimble.config import home

    place = home() / "bench" / "graph" / f"{package.name}-{package.version}"
    wanted = []
    for folder in package.folders:
        pairs = docpairs.strip(folder, place / "workspace" / folder.name)
        wanted += [Wanted(pair.query, f"{folder.name}/{pair.path}", pair.name) for pair in pairs]
    wanted = wanted[:limit] if limit else wanted
    index = indexed(place, encoder, progress, package.name)
    return graphfit.lessons(index, wanted, embed_one(encoder), bar(progress, package.name, len(wanted)))


def _report(lessons: dict[Installed, list[Lesson]]) -> dict[str, Any]:
    from fimble.bench.graphfit import SERVED, SHARE, learn, ranks
    from fimble.bench.retrieval import Ranks, gain
    from fimble.errors import ConfigError

    if len(lessons) < 2:
        raise ConfigError("Fewer than two packages have docstrings that can be looked for.", "Name others.")
    ranked: dict[str, list[int]] = {name: [] for name in ("without", "learned", "damped", "served")}
    rows: dict[str, Any] = {}
    for package, own in lessons.items():
        learned = learn([lesson for other, listed in lessons.items() if other != package for lesson in listed])
        weights = (learned.damped(0), learned, learned.damped(SHARE), SERVED)
        of_package = {name: ranks(own, one) for name, one in zip(ranked, weights, strict=True)}
        for name, values in of_package.items():
            ranked[name] += values
        mrr = {name: Ranks(tuple(values)).to_json()["mrr"] for name, values in of_package.items()}
        rows[f"{package.name} {package.version}"] = {"licence": package.licence, "num_queries": len(own), **mrr}
    every: Sequence[Lesson] = [lesson for listed in lessons.values() for lesson in listed]
    learned = learn(every)
    found = {name: Ranks(tuple(values)) for name, values in ranked.items()}
    return {
        "weights": [round(one, 3) for one in learned.damped(SHARE).along],
        "goes_to": _PLACE,
        "learned": _named(learned),
        "served": _named(SERVED),
        "of_words_learned_too": _named(learn(every, of_words=None)),
        "num_queries": len(every),
        "held_out": {name: one.to_json() for name, one in found.items()},
        "gain": {name: gain(one, found["without"]) for name, one in found.items() if name != "without"},
        "packages": rows,
    }


def _named(weights: Weights) -> dict[str, float]:
    from fimble.index.network import RELATIONS

    names = [f"{one.kind.name.lower()}_{'forward' if one.is_forward else 'backward'}" for one in RELATIONS]
    return {"of_words": round(weights.of_words, 4)} | {
        name: round(one, 4) for name, one in zip(names, weights.along, strict=True)
    }
