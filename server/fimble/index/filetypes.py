"""What a name says of a file or folder: whether people of the project write in it, and in which language."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from fimble.index.prose import is_prose
from fimble.syntax.languages import Language, find

MAX_BYTES = 2**20
"""A larger file is generated or data."""
MAX_DATA_BYTES = 2**17
"""The same for formats that programs write as readily as people."""
_DATA = frozenset({"json", "yaml", "toml"})
_VERSION_CONTROL = "cvs .bzr .jj _darcs .pijul"
"""Those that may hold secrets are private anyway."""
_OF_OTHERS = (
    "node_modules bower_components jspm_packages vendor third_party third-party site-packages dist-packages .venv venv "
    "virtualenv pods carthage .cargo .bundle"
)
_OF_PROGRAMS = (
    "dist build target __pycache__ .tox .nox .mypy_cache .ruff_cache .pytest_cache .hypothesis .eggs .gradle .next "
    ".nuxt .svelte-kit .angular .parcel-cache .turbo .cache .terraform .direnv .ipynb_checkpoints htmlcov .nyc_output "
    "deriveddata .dart_tool .idea .vs"
)
_FOLDERS = frozenset(f"{_VERSION_CONTROL} {_OF_OTHERS} {_OF_PROGRAMS}".split())
_FOLDER_ENDINGS = (".egg-info", ".dist-info", ".xcodeproj", ".xcassets")
_LOCKS = "package-lock.json npm-shrinkwrap.json pnpm-lock.yaml packages.lock.json composer.lock go.sum"
_LICENCES = "license license.txt license.md licence licence.txt licence.md copying copying.txt copying.lesser"
_FILES = frozenset(f"{_LOCKS} {_LICENCES}".split())
_FILE_ENDINGS = (".min.js", ".min.css", ".min.mjs", ".bundle.js", ".map", ".lock", "_pb2.py", "_pb2_grpc.py", ".pb.go")


def is_foreign(folder_name: str) -> bool:
    """Whether a folder of that name holds what others or programs wrote."""
    name = folder_name.lower()
    return name in _FOLDERS or name.endswith(_FOLDER_ENDINGS)


@lru_cache(maxsize=4096)
def is_readable(file_name: str) -> bool:
    """Whether a file of that name is worth reading: prose, or code in a language that fimble knows."""
    name = file_name.lower()
    if name in _FILES or name.endswith(_FILE_ENDINGS):
        return False
    return is_prose(file_name) or language_of(file_name) is not None


def language_of(path: str) -> Language | None:
    """The language that the name of the file at ``path`` tells, ``None`` for prose and where it is unknown."""
    return find("", quote(path.rpartition("/")[2], errors="replace"))


def max_bytes(file_name: str) -> int:
    """The largest file of that name that is read."""
    language = language_of(file_name)
    return MAX_DATA_BYTES if language is not None and language.name in _DATA else MAX_BYTES
