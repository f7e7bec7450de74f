from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from fimble.lsp import watchdog

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be watched there")


@pytest.mark.parametrize("with_pidfd", [True, False])
async def test_the_end_of_a_process_is_noticed(with_pidfd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_pidfd:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    watching = asyncio.ensure_future(watchdog.ended(process.pid))
    done, _ = await asyncio.wait((watching,), timeout=0.2)
    assert not done
    process.kill()
    await asyncio.to_thread(process.communicate)
    assert await asyncio.wait_for(watching, 2)


@pytest.mark.parametrize("process_id", [0, -1, 2**22 + 1])
async def test_a_process_that_cannot_be_seen_is_not_watched(process_id: int) -> None:
    assert not await watchdog.ended(process_id)
