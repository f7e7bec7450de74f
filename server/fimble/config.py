"""Every option of fimble, in one frozen tree: default, range and what it is for.

Options come from, weakest first: the defaults here, ``fimble.toml`` in the user's
configuration folder, the environment (``FIMBLE_MODEL`` …), an editor's
``initializationOptions``. A bad option never stops the server: the default stays and
a sentence says so.

Where code is sent (``PERSONAL``) only the first three decide: what an editor tells may come from a workspace.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import platformdirs

from fimble.errors import ConfigError

DEFAULT_MODEL = "qwen2.5-coder-0.5b-instruct"


def home() -> Path:
    """Where models and caches live: ``FIMBLE_HOME``, or the user's cache directory.

    Raises ``ConfigError`` for a relative ``FIMBLE_HOME``, which would be another place in
    every folder that an editor starts in.
    """
    value = os.environ.get("FIMBLE_HOME")
    if not value:
        return Path(platformdirs.user_cache_dir("fimble", False))
    path = Path(os.path.expanduser(value))  # noqa: PTH111 (pathlib raises for an unknown user)
    if not path.is_absolute():
        raise ConfigError(f"FIMBLE_HOME is {value!r}, which is not an absolute path.", "Give the whole path.")
    return path


def user_file() -> Path:
    """The person's own options, there or not."""
    return Path(platformdirs.user_config_dir("fimble", False)) / "fimble.toml"


def workspace_id(root: Path) -> str:
    """The name under which whatever belongs to the workspace ``root`` is kept, whichever way its path is written.

    Raises ``OSError`` where a link leads in a circle.
    """
    return sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Config:
    """All options. Field names are the keys in TOML and in ``initializationOptions``."""

    enabled: bool = True
    """Whether anything is suggested; code actions work all the same."""
    disabled_languages: tuple[str, ...] = ()
    """Languages, as the editor names them (``markdown``, ``plaintext``), in which nothing is suggested."""
    model: str = DEFAULT_MODEL
    """Catalogue name of the model to serve."""
    provider: str = "auto"
    """``auto`` (CUDA when usable, else CPU), ``cpu`` or ``cuda``."""
    num_threads: int = 0
    """Threads for the CPU, 1 to 256; 0 means one a physical core."""
    context_length: int = 4096
    """Tokens a KV cache slot can hold, 1024 to 32768."""
    kv_cache_mb: int = 256
    """Memory for all KV cache slots together, 16 to 65536."""
    idle_unload_minutes: int = 30
    """After so long without use the weights' memory is given back, and loaded again with the next request, 0 to 1440;
    0 never. Where windows share one process."""
    prompt_tokens: int = 512
    """Budget for prefix and suffix together, 64 to 16384. Two CPU cores prefill about 500 a second."""
    max_line_tokens: int = 48
    """Longest answer where one line is wanted, 1 to 512."""
    max_block_tokens: int = 160
    """Longest answer where a block is wanted, 1 to 2048."""
    max_document_mb: int = 4
    """Documents above this size get no suggestion, 1 to 64."""
    eagerness: int = 50
    """How readily a suggestion is shown, 0 (only what is nearly certain) to 100 (everything)."""
    thorough: bool = True
    """Whether to weigh several answers for who asks for a suggestion. It takes about a second more on two CPU cores."""
    comments: bool = True
    """Whether to suggest inside comments."""
    other_files: bool = True
    """Whether recent edits and open files may be shown to the model beside the file itself."""
    cross_file: bool = True
    """Whether definitions from the workspace's index may be shown to the model, where ``other_files`` allows any."""
    run_examples: bool = True
    """Whether a docstring's own examples are run to check what was generated for it: only code that can reach nothing
    beyond its arguments, in a limited process. Translations are tried against their source likewise."""
    adapters: bool = True
    """Whether a model that was trained for a workspace (``fimble train``) answers in it."""
    disabled_paths: tuple[str, ...] = ()
    """Paths, as patterns like those in ``.gitignore``, that get no suggestion and are never read."""
    record_acceptance: bool = True
    """Whether to count, on this machine only, what was shown and accepted (``fimble stats``)."""
    index: bool = True
    """Whether the workspace is indexed, on this machine only, for search and for context from other files."""
    index_max_files: int = 50_000
    """Most files of a workspace that are indexed, 100 to 1000000."""
    index_mb: int = 1024
    """Most disk that the index of one workspace may take, 16 to 65536."""
    daemon: bool = True
    """Whether all windows share one process, and with it the model's memory. In ``fimble.toml`` and the environment."""
    daemon_idle_minutes: int = 10
    """How long that process stays without a window, 0 to 1440. In ``fimble.toml`` and the environment."""
    endpoint: str = ""
    """Address of an OpenAI-compatible server that answers in the place of a model on this machine, such as
    ``https://gpu.example.com:8000/v1``. It is sent what a model here would be shown."""
    endpoint_model: str = ""
    """Which of the endpoint's models; empty: the first that it lists."""
    endpoint_family: str = ""
    """How that model wants prompts: a prompt family, or ``suffix`` for the field of that name; empty: by its name."""
    endpoint_key: str = field(default="", repr=False)
    """The endpoint's key: from the environment only, ``FIMBLE_ENDPOINT_KEY``. Without it, the keyring is asked."""
    endpoint_key_name: str = ""
    """The keyring's entry for it, under the service ``fimble``; empty: the endpoint's host and port."""
    endpoint_ca_file: str = ""
    """Certificates to trust in the place of the system's, a PEM file."""
    endpoint_plain_http: bool = False
    """Whether code may be sent unencrypted to another machine."""
    endpoint_proxy: str = ""
    """The proxy on the way to it; ``direct`` for none; empty: as ``HTTPS_PROXY`` and ``NO_PROXY`` say."""
    endpoint_timeout_s: int = 10
    """The longest time in which an endpoint may say nothing, 1 to 600."""


ONLY_AT_START = ("model", "provider", "num_threads", "context_length", "kv_cache_mb")
"""Options that a running server cannot change, as the loaded model rests on them."""
PERSONAL = frozenset(
    {
        "endpoint",
        "endpoint_model",
        "endpoint_family",
        "endpoint_key",
        "endpoint_key_name",
        "endpoint_ca_file",
        "endpoint_plain_http",
        "endpoint_proxy",
        "endpoint_timeout_s",
    }
)
"""Options that come from the person's own ``fimble.toml`` or environment only."""
SECRET = frozenset({"endpoint_key"})
"""Options that come from the environment only, and that nobody is shown."""
EVERYTHING = ("*",)
"""``disabled_paths`` where the person's own cannot be read: what may be private is taken to be."""
_CHOICES: dict[str, tuple[str, ...]] = {"provider": ("auto", "cpu", "cuda")}
_RANGES: dict[str, tuple[int, int]] = {
    "num_threads": (0, 256),
    "context_length": (1024, 32768),
    "kv_cache_mb": (16, 65536),
    "idle_unload_minutes": (0, 1440),
    "prompt_tokens": (64, 16384),
    "max_line_tokens": (1, 512),
    "max_block_tokens": (1, 2048),
    "max_document_mb": (1, 64),
    "eagerness": (0, 100),
    "index_max_files": (100, 1_000_000),
    "index_mb": (16, 65536),
    "daemon_idle_minutes": (0, 1440),
    "endpoint_timeout_s": (1, 600),
}
_SWITCHES = frozenset(
    {
        "enabled",
        "thorough",
        "comments",
        "other_files",
        "cross_file",
        "run_examples",
        "adapters",
        "record_acceptance",
        "index",
        "daemon",
        "endpoint_plain_http",
    }
)
_MAY_BE_EMPTY = frozenset(
    {
        "endpoint",
        "endpoint_model",
        "endpoint_family",
        "endpoint_key",
        "endpoint_key_name",
        "endpoint_ca_file",
        "endpoint_proxy",
    }
)
_LISTS = frozenset({"disabled_paths", "disabled_languages"})
_PRIVATE = frozenset({"disabled_paths"})
"""Options that close everything where they cannot be read."""
_WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def apply(config: Config, options: Mapping[str, Any], origin: str) -> tuple[Config, list[str]]:
    """``config`` with ``options`` laid over it, and a sentence for each that was not taken.

    Lists are added to those that are there.
    """
    known = {option.name for option in fields(Config)}
    changes: dict[str, Any] = {}
    complaints: list[str] = []
    for name, value in options.items():
        problem = _problem(name, value) if name in known else "is not an option"
        if problem and name in _PRIVATE:
            complaints.append(f"{origin}: {name} {problem}; until that is mended no file is read.")
            changes[name] = _added(getattr(config, name), EVERYTHING)
        elif problem:
            complaints.append(f"{origin}: {name} {problem}; it is ignored.")
        else:
            changes[name] = _added(getattr(config, name), value) if name in _LISTS else value
    return replace(config, **changes), complaints


def without_personal(config: Config, options: Mapping[str, Any], origin: str) -> tuple[dict[str, Any], list[str]]:
    """``options`` without those that only the person's own configuration sets, and a sentence for each left out.

    Nothing is said of one that says what ``config`` has already.
    """
    kept = {name: value for name, value in options.items() if name not in PERSONAL}
    refused = [name for name in options if name in PERSONAL and options[name] != getattr(config, name)]
    return kept, [
        f"{origin}: {name} is taken from your own fimble.toml or from the environment (FIMBLE_{name.upper()}) only,"
        " as a workspace could set it here; it is ignored."
        for name in refused
    ]


def shown(config: Config) -> dict[str, Any]:
    """Every option and its value, but for secrets, of which only is told that they are there."""
    values = {option.name: getattr(config, option.name) for option in fields(Config)}
    values |= {name: _without_password(values[name]) for name in ("endpoint", "endpoint_proxy")}
    return values | {name: "(set)" for name in SECRET if values[name]}


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> tuple[Config, list[str]]:
    """The configuration from ``fimble.toml`` and the environment, and what was wrong in them."""
    environ = os.environ if environ is None else environ
    file = file or user_file()
    config, complaints = Config(), []
    if file.is_file():
        try:
            options = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
            complaints.append(f"{file} cannot be read ({error}); until that is mended no file is read.")
            config = replace(config, disabled_paths=EVERYTHING)
        else:
            secrets = [name for name in options if name in SECRET]
            kept = {name: value for name, value in options.items() if name not in SECRET}
            config, complaints = apply(config, kept, str(file))
            complaints += [
                f"{file}: {name} is no option of a file; it is ignored. Set FIMBLE_{name.upper()}, or use the keyring."
                for name in secrets
            ]
    from_environment: dict[str, Any] = {}
    for option in fields(Config):
        value = environ.get(f"FIMBLE_{option.name.upper()}")
        if value is not None:
            from_environment[option.name] = _from_environment(option.name, value)
    config, more = apply(config, from_environment, "environment")
    return config, complaints + more


def _without_password(address: str) -> str:
    """``address`` without the name, the password and the query that may be in it."""
    scheme, separator, rest = address.rpartition("://")
    place, mark, _ = rest.rpartition("@")[2].partition("?")
    return f"{scheme}{separator}{'…@' if '@' in rest else ''}{place}{'?…' if mark else ''}"


def _added(before: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Lists add up over their sources: what one of them keeps private, no other opens."""
    return tuple(dict.fromkeys((*before, *more)))


def _from_environment(name: str, value: str) -> object:
    """What the text of an environment variable means; text that means nothing stays as it is."""
    if name in _RANGES and re.fullmatch("-?[0-9]{1,9}", value):
        return int(value)
    if name in _SWITCHES:
        return _WORDS.get(value.lower(), value)
    if name in _LISTS:
        return [part for part in value.split(os.pathsep) if part]
    return value


def _problem(name: str, value: Any) -> str:
    if name in _RANGES:
        low, high = _RANGES[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return f"must be a whole number from {low} to {high}, not {value!r}"
    elif name in _SWITCHES:
        if not isinstance(value, bool):
            return f"must be true or false, not {value!r}"
    elif name in _LISTS:
        if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
            return f"must be a list of texts, not {value!r}"
    elif name in _CHOICES:
        if value not in _CHOICES[name]:
            return f"must be one of {', '.join(_CHOICES[name])}, not {value!r}"
    elif name in _MAY_BE_EMPTY:
        if not isinstance(value, str):
            return f"must be a text, not {value!r}"
    elif not isinstance(value, str) or not value:
        return f"must be a name, not {value!r}"
    return ""
