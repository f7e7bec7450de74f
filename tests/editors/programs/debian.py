"""Packages of another Debian suite, unpacked into a folder: nothing of the system is touched.

apt is given a state, a cache and sources of its own. The sources are the machine's own with the suite changed,
and its settings for fetching, a proxy say, are kept.
"""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.editors.programs.kept import Unavailable, run

_SOURCES = Path("/etc/apt")
_FOLDERS = ("state/lists/partial", "cache/archives/partial")
_DEPENDENCIES_ONLY = tuple(
    f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
)


@dataclass(frozen=True, slots=True)
class Source:
    """One line of apt's sources."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


def unpack(packages: Sequence[str], suite: str, folder: Path) -> None:
    """Put the files of ``packages`` of ``suite``, and of all that they depend on, under ``folder``.

    Raises ``Unavailable`` where this machine is no Debian or the suite cannot be reached.
    """
    with tempfile.TemporaryDirectory(prefix="apt-") as made:
        private = Path(made)
        environ = os.environ | {"APT_CONFIG": str(_configure(private, suite)), "LC_ALL": "C"}
        run(["apt-get", "update"], env=environ)
        told = run(["apt-cache", "depends", "--recurse", *_DEPENDENCIES_ONLY, *packages], env=environ)
        names = sorted({line for line in told.splitlines() if _is_name(line)})
        debs = private / "debs"
        debs.mkdir()
        run(["apt-get", "download", *names], env=environ, cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            run(["dpkg", "-x", deb, folder])


def wrapper(folder: Path, program: str, environment: Mapping[str, str] | None = None) -> Path:
    """An executable that starts ``program`` (``usr/bin/nvim``) of an unpacked ``folder`` with the libraries there.

    ``environment`` adds variables whose values are paths in the folder, which may be moved as a whole.
    Raises ``Unavailable`` where there is no loader for this machine among the packages.
    """
    loader = next((folder / "usr/lib").glob(f"{platform.machine()}-linux-gnu/ld-linux-*"), None)
    if loader is None:
        raise Unavailable(f"there is no loader for {platform.machine()} under {folder}")
    libraries = loader.parent.relative_to(folder)
    lines = ["#!/bin/sh", 'here=$(dirname "$(readlink -f "$0")")']
    lines += [f'export {name}="$here/{path}"' for name, path in (environment or {}).items()]
    loading = f'"$here/{libraries / loader.name}" --library-path "$here/{libraries}"'
    lines.append(f'exec {loading} "$here/{program}" "$@"')
    made = folder / Path(program).name
    made.write_text("\n".join([*lines, ""]), encoding="utf-8")
    made.chmod(0o755)
    return made


def read_sources(text: str, is_deb822: bool) -> Iterator[Source]:
    """The sources of binary packages in a ``.sources`` file, else in a ``.list`` file."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    yield from _stanzas("\n".join(lines)) if is_deb822 else _lines(lines)


def _stanzas(text: str) -> Iterator[Source]:
    for stanza in text.split("\n\n"):
        pairs = (line.partition(":") for line in stanza.splitlines() if not line.startswith((" ", "\t")))
        fields = {name.strip().lower(): value.split() for name, _, value in pairs}
        if "deb" in fields.get("types", []) and fields.get("enabled") != ["no"]:
            for uri in fields.get("uris", []):
                suites, components = tuple(fields.get("suites", [])), tuple(fields.get("components", []))
                yield Source(uri, suites, components, " ".join(fields.get("signed-by", [])))


def _lines(lines: Iterable[str]) -> Iterator[Source]:
    for line in lines:
        words = line.split()
        if words[:1] != ["deb"]:
            continue
        signed_by = ""
        if words[1:2] and words[1].startswith("["):
            end = next((place for place, word in enumerate(words) if word.endswith("]")), 0)
            options = " ".join(words[1 : end + 1]).strip("[ ]").split()
            signed_by = next((value[10:] for value in options if value.startswith("signed-by=")), "")
            del words[1 : end + 1]
        if len(words) > 3:
            yield Source(words[1], (words[2],), tuple(words[3:]), signed_by)


def _configure(private: Path, suite: str) -> Path:
    """Write apt's configuration; returns its file."""
    for name in _FOLDERS:
        (private / name).mkdir(parents=True)
    (private / "none").mkdir()
    (private / "status").touch()
    source = _archive()
    signed_by = f"Signed-By: {source.signed_by}\n" if source.signed_by else ""
    (private / "suite.sources").write_text(
        f"Types: deb\nURIs: {source.uri}\nSuites: {suite}\nComponents: main\n{signed_by}", encoding="utf-8"
    )
    settings = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": private / "none",
        "Dir::Etc::sourcelist": private / "suite.sources",
        "Dir::Etc::sourceparts": private / "none",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": private / "none",
        "Dir::State": private / "state",
        "Dir::State::status": private / "status",
        "Dir::Cache": private / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    fetching = run(["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"])
    file = private / "apt.conf"
    ours = "".join(f'{name} "{value}";\n' for name, value in settings.items())
    file.write_text(fetching + ours, encoding="utf-8")
    return file


def _archive() -> Source:
    """The source that this machine gets Debian itself from."""
    try:
        own = platform.freedesktop_os_release()
    except OSError as error:
        raise Unavailable(f"this machine does not say what it runs: {error}") from error
    codename = own.get("VERSION_CODENAME", "")
    for file in [_SOURCES / "sources.list", *sorted((_SOURCES / "sources.list.d").glob("*"))]:
        if file.is_file() and file.suffix in (".list", ".sources"):
            for source in read_sources(file.read_text(encoding="utf-8"), file.suffix == ".sources"):
                is_debian = own.get("ID") == "debian" and source.uri.rstrip("/").endswith("/debian")
                if is_debian and codename in source.suites and "main" in source.components:
                    return source
    raise Unavailable("this machine has no source of Debian's own packages")


def _is_name(line: str) -> bool:
    """Whether a line of ``apt-cache depends`` is a package: the others say how two are related, or are virtual."""
    return bool(line) and not line.startswith((" ", "<", "|")) and not line.startswith(("W:", "E:", "N:"))
