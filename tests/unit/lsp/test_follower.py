"""The process that keeps the indexes is started again a few times, and never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import psutil
import pytest

from fimble.lsp import follower as module
from fimble.lsp.follower import Follower

TIMEOUT_S = 30.0


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Beside it a package ``fimble`` that does what ``script`` puts there."""
    (tmp_path / "own" / "fimble").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "own"))
    return tmp_path


def script(root: Path, text: str) -> None:
    (root / "own" / "fimble" / "__init__.py").touch()
    (root / "own" / "fimble" / "__main__.py").write_text(f"import sys, json, os\n{text}")


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_it_is_told_first_what_it_must_know_and_then_what_happens(root: Path) -> None:
    echo = "for line in sys.stdin:\n    print(line, end='', flush=True)\n"
    script(root, "print(json.dumps({'argv': sys.argv[1:]}), flush=True)\n" + echo)
    lines: list[Any] = []
    follower = Follower(lambda: [{"root": "a"}], lines.append)
    follower.tell({"lost": 1})
    follower.start()
    follower.start()
    await until(lambda: len(lines) == 2)
    follower.tell({"changed": ["ü.py"]})
    await until(lambda: len(lines) == 3)
    assert lines == [{"argv": ["index", "--follow"]}, {"root": "a"}, {"changed": ["ü.py"]}]
    pid = follower.pid
    await follower.close()
    assert pid is not None and follower.pid is None and not psutil.pid_exists(pid)
    follower.tell({"late": 1})
    await follower.close()


@pytest.mark.parametrize("code", [0, 3])
async def test_one_that_ends_is_started_again_a_few_times(root: Path, code: int) -> None:
    script(root, f"open({str(root / 'runs')!r}, 'a').write('x')\nsys.exit({code})\n")
    lines: list[Any] = []
    follower = Follower(list, lines.append, delays_s=(0.01, 0.02))
    follower.start()
    await until(lambda: lines)
    assert (root / "runs").read_text() == "xxx"
    assert lines == [{"problem": f"The workspace's index is not kept any more: its process fails (exit code {code})."}]
    await until(lambda: not follower.is_at_work)
    follower.start()
    await until(lambda: (root / "runs").read_text() == "xxxxxx")
    await follower.close()


async def test_one_that_ran_long_is_forgiven_what_was_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEADY_S", 0.0)
    script(root, f"open({str(root / 'runs')!r}, 'a').write('x')\nsys.exit(3)\n")
    lines: list[Any] = []
    follower = Follower(list, lines.append, delays_s=(0.01,))
    follower.start()
    await until(lambda: (root / "runs").exists() and len((root / "runs").read_text()) >= 4)
    assert lines == []
    await follower.close()


async def test_what_is_no_line_is_passed_over(root: Path) -> None:
    script(root, "print('hello'); print('[1]'); print(b'{}'.decode()); print(json.dumps({'ready': 'words'}))\n")
    lines: list[Any] = []
    follower = Follower(list, lines.append)
    follower.start()
    await until(lambda: {"ready": "words"} in lines)
    assert all(line in ({}, {"ready": "words"}) for line in lines)
    await follower.close()


async def test_one_that_does_not_hear_is_killed(root: Path) -> None:
    script(
        root, "import signal, time\nprint(json.dumps({'ready': 'words'}), flush=True)\nwhile True:\n    time.sleep(1)\n"
    )
    lines: list[Any] = []
    follower = Follower(list, lines.append)
    follower.start()
    await until(lambda: lines)
    pid = follower.pid
    assert pid is not None
    await follower.close()
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


async def test_nothing_of_the_workspace_is_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder may hold modules of any name; the process is started where they are."""
    (root / "json.py").write_text("raise SystemExit(7)")
    (root / "fimble").mkdir()
    (root / "fimble" / "__main__.py").write_text("raise SystemExit(7)")
    script(root, "print(json.dumps({'ready': 'words'}), flush=True)\n")
    monkeypatch.chdir(root)
    lines: list[Any] = []
    follower = Follower(list, lines.append)
    follower.start()
    await until(lambda: {"ready": "words"} in lines)
    await follower.close()


async def test_it_holds_on_to_nothing_of_the_session_that_begins_it(root: Path) -> None:
    """Whose log it would write to long after the window is closed."""
    script(root, "print('{}', flush=True)\nsys.stdin.read()\n")
    of_session: ContextVar[str] = ContextVar("of_session")
    of_session.set("a window")
    heard: list[str | None] = []
    follower = Follower(list, lambda _: heard.append(of_session.get(None)))
    follower.start()
    await until(lambda: heard)
    await follower.close()
    assert heard == [None]
