"""Python packages that are installed here: their sources, and whether their licence is permissive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from fimble.errors import ConfigError

_PERMISSIVE = re.compile(
    r"MIT|(?:0|\d-Clause )?BSD|Apache|ISC|PSF|Python Software Foundation|Zlib|Unlicense|CC0", re.IGNORECASE
)
_AND_OR = re.compile(r"[()]|\b(?:AND|OR|WITH)\b|;")


@dataclass(frozen=True, slots=True)
class Installed:
    """One package."""

    name: str
    version: str
    licence: str
    """As its metadata name it."""
    folders: tuple[Path, ...]
    """Of its modules, each named as it is imported."""


def find(name: str) -> Installed:
    """The package of that name. Raises ``ConfigError`` where it is not here, or not under a permissive licence."""
    try:
        found = distribution(name)
    except (PackageNotFoundError, ValueError) as error:
        raise ConfigError(f"The package {name!r} is not installed here.", "Name others, or install it.") from error
    licence = _licence(found)
    if not is_permissive(licence):
        raise ConfigError(f"{name} is under {licence or 'no licence that it names'}, which is not permissive.")
    folders = {str(file.parts[0]) for file in found.files or () if file.suffix == ".py" and len(file.parts) > 1}
    places = [Path(str(found.locate_file(folder))) for folder in sorted(folders - {".."})]
    there = tuple(place for place in places if (place / "__init__.py").is_file())
    if not there:
        raise ConfigError(f"The package {name!r} has no folder of sources here.", "Name others.")
    return Installed(found.name, found.version, licence, there)


def is_permissive(licence: str) -> bool:
    """Whether every licence that is named is permissive: ``Apache-2.0 OR BSD-2-Clause``, ``BSD License``."""
    parts = [part.strip() for part in _AND_OR.split(licence) if part.strip()]
    return bool(parts) and all(_PERMISSIVE.match(part) for part in parts)


def _licence(found: Distribution) -> str:
    """An SPDX expression, or what its classifiers say."""
    if expressions := found.metadata.get_all("License-Expression"):
        return str(expressions[0])
    classifiers = found.metadata.get_all("Classifier") or []
    return "; ".join(
        one.rpartition("::")[2].strip() for one in classifiers if one.startswith("License :: OSI Approved")
    )
