from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fimble.daemon.address import Address
from fimble.daemon.build import this_build
from fimble.daemon.hello import RETIRING, SESSION, STATUS, STOP, Hello, Reply, read_reply, to_line
from fimble.daemon.house import House
from fimble.daemon.window import Shared


def no_model(*_: Any) -> Any:
    raise AssertionError("no model is asked for")


@pytest.fixture
def address() -> Iterator[Address]:
    with tempfile.TemporaryDirectory(prefix="fh") as folder:
        yield Address(Path(folder) / "daemon", "test")


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wants: str) -> Reply:
    writer.write(to_line(Hello(this_build(), wants)))
    return read_reply(await reader.readline())


async def test_who_came_in_before_it_was_told_to_stop_is_sent_on(address: Address) -> None:
    """Else that window would be served by a daemon that ends, and told that the engine crashed."""
    house = House(address, Shared(no_model), 60.0)
    assert await house.open()
    early = await asyncio.open_unix_connection(os.fspath(address.socket))
    facts = (await ask(*await asyncio.open_unix_connection(os.fspath(address.socket)), STATUS)).facts
    assert facts["windows"] == 0
    await ask(*await asyncio.open_unix_connection(os.fspath(address.socket)), STOP)
    assert (await ask(*early, SESSION)).state == RETIRING
    assert not address.socket.exists()
