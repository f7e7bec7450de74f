"""The encoder that search understands questions and code with: its bytes, its adapter, and its prepared folder.

<home>/encoders/<name>-<fingerprint>/    graph.onnx, weights.bin, tokenizer.json

<home>/encoders/adapter.safetensors     what turns the model of sentences into one of code, where it was taught

Weights do not travel with fimble; without an adapter the encoder is as its publisher made it. Another adapter is
another fingerprint, and so another folder, and other vectors.
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
from fimble.errors import ModelNotInstalled, WeightsError
from fimble.weights import catalog, disk, store
from fimble.weights.entry import CatalogEntry, parse
from fimble.weights.progress import OnProgress, Progress, silent

if TYPE_CHECKING:
    from fimble.weights.bert import Tensors

NAME = "all-minilm-l6-v2"
TOKENIZER = "tokenizer.json"
ADAPTER = "adapter.safetensors"
_FORMAT = 1
"""Of the graph that is written; another number makes every prepared folder an old one."""


def adapter() -> bytes | None:
    """The one that was taught on this machine, if there is one: low-rank changes of the encoder, as safetensors."""
    file = config.home() / "encoders" / ADAPTER
    return file.read_bytes() if file.is_file() else None


@cache
def entry() -> CatalogEntry:
    """Where the encoder's bytes come from. Raises ``ConfigError``."""
    file = _folder() / f"{NAME}.toml"
    return parse(file.read_text(encoding="utf-8"), NAME, str(file))


def fingerprint() -> str:
    """Of everything that shapes a vector: 12 hexadecimal digits."""
    given = f"{_FORMAT} {entry().file.sha256} {sha256(adapter() or b'').hexdigest()}"
    return sha256(given.encode()).hexdigest()[:12]


def folder() -> Path:
    """Where the prepared encoder lies, once it does."""
    return config.home() / "encoders" / f"{NAME}-{fingerprint()}"


def installed() -> Path:
    """The prepared encoder's folder. Raises ``ModelNotInstalled``."""
    if not (folder() / TOKENIZER).is_file():
        raise ModelNotInstalled("Search by meaning is not set up.", "Run `fimble setup`.")
    return folder()


def prepare(on_progress: OnProgress = silent) -> Path:
    """Fetch and write the encoder unless it is there already; its folder.

    Raises ``WeightsError`` (``DownloadFailed`` offline).
    """
    target = folder()
    if (target / TOKENIZER).is_file():
        return target
    from fimble.weights import download
    from fimble.weights.bert import adapted, write_encoder

    with store.lock(f"encoder-{NAME}", on_progress):
        if (target / TOKENIZER).is_file():
            return target
        with download.held(entry(), on_progress, extra_bytes=entry().file.bytes) as source:
            on_progress(Progress("Preparing search", 0, 1))
            tensors = _tensors(source.read_bytes(), str(source))
            parent = target.parent
            parent.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=".", dir=parent))
            try:
                with disk.guarded(staging):
                    more = adapter()
                    write_encoder(adapted(tensors, _tensors(more, "the adapter") if more else {}), staging)
                    shutil.copyfile(source.with_name(TOKENIZER), staging / TOKENIZER)
                for old in parent.iterdir():
                    if old.is_dir() and old != staging:
                        shutil.rmtree(old, ignore_errors=True)
                staging.chmod(0o755)
                staging.rename(target)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    on_progress(Progress("Preparing search", 1, 1))
    return target


def _tensors(data: bytes, where: str) -> Tensors:
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return {name: values.astype(np.float32) for name, values in load(data).items()}
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{where} cannot be read: {error}.", "Run `fimble setup` again.") from error


def _folder() -> Traversable:
    return catalog.builtin_folder() / "search"
