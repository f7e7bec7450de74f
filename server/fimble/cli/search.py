"""``fimble search "where are uploads retried?"``: the places of a workspace that answer, and the lines that show it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from unicodedata import category

import typer

from fimble import config
from fimble.errors import ConfigError, IndexFull, IndexUnavailable
from fimble.features.search import MAX_HITS, told
from fimble.index.places import Place, is_too_wide, place_of, workspace_around
from fimble.index.records import Answer, Hit

if TYPE_CHECKING:
    from fimble.config import Config
    from fimble.privacy import Privacy

_STAGES = {"words": "Reading the workspace", "meaning": "Learning what it means"}
_WAIT_S = 0.5
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""With these code reads otherwise than it runs."""
_OF_ALL = 500
"""Where only a folder of the workspace is searched, so many hits are looked through."""


def search(
    query: Annotated[str, typer.Argument(help="What to look for, in plain words or by name.")],
    path: Annotated[
        Path | None, typer.Argument(help="Where: a folder or a file. All of the current workspace if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=MAX_HITS, help="How many places at most.")] = 10,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until everything can be found by its meaning; minutes, at first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a home folder is indexed.")] = False,
) -> None:
    """Search a workspace. It is indexed first where it is not yet, or where files have changed; all on this machine."""
    if not query.strip():
        raise ConfigError("The query is empty.", 'Say what to look for: fimble search "where are uploads retried?"')
    scope = _scope(path)
    if is_too_wide(scope.place.root) and not yes:
        raise ConfigError(
            f"{scope.place.root} is or holds your home folder, which is hardly one workspace.",
            "Name a folder in it, or give --yes.",
        )
    options, complaints = config.load()
    for complaint in complaints:
        typer.echo(complaint, err=True)
    notes = _refresh(scope.place, options, wait)
    answer = _ask(query, scope, options, limit)
    answer = Answer(answer.hits, tuple(dict.fromkeys((*notes, *answer.notes))))
    if as_json:
        typer.echo(json.dumps(_to_json(query, scope.place.root, answer), ensure_ascii=False, indent=2))
        return
    for note in answer.notes:
        typer.echo(note, err=True)
    if not answer.hits:
        typer.echo("Nothing was found.", err=True)
    _print(scope.place.root, answer)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where to search."""

    place: Place
    part: str
    """What of the workspace, relative to it; empty for all."""

    def holds(self, path: str) -> bool:
        return not self.part or path == self.part or path.startswith(self.part + "/")


def _scope(path: Path | None) -> _Scope:
    """The workspace around ``path``, and what of it is meant. Raises ``IndexUnavailable``, ``ConfigError``."""
    here = (path or Path()).absolute()
    if not os.path.exists(here):  # noqa: PTH110 (a Path raises where links lead in a circle, or the name is too long)
        raise IndexUnavailable(f"{path} does not exist.", "Name a folder or a file of the workspace.")
    inside = here.resolve()
    folder = inside if inside.is_dir() else inside.parent
    root = workspace_around(folder)
    part = "" if path is None or inside == root else inside.relative_to(root).as_posix()
    return _Scope(place_of(root), part)


def _refresh(place: Place, options: Config, wait: bool) -> tuple[str, ...]:
    """Bring the index up to date, unless a process does so already. What a person should know afterwards."""
    from rich.console import Console

    from fimble.cli.bars import Bars
    from fimble.privacy import Privacy

    privacy = Privacy(options.disabled_paths, [place.root])
    if why := privacy.why_not(place.root):
        raise IndexUnavailable(f"{place.root} is not read.", why)
    with place.locked(wait=False) as is_ours, Bars(Console(stderr=True)) as bars:
        if is_ours:
            notes: list[str] = []
            try:
                _update(place, options, privacy, wait, notes.append, bars.on_fraction)
            except IndexFull as error:
                notes.append(str(error))
            return tuple(notes)
        if wait:
            bars.say("Another fimble makes this index; waiting for it.")
            _wait_for_another(place, bars.on_fraction)
    return ()


def _update(
    place: Place,
    options: Config,
    privacy: Privacy,
    wait: bool,
    on_note: Callable[[str], None],
    on_fraction: Callable[[str, float], None],
) -> None:
    from fimble.cli.wiring_index import make_indexer
    from fimble.index.store import Store

    place.begin()
    store = Store.open(place.folder, on_note, options.index_mb)
    try:
        indexer = make_indexer(place, options)(store, privacy, on_note)
        for progress in indexer.steps() if wait else indexer.words():
            if progress.total > 1:
                on_fraction(_STAGES[progress.phase], progress.done / progress.total)
    finally:
        store.close()


def _wait_for_another(place: Place, on_fraction: Callable[[str, float], None]) -> None:
    """Until the process that keeps the index has nothing left to do, or has ended."""
    from fimble.index.reader import Reader

    reader = Reader(place.folder)
    try:
        while True:
            counts = reader.counts()
            if counts.is_words_complete and (not counts.num_vectors or not counts.num_missing_vectors):
                return
            on_fraction(_STAGES["meaning"], counts.num_vectors / max(counts.num_chunks, 1))
            with place.locked(wait=False) as is_free:
                if is_free:
                    return
            time.sleep(_WAIT_S)
    finally:
        reader.close()


def _ask(query: str, scope: _Scope, options: Config, limit: int) -> Answer:
    from fimble.cli.wiring_index import open_search, translator
    from fimble.features.search import Search
    from fimble.index.names import Names
    from fimble.index.reader import Reader

    root = scope.place.root
    search = Search(lambda: Names(Reader(scope.place.folder)), lambda: open_search(root, options, translator(options)))
    answer = search.ask(query, _OF_ALL if scope.part else limit)
    return Answer(tuple(hit for hit in answer.hits if scope.holds(hit.path))[:limit], answer.notes)


def _to_json(query: str, root: Path, answer: Answer) -> dict[str, Any]:
    hits = [told(hit) for hit in answer.hits]
    return {"query": query, "workspace": str(root), "hits": hits, "notes": list(answer.notes)}


def _print(root: Path, answer: Answer) -> None:
    if not sys.stdout.isatty():
        for hit in answer.hits:
            typer.echo(f"{_head(root, hit)}\n{_indented(hit)}\n")
        return
    from rich.console import Console
    from rich.syntax import Syntax
    from rich.text import Text

    console = Console()
    for hit in answer.hits:
        place, rest = _head(root, hit).split("  ", 1)
        name, _, why = rest.partition("  ")
        line = Text.assemble((place, "bold cyan"), "  ", (name, "bold"), "  ", (why, "dim"))
        console.print(line, soft_wrap=True)
        lexer = Syntax.guess_lexer(hit.path)
        console.print(
            Syntax(
                _clean(hit.snippet), lexer, theme="ansi_dark", line_numbers=True, start_line=hit.snippet_line + 1,
                background_color="default",
            )
        )  # fmt: skip
        console.print()


def _head(root: Path, hit: Hit) -> str:
    """The place as editors and terminals open it, the name, how good it is and why."""
    file = root / hit.path
    here = Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    name = f"{hit.kind.value} {hit.name}".strip() if hit.name else hit.kind.value
    why = f"  {', '.join(hit.why)}" if hit.why else ""
    return _clean(f"{shown}:{hit.snippet_line + 1}  {name}  {hit.score:.2f}{why}").replace("\n", " ")


def _indented(hit: Hit) -> str:
    return "\n".join(f"    {line}".rstrip() for line in _clean(hit.snippet).split("\n"))


def _clean(text: str) -> str:
    """What could steer a terminal, or turn around what it shows, is made visible."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(
        sign if sign in "\n\t" or (category(sign) != "Cc" and sign not in _TURNS) else "\N{REPLACEMENT CHARACTER}"
        for sign in text
    )
