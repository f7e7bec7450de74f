"""``fimble train``: teaches a model the user's repository, proves that it helped, and serves it, or says why not."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble import config
from fimble.cli.training_bars import TrainingBars, in_words
from fimble.cli.training_outcome import copy, show
from fimble.errors import ConfigError, TrainingError, TrainingUnavailable

if TYPE_CHECKING:
    from fimble.training.road import Outcome
    from fimble.training.runs import Order
    from fimble.training.settings import Settings


_OF_NOTHING = frozenset({"repo", "from_config", "out", "device", "allow_licence", "seed", "as_json"})
"""The parameters that ``--from-config`` takes."""


class Device(Enum):
    """What to train on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def train(
    context: typer.Context,
    repo: Annotated[Path | None, typer.Argument(help="The repository's folder; this one by default.")] = None,
    model: Annotated[str, typer.Option(help="Catalogue name; the configured model by default.")] = "",
    minutes: Annotated[float, typer.Option(min=0, help="Most minutes of training; 0 for no limit.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="How often each example is seen at most.")] = 2,
    rank: Annotated[int, typer.Option(min=1, max=256, help="How much can be learned, and how much is stored.")] = 16,
    learning_rate: Annotated[float, typer.Option(min=0, help="How fast; 0 for the default.")] = 0,
    max_tokens: Annotated[
        int, typer.Option(min=0, help="Longest text to train on, 64 or more; 0 for 1024 on a GPU and 512 on a CPU.")
    ] = 0,
    search: Annotated[int, typer.Option(min=0, help="Short trials of other settings before; 0 for none.")] = 0,
    device: Annotated[Device, typer.Option(help="What to train on.")] = Device.AUTO,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 1,
    held_out: Annotated[int, typer.Option(min=12, help="Most holes of the repository to judge by.")] = 200,
    general: Annotated[int, typer.Option(min=12, help="Holes in general code to judge by.")] = 100,
    humaneval: Annotated[
        Path | None, typer.Option(help="A HumanEval-Infilling file to measure too; it decides nothing.")
    ] = None,
    humaneval_items: Annotated[int, typer.Option(min=0, help="How many of its items to draw; 0 for all.")] = 200,
    allow_licence: Annotated[
        list[str] | None,
        typer.Option("--allow-licence", help="An SPDX identifier, or `proprietary`. May be given several times."),
    ] = None,
    from_path: Annotated[
        Path | None, typer.Option("--from", help="The file that the model was set up from, if it was your own.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, even if a training is unfinished.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be learned from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder for a copy of report and result; with --from-config, for all that is made."),
    ] = None,
    from_config: Annotated[
        Path | None, typer.Option(help="Train a small model from nothing, as this file describes it.")
    ] = None,
) -> None:
    """Teach the model a repository. What it learned is used there at once if it helps and harms nothing."""
    from rich.console import Console

    options, complaints = config.load()
    with TrainingBars(Console(stderr=True)) as bars, _resumable(bars):
        for complaint in complaints:
            bars.say(complaint)
        if from_config is not None:
            _only_what_counts(context)
            _train_from_nothing(from_config, repo, out, options, device, allow_licence or (), seed, bars, as_json)
            return
        if dry_run:
            _only_look(repo or Path(), options, seed, allow_licence or (), bars, as_json)
            return
        _require_extra(search > 0)
        from fimble.training.settings import Settings, place_of

        settings = Settings(
            rank=rank,
            alpha=2.0 * rank,
            num_epochs=epochs,
            max_minutes=minutes,
            max_tokens=max_tokens or Settings().max_tokens,
            seed=seed,
            device=device.value,
            learning_rate=learning_rate or Settings().learning_rate,
        )
        if not max_tokens:
            settings = replace(settings, max_tokens=place_of(settings).max_tokens)
        order = _order(repo or Path(), replace(options, model=model or options.model), settings)
        order = replace(order, num_trials=search, num_held_out=held_out, num_general=general)
        order = replace(order, licences=tuple(allow_licence or ()))
        shown = (humaneval, humaneval_items) if humaneval else None
        outcome = _walk(order, options, from_path, shown, bars, fresh)
    if out is not None:
        copy(outcome, out)
    if as_json:
        typer.echo(json.dumps(outcome.result, indent=2))
    else:
        show(outcome, Console())


def _require_extra(is_searching: bool) -> None:
    """Raises ``TrainingUnavailable``, before anything is begun."""
    from fimble.cli.wiring_training import EXTRA_MODULES, SEARCH_MODULES
    from fimble.training.settings import require

    require(*EXTRA_MODULES, *(SEARCH_MODULES if is_searching else ()))


def _order(repo: Path, options: config.Config, settings: Settings) -> Order:
    """What is asked for, as far as it can be said before the model is looked at."""
    from fimble.training.runs import Order, id_of

    id_of(repo)  # that it is no folder is said before a model is loaded
    return Order(str(repo.resolve()), options.model, "", settings, seed=settings.seed)


def _walk(
    order: Order,
    options: config.Config,
    own_source: Path | None,
    human_eval: tuple[Path, int] | None,
    bars: TrainingBars,
    is_fresh: bool,
) -> Outcome:
    """``human_eval``: its file, and how many of its items."""
    from fimble.cli.wiring_training import HUMAN_EVAL, find_served, human_eval_holes, tools_for
    from fimble.training.run import train
    from fimble.training.settings import place_of
    from fimble.weights.progress import Progress

    def on_weights(progress: Progress) -> None:
        if progress.notice:
            bars.say(progress.notice)

    place = place_of(order.settings)
    shown = {HUMAN_EVAL: human_eval_holes(*human_eval, order.seed)} if human_eval else {}
    options = replace(options, model=order.model)
    served = find_served(options, own_source, on_weights)
    for note in served.notes:
        bars.say(note)
    order = replace(order, model=served.manifest.model, base_sha256=served.manifest.source_sha256)
    bars.say(f"Training {order.model} on {order.root}, on {place.name}.")
    if outer := _repository_around(Path(order.root)):
        bars.say(f"It is a part of {outer}. What is learned is used where {order.root} itself is opened as a folder.")
    tools = tools_for(Path(order.root), options, served, order.settings, order.licences, shown)
    return train(order, tools, bars.on_step, is_fresh)


def _repository_around(root: Path) -> Path | None:
    """The repository of which ``root`` is only a part; an editor that has it open knows nothing of the part."""
    if (root / ".git").exists():
        return None
    return next((folder for folder in root.parents if (folder / ".git").exists()), None)


def _only_what_counts(context: typer.Context) -> None:
    """Raises ``ConfigError`` for an option that a model from nothing would pass over."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    said = {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
    unused = [one.opts[0] for one in context.command.params if one.name in said - _OF_NOTHING]
    if unused:
        raise ConfigError(
            f"{', '.join(unused)} would have no effect on a model from nothing.",
            "Leave it out: the file of --from-config says how such a model is trained.",
        )


def _train_from_nothing(
    path: Path,
    repo: Path | None,
    out: Path | None,
    options: config.Config,
    device: Device,
    allowed_licences: Sequence[str],
    seed: int,
    bars: TrainingBars,
    as_json: bool,
) -> None:
    """A small model out of a configuration."""
    from fimble.cli.wiring_training import gatherer

    try:
        from fimble.training.zero import train_from_config
    except ModuleNotFoundError as error:
        if error.name != "fimble.training.zero":
            raise
        hint = "Install fimble from its own folder."
        raise TrainingUnavailable("What an editor brings trains no models from nothing.", hint) from error

    if out is None:
        raise ConfigError("A model from nothing needs a folder for all that is made.", "Name one with --out.")
    gather = gatherer(options, allowed_licences, seed)
    trained = train_from_config(
        path, repo, out, lambda root, place: gather(root, place, bars.on_share), bars.on_progress, device.value
    )
    if as_json:
        typer.echo(json.dumps(asdict(trained), indent=2, default=str))
        return
    typer.echo(
        f"Trained {trained.num_parameters:,} parameters on {trained.num_examples} examples in"
        f" {in_words(trained.seconds)}: the loss on held-out holes went from {trained.untrained_loss:.3f} to"
        f" {trained.loss:.3f}. The model lies in {trained.checkpoint}, and is served as {trained.release.name}."
    )


def _only_look(
    repo: Path,
    options: config.Config,
    seed: int,
    allowed_licences: Sequence[str],
    bars: TrainingBars,
    as_json: bool,
) -> None:
    """Gather the examples, say what they are, and throw them away."""
    from fimble.cli.wiring_training import gatherer
    from fimble.training.evaluate import choose
    from fimble.training.records import Split, read_examples
    from fimble.training.report import sections_of

    with tempfile.TemporaryDirectory(prefix="fimble-") as folder:
        dataset = Path(folder) / "dataset"
        card = gatherer(options, allowed_licences, seed)(repo, dataset, bars.on_share).to_json()
        num_holes = len(choose(read_examples(dataset, Split.TEST), sys.maxsize, seed))
    if as_json:
        typer.echo(json.dumps({"held_out_holes": num_holes, "card": card}, indent=2))
        return
    for section in sections_of(card):
        if section.title:
            columns = f" ({', '.join(section.columns)})" if section.columns else ""
            typer.echo(f"\n{section.title[:1].upper()}{section.title[1:]}{columns}")
        for name, values in section.rows:
            typer.echo(f"  {name}: {', '.join(values)}")
    typer.echo(f"\n{num_holes} held-out holes can be judged by. Nothing was trained.")


@contextmanager
def _resumable(bars: TrainingBars) -> Iterator[None]:
    """Let Ctrl-C and a polite kill unwind, and say how it goes on."""
    previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    except KeyboardInterrupt:
        bars.say(
            "Interrupted. What is done so far is kept: the same command goes on from there, and --fresh begins anew."
            " What was served before is served as before."
        )
        raise typer.Exit(128 + signal.SIGINT) from None
    except OSError as error:
        raise TrainingError(
            f"{error}.", "Check the folder's permissions, or set FIMBLE_HOME to another one."
        ) from error
    finally:
        signal.signal(signal.SIGTERM, previous)
