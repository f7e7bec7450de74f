"""The daemon's process: it leaves whoever started it, tells when it listens, and ends without waiting for anything."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from fimble import config as configuration
from fimble.daemon import journal
from fimble.daemon.address import Address
from fimble.daemon.hello import options_in
from fimble.daemon.house import House
from fimble.daemon.window import Shared
from fimble.errors import FimbleError

logger = logging.getLogger(__name__)


def run(address: Callable[[], Address], share: Callable[[], Shared], ready_fd: int | None) -> NoReturn:
    """Be the daemon at ``address``. ``share`` makes what its windows have in common.

    With ``ready_fd`` this process leaves another one in its place, which belongs to nobody, and one JSON object goes
    to that descriptor: ``{"ready": true}``, or ``why`` not. Another daemon that lives already is as good.
    """
    if ready_fd is not None:
        if os.fork():
            os._exit(0)
        os.set_inheritable(ready_fd, False)
    code = 1
    try:
        code = asyncio.run(_live(address, share, ready_fd))
    except Exception:
        logger.exception("The daemon failed")
    finally:
        _end(code)


async def _live(address: Callable[[], Address], share: Callable[[], Shared], ready_fd: int | None) -> int:
    config, _ = configuration.load()
    for name in options_in(os.environ):
        if name != "FIMBLE_HOME":
            del os.environ[
                name
            ]  # of the window that started it: they are neither other windows' nor for programs it runs
    faulthandler.enable()
    try:
        here = address()
        os.chdir("/")
        journal.begin(here.log)
        house = House(here, share(), config.daemon_idle_minutes * 60.0)
        is_open = await house.open()
    except FimbleError as error:
        _tell(ready_fd, {"why": str(error)})
        logger.error("%s", error)
        return 1
    _tell(ready_fd, {"ready": True})
    if not is_open:
        logger.info("Another daemon lives already")
        return 0
    await house.live()
    return 0


def _tell(ready_fd: int | None, said: dict[str, Any]) -> None:
    if ready_fd is not None:
        try:
            os.write(ready_fd, json.dumps(said).encode())
            os.close(ready_fd)
        except OSError:
            return


def _end(code: int) -> NoReturn:
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(code)
