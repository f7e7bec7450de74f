"""What a proxy says first, and what it is answered: a line of JSON each, so that any two versions can talk.

Fields may be added and are passed over by who does not know them; the number of the protocol changes only when an
older side would misunderstand what follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PROTOCOL = 1
MAX_LINE_BYTES = 1 << 20
SESSION, STATUS, STOP = "session", "status", "stop"
"""What can be wanted: to be served, to know how it is, or that the daemon ends."""
SERVING, RETIRING, REFUSED = "serving", "retiring", "refused"
"""How that is answered. A daemon that retires makes way for another one, which may be started at once."""
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Hello:
    """From the proxy."""

    version: str
    """Of fimble."""
    wants: str = SESSION
    environ: Mapping[str, str] = field(default_factory=dict)
    """The options in its environment, ``FIMBLE_…``: they count for its session alone."""
    config_file: str = ""
    """The person's ``fimble.toml``, there or not."""
    log_level: str = "warning"
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Reply:
    """From the daemon."""

    version: str
    pid: int
    state: str
    why: str = ""
    """Of a refusal, in a sentence."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For who wants to know how it is."""
    protocol: int = PROTOCOL


def options_in(environ: Mapping[str, str]) -> dict[str, str]:
    """What of an environment is fimble's."""
    return {name: value for name, value in environ.items() if name.startswith("FIMBLE_")}


def to_line(said: Hello | Reply) -> bytes:
    """As it goes over the wire."""
    return json.dumps(asdict(said)).encode() + b"\n"


def read_hello(line: bytes) -> Hello:
    """Raises ``ValueError`` for what is none."""
    found = _object(line)
    environ = found.get("environ")
    return Hello(
        version=_text(found, "version"),
        wants=_text(found, "wants"),
        environ={str(name): str(value) for name, value in environ.items()} if isinstance(environ, dict) else {},
        config_file=_text(found, "config_file"),
        log_level=_text(found, "log_level"),
        protocol=_number(found, "protocol"),
    )


def read_reply(line: bytes) -> Reply:
    """Raises ``ValueError`` for what is none."""
    found = _object(line)
    facts = found.get("facts")
    return Reply(
        version=_text(found, "version"),
        pid=_number(found, "pid"),
        state=_text(found, "state"),
        why=_text(found, "why"),
        facts=facts if isinstance(facts, dict) else {},
        protocol=_number(found, "protocol"),
    )


def is_newer(version: str, than: str) -> bool:
    """Whether one version of fimble comes after another; what is no version comes after none."""
    return _order(version) > _order(than)


def _order(version: str) -> tuple[int, ...]:
    release, _, build = version.partition("+")
    numbers = [*map(int, _NUMBERS.findall(release)[:4]), 0, 0, 0, 0][:4]
    return (*numbers, *map(int, _NUMBERS.findall(build)[:1]))


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode(errors="replace"))
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _number(found: Mapping[str, Any], name: str) -> int:
    value = found.get(name)
    if type(value) is not int:
        raise ValueError(f"{name} is no whole number")
    return value
