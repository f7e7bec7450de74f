"""The encoder that search understands questions and code with: its bytes, its adapter, and its prepared folder.

<home>/encoders/<name>-<fingerprint>/    graph.onnx, weights.bin, tokenizer.json

<home>/encoders/chosen                   the name, where a person chose another than ``NAME``

<home>/encoders/adapter.safetensors      what makes ``NAME`` one of code instead of sentences, where it was taught

Weights do not travel with fimble; without an adapter the encoder is as its publisher made it. Another encoder or
adapter is another fingerprint, and so another folder, and other vectors.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from fimble import config
from fimble.errors import ConfigError, ModelNotInstalled, WeightsError
from fimble.weights import catalog, disk, store
from fimble.weights.entry import CatalogEntry, parse
from fimble.weights.progress import OnProgress, Progress, silent

if TYPE_CHECKING:
    from fimble.weights.bert import Tensors

NAME = "all-minilm-l6-v2"
"""The one that is there unless another is chosen."""
TOKENIZER = "tokenizer.json"
ADAPTER, CHOSEN = "adapter.safetensors", "chosen"
_FORMATS = {"bert": 1, "mpnet": 1}
"""Of the graph that is written, by architecture; another number makes every prepared folder an old one."""


def names() -> list[str]:
    """Of all encoders there are to choose from, sorted."""
    return sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))


def chosen() -> str:
    """The name of the one in use."""
    try:
        name = (_home() / CHOSEN).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return NAME
    return name if name in names() else NAME


def adapter(name: str) -> bytes | None:
    """What was taught on this machine, if anything was: low-rank changes of the encoder ``NAME``, as safetensors."""
    file = _home() / ADAPTER
    return file.read_bytes() if name == NAME and file.is_file() else None


@cache
def entry(name: str) -> CatalogEntry:
    """Where the bytes of the encoder ``name`` come from. Raises ``ConfigError``, also where there is none."""
    file = _folder() / f"{name}.toml"
    if name not in names():
        raise ConfigError(f"There is no encoder called {name!r}.", f"Known are: {', '.join(names())}.")
    return parse(file.read_text(encoding="utf-8"), name, str(file))


def fingerprint(name: str = "") -> str:
    """Of everything that shapes a vector of the one in use, or of ``name``: 12 hexadecimal digits."""
    about = entry(name or chosen())
    taught = sha256(adapter(about.name) or b"").hexdigest()
    given = f"{_FORMATS[about.architecture]} {about.file.sha256} {taught}"
    return sha256(given.encode()).hexdigest()[:12]


def folder(name: str = "") -> Path:
    """Where the prepared encoder in use, or ``name``, lies once it does."""
    name = name or chosen()
    return _home() / f"{name}-{fingerprint(name)}"


def installed() -> Path:
    """The prepared encoder's folder. Raises ``ModelNotInstalled``."""
    place = folder()
    if not (place / TOKENIZER).is_file():
        raise ModelNotInstalled("Search by meaning is not set up.", "Run `fimble setup`.")
    return place


def prepare(on_progress: OnProgress = silent, name: str = "") -> Path:
    """Fetch and write the encoder in use unless it is there already; its folder. ``name``: have that one in use.

    What was in use before goes only once the other is whole. Raises ``ConfigError`` where there is no such encoder,
    and ``WeightsError`` (``DownloadFailed`` offline).
    """
    name = name or chosen()
    target = folder(name)
    if name == chosen() and (target / TOKENIZER).is_file():
        return target
    with store.lock("encoder", on_progress):
        if not (target / TOKENIZER).is_file():
            _prepare(entry(name), target, on_progress)
        if name != chosen():
            with disk.guarded(_home()):
                (_home() / CHOSEN).write_text(f"{name}\n", encoding="utf-8")
        for old in _home().iterdir():
            if old.is_dir() and old != target:
                shutil.rmtree(old, ignore_errors=True)
    return target


def _prepare(about: CatalogEntry, target: Path, on_progress: OnProgress) -> None:
    from fimble.weights import download

    with download.held(about, on_progress, extra_bytes=about.file.bytes) as source:
        on_progress(Progress("Preparing search", 0, 1))
        tensors = _tensors(source)
        _home().mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".", dir=_home()))
        try:
            with disk.guarded(staging):
                _write(about, tensors, staging)
                shutil.copyfile(source.with_name(TOKENIZER), staging / TOKENIZER)
            staging.chmod(0o755)
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    on_progress(Progress("Preparing search", 1, 1))


def _write(about: CatalogEntry, tensors: Tensors, target: Path) -> None:
    """The graph, in the form that suits the encoder's size and this machine."""
    from fimble.weights import bert, mpnet
    from fimble.weights.forms import BlockInt8, RowInt8
    from fimble.weights.recipe import INT8_ROWS, recipe_for_cpu

    if about.architecture == "mpnet":
        blocks = BlockInt8(128)
        mpnet.write_encoder(tensors, target, RowInt8() if recipe_for_cpu() is INT8_ROWS else blocks, blocks)
    else:
        bert.write_encoder(bert.adapted(tensors, _taught(about.name)), target)


def _taught(name: str) -> Tensors:
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = adapter(name)
    if data is None:
        return {}
    try:
        return {part: values.astype(np.float32) for part, values in load(data).items()}
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"The adapter cannot be read: {error}.", f"Delete {_home() / ADAPTER}.") from error


def _tensors(source: Path) -> Tensors:
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: values.astype(np.float32, copy=False) for name, values in load_file(source).items()}
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{source} cannot be read: {error}.", "Run `fimble setup` again.") from error


def _home() -> Path:
    return config.home() / "encoders"


def _folder() -> Traversable:
    return catalog.builtin_folder() / "search"
