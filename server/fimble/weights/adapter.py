"""The file format of an adapter: what was trained on top of a model, and for which workspace.

<folder>/adapter.json           ``About``, with the sha256 of the tensors
<folder>/adapter.safetensors    the tensors, float32, in the coordinates of the source checkpoint
<folder>/report.html            how it was trained and judged; for people

Tensors: ``layers.<i>.<part>.a`` [rank, in] and ``layers.<i>.<part>.b`` [out, rank], which add ``b @ a`` to the matrix
``layers.<i>.<part>`` (alpha / rank is multiplied into ``b`` already); and ``layers.<i>.attn_norm`` and
``layers.<i>.ffn_norm`` [hidden], the base's norms, from which ``fitting.py`` learns how a prepared graph was smoothed.
Nothing in it is code, and nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from fimble.errors import AdapterInvalid
from fimble.weights import disk, locks
from fimble.weights.architecture import Float32
from fimble.weights.digest import sha256_of
from fimble.weights.entry import NAME, SHA256

FORMAT = 1
ABOUT, TENSORS, REPORT = "adapter.json", "adapter.safetensors", "report.html"
PARTS = ("q", "k", "v", "o", "gate", "up", "down")
NORMS = ("attn_norm", "ffn_norm")
MAX_RANK = 1024
MAX_BYTES = 4 * 2**30
_MAX_ABOUT_BYTES = 2**20
_TENSOR = re.compile(
    r"layers\.(?P<layer>\d{1,4})\.(?:(?P<part>q|k|v|o|gate|up|down)\.(?P<side>[ab])|(?:attn|ffn)_norm)"
)
_HINT = "Run `fimble train` again, or remove it with `fimble models remove-adapter {id}`."


@dataclass(frozen=True, slots=True)
class About:
    """What an adapter is, and where it belongs."""

    id: str
    """The name of its folder (``adapters.folder_for``)."""
    model: str
    """Catalogue name of the base."""
    base_sha256: str
    """``Manifest.source_sha256`` of the base."""
    root: str
    """The workspace it was trained for."""
    rank: int
    alpha: float
    parts: tuple[str, ...]
    """Of ``PARTS``, those that it changes."""
    created: str
    """ISO 8601."""
    num_training_examples: int
    figures: Mapping[str, float] = field(default_factory=dict)
    """What its trial said, such as ``exact_match_before``."""
    format: int = FORMAT
    sha256: str = ""
    """Of the tensors' file; filled in when it is written."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter in memory."""

    about: About
    tensors: Mapping[str, Float32]

    @property
    def fingerprint(self) -> str:
        """The same for the same tensors; never empty."""
        return self.about.sha256

    def inputs_for(self, folder: Path) -> dict[str, Float32]:
        """What the graph in ``folder`` takes of it. Raises ``AdapterInvalid`` where the graph is of another base."""
        from fimble.weights.fitting import fit

        return fit(self, folder)


def in_memory(about: About, tensors: Mapping[str, Float32]) -> Adapter:
    """An adapter that lies on no disk yet. Raises ``AdapterInvalid``."""
    from safetensors.numpy import save

    return Adapter(replace(about, sha256=hashlib.sha256(save(_checked(about, tensors))).hexdigest()), tensors)


def write_adapter(folder: Path, about: About, tensors: Mapping[str, Float32], report: str = "") -> None:
    """Put an adapter into ``folder``, in place of the one that is there; whole, with its report, or not at all.

    Raises ``AdapterInvalid`` where ``about`` and ``tensors`` do not belong together, ``NotEnoughDisk``, and
    ``WeightsError`` where another process is at work on it or it cannot be written.
    """
    from safetensors.numpy import save_file

    checked = _checked(about, tensors)
    with locks.in_words(f"{folder} cannot be written"):
        folder.parent.mkdir(parents=True, exist_ok=True)
    num_bytes = sum(values.nbytes for values in checked.values())
    disk.require(folder.parent, num_bytes, "An adapter")
    with locks.held(lock_of(folder), lambda _: None, wait=False), locks.in_words(f"{folder} cannot be written"):
        staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            staged.chmod(0o755)
            with disk.guarded(folder.parent):
                save_file(checked, str(staged / TENSORS), {"format": "np"})
                (staged / TENSORS).chmod(0o644)
                written = replace(about, format=FORMAT, sha256=sha256_of(staged / TENSORS))
                text = json.dumps(asdict(written), indent=2) + "\n"
                (staged / ABOUT).write_text(text, encoding="utf-8")
                if report:
                    (staged / REPORT).write_text(report, encoding="utf-8")
                read_about(staged)
                disk.sync(staged)
            disk.swap(staged, folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def read_adapter(folder: Path) -> Adapter:
    """The adapter in ``folder``, every byte as it was written. Raises ``AdapterInvalid``."""
    from safetensors import SafetensorError, safe_open

    about, path = read_about(folder), folder / TENSORS
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it is larger than {disk.readable(MAX_BYTES)}")
        if sha256_of(path) != about.sha256:
            raise ValueError("its bytes are not those that were written")
        with safe_open(str(path), framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise _invalid(folder, f"{path} cannot be used: {error}.") from error
    return Adapter(about, _checked(about, tensors))


def read_about(folder: Path) -> About:
    """What ``folder`` says of its adapter, without a look at the tensors. Raises ``AdapterInvalid``."""
    path = folder / ABOUT
    try:
        if path.stat().st_size > _MAX_ABOUT_BYTES:
            raise ValueError("it is too large")
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError("it holds no object")
        if values.get("format") != FORMAT:
            raise ValueError(f"it has the format {values.get('format')!r}, and this version reads {FORMAT}")
        return _from_json(values)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _invalid(folder, f"{path} cannot be used: {error}.") from error


def lock_of(folder: Path) -> str:
    """The name of the lock that guards an adapter's folder."""
    return f"adapter-{folder.name}"


def _from_json(values: Mapping[str, Any]) -> About:
    unknown = {entry.name for entry in fields(About)} ^ set(values)
    if unknown:
        raise ValueError(f"it has {', '.join(sorted(unknown))} too many or too few")
    for name in ("id", "model", "base_sha256", "root", "created", "sha256"):
        if not isinstance(values[name], str):
            raise ValueError(f"{name} is {values[name]!r}")
    if not NAME.fullmatch(values["id"]) or not SHA256.fullmatch(values["sha256"]):
        raise ValueError("id or sha256 is none")
    rank, count, alpha = values["rank"], values["num_training_examples"], values["alpha"]
    if type(rank) is not int or not 1 <= rank <= MAX_RANK or type(count) is not int or count < 0:
        raise ValueError(f"rank is {rank!r} and num_training_examples {count!r}")
    parts, figures = values["parts"], values["figures"]
    if not isinstance(parts, list) or not parts or not set(parts) <= set(PARTS):
        raise ValueError(f"parts is {parts!r}")
    if not isinstance(figures, dict) or not all(map(_is_number, (alpha, *figures.values()))):
        raise ValueError("alpha or a figure is no number")
    return About(**{**values, "parts": tuple(parts)})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _checked(about: About, tensors: Mapping[str, Float32]) -> dict[str, Float32]:
    """``tensors``, if they are what ``about`` says and fit together."""
    try:
        _check(about, tensors)
    except ValueError as error:
        raise AdapterInvalid(f"The adapter of {about.root} is damaged: {error}.", _HINT.format(id=about.id)) from error
    return {name: np.ascontiguousarray(values) for name, values in tensors.items()}


def _check(about: About, tensors: Mapping[str, Float32]) -> None:
    found_parts, hidden = set(), 0
    for name, values in tensors.items():
        named = _TENSOR.fullmatch(name)
        if named is None:
            raise ValueError(f"{name} is no tensor of an adapter")
        if values.dtype != np.float32 or not np.isfinite(values).all():
            raise ValueError(f"{name} holds something else than numbers in float32")
        if named["part"] is None:
            hidden = hidden or values.size
            if values.shape != (hidden,):
                raise ValueError(f"{name} has the shape {values.shape}")
        else:
            found_parts.add(named["part"])
    if found_parts != set(about.parts):
        raise ValueError(f"it holds the parts {', '.join(sorted(found_parts)) or 'none'}")
    for name, values in tensors.items():
        named = _TENSOR.fullmatch(name)
        if named is None or named["part"] is None:
            continue
        layer, part, side = named["layer"], named["part"], named["side"]
        beside = f"layers.{layer}.{part}.{'b' if side == 'a' else 'a'}"
        if beside not in tensors or any(f"layers.{layer}.{norm}" not in tensors for norm in NORMS):
            raise ValueError(f"{name} stands without {beside} or the layer's norms")
        if values.ndim != 2 or values.shape[0 if side == "a" else 1] != about.rank:
            raise ValueError(f"{name} has the shape {values.shape}, and the rank is {about.rank}")
        reads, writes = part not in ("o", "down"), part in ("o", "down")
        if (side == "a" and reads and values.shape[1] != hidden) or (
            side == "b" and writes and values.shape[0] != hidden
        ):
            raise ValueError(f"{name} has the shape {values.shape}, and the model's states have {hidden} numbers")


def _invalid(folder: Path, what: str) -> AdapterInvalid:
    return AdapterInvalid(f"The adapter in {folder} is damaged: {what}", _HINT.format(id=folder.name))
