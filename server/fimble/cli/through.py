"""How ``fimble serve`` reaches the daemon. Nothing large is imported here: it is what every editor's window starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from fimble import config
from fimble.daemon.address import Address, address_of
from fimble.daemon.build import this_build
from fimble.daemon.hello import Hello, options_in
from fimble.daemon.launching import Start
from fimble.daemon.patience import AGAIN_S, FREEZE_S, Patience
from fimble.daemon.proxy import Proxy
from fimble.daemon.seeking import Seeking

PROGRAM = (sys.executable, "-P", "-m", "fimble")
LEVELS = ("debug", "info", "warning", "error")


def is_wanted(environ: dict[str, str] | None = None) -> bool:
    """Whether windows share one process, by the option ``daemon`` and what the system can do."""
    return sys.platform != "win32" and config.load(environ)[0].daemon


def plain_level(arguments: Sequence[str]) -> str | None:
    """The log level in arguments of ``fimble serve`` that want the daemon; nothing for all others.

    Raises ``ConfigError``.
    """
    level, is_asked = "warning", False
    rest = [*arguments]
    while rest:
        argument = rest.pop(0)
        if argument == "--log-level" and rest:
            level = rest.pop(0)
        elif argument.startswith("--log-level="):
            level = argument.partition("=")[2]
        elif argument == "--daemon":
            is_asked = True
        elif argument != "--stdio":
            return None
    return level if level in LEVELS and (is_asked or is_wanted()) else None


def serve(
    log_level: str,
    daemon: Sequence[str] = (*PROGRAM, "daemon", "run"),
    alone: Sequence[str] = (*PROGRAM, "serve"),
    address: Callable[[], Address] = lambda: here(),
    again_s: tuple[float, ...] = AGAIN_S,
) -> NoReturn:
    """Serve one editor through the daemon, then end the process: threads that wait for a daemon end with it.

    ``daemon`` starts one at ``address``; ``alone`` starts a server for this editor where none can be had.
    """
    freeze_s = _seconds("FIMBLE_DAEMON_FREEZE_S", FREEZE_S)
    seeking = Seeking(
        address,
        hello(log_level),
        Start(tuple(daemon), hello_s=freeze_s),
        (*alone, "--in-process", "--log-level", log_level),
        lambda note: print(note, file=sys.stderr, flush=True),
    )
    code = Proxy(seeking, Patience(freeze_s, again_s)).run()
    sys.stderr.flush()
    os._exit(code)


def here() -> Address:
    """The address of this user's daemon. Raises ``ConfigError``."""
    return address_of(config.home())


def hello(log_level: str = "warning", wants: str = "session") -> Hello:
    """What this process says to a daemon."""
    return Hello(this_build(), wants, options_in(os.environ) | _way_to_endpoint(), str(config.user_file()), log_level)


def _way_to_endpoint() -> dict[str, str]:
    """The proxy to the endpoint that this window's environment names: the daemon's is another window's."""
    options, _ = config.load()
    if not options.endpoint or options.endpoint_proxy:
        return {}
    from fimble.cli.wiring_remote import address_in
    from fimble.engine.remote.route import proxy_to
    from fimble.errors import ConfigError

    try:
        return {"FIMBLE_ENDPOINT_PROXY": proxy_to(address_in(options))}
    except ConfigError:  # the session finds out, and says so
        return {}


def _seconds(name: str, default: float) -> float:
    try:
        value = float(os.environ.get(name, ""))
    except ValueError:
        return default
    return value if 0 < value < 3600 else default
