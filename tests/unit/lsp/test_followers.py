"""Any number of sessions share one process, and each hears what it has to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from fimble.lsp.follower import Line
from fimble.lsp.followers import IS_HOME, PAUSE_MS, Followers, Subscription, Wanted

TIMEOUT_S = 30.0
A, B = Path("/w/a"), Path("/w/b")
KEEPER = """
import json, sys
orders = open(sys.argv[0] + ".orders", "a")
for line in sys.stdin:
    orders.write(line)
    orders.flush()
    order = json.loads(line)
    if "crash" in order.get("changed", []):
        sys.exit(3)
    if "say" in order:
        print(json.dumps(order["say"]), flush=True)
    if "follow" in order:
        print(json.dumps({"root": order["root"], "ready": "words"}), flush=True)
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Line]]:
    """What the process was told; it is one that does nothing but answer."""
    (tmp_path / "fimble").mkdir()
    (tmp_path / "fimble" / "__init__.py").touch()
    main = tmp_path / "fimble" / "__main__.py"
    main.write_text(KEEPER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    file = main.with_name("__main__.py.orders")

    def orders() -> list[Line]:
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    return orders


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not holds():
            await asyncio.sleep(0.01)


class Session:
    """Hears what is said of one folder."""

    def __init__(self, followers: Followers, root: Path, *disabled: str, **limits: int) -> None:
        self.lines: list[Line] = []
        self.share: Subscription = followers.subscribe(root, Wanted(disabled, **limits), self.lines.append)

    async def ready(self, root: Path) -> None:
        await until(lambda: {"root": str(root), "ready": "words"} in self.lines)


def follow(root: Path, *disabled: list[str], max_files: int = 50_000, max_mb: int = 1024, allowed: bool = False) -> Any:
    wish = {"max_files": max_files, "max_mb": max_mb, "is_allowed": allowed}
    return {"root": str(root), "follow": wish, "disabled_paths": list(disabled)}


async def test_one_process_for_all_and_one_work_a_folder(told: Callable[[], list[Line]]) -> None:
    followers = Followers()
    first, second, other = Session(followers, A), Session(followers, A), Session(followers, B)
    for session, root in ((first, A), (second, A), (other, B)):
        await session.ready(root)
    late = Session(followers, A)
    assert late.lines == [{"root": str(A), "ready": "words"}], "what was said before it came"
    second.share.tell({"changed": ["/w/a/x.py"]})
    await until(lambda: len(told()) == 3)
    assert told() == [follow(A), follow(B), {"root": str(A), "changed": ["/w/a/x.py"]}]
    assert followers.roots == (A, B) and all(line["root"] == str(B) for line in other.lines)
    pid = followers.pid
    for session in (first, second):
        await session.share.leave()
        await session.share.leave()
    second.share.tell({"changed": []})
    await late.share.leave()
    await until(lambda: told()[-1] == {"root": str(A), "leave": True})
    assert followers.pid == pid is not None
    await other.share.leave()
    assert followers.pid is None and not psutil.pid_exists(pid)


async def test_what_any_window_disables_is_disabled(told: Callable[[], list[Line]]) -> None:
    followers = Followers()
    first = Session(followers, A, "a.py", "!b.py")
    await first.ready(A)
    second = Session(followers, A, "b.py")
    same = Session(followers, A, "b.py")
    await first.share.leave()
    second.share.change(Wanted(()))
    same.share.change(Wanted(()))
    await until(lambda: len(told()) == 4)
    disabled = [order["disabled_paths"] for order in told()]
    assert disabled == [[["a.py", "!b.py"]], [["a.py", "!b.py"], ["b.py"]], [["b.py"]], []]
    await followers.close()


async def test_of_two_limits_the_smaller_holds(told: Callable[[], list[Line]]) -> None:
    followers = Followers()
    first = Session(followers, A, max_files=500, max_mb=100)
    await first.ready(A)
    second = Session(followers, A, max_files=400, max_mb=200)
    await second.share.leave()
    await until(lambda: len(told()) == 3)
    assert told() == [
        follow(A, max_files=500, max_mb=100), follow(A, max_files=400, max_mb=100),
        follow(A, max_files=500, max_mb=100),
    ]  # fmt: skip
    await followers.close()


async def test_a_process_that_crashes_follows_all_again(told: Callable[[], list[Line]]) -> None:
    followers = Followers(delays_s=(0.01, 0.01))
    first, other = Session(followers, A, "a.py"), Session(followers, B)
    await other.ready(B)
    before = followers.pid
    first.share.tell({"changed": ["crash"]})
    first.lines.clear()
    other.lines.clear()
    for session, root in ((first, A), (other, B)):
        await session.ready(root)
    assert followers.pid != before
    assert told()[-2:] == [follow(A, ["a.py"]), follow(B)]
    await followers.close()


async def test_one_that_keeps_failing_is_told_to_all_and_tried_again_for_who_comes_later(
    told: Callable[[], list[Line]],
) -> None:
    followers = Followers(delays_s=())
    first, other = Session(followers, A), Session(followers, B)
    await other.ready(B)
    first.share.tell({"changed": ["crash"]})
    for session in (first, other):
        await until(lambda: "problem" in session.lines[-1])  # noqa: B023
        assert "is not kept any more" in session.lines[-1]["problem"]
    first.lines.clear()
    late = Session(followers, B)
    assert late.lines == []
    await late.ready(B)
    await first.ready(A)
    await followers.close()


async def test_one_that_was_given_up_is_followed_again_for_who_comes_later(told: Callable[[], list[Line]]) -> None:
    followers = Followers()
    first = Session(followers, A)
    await first.ready(A)
    for line in ({"problem": "The disk fails."}, {"ended": True}):
        first.share.tell({"say": {"root": str(A), **line}})
    await until(lambda: {"root": str(A), "problem": "The disk fails."} in first.lines)
    await until(lambda: followers._folders[A].has_failed)
    first.lines.clear()
    late = Session(followers, A)
    await late.ready(A)
    await first.ready(A)
    assert told().count(follow(A)) == 2
    await followers.close()


async def test_a_wide_folder_is_asked_about_in_each_window_and_one_yes_is_enough(
    told: Callable[[], list[Line]],
) -> None:
    followers = Followers()
    first = Session(followers, A)
    await first.ready(A)
    asked = {"root": str(A), "problem": "It is wide.", "code": IS_HOME}
    first.share.tell({"say": asked})
    await until(lambda: asked in first.lines)
    late = Session(followers, A)
    assert asked in late.lines
    late.share.allow()
    first.share.allow()
    third = Session(followers, A)
    assert third.lines == []
    await third.ready(A)
    assert told().count(follow(A, allowed=True)) == 1
    await followers.close()


async def test_who_comes_while_the_process_ends_is_followed(told: Callable[[], list[Line]]) -> None:
    followers = Followers()
    first = Session(followers, A)
    await first.ready(A)
    before = followers.pid
    leaving = asyncio.ensure_future(first.share.leave())
    await asyncio.sleep(0)
    second = Session(followers, A)
    await second.ready(A)
    await leaving
    assert followers.pid not in (None, before)
    await followers.close()
    assert followers.pid is None


async def test_a_session_that_fails_over_a_line_takes_it_from_no_other(told: Callable[[], list[Line]]) -> None:
    followers = Followers()

    def fail(_: Line) -> None:
        raise RuntimeError("boom")

    followers.subscribe(A, Wanted(), fail)
    await Session(followers, A).ready(A)
    await followers.close()


async def test_keys_pause_what_is_heavy_and_are_told_seldom_whoever_types(
    told: Callable[[], list[Line]], monkeypatch: pytest.MonkeyPatch
) -> None:
    followers = Followers()
    await Session(followers, A).ready(A)
    loop, now_s = asyncio.get_running_loop(), 1e9
    monkeypatch.setattr(loop, "time", lambda: now_s)
    for _ in range(40):
        followers.pause()
        followers.pause()
        now_s += 0.125
    monkeypatch.undo()
    await until(lambda: len(told()) == 11)
    assert told()[1:] == [{"pause_ms": PAUSE_MS}] * 10
    await followers.close()
