"""The process that keeps an index is started again a few times, and never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

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
    follower = Follower(root, {}, lines.append)
    follower.tell({"lost": 1})
    follower.start([{"disabled_paths": ["a"]}], is_allowed=True)
    await until(lambda: len(lines) == 2)
    follower.tell({"changed": ["ü.py"]})
    await until(lambda: len(lines) == 3)
    assert lines == [
        {"argv": ["index", str(root), "--follow", "--yes"]}, {"disabled_paths": ["a"]}, {"changed": ["ü.py"]},
    ]  # fmt: skip
    pid = follower.pid
    await follower.close()
    assert pid is not None and follower.pid is None and not psutil.pid_exists(pid)
    follower.tell({"late": 1})
    await follower.close()


async def test_one_that_fails_is_started_again_a_few_times(root: Path) -> None:
    script(root, f"open({str(root / 'runs')!r}, 'a').write('x')\nsys.exit(3)\n")
    lines: list[Any] = []
    follower = Follower(root, {}, lines.append, delays_s=(0.01, 0.02))
    follower.start([])
    await until(lambda: lines)
    assert (root / "runs").read_text() == "xxx"
    assert lines == [{"problem": f"The index of {root} is not kept any more: its process fails."}]
    await follower.close()


@pytest.mark.parametrize("end", ["sys.exit(0)", "print(json.dumps({'problem': 'x', 'code': 'home'})); sys.exit(2)"])
async def test_one_that_has_nothing_to_do_is_left_alone(root: Path, end: str) -> None:
    script(root, f"open({str(root / 'runs')!r}, 'a').write('x')\n{end}\n")
    follower = Follower(root, {}, lambda _: None, delays_s=(0.0, 0.0))
    follower.start([])
    assert follower._running is not None
    async with asyncio.timeout(TIMEOUT_S):
        await follower._running
    assert (root / "runs").read_text() == "x"
    await follower.close()


async def test_what_is_no_line_is_passed_over(root: Path) -> None:
    script(root, "print('hello'); print('[1]'); print(b'{}'.decode()); print(json.dumps({'ready': 'words'}))\n")
    lines: list[Any] = []
    follower = Follower(root, {}, lines.append)
    follower.start([])
    await until(lambda: {"ready": "words"} in lines)
    assert all(line in ({}, {"ready": "words"}) for line in lines)
    await follower.close()


async def test_one_that_does_not_hear_is_killed(root: Path) -> None:
    script(
        root, "import signal, time\nprint(json.dumps({'ready': 'words'}), flush=True)\nwhile True:\n    time.sleep(1)\n"
    )
    lines: list[Any] = []
    follower = Follower(root, {}, lines.append)
    follower.start([])
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
    follower = Follower(root, {"MARK": "1"}, lines.append)
    follower.start([])
    await until(lambda: {"ready": "words"} in lines)
    await follower.close()
