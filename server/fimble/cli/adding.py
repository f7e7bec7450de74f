"""``fimble models add``: a model that is not in the catalogue, from this disk or from a hub.

    look at it -> show its licence and ask -> fetch -> prepare -> compare -> entry in the catalogue

What is refused is refused before anything large is fetched, and leaves nothing. The entry is written last: a model
without one is none that was added.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fimble.cli.preparing import Precision, interruptible
from fimble.errors import (
    ChecksumMismatch,
    DownloadFailed,
    FimbleError,
    NotEnoughDisk,
    UnsupportedArchitecture,
    WeightsError,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from fimble.cli.bars import Bars
    from fimble.weights.entry import CatalogEntry, SourceFile
    from fimble.weights.licence import Licence
    from fimble.weights.model_settings import Settings
    from fimble.weights.offer import Offer

_BY_HAND = "fetch the files by other means and run `fimble models add FOLDER`."
_LIKE_A_PATH = (".gguf", ".safetensors", ".bin", ".pt", ".pth")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of the model, as far as they say."""

    name: str
    family: str
    precision: Precision
    is_accepted: bool
    """Whatever the licence is."""


def add(
    model: Annotated[
        str,
        typer.Argument(
            metavar="HUB_ID|PATH", help="OWNER/NAME on the model hub, a .gguf file, or a folder of safetensors."
        ),
    ],
    name: Annotated[str, typer.Option(help="What to call it.", show_default="made of its own name")] = "",
    family: Annotated[
        str, typer.Option(help="How it is asked to fill a hole.", show_default="told from its vocabulary")
    ] = "",
    file: Annotated[
        str, typer.Option(help="Which GGUF file of the repository.", show_default="the one in 8 bits")
    ] = "",
    revision: Annotated[str, typer.Option(help="Branch, tag or commit on the hub.")] = "main",
    precision: Annotated[Precision, typer.Option(help="int8 for the CPU, fp16 for a CUDA GPU.")] = Precision.AUTO,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Do not ask whether you accept its licence.")
    ] = False,
) -> None:
    """Add a model to the catalogue: look at it, show its licence, prepare it and compare it with its source."""
    from fimble.weights.hub import id_in

    wish = Wish(name, family, precision, accept_licence)
    path = _at_home(Path(model))
    with interruptible():
        if path.exists() or model.startswith((".", "/", "~")) or path.suffix.lower() in _LIKE_A_PATH:
            entry = _from_path(path, wish)
        else:
            entry = _from_hub(id_in(model), revision, file, wish)
    _try(entry)
    typer.echo(f"To have it served, set model = {entry.name!r} (FIMBLE_MODEL={entry.name}).")


def _at_home(path: Path) -> Path:
    """``path`` with a ``~`` replaced, where there is such a person."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _from_path(path: Path, wish: Wish) -> CatalogEntry:
    from fimble.cli.making import make
    from fimble.weights import store
    from fimble.weights.addition import entry_of, files_of, name_for, refuse_taken
    from fimble.weights.candidate import describe, examine
    from fimble.weights.entry import FolderSource

    found = examine(path)
    family = _family(found.settings, found.tokenizer, wish.family, found.title)
    name = name_for(wish.name, found.path.stem if found.format == "gguf" else found.path.name)
    typer.echo(f"{found.title}: {describe(found)}.\n{_asked(family)}")
    _agree(found.licence, wish.is_accepted)
    folder = found.path.parent if found.format == "gguf" else found.path
    with _bars() as bars, store.lock(name, bars.on_progress):
        refuse_taken(name)
        files = files_of(found, bars.on_progress)
        entry = entry_of(found, name, family, found.licence.name, files, FolderSource(str(folder)))
        make(entry, found, wish.precision, bars)
    return entry


def _from_hub(repository: str, revision: str, file: str, wish: Wish) -> CatalogEntry:
    """Small files first: they say whether the large ones are wanted."""
    from fimble.weights import hub, licence
    from fimble.weights.addition import name_for
    from fimble.weights.disk import readable
    from fimble.weights.model_settings import look_at
    from fimble.weights.offer import fetch_small, offer_of

    offer = offer_of(hub.look_up(repository, revision), file)
    with tempfile.TemporaryDirectory(prefix="fimble-") as temporary:
        folder = Path(temporary)
        small = fetch_small(offer, folder)
        family = ""
        if not offer.is_gguf:
            settings, tokenizer = look_at(folder)
            family = _family(settings, tokenizer, wish.family, repository)
        named = Path(offer.weights[0].name).stem if offer.is_gguf else repository.partition("/")[2]
        name = name_for(wish.name, named)
        typer.echo(
            f"{repository}, revision {offer.repository.revision[:12]}: {offer.weights[0].name}"
            f"{f' and {len(offer.weights) - 1} more' if len(offer.weights) > 1 else ''}, {readable(offer.num_bytes)}."
        )
        if family:
            typer.echo(_asked(family))
        found = licence.from_folder(folder)
        _agree(found, wish.is_accepted)
        return _fetch_and_make(offer, small, folder, name, found, wish)


def _fetch_and_make(
    offer: Offer, small: dict[str, SourceFile], folder: Path, name: str, said: Licence, wish: Wish
) -> CatalogEntry:
    from fimble.cli.making import make
    from fimble.weights import download, store
    from fimble.weights.addition import entry_of, provisional_entry, refuse_taken
    from fimble.weights.candidate import describe, examine
    from fimble.weights.offer import weight_files

    files = (*weight_files(offer), *small.values())
    fetched = provisional_entry(name, said.name, files, offer.source)
    with _bars() as bars, store.lock(name, bars.on_progress), _given_up(files[0].sha256):
        refuse_taken(name)
        place = store.source_folder(files[0].sha256)
        with store.lock(files[0].sha256, bars.on_progress):
            place.mkdir(parents=True, exist_ok=True)
            for file in small.values():
                shutil.copyfile(folder / file.name, place / file.name)
        with download.held(fetched, bars.on_progress) as path:
            found = examine(path if offer.is_gguf else path.parent)
            found = found if offer.is_gguf else replace(found, title=offer.repository.id)
            family = _family(found.settings, found.tokenizer, wish.family, offer.repository.id)
            bars.say(f"{found.title}: {describe(found)}.\n{_asked(family)}")
            entry = entry_of(found, name, family, said.name, files, offer.source)
            make(entry, found, wish.precision, bars)
    return entry


@contextmanager
def _given_up(sha256: str) -> Iterator[None]:
    """What was fetched of a model that is refused goes; what is half fetched stays for the next try."""
    from fimble.weights import catalog, store

    try:
        yield
    except DownloadFailed as error:
        raise DownloadFailed(
            error.what,
            f"What has arrived is kept, and the same command continues. Or: {_BY_HAND}",
        ) from error
    except ChecksumMismatch as error:
        raise ChecksumMismatch(error.what, f"Run the command again; if it happens again: {_BY_HAND}") from error
    except NotEnoughDisk:
        raise
    except FimbleError:
        if not catalog.needs_source(sha256):
            shutil.rmtree(store.source_folder(sha256), ignore_errors=True)
        raise


def _family(settings: Settings, tokenizer: Tokenizer, wanted: str, title: str) -> str:
    """The prompt family's name. Raises ``UnsupportedArchitecture`` where the vocabulary lacks its marks."""
    from fimble.cli.wiring import family_of
    from fimble.prompt.choosing import family_for, fits

    def has_token(token: str) -> bool:
        return tokenizer.token_to_id(token) is not None

    if wanted:
        if not fits(family_of(wanted), has_token):
            raise UnsupportedArchitecture(
                f"The model's vocabulary lacks marks that the prompt family {wanted} needs.",
                "Leave --family out to have one chosen.",
            )
        return wanted
    chosen = family_for(has_token, settings.is_pair, title)
    if chosen is None:
        raise UnsupportedArchitecture(
            "An encoder-decoder whose vocabulary has no sentinels (<extra_id_0>) cannot be asked to fill a hole.",
            "Choose a model of T5's kind.",
        )
    return chosen.name


def _asked(family: str) -> str:
    if family == "plain":
        return "It has no marks for filling holes: it is shown what stands before the cursor only."
    return f"It is asked in the prompt family {family}."


def _agree(licence: Licence, is_accepted: bool) -> None:
    """Say what the licence is, and go on only with a yes."""
    if licence.is_known:
        typer.echo(f"Licence: {licence.name} (from {licence.told_by}).")
    else:
        typer.echo("Licence: UNKNOWN. Nothing that comes with it says what you may do with it; ask its makers.")
    if licence.link:
        typer.echo(f"Its text: {licence.link}")
    if not is_accepted and not typer.confirm("Do you accept that and want the model prepared?"):
        raise WeightsError("Nothing was added.", "In scripts, --accept-licence says yes.")


@contextmanager
def _bars() -> Iterator[Bars]:
    from rich.console import Console

    from fimble.cli.bars import Bars

    with Bars(Console()) as bars:
        yield bars


def _try(entry: CatalogEntry) -> None:
    """Load the model as the server does and have it write a line; one that cannot is taken away again."""
    from fimble.cli.making import first_words
    from fimble.weights import catalog, store

    try:
        prompt, written = first_words(entry.name)
    except Exception:  # also what a tokenizer or a graph raises that nobody thought of
        store.remove(entry.name)
        catalog.forget(entry.name)
        raise
    typer.echo(f"{entry.name} is ready. After {prompt!r} it writes {written!r}.")
